"""The whole bot over `python -m bot own-gpu`: what people press, and what dies meanwhile."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from bot.cog.records import Record, Records
from bot.playground.discord.messages import Message
from tests.cog_server import a_free_port
from tests.journey.processes import a_running_bot
from tests.journey.rig import Rig, a_rig, has_ended, has_track, words
from tests.journey.sound import RATE_HZ, samples
from tests.own_gpu.process import OwnGpuProcess

pytestmark = pytest.mark.xdist_group("own-gpu")


@asynccontextmanager
async def over(server: OwnGpuProcess, folder: Path, *, start: bool) -> AsyncGenerator[Rig]:
    await server.until("READY")
    env = {"COG_URL": server.url, "REPLICATE_API_TOKEN": ""}
    async with a_rig(folder, env=env, speed=5 if start else 1, start=start) as rig:
        yield rig
        assert rig.replicate.requests == [], "Replicate is not asked for anything"


def runs_of(folder: Path) -> dict[str, Record]:
    """What the bot has written down, by the prompt."""
    return {str(record.inputs["prompt"]): record for record in Records(folder / "cog").every()}


def heard(card: Message) -> np.ndarray:
    [file] = card.attachments
    return samples(file.data)


def is_on_its_way(card: Message) -> bool:
    return "%" in words(card)


async def test_a_song_and_all_that_is_made_from_it(server: OwnGpuProcess, tmp_path: Path) -> None:
    async with over(server, tmp_path, start=True) as rig:
        card = await (await rig.musicgen("slow tango", duration=2, seed=7)).until(has_track)
        song = heard(card)
        assert len(song) == 2 * RATE_HZ

        opened = await rig.ada.click(card, "Extend")
        longer = await (await rig.ada.submit_modal(opened, {"more": "2"})).until(has_track)
        assert len(heard(longer)) == 4 * RATE_HZ
        assert np.array_equal(heard(longer)[:RATE_HZ], song[:RATE_HZ])

        opened = await rig.ada.click(card, "Melody")
        other = await (await rig.ada.submit_modal(opened, {"prompt": "piano"})).until(has_track)
        assert len(heard(other)) == 2 * RATE_HZ
        again = await (await rig.musicgen("piano", duration=2)).until(has_track)
        assert not np.array_equal(heard(other), heard(again))

        varied = await (await rig.bo.click(card, "Variations")).answered()
        takes = await varied.until(lambda message: len(message.attachments) == 3)
        sounds = {samples(file.data).tobytes() for file in takes.attachments}
        assert len(sounds | {song.tobytes()}) == 4

        long = await rig.musicgen("loud drums", duration=30)
        await rig.ada.click(await long.until(is_on_its_way), "Cancel")
        await long.until(lambda message: "**Canceled.**" in words(message))
        await server.until("READY")
        assert runs_of(tmp_path)["loud drums"].outcome is not None
        assert has_track(await (await rig.musicgen("soft piano")).until(has_ended))


async def test_what_dies_meanwhile(server: OwnGpuProcess, tmp_path: Path) -> None:
    async with over(server, tmp_path, start=False) as rig:
        env = {"COG_URL": server.url, "REPLICATE_API_TOKEN": "", "PORT": str(a_free_port())}
        async with a_running_bot(rig, **env) as bot:
            # The first one finds out that webhooks arrive.
            assert has_track(await (await rig.musicgen("a tango")).until(has_ended))
            used = await rig.musicgen("slow tango", duration=8)
            await server.until("BUSY")
            await bot.kill()
        async with a_running_bot(rig, **env):
            assert len(heard(await used.until(has_track))) == 8 * RATE_HZ
            assert not runs_of(tmp_path)["slow tango"].begun_again
            assert sum(map(has_track, rig.public_messages())) == 2

            used = await rig.musicgen("loud drums", duration=8)
            await server.until("BUSY")
            server.kill()
            await used.until(lambda message: "makes the music can't be reached" in words(message))
            server.start()
            assert len(heard(await used.until(has_track))) == 8 * RATE_HZ
            assert runs_of(tmp_path)["loud drums"].begun_again
            assert sum(map(has_track, rig.public_messages())) == 3
