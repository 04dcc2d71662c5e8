"""An evening: eight people make a piece together, while processes of the bot are killed.

Two processes share a PostgreSQL database; the one that hears of the server is killed three times.
One jam is blind, one section is taken back, and a second jam branches from the first. Told is what
was made and paid, how long the room waits for the card after the word that ends a round, and the
joints of the piece against the music around them.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from statistics import quantiles

import numpy as np
import numpy.typing as npt

from bot.audio.seam_beat import measure_beat
from bot.audio.seam_metrics import measure as measure_joint
from bot.card.strings.errors import sentence
from bot.domain.errors import TookTooLong
from bot.domain.measures import Joint
from bot.jam.jam import Jam
from bot.journal.jams import loaded
from bot.playground.discord.actors import Actor
from bot.playground.discord.messages import Message
from bot.playground.discord.model import User
from bot.playground.discord.world import NeverHappened
from bot.playground.replicate.timings import Timings
from tests.contract.journal_kit import scalars
from tests.journey.rig import CREATE, Rig, a_rig, buttons, eventually, words
from tests.journey.sound import RATE_HZ, samples
from tests.journey.test_jam import Room
from tests.journey.test_processes_share import Pair
from tests.postgres import a_postgres

PEOPLE, ROUNDS, TAKES_A_ROUND, KILLED_IN = 8, 20, 5, (4, 9, 14)
UNDO_IN = 7
SECTION_S = 4
BPM = 110
"""Of which no whole number of beats takes four seconds."""
_ADOPTED_S = 120.0
"""What a process that died has left is taken up by the other one, or by the next start."""
TOO_LONG = sentence(TookTooLong())
_RESTS_S = 2.0
"""Before somebody tries again."""
_SAME_TEMPO = 0.03
_FADE_FRAMES = RATE_HZ // 4


class Evening:
    """The room, and what is counted."""

    def __init__(self, rig: Rig, pair: Pair, people: list[Actor]) -> None:
        self.rig = rig
        self.pair = pair
        self.people = people
        self.rng = random.Random(7)
        self.takes = self.votes = self.kills = self.again = 0
        self.waits_s: list[float] = []

    async def begin(self, theme: str, **options: str | int | bool) -> Room:
        """Somebody begins a jam."""
        world = self.rig.discord.world
        known = set(world.channels)
        command = "jam branch" if "jam" in options else "jam start"
        await (await self.people[0].slash(world.jam, command, theme=theme, **options)).answered()
        threads = await eventually(
            lambda: [c for key, c in world.channels.items() if key not in known and c.parent]
        )
        room = Room(self.rig, threads[0], _ADOPTED_S)
        await eventually(lambda: room.cards)
        return room

    async def play(self, room: Room, number: int, *, killed: bool = False) -> None:
        """One round: takes, votes, and its end, with a kill among them perhaps."""
        titles = [f"idea {number}-{take}" for take in range(TAKES_A_ROUND)]
        authors = self.rng.sample(self.people, TAKES_A_ROUND)
        await asyncio.gather(
            *(self._ask(room, who, title) for who, title in zip(authors, titles, strict=True))
        )
        if killed:
            await self.kill()
        takes = await asyncio.gather(*map(room.take, titles))
        self.takes += len(takes)
        voters = self.rng.sample(self.people, 6)
        for who in voters:
            await self._vote(room, who, self.rng.choice(takes))
        self.votes += len(voters)
        began_s = time.monotonic()
        for who in self.people:
            began_s = time.monotonic()
            used = await (await who.click(room.card, "I'm done")).answered()
            if used.followups or (used.reply and "has ended" in words(used.reply)):
                break
        await room.shows(f"Round {number + 1}")
        self.waits_s.append(time.monotonic() - began_s)

    async def _ask(self, room: Room, who: Actor, title: str) -> None:
        """Propose; where that took the bot too long, again, as it asks for."""
        while not await self._is_asked(room, who, title):
            self.again += 1
            await asyncio.sleep(_RESTS_S)

    async def _is_asked(self, room: Room, who: Actor, title: str) -> bool:
        try:
            used = await room.asked(who, title, str(SECTION_S))
        except NeverHappened:
            # Discord has said that the application did not respond.
            return False
        told = "" if used.reply is None or not used.ephemeral else words(used.reply)
        assert told in {"", TOO_LONG}, told
        return not told

    async def _vote(self, room: Room, who: Actor, take: Message) -> None:
        label = (await eventually(lambda: [b for b in buttons(take) if b]))[0] or ""
        await (await who.click(take, label)).answered()

    async def kill(self) -> None:
        """kill -9 of the process that hears of the server; it is started again."""
        await self.pair.processes[self.pair.home].kill()
        times = self.pair.connected(self.pair.home)
        await self.pair.spawn(self.pair.home)
        await self.pair.until_connected(self.pair.home, times + 1)
        self.kills += 1


async def measure() -> AsyncGenerator[str]:
    """Play it; about five minutes."""
    timings = Timings(cold_start_s=0.1, step_rate_per_s=400, encode_s=0, tick_s=0.05)
    with a_postgres() as url, tempfile.TemporaryDirectory() as folder:
        async with a_rig(Path(folder), speed=1, start=False, timings=timings) as rig:
            world = rig.discord.world
            guests = [User(world.next_id(), f"guest{n}", f"Guest {n}") for n in range(PEOPLE - 3)]
            world.people = (*world.people, *guests)
            for channel in (world.jam, world.lab):
                channel.people = world.people
            people = [rig.discord.actor(user.username) for user in world.people]
            pair = Pair(rig, url)
            for shard in (pair.home, pair.other):
                await pair.spawn(shard)
                await pair.until_connected(shard)
            try:
                async for line in _played(Evening(rig, pair, people), url):
                    yield line
            finally:
                for process in pair.processes.values():
                    await process.kill()


async def _played(evening: Evening, url: str) -> AsyncGenerator[str]:
    room = await evening.begin("a night drive, house drums", bpm=BPM, seconds=SECTION_S)
    for number in range(1, UNDO_IN + 1):
        await evening.play(room, number, killed=number in KILLED_IN)
    await (await evening.people[0].click(room.card, "Undo")).answered()
    await room.shows("was taken back")
    for number in range(UNDO_IN + 2, ROUNDS):
        await evening.play(room, number, killed=number in KILLED_IN)
    # Of the rounds, one was undone and one began the next by that; two are of other jams.
    sections = ROUNDS - 3
    jam_id = str((await scalars(url, "SELECT id FROM jams"))[0])
    branch = await evening.begin("the way back", jam=jam_id, sections=5)
    await evening.play(branch, 1)
    blind = await evening.begin("in the dark", blind=True, seconds=SECTION_S)
    await evening.play(blind, 1)
    await room.mix(evening.people[1], "wav", "3")
    await room.one(lambda m: "Mix of" in words(m))
    evening_rig = evening.rig
    paid = evening_rig.requests(*CREATE.split())
    kept = await scalars(url, "SELECT count(*) FROM jam_takes")
    yield f"takes: {evening.takes} made, {paid} paid, {kept[0]} in rows; kills: {evening.kills}"
    yield f"proposals made again, for they took too long: {evening.again}"
    yield f"votes: {evening.votes} counted; sections: {sections} of the first jam"
    cuts = quantiles(evening.waits_s, n=100, method="inclusive")
    yield (
        f"from the word that ends a round to its card: p50 {cuts[49]:.2f} s, p99 {cuts[98]:.2f} s, "
        f"longest {max(evening.waits_s):.2f} s"
    )
    jams = [loaded(str(state)) for state in await scalars(url, "SELECT state FROM jams")]
    jam = next(jam for jam in jams if jam.id == jam_id)
    for line in _joints(room, jam, await _jumps_in_outputs(evening.rig, jam, url)):
        yield line


async def _jumps_in_outputs(rig: Rig, jam: Jam, url: str) -> list[float]:
    """How the loudness changes at each joint in what the model itself has made there."""
    outputs = {made.id: made.output_file for made in rig.replicate.predictions}
    jumps: list[float] = []
    for section in jam.sections[1:]:
        of_take = f"SELECT prediction_id FROM generations WHERE id = '{section.take_id}'"  # noqa: S608 - our own words
        [prediction] = await scalars(url, of_take)
        file = outputs[str(prediction)]
        assert file is not None
        output = _floats(file.content)
        at = len(output) - round(section.added_s * RATE_HZ)
        jumps.append(_joint(output, at).loudness_jump_db)
    return jumps


def _floats(data: bytes) -> npt.NDArray[np.float32]:
    whole = (samples(data) / 32768).astype(np.float32)
    return whole.reshape(len(whole), -1)


def _joint(whole: npt.NDArray[np.float32], at: int) -> Joint:
    return measure_joint(whole, RATE_HZ, at - _FADE_FRAMES, at)


def _joints(room: Room, jam: Jam, in_outputs: list[float]) -> Iterator[str]:
    [audio, _] = room.card.attachments
    whole = _floats(audio.data)
    places = [round(start_s * RATE_HZ) for start_s in jam.starts_s[1:]]
    joints = [_joint(whole, at) for at in places]
    steps = max(joint.step / max(joint.step_around, 1e-9) for joint in joints)
    jumps = [joint.loudness_jump_db - joint.loudness_jump_around_db for joint in joints]
    added = [joint.loudness_jump_db - jump for joint, jump in zip(joints, in_outputs, strict=True)]
    yield (
        f"{len(joints)} joints: largest step {steps:.2f} of the largest around it; loudness jumps "
        f"by {max(jumps):+.1f} dB against the largest around it, and {max(added):+.1f} dB more "
        "than in what the model made there"
    )
    beats = [measure_beat(whole, RATE_HZ, at, BPM) for at in places]
    sure = [beat for beat in beats if beat is not None and beat.is_sure]
    same = [beat for beat in sure if abs(beat.after_bpm / beat.before_bpm - 1) < _SAME_TEMPO]
    cut_s = sum(section.tail_s for section in jam.sections[:-1])
    late_ms = sorted(abs(beat.off_s) * 1000 for beat in same)
    yield (
        f"the beat is sure at {len(sure)} of them, and the tempo the same at {len(same)}: off by "
        f"{late_ms[len(late_ms) // 2]:.0f} ms at the middle one, {late_ms[-1]:.0f} ms at most"
    )
    yield f"cut off for the beat: {cut_s:.1f} s of {jam.length_s + cut_s:.1f} s"
