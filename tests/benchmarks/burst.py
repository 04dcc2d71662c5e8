"""A burst whose predictions all end in the same moment: how soon each person hears theirs."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import contextmanager
from unittest.mock import patch

from bot.playground.replicate import runs
from bot.playground.replicate.predictions import OutputFile, Prediction
from bot.playground.replicate.problems import JsonObject
from bot.playground.replicate.timings import Timings
from tests.benchmarks.flight import (
    all_ended,
    has_track,
    lags_s,
    p50_p99,
    same_music,
    warm_up,
)
from tests.benchmarks.stage import BEATING_BOT, Stage, a_crowd, a_stage, throttled

COUNTS = (200,)
_RUN_S = 10.0
_STEPS = 53
"""Of a second of audio."""
_PATIENCE_S = 120.0
_QUIET_S = 2.0
"""From the last step of the last of them to the end of all."""


async def measure(counts: Sequence[int] = COUNTS) -> AsyncGenerator[str]:
    """One burst of each size."""
    yield (
        "A burst of commands, each of another person, whose predictions end in the same moment: "
        "from there to the audio in the message\n"
        "| | came to an end | ended within | p50 / p99 | of it, until the download | acknowledged "
        "in (p50 / p99) | 429s Replicate / Discord | loop late by (p50 / p99 / most) |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    for count in counts:
        timings = Timings(
            cold_start_s=1.0, warm_start_s=1.0, step_rate_per_s=_STEPS / _RUN_S, encode_s=0.2
        )
        with _one_end() as end, patch.object(runs, "render", same_music):
            async with a_stage(BEATING_BOT, timings) as stage:
                yield await _row(stage, end, count)


async def _row(stage: Stage, end: _End, count: int) -> str:
    await stage.ready()
    end.is_now.set()
    await warm_up(stage, 3)
    end.hold(count)
    before = len(stage.replicate.predictions)
    stage.lateness.begin()
    used = [
        await person.slash(stage.discord.world.jam, "musicgen", prompt=f"take {n}", duration=1)
        for n, person in enumerate(a_crowd(stage.discord, count))
    ]
    async with asyncio.timeout(_PATIENCE_S):
        await end.all_wait.wait()
    await asyncio.sleep(_QUIET_S)
    end.is_now.set()
    await all_ended(used, _PATIENCE_S)
    made = [p.completed_at for p in stage.replicate.predictions[before:] if p.completed_at]
    seen_s, shown_s = zip(*lags_s(stage, used), strict=True)
    acknowledged = [one.answered_after_s or 0.0 for one in used]
    cuts = statistics.quantiles(acknowledged, n=100)
    return (
        f"| a burst of {count} | {sum(map(has_track, used))} of {count} "
        f"| {(max(made) - min(made)).total_seconds():.2f} s | {p50_p99(shown_s)} "
        f"| {p50_p99(seen_s)} | {cuts[49] * 1000:.0f} / {cuts[98] * 1000:.0f} ms "
        f"| {throttled(stage.replicate)} / {throttled(stage.discord)} | {stage.lateness.row} |"
    )


class _End:
    """The moment at which all predictions end that have made their last step."""

    def __init__(self) -> None:
        self.is_now, self.all_wait = asyncio.Event(), asyncio.Event()
        self._missing = 0

    def hold(self, count: int) -> None:
        """Let the next so many wait for each other."""
        self.is_now.clear()
        self._missing = count

    async def wait(self) -> None:
        """Until it comes."""
        if not self.is_now.is_set():
            self._missing -= 1
            if self._missing == 0:
                self.all_wait.set()
            await self.is_now.wait()


@contextmanager
def _one_end() -> Generator[_End]:
    end, predict = _End(), runs.Runs._predict  # pyright: ignore[reportPrivateUsage] - scenery

    async def held(self: runs.Runs, prediction: Prediction, given: JsonObject) -> OutputFile:
        output = await predict(self, prediction, given)
        await end.wait()
        return output

    with patch.object(runs.Runs, "_predict", held):
        yield end
