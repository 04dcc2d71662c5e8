"""Acknowledgement time of simultaneous /musicgen, against a command that only defers."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncGenerator

from bot.playground.replicate.scripts import Script
from tests.benchmarks.stage import BARE, BOT, a_stage

INVOCATIONS = 200
ROUNDS = 5


async def measure() -> AsyncGenerator[str]:
    """Rounds of both in turn; p50 and p99 over all rounds of each, in milliseconds."""
    times: dict[tuple[str, ...], list[float]] = {BARE: [], BOT: []}
    for _ in range(ROUNDS):
        for module, so_far in times.items():
            so_far.extend(await _round(module))
    bare, ours = (_quantiles(times[module]) for module in (BARE, BOT))
    rows = [
        f"| {name} | {b:.0f} ms | {o:.0f} ms | {o / b:.2f} |"
        for name, b, o in zip(("p50", "p99"), bare, ours, strict=True)
    ]
    head = (
        f"{INVOCATIONS} simultaneous invocations, {ROUNDS} rounds: time to the acknowledgement\n"
        "| | only defers | /musicgen | ratio |\n|---|---|---|---|\n"
    )
    yield head + "\n".join(rows)


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
