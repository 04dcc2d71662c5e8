"""Acknowledgement time of simultaneous /musicgen, against a command that only defers."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncGenerator

from bot.playground.replicate.scripts import Script
from tests.benchmarks.stage import BARE, BOT, a_stage

INVOCATIONS = 200
RUNS = 5
ROUNDS = 3


async def measure() -> AsyncGenerator[str]:
    """Runs of several rounds of both in turn; the median run is the one that counts."""
    yield (
        f"{INVOCATIONS} simultaneous invocations, {ROUNDS} rounds a run: time to the "
        "acknowledgement, p50 and p99\n"
        "| run | only defers | /musicgen | ratio of p50 | ratio of p99 |\n|---|---|---|---|---|"
    )
    ratios: list[tuple[float, float]] = []
    for number in range(1, RUNS + 1):
        bare, ours = await _run()
        ratios.append((ours[0] / bare[0], ours[1] / bare[1]))
        yield (
            f"| {number} | {bare[0]:.0f} / {bare[1]:.0f} ms | {ours[0]:.0f} / {ours[1]:.0f} ms "
            f"| {ratios[-1][0]:.2f} | {ratios[-1][1]:.2f} |"
        )
    medians = [statistics.median(some) for some in zip(*ratios, strict=True)]
    yield f"| median | | | {medians[0]:.2f} | {medians[1]:.2f} |"


async def _run() -> list[tuple[float, float]]:
    times: dict[tuple[str, ...], list[float]] = {BARE: [], BOT: []}
    for _ in range(ROUNDS):
        for module, so_far in times.items():
            so_far.extend(await _round(module))
    return [_quantiles(so_far) for so_far in times.values()]


async def _round(module: tuple[str, ...]) -> list[float]:
    async with a_stage(module) as stage:
        await stage.ready()
        # Kept from running: the synthesiser would compete for this machine's cores.
        stage.replicate.script(Script(times=INVOCATIONS + 1, starting_s=600))
        ada, jam = stage.discord.actor("ada"), stage.discord.world.jam
        await (await ada.slash(jam, "musicgen", prompt="warm-up")).answered()
        used = [
            await ada.slash(jam, "musicgen", prompt=f"take {number}")
            for number in range(INVOCATIONS)
        ]
        await asyncio.gather(*(one.answered() for one in used))
        return [one.answered_after_s or 0.0 for one in used]


def _quantiles(times_s: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(times_s, n=100)
    return cuts[49] * 1000, cuts[98] * 1000
