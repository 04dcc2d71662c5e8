"""Name servers that say nothing keep their own askers waiting, and nobody else."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.card import strings
from bot.network.resolver import Resolver
from tests.journey.rig import Rig, eventually, has_track, words

SILENT = "silent.test"


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
    # Longer than any test on a busy machine.
    monkeypatch.setitem(vars(Resolver)["__init__"].__kwdefaults__, "deadline_s", 120.0)
    yield names
    names.over.set()


async def test_another_persons_track_comes_though_names_hang(names: Names, rig: Rig) -> None:
    """More of them than there are threads for anything: asked for, canceled, asked for again."""
    jam = rig.discord.world.jam
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(2))
    for number in range(4):
        used = await rig.musicgen(input_audio_url=f"http://{number}.{SILENT}/a.wav")
        message = await used.until(lambda shown: strings.card.CHECKING() in words(shown))
        await rig.discord.world.until(lambda _, asked=number + 1: len(names.asked) == asked)
        await rig.ada.click(message, "Cancel")
        await used.until(lambda shown: strings.card.CANCELED() in words(shown))
    # A person who leaves so many behind is told so at once.
    used = await rig.musicgen(input_audio_url=f"http://fifth.{SILENT}/a.wav")
    await used.until(lambda shown: "could not be looked up just now" in words(shown))
    async with asyncio.timeout(30):
        used = await rig.bo.slash(jam, "musicgen", prompt="deep house", duration=1)
        await used.until(has_track)
    assert len(names.asked) == 4


async def test_the_third_of_a_person_waits_for_its_turn(names: Names, rig: Rig) -> None:
    for number in range(2):
        await rig.musicgen(input_audio_url=f"http://{number}.{SILENT}/a.wav")
    # Whoever is acknowledged first is read first.
    await eventually(lambda: len(names.asked) == 2)
    used = await rig.musicgen(input_audio_url=f"http://third.{SILENT}/a.wav")
    message = await used.until(lambda shown: strings.card.OWN_AUDIO_FIRST() in words(shown))
    await rig.ada.click(message, "Cancel")
    await used.until(lambda shown: strings.card.CANCELED() in words(shown))
    assert len(names.asked) == 2
