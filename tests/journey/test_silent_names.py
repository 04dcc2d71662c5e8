"""Name servers that say nothing keep their own askers waiting, and nobody else."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Generator

import pytest

from bot.card import texts
from tests.journey.rig import Rig, has_track, words

SILENT = "silent.test"
MANY = min(32, (os.cpu_count() or 1) + 4) + 2


class Names:
    """The system's look-up, which hangs for the names of one silent name server."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.over = threading.Event()
        self._look_up = socket.getaddrinfo

    def getaddrinfo(self, host: str, *rest: object, **options: object) -> object:
        if host.endswith(SILENT):
            self.asked.append(host)
            self.over.wait()
        return self._look_up(host, *rest, **options)  # pyright: ignore[reportArgumentType] - handed on


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Generator[Names]:
    names = Names()
    monkeypatch.setattr(socket, "getaddrinfo", names.getaddrinfo)
    yield names
    names.over.set()


async def test_another_persons_track_comes_though_names_hang(rig: Rig, names: Names) -> None:
    """More of them than asyncio has default threads: asked for, canceled, asked for again."""
    jam = rig.discord.world.jam
    for number in range(MANY):
        used = await rig.musicgen(input_audio_url=f"http://{number}.{SILENT}/a.wav")
        message = await used.until(lambda shown: texts.CHECKING in words(shown))
        await rig.discord.world.until(lambda _, asked=number + 1: len(names.asked) == asked)
        await rig.ada.click(message, "Cancel")
        await used.until(lambda shown: texts.CANCELED in words(shown))
    async with asyncio.timeout(5):
        used = await rig.bo.slash(jam, "musicgen", prompt="deep house", duration=1)
        await used.until(has_track)
    assert len(names.asked) == MANY


async def test_the_third_of_a_person_waits_for_its_turn(rig: Rig, names: Names) -> None:
    for number in range(2):
        await rig.musicgen(input_audio_url=f"http://{number}.{SILENT}/a.wav")
    used = await rig.musicgen(input_audio_url=f"http://third.{SILENT}/a.wav")
    message = await used.until(lambda shown: texts.OWN_AUDIO_FIRST in words(shown))
    await rig.ada.click(message, "Cancel")
    await used.until(lambda shown: texts.CANCELED in words(shown))
    assert len(names.asked) == 2
