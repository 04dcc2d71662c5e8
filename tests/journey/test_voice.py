"""A track is made, played in a voice channel over the wire, and heard there as it was made."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile  # pyright: ignore[reportMissingTypeStubs] - its source is typed well enough
from av.audio.codeccontext import AudioCodecContext

from bot.audio.voice import encode_voice
from bot.card import strings
from bot.discord_internals import ogg_packets
from bot.playground.discord.messages import Message
from bot.playground.discord.rules import Rules
from bot.playground.discord.voice.rtp import Packet
from bot.playground.replicate.scripts import Script
from bot.playground.replicate.timings import Timings
from tests.benchmarks.heartbeat import FILE, TURNS, Lateness
from tests.benchmarks.stage import BEATING_BOT
from tests.journey.processes import a_running_bot
from tests.journey.rig import ANSWERS_WITHIN_S, Rig, a_rig, eventually, has_track, words

AT_ONCE, PACKET_MS = 200, 20
SILENCE = b"\xf8\xff\xfe"
"""What discord.py sends five times where something ends."""


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncGenerator[Rig]:
    async with a_rig(tmp_path, voice=True) as running:
        yield running


def expected(data: bytes, folder: Path) -> list[bytes]:
    """The packets that a track makes, the two of its head included."""
    track, target = folder / "expected.wav", folder / "expected.ogg"
    track.write_bytes(data)
    encode_voice([track], 100, target)
    return ogg_packets(target)


def sent(rig: Rig) -> list[Packet]:
    """What came in the server's voice channel, but for silence."""
    found = rig.discord.voice.recording(rig.discord.world.guild).packets
    return [packet for packet in found if packet.payload != SILENCE]


async def heard_of(rig: Rig, count: int) -> list[Packet]:
    """The same, once there are so many."""
    await eventually(lambda: len(sent(rig)) >= count)
    return sent(rig)


def decoded(head: bytes, packets: Sequence[bytes]) -> Any:
    """What a listener hears."""
    codec: Any = AudioCodecContext.create("opus", "r")
    codec.extradata = head
    frames = [frame for packet in packets for frame in codec.decode(av.Packet(packet))]
    return np.concatenate([frame.to_ndarray() for frame in frames], axis=1)


def is_over(message: Message) -> bool:
    return strings.voice.TITLE_OVER() in words(message)


