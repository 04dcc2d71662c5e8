"""What thousands cost that only wait, and what another person notices of them."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncGenerator, Sequence

import psutil

from bot.playground.discord.actors import Used
from bot.playground.discord.messages import Message
from bot.playground.replicate.scripts import Script
from tests.benchmarks.stage import BEATING_BOT, Stage, a_crowd, a_stage, cpu_s

COUNTS = (3000,)
_WATCHED_S = 30.0
_COMMANDS = 20
_MB = 1_000_000


async def measure(counts: Sequence[int] = COUNTS) -> AsyncGenerator[str]:
    """One runs and does not end; so many others wait, each of another person."""
    for count in counts:
        yield await _measured(count)


async def _measured(count: int) -> str:
    async with a_stage(BEATING_BOT, MAX_RUNNING="1", MAX_RUNNING_PER_USER="1000") as stage:
        await stage.ready()
        process = psutil.Process(stage.process.pid)
        idle_bytes = process.memory_info().rss
        stage.replicate.script(Script(starting_s=100_000))
        stage.lateness.begin()
        await _all_in_line(stage, count)
        filling = stage.lateness.row
        memory_mb = (process.memory_info().rss - idle_bytes) / _MB
        rows = [await _watched(stage, process, f"{count} waiting, nothing moves")]
        rows.append(await _with_commands(stage, process))
        await stage.restart()
        await stage.ready()
        process = psutil.Process(stage.process.pid)
        rows.append(await _watched(stage, process, "the same, just taken up by a new process"))
    return (
        f"{count} generations waiting in line; while they came, the loop was late by {filling} "
        f"(p50 / p99 / most); each took {memory_mb / count * 1000:.0f} kB\n"
        "| | of a core | loop late by (p50 / p99 / most) | another's acknowledgement "
        "(p50 / most) |\n|---|---|---|---|\n" + "\n".join(rows)
    )


async def _all_in_line(stage: Stage, count: int) -> None:
    channel = stage.discord.world.jam
    used: list[Used] = []
    for number, person in enumerate(a_crowd(stage.discord, count + 1)):
        used.append(await person.slash(channel, "musicgen", prompt=f"take {number}", duration=1))
        if number % 50 == 49:
            await used[-1].answered(timeout_s=30)
    for one in used[1:]:
        await one.until(_has_number, timeout_s=180)


def _has_number(reply: Message) -> bool:
    words = reply.body.embeds[0].description or ""
    return "in line" in words or "You are next" in words


async def _watched(stage: Stage, process: psutil.Process, name: str) -> str:
    before_s = cpu_s(process)
    stage.lateness.begin()
    await asyncio.sleep(_WATCHED_S)
    share = (cpu_s(process) - before_s) / _WATCHED_S
    return f"| {name} | {share:.1%} | {stage.lateness.row} | – |"


async def _with_commands(stage: Stage, process: psutil.Process) -> str:
    before_s = cpu_s(process)
    stage.lateness.begin()
    times_s: list[float] = []
    ada = stage.discord.actor("ada")
    for number in range(_COMMANDS):
        used = await ada.slash(stage.discord.world.lab, "musicgen", prompt=f"one more {number}")
        await used.answered()
        times_s.append(used.answered_after_s or 0.0)
        await asyncio.sleep(_WATCHED_S / _COMMANDS)
    share = (cpu_s(process) - before_s) / _WATCHED_S
    acknowledged = f"{statistics.median(times_s) * 1000:.0f} / {max(times_s) * 1000:.0f} ms"
    name = f"{_COMMANDS} more commands meanwhile"
    return f"| {name} | {share:.1%} | {stage.lateness.row} | {acknowledged} |"
