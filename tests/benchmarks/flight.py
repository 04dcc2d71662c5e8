"""Many generations in flight in one process, beside the official client waiting for as many."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import statistics
import sys
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import cache
from tempfile import TemporaryFile

import psutil

from bot.playground.discord.actors import Used
from bot.playground.discord.world import NeverHappened
from bot.playground.replicate import runs
from bot.playground.replicate.limits import RateLimits
from bot.playground.replicate.scripts import Script
from bot.playground.replicate.standin import ReplicateStandIn
from bot.playground.replicate.timings import Timings
from bot.playground.synth import SynthRequest, render
from tests.benchmarks.stage import (
    BEATING_BOT,
    Stage,
    a_crowd,
    a_stage,
    busiest_minute,
    cpu_s,
    some_channels,
    throttled,
)
from tests.benchmarks.waiting import BURST, PERIOD_S

COUNTS = (200, 2000, 10_000)
_OFFICIAL_UP_TO = 2000
"""More waits than that the official client does not end in half an hour."""
_PUSHED_UP_TO = 2000
"""Each of more takes the better part of an hour once more."""
_AT_ONCE, _PER_S = 25, 50
"""Commands."""
_PEOPLE = 500
_CHANNELS = 300
"""Discord bounds what a bot may edit in each once the interaction's token is dead."""
_SHORTEST_S = 20.0
_MARGIN_S = 10.0
_LOOK_S = 0.5
_STEPS = 53
"""Of a second of audio."""
_KB = 1000


@dataclass(frozen=True)
class Flight:
    """What one flight of so many generations cost; None where it was not measured."""

    name: str
    count: int
    lags_s: Sequence[float]
    at_once: int
    """The most that ran at Replicate at the same time."""
    requests: float
    busiest: int
    """The most requests to the API in a minute."""
    throttled: str
    cpu_s: float
    seen_s: Sequence[float] = ()
    """The part of each lag before its download began."""
    memory_kb: float | None = None
    """More than idle while they all ran, for each."""
    most_mb: float | None = None
    """The most that the process ever took."""
    late: str = "–"
    """How late its event loop was."""

    @property
    def row(self) -> str:
        """Its line in the table."""
        memory = "–" if self.memory_kb is None else f"{self.memory_kb:.0f} kB"
        most = "–" if self.most_mb is None else f"{self.most_mb:.0f} MB"
        return (
            f"| {self.name} | {len(self.lags_s)} of {self.count} | {self.at_once} "
            f"| {p50_p99(self.lags_s)} | {p50_p99(self.seen_s)} | {self.requests:.1f} "
            f"| {self.busiest} | {self.throttled} | {memory} | {most} | {self.late} "
            f"| {self.cpu_s * 1000:.0f} ms |"
        )


@dataclass
class Peaks:
    """The most seen at one look."""

    at_once: int = 0
    running_bytes: int = 0
    bytes: int = 0


def _run_s(count: int) -> float:
    """So long that the first still runs when the last has been created, as the pace lets them."""
    return max(_SHORTEST_S, (count - BURST) * PERIOD_S / BURST + _MARGIN_S)


def patience_s(count: int) -> float:
    """What is not there by then has not come to an end."""
    return 3 * _run_s(count) + 60


def timings(count: int) -> Timings:
    """Of runs so long that all of them run at once."""
    return Timings(
        cold_start_s=1.0,
        warm_start_s=1.0,
        step_rate_per_s=_STEPS / _run_s(count),
        encode_s=0.5,
        tick_s=0.5,
    )


async def measure(counts: Sequence[int] = COUNTS) -> AsyncGenerator[str]:
    """One flight of each size, and the official client's wait for as many predictions."""
    yield (
        "From “succeeded at Replicate” to “audio visible in the message” (the official client: to "
        "knowing of it; it downloads nothing), both services enforcing their rate limits\n"
        "| | came to an end | at once | p50 / p99 | of it, until the download | requests to "
        "Replicate, each | most in a minute | 429s Replicate / Discord | memory, each "
        "| most memory | loop late by (p50 / p99 / most) | CPU, each |\n" + "|---" * 12 + "|"
    )
    for count in counts:
        yield (await _fly(count)).row
        if count <= _PUSHED_UP_TO:
            yield (await _fly(count, is_pushed=True)).row
        if count <= _OFFICIAL_UP_TO:
            yield (await _official(count)).row


@cache
def _played_once(duration_s: float) -> bytes:
    return render(SynthRequest(duration_s=duration_s))


def same_music(request: SynthRequest) -> bytes:
    """All tracks of a length sound the same: the cores are for what is measured."""
    return _played_once(request.duration_s)


async def _fly(count: int, *, is_pushed: bool = False) -> Flight:
    runs.render = same_music
    limits = {"MAX_RUNNING": str(count), "MAX_RUNNING_PER_USER": "1000"}
    if is_pushed:
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port = found.getsockname()[1]
        limits |= {"PORT": str(port), "PUBLIC_URL": f"http://127.0.0.1:{port}"}
    async with a_stage(BEATING_BOT, timings(count), **limits) as stage:
        await stage.ready()
        process = psutil.Process(stage.process.pid)
        await warm_up(stage, 3)
        idle_bytes, cpu_before_s = process.memory_info().rss, cpu_s(process)
        stage.lateness.begin()
        asked_before = len(stage.replicate.requests)
        async with _watched(stage.replicate, process, count) as peaks:
            used = await all_at_once(stage, count)
            await all_ended(used, patience_s(count))
        refused = throttled(stage.replicate), throttled(stage.discord)
        seen_s, shown_s = zip(*lags_s(stage, used), strict=True)
        return Flight(
            f"this bot, {count} in flight{', with webhooks' if is_pushed else ''}",
            count,
            shown_s,
            peaks.at_once,
            (len(stage.replicate.requests) - asked_before) / count,
            busiest_minute(stage.replicate),
            " / ".join(map(str, refused)),
            (cpu_s(process) - cpu_before_s) / count,
            seen_s,
            (peaks.running_bytes - idle_bytes) / count / _KB,
            peaks.bytes / _KB / _KB,
            stage.lateness.row,
        )


