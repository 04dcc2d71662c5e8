"""Seconds from process start to commands synced, and memory of the idle bot."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncGenerator

import psutil

from bot.playground.replicate.timings import Timings
from tests.benchmarks.stage import BOT, Stage, a_stage

STARTS = 5
IDLE_S = 5.0
TRACKS = 100
_MB = 1_000_000
_SETTLED_S = 45.0
"""By then what was started for the tracks alone is gone again."""


async def measure() -> AsyncGenerator[str]:
    """Several cold starts with an empty data folder; medians. Then a hundred tracks."""
    starts_s: list[float] = []
    memory_mb: list[float] = []
    for _ in range(STARTS):
        async with a_stage(BOT) as stage:
            await stage.ready()
            synced_at = stage.synced_at()
            assert synced_at is not None
            starts_s.append(synced_at - stage.spawned_at)
            await asyncio.sleep(IDLE_S)
            memory_mb.append(_memory_mb(stage))
    yield (
        f"{STARTS} starts with an empty data folder\n"
        "| | median | worst |\n|---|---|---|\n"
        f"| process start to commands synced | {statistics.median(starts_s):.2f} s "
        f"| {max(starts_s):.2f} s |\n"
        f"| memory (RSS) after {IDLE_S:.0f} s idle | {statistics.median(memory_mb):.0f} MB "
        f"| {max(memory_mb):.0f} MB |\n"
    )
    yield await _after_tracks()


async def _after_tracks() -> str:
    fast = Timings(cold_start_s=0.0, warm_start_s=0.0, step_rate_per_s=200.0, encode_s=0.1)
    async with a_stage(BOT, fast) as stage:
        await stage.ready()
        await asyncio.sleep(IDLE_S)
        rows = [f"| idle | {_memory_mb(stage):.0f} MB | {_memory_mb(stage):.0f} MB | 1 |"]
        made = 0
        for so_far in (TRACKS // 10, TRACKS, 2 * TRACKS):
            most_mb = await _make(stage, so_far - made)
            made = so_far
            await asyncio.sleep(_SETTLED_S)
            rows.append(
                f"| {so_far} tracks | {most_mb:.0f} MB | {_memory_mb(stage):.0f} MB "
                f"| {len(_processes(stage))} |"
            )
    return (
        "| after | most, all its processes together | "
        f"{_SETTLED_S:.0f} s later | processes then |\n|---|---|---|---|\n" + "\n".join(rows)
    )


async def _make(stage: Stage, count: int) -> float:
    """Have so many tracks made, four at a time; the most memory seen meanwhile."""
    ada, jam = stage.discord.actor("ada"), stage.discord.world.jam
    most_mb = 0.0
    for start in range(0, count, 4):
        used = [
            await ada.slash(jam, "musicgen", prompt=f"take {start + number}", duration=1)
            for number in range(min(4, count - start))
        ]
        for one in used:
            await one.until(lambda reply: reply.body.files, timeout_s=60)
        most_mb = max(most_mb, _memory_mb(stage))
    return most_mb


def _processes(stage: Stage) -> list[psutil.Process]:
    bot = psutil.Process(stage.process.pid)
    return [bot, *bot.children(recursive=True)]


def _memory_mb(stage: Stage) -> float:
    return sum(process.memory_info().rss for process in _processes(stage)) / _MB
