"""kill -9 between a row and its acknowledgement: its room is given back, once and for all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from bot.playground.replicate.timings import Timings
from tests.contract.journal_kit import scalars
from tests.journey.processes import a_running_bot
from tests.journey.rig import PATIENCE_S, Rig, a_rig, eventually, has_track

ACK = "POST /api/v10/interactions/*"
STATES = "SELECT state FROM charges ORDER BY seq"
DAY = {"LIMIT_PER_USER": "1 tracks/day"}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Rig]:
    timings = Timings(cold_start_s=0.1, step_rate_per_s=100, encode_s=0, tick_s=0.05)
    async with a_rig(tmp_path, speed=1, start=False, timings=timings) as rig:
        yield rig


async def until_charges(url: str, *states: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while await scalars(url, STATES) != list(states):  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.05)


async def test_killed_between_the_row_and_the_acknowledgement(stage: Rig) -> None:
    url = stage.settings.journal_url
    async with a_running_bot(stage, **DAY) as bot:
        stage.trouble_discord(ACK, delay_s=1.0, reset="before")
        await stage.ada.slash(stage.discord.world.jam, "musicgen", prompt="gong", duration=1)
        await eventually(lambda: stage.discord.faults.met)
        await bot.kill()
    assert await scalars(url, STATES) == ["reserved"], "the row and its room are one"
    stage.discord.faults.clear()
    async with a_running_bot(stage, **DAY) as bot:
        await until_charges(url, "given back")
        used = await stage.musicgen()
        await used.until(has_track)
        refused = await (await stage.musicgen()).answered()
        assert refused.ephemeral
        await until_charges(url, "given back", "settled")
        bot.ask_to_stop()
        assert await bot.ended() == 0
    assert len(stage.replicate.predictions) == 1
    [message] = stage.public_messages()
    assert has_track(message)


async def test_killed_while_it_runs_nothing_is_given_back(stage: Rig) -> None:
    async with a_running_bot(stage, **DAY) as bot:
        used = await stage.musicgen()
        await stage.prediction()
        await bot.kill()
    async with a_running_bot(stage, **DAY):
        refused = await (await stage.musicgen()).answered()
        assert refused.ephemeral
        await used.until(has_track)
        await until_charges(stage.settings.journal_url, "settled")
    assert len(stage.replicate.predictions) == 1
