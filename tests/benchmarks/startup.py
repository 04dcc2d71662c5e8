"""Seconds from process start to commands synced, and memory of the idle bot."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncGenerator

import psutil

from tests.benchmarks.stage import BOT, a_stage

STARTS = 5
IDLE_S = 5.0
_MB = 1_000_000


async def measure() -> AsyncGenerator[str]:
    """Several cold starts with an empty data folder; medians."""
    starts_s: list[float] = []
    memory_mb: list[float] = []
    for _ in range(STARTS):
        async with a_stage(BOT) as stage:
            await stage.ready()
            synced_at = stage.synced_at()
            assert synced_at is not None
            starts_s.append(synced_at - stage.spawned_at)
            await asyncio.sleep(IDLE_S)
            memory_mb.append(psutil.Process(stage.process.pid).memory_info().rss / _MB)
    yield (
        f"{STARTS} starts with an empty data folder\n"
        "| | median | worst |\n|---|---|---|\n"
        f"| process start to commands synced | {statistics.median(starts_s):.2f} s "
        f"| {max(starts_s):.2f} s |\n"
        f"| memory (RSS) after {IDLE_S:.0f} s idle | {statistics.median(memory_mb):.0f} MB "
        f"| {max(memory_mb):.0f} MB |"
    )
