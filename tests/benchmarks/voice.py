"""A track in a voice channel while many generations run: every packet, and how late each is."""

from __future__ import annotations

import statistics
from collections.abc import AsyncGenerator, Sequence
from itertools import pairwise

from bot.playground.discord.actors import Actor
from bot.playground.discord.messages import Message
from bot.playground.discord.voice.rtp import Packet
from bot.playground.discord.voice.webm import SILENCE
from bot.playground.replicate import runs
from bot.playground.replicate.scripts import Script
from tests.benchmarks.flight import (
    all_at_once,
    all_ended,
    has_track,
    patience_s,
    same_music,
    timings,
    warm_up,
)
from tests.benchmarks.heartbeat import TURNS, packets_left_s
from tests.benchmarks.stage import BEATING_BOT, Stage, a_stage

COUNTS = (0, 200)
_TRACK_S = 30
"""The longest; the runs of 200 all fall into it."""
_PACKET_S = 0.02


async def measure() -> AsyncGenerator[str]:
    """One track with nothing else to do, and one while 200 generations run."""
    yield (
        f"A track of {_TRACK_S} s in a voice channel\n"
        "| generations meanwhile | packets | missing | out of order | left late by (p50 / p99 / "
        "most) | 20 ms apart: p50 / p99 / most | event loop late by (p50 / p99 / most) "
        "| its longest turn, in processor time |\n|---|---|---|---|---|---|---|---|"
    )
    for count in COUNTS:
        yield await _play(count)


async def _play(count: int) -> str:
    runs.render = same_music
    limits = {"MAX_RUNNING": "200", "MAX_RUNNING_PER_USER": "1000"}
    async with a_stage(
        BEATING_BOT, timings(max(1, count)), True, **limits, **{TURNS: "1"}
    ) as stage:
        await stage.ready()
        await warm_up(stage, 3)
        world, ada = stage.discord.world, stage.discord.actor("ada")
        stage.replicate.script(Script(times=1, step_rate_per_s=2000))
        used = await ada.slash(world.jam, "musicgen", prompt="to hear", duration=_TRACK_S)
        card = await used.until(lambda reply: reply.body.files)
        ada.join_voice(world.lounge)
        recording = stage.discord.voice.recording(world.guild)
        await _begin(stage, ada, card)
        stage.lateness.begin()
        turns = stage.lateness.of_turns()
        turns.begin()
        asked = await all_at_once(stage, count)
        await all_ended(asked, patience_s(count))
        ended = sum(has_track(one) for one in asked)
        await world.until(lambda _: not _is_speaking(stage), timeout_s=_TRACK_S + 10)
        music = [packet for packet in recording.packets if packet.payload != SILENCE]
        left_s = [*packets_left_s(stage.lateness.path)][: len(music)]
        late = f"{stage.lateness.row} | {turns.quantile_ms(1.0)} ms"
        return _row(f"{ended} of {count}", music, left_s, late)


async def _begin(stage: Stage, actor: Actor, card: Message) -> None:
    """Press until it plays: a moment after a file is seen, the bot knows that Discord has it."""
    while not _is_speaking(stage):
        used = await (await actor.click(card, "Play in voice")).answered()
        if not used.ephemeral:
            await stage.discord.world.until(lambda _: _is_speaking(stage))


def _is_speaking(stage: Stage) -> bool:
    inside = stage.discord.calls.inside(stage.discord.world.lounge)
    return any(state.speaking for state in inside)


def _row(name: str, music: Sequence[Packet], left_s: Sequence[float], late: str) -> str:
    numbers = [packet.sequence for packet in music]
    missing = numbers[-1] - numbers[0] + 1 - len(set(numbers))
    swapped = sum(b < a for a, b in pairwise(numbers))
    early_s = [at - _PACKET_S * n for n, at in enumerate(left_s)]
    late_s = [one - min(early_s) for one in early_s]
    apart_s = [b - a for a, b in pairwise(left_s)]
    return (
        f"| {name} | {len(music)} | {missing} | {swapped} | {_in_ms(late_s)} | {_in_ms(apart_s)} "
        f"| {late} |"
    )


def _in_ms(times_s: Sequence[float]) -> str:
    cuts = statistics.quantiles(times_s, n=100)
    most = max(times_s)
    return " / ".join(f"{1000 * time_s:.1f}" for time_s in (cuts[49], cuts[98], most)) + " ms"
