"""A host whose clock is wrong, or is set while the bot runs: everything is delivered, paid once."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.clock import SystemClock
from bot.host.service_time import ServiceClock
from bot.playground.discord.rules import Rules
from bot.playground.discord.wire import File
from bot.playground.replicate.scripts import Script
from bot.playground.replicate.timings import Timings
from tests.journey.processes import a_running_bot
from tests.journey.rig import CREATE, Rig, a_rig, eventually, has_track, words

MINUTES_20_S = 1200.0
SKEWS = pytest.mark.parametrize("ahead_s", [-MINUTES_20_S, MINUTES_20_S], ids=["fast", "slow"])
"""The services' clocks, and so the other way round this machine's."""
TIMINGS = Timings(warm_start_s=0.1, cold_start_s=0.1, step_rate_per_s=200, encode_s=0)
PLACES = ["jam", "dm", "foreign"]


class Machine(SystemClock):
    """One whose clock is set while the bot runs."""

    off_s = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.off_s)


async def ask(rig: Rig, place: str, prompt: str = "gong") -> None:
    channel = rig.ada.dm if place == "dm" else getattr(rig.discord.world, place)
    used = await rig.ada.slash(channel, "musicgen", prompt=prompt, duration=1)
    await used.until(has_track, 20.0)


def nobody_is_left_thinking(rig: Rig, number: int) -> bool:
    messages = rig.public_messages()
    assert len(rig.replicate.predictions) == rig.requests(*CREATE.split()) == number
    return sum(map(has_track, messages)) == number and not any(m.body.loading for m in messages)


@SKEWS
async def test_on_a_host_whose_clock_is_wrong(tmp_path: Path, ahead_s: float) -> None:
    async with (
        a_rig(tmp_path, speed=1, start=False, timings=TIMINGS, services_ahead_s=ahead_s) as rig,
        a_running_bot(rig) as bot,
    ):
        for place in PLACES:
            await ask(rig, place)
        assert nobody_is_left_thinking(rig, len(PLACES))
        [line] = [line for line in bot.output.splitlines() if "this machine's clock" in line]
        assert "20 min" in line or "19 min 5" in line
        assert ("ahead of" if ahead_s < 0 else "behind") in line


@SKEWS
async def test_killed_on_a_host_whose_clock_is_wrong(tmp_path: Path, ahead_s: float) -> None:
    """With a create on its way, and with a card that nobody has written to yet."""
    async with a_rig(
        tmp_path, speed=1, start=False, timings=TIMINGS, services_ahead_s=ahead_s
    ) as rig:
        rig.trouble_replicate(CREATE, drip_s=30.0)
        async with a_running_bot(rig) as bot:
            used = await rig.ada.slash(rig.discord.world.jam, "musicgen", prompt="a", duration=1)
            await rig.prediction()
            await bot.kill()
        # The place that is not full: no connection keeps the answer of the first any more.
        async with a_running_bot(rig):
            await used.until(has_track, 20.0)
            rig.trouble_discord("POST /api/v10/interactions/*", drip_s=30.0)
            late = await rig.ada.slash(rig.discord.world.foreign, "musicgen", prompt="b")
            await late.answered()
        async with a_running_bot(rig):
            await late.until(has_track, 20.0)
        assert nobody_is_left_thinking(rig, 2)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("step_s", [MINUTES_20_S, -MINUTES_20_S])
async def test_a_clock_that_is_set_while_the_bot_runs(
    tmp_path: Path, place: str, step_s: float
) -> None:
    machine = Machine()
    clock = ServiceClock(machine)
    async with a_rig(tmp_path, speed=1, timings=TIMINGS, bot_clock=clock) as rig:
        rig.replicate.script(Script(starting_s=2.0))
        asking = asyncio.create_task(ask(rig, place))
        await rig.prediction()
        machine.off_s = step_s
        await asking
        await ask(rig, place, "bells")
        assert nobody_is_left_thinking(rig, 2)


@pytest.mark.parametrize("place", ["jam", "foreign"])
async def test_even_where_no_answer_has_a_date(
    tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token that is dead by a clock that is 20 minutes fast is tried all the same."""
    monkeypatch.setattr("bot.host.service_time.parsedate_to_datetime", _no_date)
    machine = Machine()
    machine.off_s = MINUTES_20_S
    async with a_rig(tmp_path, speed=1, timings=TIMINGS, bot_clock=ServiceClock(machine)) as rig:
        await ask(rig, place)
        assert nobody_is_left_thinking(rig, 1)


async def test_a_refusal_is_told_in_private_where_the_token_seems_to_be_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.host.service_time.parsedate_to_datetime", _no_date)
    machine = Machine()
    machine.off_s = MINUTES_20_S
    async with a_rig(tmp_path, speed=1, timings=TIMINGS, bot_clock=ServiceClock(machine)) as rig:
        used = await rig.musicgen(input_audio=File("diary.wav", b"dear diary, no music" * 9))
        [told] = await rig.discord.world.until(lambda _: used.followups)
        assert told.ephemeral
        assert "is not an audio file" in words(told)
        await rig.discord.world.until(lambda _: not rig.public_messages())


def _no_date(_: str) -> datetime:
    raise ValueError


async def test_a_token_that_is_dead_is_tried_once(tmp_path: Path) -> None:
    """Where nothing else leads there: a refusal is believed, and costs one request."""
    rules = Rules(token_life_s=1.0)
    machine = Machine()
    machine.off_s = MINUTES_20_S
    clock = ServiceClock(machine)
    async with a_rig(tmp_path, speed=1, timings=TIMINGS, rules=rules, bot_clock=clock) as rig:
        rig.replicate.script(Script(starting_s=2.0))
        used = await rig.ada.slash(rig.discord.world.foreign, "musicgen", prompt="a", duration=1)
        await used.answered()
        await rig.until_waiting(rig.discord.world.foreign)
        began_s = time.monotonic()
        before = len(rig.discord.requests)
        await eventually(lambda: time.monotonic() > began_s + 2.0)
        late = rig.discord.requests[before:]
        assert [r.path for r in late if r.path.startswith("/webhooks/")] == []
