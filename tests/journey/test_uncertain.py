"""A create that was answered by a fault, and a list that lags behind: delivered late, paid once."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.playground.discord.messages import Message
from bot.playground.replicate.timings import Timings
from tests.journey.rig import CREATE, Rig, a_rig, eventually, has_ended, has_track, words

SPEED = 50.0
LATE = "Should it turn up within ten minutes"
FAULTS: dict[str, dict[str, object]] = {
    "500": {"status": 500, "body": "Internal Server Error"},
    "502": {"status": 502, "body": "<html>Bad gateway</html>"},
    "not json": {"status": 201, "body": "<html>created</html>"},
}


@asynccontextmanager
async def a_lagging_rig(folder: Path, lag_s: float) -> AsyncGenerator[Rig]:
    timings = replace(Timings.instant(), list_lag_s=lag_s)
    async with a_rig(folder, timings=timings, speed=SPEED) as rig:
        yield rig


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
@pytest.mark.parametrize("lag_s", [0, 5, 60])
async def test_started_all_the_same_it_is_delivered(
    tmp_path: Path, fault: dict[str, object], lag_s: float
) -> None:
    async with a_lagging_rig(tmp_path, lag_s) as rig:
        rig.trouble_replicate(CREATE, takes_effect=True, **fault)
        used = await rig.musicgen()
        message = await used.until(has_track)
        assert LATE not in words(message)
        assert rig.public_messages() == [message]
        assert rig.paid_once()


@pytest.mark.parametrize("lag_s", [30, 60])
async def test_again_takes_over_what_turns_up_late(tmp_path: Path, lag_s: float) -> None:
    async with a_lagging_rig(tmp_path, lag_s) as rig:
        rig.trouble_replicate(CREATE, takes_effect=True, status=500, body="")
        failed = await (await rig.musicgen()).until(lambda message: LATE in words(message))
        await rig.ada.click(failed, "Again")

        # Whichever of the two sees it first has it; the other one says so.
        def cards() -> list[Message]:
            return [message for message in rig.public_messages() if message.embeds]

        await eventually(lambda: all(map(has_ended, cards())) and sum(map(has_track, cards())) == 1)
        assert len(cards()) == 2
        assert rig.paid_once()


async def test_again_makes_the_same_where_nothing_was_started(tmp_path: Path) -> None:
    async with a_lagging_rig(tmp_path, 0) as rig:
        rig.trouble_replicate(CREATE, status=500, body="")
        failed = await (await rig.musicgen(seed=7)).until(lambda message: LATE in words(message))
        again = await rig.ada.click(failed, "Again")
        await again.until(has_track)
        [prediction] = rig.replicate.predictions
        assert prediction.input["seed"] == 7
        assert rig.requests(*CREATE.split()) == 2


@pytest.mark.parametrize("lag_s", [0, 60])
async def test_a_crash_in_between(tmp_path: Path, lag_s: float) -> None:
    async with a_lagging_rig(tmp_path, lag_s) as rig:
        rig.trouble_replicate(CREATE, takes_effect=True, status=500, body="")
        used = await rig.musicgen()
        await rig.prediction()
        await rig.stop()
        await rig.start()
        message = await used.until(has_track)
        assert rig.public_messages() == [message]
        assert rig.paid_once()


async def test_a_crash_after_it_was_told(tmp_path: Path) -> None:
    async with a_lagging_rig(tmp_path, 60) as rig:
        rig.trouble_replicate(CREATE, takes_effect=True, status=500, body="")
        used = await rig.musicgen()
        await used.until(lambda message: LATE in words(message))
        await rig.stop()
        await rig.start()
        message = await used.until(has_track)
        assert rig.public_messages() == [message]
        assert rig.paid_once()