async def test_a_track_is_heard_as_it_was_made(rig: Rig, tmp_path: Path) -> None:
    lounge = rig.discord.world.lounge
    card = await (await rig.musicgen("techno 128 bpm", duration=2)).until(has_track)
    rig.ada.join_voice(lounge)
    shown = await (await rig.ada.click(card, "Play in voice")).answered()
    data = card.attachments[0].data
    head, _, *packets = await asyncio.to_thread(expected, data, tmp_path)
    heard = await heard_of(rig, len(packets))

    assert [packet.payload for packet in heard] == packets
    first = heard[0]
    assert [p.sequence - first.sequence for p in heard] == [*range(len(packets))]
    assert [p.timestamp - first.timestamp for p in heard] == [960 * n for n in range(len(packets))]
    assert first.ssrc != 0
    with soundfile.SoundFile(io.BytesIO(data)) as sound:
        track = sound.read(dtype="float32", always_2d=True)
    audio = decoded(head, [packet.payload for packet in heard])
    assert audio.shape[1] / 48_000 == pytest.approx(len(track) / 32_000, abs=0.04)
    # Every third of two samples stands where one of the track does.
    same = audio[0, ::3][: len(track) // 2], track[::2, 0]
    length = min(map(len, same))
    assert np.corrcoef(same[0][:length], same[1][:length])[0, 1] > 0.99

    over = await shown.until(is_over)
    assert "All of it was played" in words(over)
    await eventually(lambda: [s.user for s in rig.discord.calls.inside(lounge)] == [rig.ada.user])


async def test_the_volume_is_turned_down_where_it_is(rig: Rig, tmp_path: Path) -> None:
    lounge = rig.discord.world.lounge
    card = await (await rig.musicgen("techno 128 bpm", duration=2)).until(has_track)
    rig.ada.join_voice(lounge)
    shown = await (await rig.ada.click(card, "Play in voice")).answered()
    await heard_of(rig, 10)
    assert shown.reply is not None
    await rig.ada.click(shown.reply, "Quieter")
    loud = (await asyncio.to_thread(expected, card.attachments[0].data, tmp_path))[2:]
    heard = await heard_of(rig, len(loud))
    turned = next(n for n, packet in enumerate(heard) if packet.payload != loud[n])
    assert turned > 10
    first = heard[0]
    assert [p.sequence - first.sequence for p in heard] == [*range(len(loud))]
    assert [packet.payload for packet in heard[turned:]] != loud[turned:]
    await shown.until(is_over)


async def test_nobody_is_played_to(rig: Rig) -> None:
    lounge = rig.discord.world.lounge
    card = await (await rig.musicgen("techno 128 bpm", duration=8)).until(has_track)
    rig.ada.join_voice(lounge)
    shown = await (await rig.ada.click(card, "Play in voice")).answered()
    await heard_of(rig, 10)
    rig.ada.leave_voice()
    over = await shown.until(is_over)
    assert "Nobody has listened for a minute" in words(over)
    assert len(sent(rig)) < 8 * 50
    await eventually(lambda: not rig.discord.calls.inside(lounge))


@pytest.mark.parametrize("sees_it", [True, False])
async def test_a_bot_that_is_moved_plays_on_where_it_sees(tmp_path: Path, sees_it: bool) -> None:
    async with a_rig(tmp_path, voice=True, start=False) as rig:
        world = rig.discord.world
        cellar = world.add_voice_channel("cellar") if sees_it else None
        await rig.start()
        # A channel that the bot is not told of.
        cellar = cellar or world.add_voice_channel("cellar")
        card = await (await rig.musicgen("techno 128 bpm", duration=2)).until(has_track)
        rig.ada.join_voice(world.lounge)
        shown = await (await rig.ada.click(card, "Play in voice")).answered()
        await heard_of(rig, 10)
        rig.ada.join_voice(cellar)
        rig.mod.move(world.bot, cellar)
        told = words(await shown.until(is_over))
        if sees_it:
            assert "All of it was played" in told
            assert len(sent(rig)) >= 2 * 50
        else:
            assert "I was taken out of the voice channel." in told
        await eventually(
            lambda: [s.user for s in rig.discord.calls.inside(cellar)] == [rig.ada.user]
        )


async def test_on_a_stage_it_asks_for_the_word_and_waits(rig: Rig) -> None:
    stage = rig.discord.world.stage
    card = await (await rig.musicgen("techno 128 bpm", duration=1)).until(has_track)
    rig.ada.join_voice(stage)
    shown = await (await rig.ada.click(card, "Play in voice")).answered()
    waiting = await shown.until(lambda message: strings.voice.SILENCED() in words(message))
    [mine] = [one for one in rig.discord.calls.inside(stage) if one.user is rig.discord.world.bot]
    assert mine.asked_to_speak_at is not None
    assert sent(rig) == [], words(waiting)
    rig.mod.let_speak(rig.discord.world.bot)
    await heard_of(rig, 50)
    await shown.until(is_over)


@pytest.mark.long
async def test_200_generations_hold_nothing_up(tmp_path: Path) -> None:
    """By what the loop's own thread does, so that others may take its processor meanwhile."""
    heartbeat = tmp_path / "heartbeat"
    slow = Timings(cold_start_s=0.1, step_rate_per_s=0.2)
    env = {"MAX_RUNNING": "1000", "MAX_RUNNING_PER_USER": "1000", "MAX_WAITING_PER_USER": "1000"}
    env |= {"module": BEATING_BOT[0], FILE: str(heartbeat), TURNS: "1"}
    rules = Rules(first_response_s=ANSWERS_WITHIN_S)
    async with (
        a_rig(tmp_path, voice=True, start=False, speed=1, timings=slow, rules=rules) as rig,
        a_running_bot(rig, **env),
    ):
        rig.replicate.script(Script(times=10, step_rate_per_s=2000))
        card = await (await rig.musicgen("techno 128 bpm", duration=20)).until(has_track)
        packets = (await asyncio.to_thread(expected, card.attachments[0].data, tmp_path))[2:]
        rig.ada.join_voice(rig.discord.world.lounge)
        turns = Lateness(heartbeat).of_turns()
        stops = turns.of_stops()
        for counted in (turns, stops):
            counted.begin()
        await rig.ada.click(card, "Play in voice")
        await heard_of(rig, 10)
        # Where the machine is busy some are refused, as being too slow.
        while len(rig.replicate.predictions) < AT_ONCE:
            await asyncio.gather(*(rig.musicgen(f"take {number}") for number in range(20)))
        written_ns = heartbeat.stat().st_mtime_ns
        await eventually(lambda: heartbeat.stat().st_mtime_ns > written_ns)
        heard = sent(rig)
    assert [packet.payload for packet in heard] == packets[: len(heard)]
    first = heard[0]
    assert [p.sequence - first.sequence for p in heard] == [*range(len(heard))]
    assert [p.timestamp - first.timestamp for p in heard] == [960 * n for n in range(len(heard))]
    # Whoever else is on a virtual machine's processors for a moment is counted in it.
    assert turns.more_than(PACKET_MS) <= AT_ONCE / 50
    # What other threads hold of Python while others hold the processors is in it, now and then.
    assert stops.more_than(PACKET_MS) < AT_ONCE / 2
