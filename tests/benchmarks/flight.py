"""Many generations in flight in one process, beside the official client waiting for as many."""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
from dataclasses import dataclass

import psutil

from bot.playground.discord.actors import Used
from bot.playground.replicate.standin import ReplicateStandIn
from bot.playground.replicate.timings import Timings
from tests.benchmarks.stage import BOT, Stage, a_stage

COUNTS = (200, 2000)
_TIMEOUT_S = 400.0
_KB = 1000


@dataclass(frozen=True)
class Flight:
    """What one flight of so many generations cost."""

    count: int
    lags_s: list[float]
    requests: float
    throttled: int
    memory_kb: float
    cpu_s: float


def _timings(count: int) -> Timings:
    """About 20 s of model time for 200, longer for more: all are in flight at once."""
    run_s = max(20.0, count / 25)
    return Timings(
        cold_start_s=1.0, warm_start_s=1.0, step_rate_per_s=53 / run_s, encode_s=0.5, tick_s=0.5
    )


async def measure() -> str:
    """One flight of each size, and the official client's wait for the same predictions."""
    rows: list[str] = []
    for count in COUNTS:
        flight = await _fly(count)
        rows.append(_row(f"this bot, {count} in flight", flight))
        rows.append(_row(f"official client, {count} waits", await _official(count)))
    head = (
        "From “succeeded at Replicate” to “audio visible in the message” (for the official client: "
        "to knowing of it)\n"
        "| | p50 | p99 | requests to Replicate, each | 429s | memory, each | CPU, each |\n"
        "|---|---|---|---|---|---|---|\n"
    )
    return head + "\n".join(rows)


def _row(name: str, flight: Flight) -> str:
    cuts = statistics.quantiles(flight.lags_s, n=100)
    memory = f"{flight.memory_kb:.0f} kB" if flight.memory_kb else "–"
    cpu = f"{flight.cpu_s * 1000:.0f} ms" if flight.cpu_s else "–"
    return (
        f"| {name} | {cuts[49]:.2f} s | {cuts[98]:.2f} s | {flight.requests:.1f} "
        f"| {flight.throttled} | {memory} | {cpu} |"
    )


async def _fly(count: int) -> Flight:
    limits = {"MAX_RUNNING": str(count), "MAX_RUNNING_PER_USER": "1000"}
    async with a_stage(BOT, _timings(count), **limits) as stage:
        await stage.ready()
        process = psutil.Process(stage.process.pid)
        await _one_after_another(stage, 3)
        idle_bytes, cpu_before_s = process.memory_info().rss, _cpu_s(process)
        requests_before = len(stage.replicate.requests)
        used = await _all_at_once(stage, count)
        peak_bytes = await _peak(stage, process, used)
        return Flight(
            count,
            [_lag_s(stage, one) for one in used],
            (len(stage.replicate.requests) - requests_before) / count,
            _throttled(stage),
            (peak_bytes - idle_bytes) / count / _KB,
            (_cpu_s(process) - cpu_before_s) / count,
        )


async def _one_after_another(stage: Stage, count: int) -> None:
    """Warm-up: what is loaded at first use is not counted."""
    for number in range(count):
        used = await stage.discord.actor("ada").slash(
            stage.discord.world.jam, "musicgen", prompt=f"warm-up {number}", duration=1
        )
        await used.until(lambda reply: reply.body.files, timeout_s=_TIMEOUT_S)


async def _all_at_once(stage: Stage, count: int) -> list[Used]:
    people = [stage.discord.actor(name) for name in ("ada", "bo", "mod")]
    channel = stage.discord.world.jam
    used: list[Used] = []
    for number in range(count):
        person = people[number % len(people)]
        used.append(await person.slash(channel, "musicgen", prompt=f"take {number}", duration=1))
        if number % 50 == 49:
            await used[-1].answered(timeout_s=30)
    return used


async def _peak(stage: Stage, process: psutil.Process, used: list[Used]) -> int:
    """The most memory while they fly; returns when the last has landed."""
    peak_bytes = 0

    async def watch() -> None:
        nonlocal peak_bytes
        while True:
            running = sum(p.status == "processing" for p in stage.replicate.predictions)
            if running >= len(used) * 0.9:
                peak_bytes = max(peak_bytes, process.memory_info().rss)
            await asyncio.sleep(0.5)

    watching = asyncio.create_task(watch())
    try:
        for one in used:
            await one.until(lambda reply: reply.body.files, timeout_s=_TIMEOUT_S)
    finally:
        watching.cancel()
    return peak_bytes


def _lag_s(stage: Stage, used: Used) -> float:
    prompts = {str(p.input["prompt"]): p for p in stage.replicate.predictions}
    reply = used.reply
    assert reply is not None
    [shown_at] = [revision.at for revision in reply.revisions if revision.body.files][:1]
    title = reply.body.embeds[0].title or ""
    ended_at = prompts[title].completed_at
    assert ended_at is not None
    return shown_at - ended_at.timestamp()


def _throttled(stage: Stage) -> int:
    return sum(r.status == 429 for r in stage.discord.requests) + sum(
        r.status == 429 for r in stage.replicate.requests
    )


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


async def _official(count: int) -> Flight:
    async with ReplicateStandIn(timings=_timings(count)) as service:
        environment = os.environ | {
            "REPLICATE_API_TOKEN": service.token,
            "REPLICATE_BASE_URL": service.base_url,
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.benchmarks.waiting",
            service.version,
            str(count),
            env=environment,
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
        lags_s = [float(line) for line in output.split()]
        requests = len(service.requests) / count
        throttled = sum(record.status == 429 for record in service.requests)
    return Flight(count, lags_s, requests, throttled, 0.0, 0.0)