async def all_ended(used: Sequence[Used], patience_s: float) -> None:
    """Wait for the end of each, and say how those ended that have no track."""
    clock = asyncio.get_running_loop().time
    ends_at_s = clock() + patience_s
    going_on = list(used)
    while going_on and clock() < ends_at_s:
        # Looked at now and then: thousands change every second.
        await asyncio.sleep(_LOOK_S)
        going_on = [one for one in going_on if not _has_ended(one)]
    for one in used:
        if not has_track(one):
            body = one.reply and one.reply.body
            shown = body and [body.content, *(embed.description for embed in body.embeds)]
            sys.stderr.write(f"no track: {one.stage}, {shown}\n")


def _has_ended(one: Used) -> bool:
    if one.reply is None:
        return one.interaction.stage.value == "failed"
    embeds = one.reply.body.embeds
    is_over = any("· took " in (embed.description or "") for embed in embeds)
    return is_over or has_track(one) or one.ephemeral


def has_track(one: Used) -> bool:
    """Whether its card has a file."""
    return one.reply is not None and bool(one.reply.body.files)


async def warm_up(stage: Stage, count: int) -> None:
    """What is loaded at first use is not counted."""
    stage.replicate.script(Script(times=count, step_rate_per_s=200))
    for number in range(count):
        used = await stage.discord.actor("ada").slash(
            stage.discord.world.jam, "musicgen", prompt=f"warm-up {number}", duration=1
        )
        await used.until(lambda reply: reply.body.files, timeout_s=30)


async def all_at_once(stage: Stage, count: int) -> list[Used]:
    """So many people's commands."""
    crowd = a_crowd(stage.discord, _PEOPLE)
    channels = some_channels(stage.discord, _CHANNELS)
    used: list[Used] = []
    for number in range(count):
        person, channel = crowd[number % _PEOPLE], channels[number % _CHANNELS]
        used.append(await person.slash(channel, "musicgen", prompt=f"take {number}", duration=1))
        if number % _AT_ONCE == _AT_ONCE - 1:
            await asyncio.sleep(_AT_ONCE / _PER_S)
            # Who is not answered in time is counted as one that came to no end.
            with suppress(NeverHappened):
                await used[-1].answered(timeout_s=30)
    return used


@asynccontextmanager
async def _watched(
    service: ReplicateStandIn, process: psutil.Process | None, count: int
) -> AsyncGenerator[Peaks, None]:
    """See how many run, and what memory they take meanwhile."""
    peaks = Peaks()

    async def watch() -> None:
        while True:
            running = sum(p.status == "processing" for p in service.predictions)
            peaks.at_once = max(peaks.at_once, running)
            if process is not None:
                now_bytes = process.memory_info().rss
                peaks.bytes = max(peaks.bytes, now_bytes)
                if running >= count * 0.9:
                    peaks.running_bytes = max(peaks.running_bytes, now_bytes)
            await asyncio.sleep(_LOOK_S)

    watching = asyncio.create_task(watch())
    try:
        yield peaks
    finally:
        watching.cancel()


def lags_s(stage: Stage, used: Sequence[Used]) -> Iterator[tuple[float, float]]:
    """From each end at Replicate: to the request for its audio, and to the audio in the message."""
    made = {str(p.input["prompt"]): p for p in stage.replicate.predictions}
    asked_at = {
        record.path.split("/")[2]: record.at.timestamp()
        for record in stage.replicate.requests
        if record.path.startswith("/delivery/")
    }
    for one in filter(has_track, used):
        assert one.reply is not None
        prediction = made[one.reply.body.embeds[0].title or ""]
        assert prediction.completed_at is not None
        assert prediction.output_file is not None
        ended_at = prediction.completed_at.timestamp()
        shown_at = next(r.at for r in one.reply.revisions if r.body.files)
        yield asked_at[prediction.output_file.key] - ended_at, shown_at - ended_at


def p50_p99(times_s: Sequence[float]) -> str:
    """Two quantiles in words."""
    if len(times_s) < 2:
        return "–"
    cuts = statistics.quantiles(times_s, n=100)
    return f"{cuts[49]:.2f} / {cuts[98]:.2f} s"


async def _official(count: int) -> Flight:
    cpu_before_s = _children_cpu_s()
    async with ReplicateStandIn(timings=timings(count), limits=RateLimits()) as service:
        environment = os.environ | {
            "REPLICATE_API_TOKEN": service.token,
            "REPLICATE_BASE_URL": service.base_url,
        }
        with TemporaryFile() as output:
            async with _watched(service, None, count) as peaks:
                process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    "tests.benchmarks.waiting",
                    service.version,
                    str(count),
                    env=environment,
                    stdout=output,
                )
                try:
                    async with asyncio.timeout(patience_s(count)):
                        await process.wait()
                except TimeoutError:
                    process.kill()
                    await process.wait()
            output.seek(0)
            lags_s = [float(line) for line in output]
        return Flight(
            f"official client, {count} waits",
            count,
            lags_s,
            peaks.at_once,
            len(service.requests) / count,
            busiest_minute(service),
            f"{throttled(service)} / –",
            (_children_cpu_s() - cpu_before_s) / count,
        )


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
