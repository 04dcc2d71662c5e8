"""What a request to Discord may take, and how long its shards wait for each other."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import aiohttp
import pytest

from bot.discord_internals import session_of
from bot.playground.replicate.scripts import Script
from tests.journey.rig import EDIT, Rig, a_rig, has_track, words

HANGS_S = 5.0
SOON = aiohttp.ClientTimeout(total=60.0, sock_connect=1.0, sock_read=0.2)


def limit_waits(rig: Rig) -> None:
    session_of(rig.bot)._timeout = SOON  # pyright: ignore[reportPrivateUsage] - fixed once it is open


async def test_a_bot_that_has_started_waits_for_no_answer_for_minutes(rig: Rig) -> None:
    limits = session_of(rig.bot).timeout
    assert (limits.total, limits.sock_connect, limits.sock_read) == (180, 10, 20)


async def test_an_edit_that_hangs_holds_nothing_up(rig: Rig) -> None:
    limit_waits(rig)
    rig.trouble_discord(EDIT, delay_s=HANGS_S)
    began_s = time.monotonic()
    used = await rig.musicgen()
    await used.until(has_track)
    assert rig.discord.faults.met
    assert time.monotonic() - began_s < HANGS_S


async def test_a_request_by_the_bots_own_token_that_hangs_ends(rig: Rig) -> None:
    limit_waits(rig)
    rig.trouble_discord("GET /api/v10/channels/*", delay_s=HANGS_S)
    began_s = time.monotonic()
    with pytest.raises(TimeoutError):
        await rig.bot.fetch_channel(rig.discord.world.jam.id)
    assert time.monotonic() - began_s < HANGS_S


async def test_a_silent_gateway_is_no_hanging_answer(rig: Rig) -> None:
    """Between two heartbeats of 41 s nothing may come."""
    limit_waits(rig)
    rig.discord.gateway.drop()
    await rig.discord.world.until(lambda world: not world.bot_online)
    await rig.discord.world.until(lambda world: world.bot_online)
    before = rig.discord.gateway.resumed
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(3 * 0.2):
            await rig.discord.world.until(lambda world: not world.bot_online)
    assert rig.discord.gateway.resumed == before


async def test_the_shards_of_one_process_take_turns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn_s = 0.5
    monkeypatch.setattr("bot.client._IDENTIFY_TURN_S", turn_s)
    async with a_rig(tmp_path, start=False, env={"SHARD_IDS": "0,1", "SHARD_COUNT": "2"}) as rig:
        identified = rig.discord.gateway.identified
        starting = asyncio.create_task(rig.start())
        await rig.discord.world.until(lambda _: identified)
        began_s = time.monotonic()
        await rig.discord.world.until(lambda _: len(identified) == 2)
        # A turn is taken before its IDENTIFY is sent; how long before, varies.
        assert time.monotonic() - began_s >= turn_s / 2
        await starting
        assert identified == [(0, 2), (1, 2)]


async def test_who_waits_is_told_the_number_and_each_change_of_it(tmp_path: Path) -> None:
    async with a_rig(tmp_path, env={"MAX_RUNNING": "1"}) as rig:
        rig.replicate.script(Script(starting_s=600))
        running = await rig.musicgen("first")
        second, third = [await rig.musicgen(prompt) for prompt in ("second", "third")]
        await third.until(lambda shown: "Number 2 in line" in words(shown))
        await second.until(lambda shown: "You are next" in words(shown))
        assert running.reply is not None
        await rig.ada.click(running.reply, "Cancel")
        await second.until(has_track)
        await third.until(has_track)
