"""Acknowledgement time of simultaneous /musicgen, against a command that only defers."""

from __future__ import annotations

import asyncio
import gc
import io
import statistics
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import contextmanager

import numpy as np
import psutil
import soundfile  # pyright: ignore[reportMissingTypeStubs] - has none

from bot.playground.discord.wire import File
from bot.playground.replicate.scripts import Script
from tests.benchmarks.stage import BARE, BOT, a_crowd, a_stage

INVOCATIONS = 200
RUNS = 5
ROUNDS = 3
HEAVY_FILES = 6
LIMITS = {
    "LIMIT_PER_USER": "100000 tracks/day, 9000 usd/month",
    "LIMIT_PER_SERVER": "100000 tracks/day, 9000000 s/month",
    "LIMIT_TOTAL": "100000 tracks/month, 9000 usd/month",
}
"""Of every kind, and none of them reached."""
_BEGUN_S = 1.5
_RATE_HZ, _CHANNELS, _LENGTH_S = 384_000, 8, 120


async def measure() -> AsyncGenerator[str]:
    """Runs of several rounds of each in turn; the median run is the one that counts."""
    yield (
        f"{INVOCATIONS} simultaneous invocations, {ROUNDS} rounds a run: time to the "
        "acknowledgement, p50 / p99, and how many times that of a command that only defers; "
        f"limited: with limits of every kind; "
        f"busy: while it decodes {HEAVY_FILES} files of 8 channels at 384 kHz\n"
        "| run | only defers | /musicgen | times | limited | times | busy | times |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    heavy = _heavy()
    ratios: list[tuple[float, ...]] = []
    for number in range(1, RUNS + 1):
        bare, *ours = await _run(heavy)
        ratios.append(tuple(one[cut] / bare[cut] for one in ours for cut in (0, 1)))
        told = [
            _ms(bare),
            *(f"{_ms(one)} | {_both(ratios[-1], at)}" for at, one in enumerate(ours)),
        ]
        yield f"| {number} | {' | '.join(told)} |"
    medians = [statistics.median(some) for some in zip(*ratios, strict=True)]
    told = [_both(medians, at) for at in range(len(medians) // 2)]
    yield f"| median | | | {' | | '.join(told)} |"


def _ms(times: tuple[float, float]) -> str:
    return " / ".join(f"{time:.0f}" for time in times) + " ms"


def _both(ratios: Sequence[float], at: int) -> str:
    """The ratios of p50 and p99 of the command at this place."""
    return f"{ratios[2 * at]:.2f} / {ratios[2 * at + 1]:.2f}"


def _heavy() -> File:
    """A small file that takes long to decode, and is just within what is decoded at all."""
    content = io.BytesIO()
    silence = np.zeros((_RATE_HZ, _CHANNELS), dtype=np.int16)
    with soundfile.SoundFile(
        content, "w", _RATE_HZ, _CHANNELS, format="FLAC", subtype="PCM_16"
    ) as file:
        for _ in range(_LENGTH_S):
            file.write(silence)
    return File("heavy.flac", content.getvalue())


async def _run(heavy: File) -> list[tuple[float, float]]:
    times: list[list[float]] = [[], [], [], []]
    for _ in range(ROUNDS):
        times[0] += await _round(BARE)
        times[1] += await _round(BOT)
        times[2] += await _round(BOT, None, **LIMITS)
        times[3] += await _round(BOT, heavy)
    return [_quantiles(some) for some in times]


async def _round(module: tuple[str, ...], heavy: File | None = None, **env: str) -> list[float]:
    async with a_stage(module, None, **env) as stage:
        await stage.ready()
        # Kept from running: the synthesizer would compete for this machine's cores.
        stage.replicate.script(Script(times=INVOCATIONS + 1, starting_s=600))
        ada, jam = stage.discord.actor("ada"), stage.discord.world.jam
        await (await ada.slash(jam, "musicgen", prompt="warm-up")).answered()
        if heavy is not None:
            for person in a_crowd(stage.discord, HEAVY_FILES):
                sent = await person.slash(jam, "musicgen", prompt="this", input_audio=heavy)
                await sent.answered()
            await asyncio.sleep(_BEGUN_S)
            assert psutil.Process(stage.process.pid).children(), "they are not being decoded"
        with _no_search_for_garbage():
            used = [
                await ada.slash(jam, "musicgen", prompt=f"take {number}")
                for number in range(INVOCATIONS)
            ]
            await asyncio.gather(*(one.answered() for one in used))
        return [one.answered_after_s or 0.0 for one in used]


@contextmanager
def _no_search_for_garbage() -> Generator[None]:
    """Keep a pause of this process, which stands in for Discord, out of what is measured."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _quantiles(times_s: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(times_s, n=100)
    return cuts[49] * 1000, cuts[98] * 1000
