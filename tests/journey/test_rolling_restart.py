"""Two processes are replaced one after the other while people ask on: no request suffers by it."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import count
from pathlib import Path

import pytest

from bot.playground.discord.interactions import Stage
from bot.playground.replicate.timings import Timings
from tests.contract.journal_kit import execute, scalars
from tests.journey.rig import CREATE, PATIENCE_S, eventually, words
from tests.journey.test_processes_share import CLOSE_S, SHARDS, Pair, a_pair
from tests.journey.verdict import Asked, judge

REST_S = 0.12
TIMINGS = Timings(cold_start_s=0.2, warm_start_s=0.2, step_rate_per_s=100, encode_s=0.1)
"""Half a second and more for each, so that some are always under way."""
TRACKS = 1000
ENV = {
    "LIMIT_PER_USER": f"{TRACKS} tracks/day",
    "LIMIT_TOTAL": f"{TRACKS} tracks/day",
    "MAX_WAITING_PER_USER": "1000",
}


class Stream:
    """Ada and Bo, who ask in two servers, one of each shard, and in direct messages."""

    def __init__(self, pair: Pair) -> None:
        world = pair.rig.discord.world
        # As old as ours but for a millisecond, so of the other shard.
        world.ids["the server far"] = world.guild.id ^ (1 << 22)
        far = world.add_guild("far")
        ada, bo = self.people = pair.rig.ada, pair.rig.bo
        self._turns = ((ada, world.jam), (bo, far), (bo, world.jam), (ada, far), (ada, ada.dm))
        self.asked: list[Asked] = []

    async def ask_on(self) -> None:
        for number in count(1):
            person, place = self._turns[number % len(self._turns)]
            prompt = f"song {number}"
            used = await person.slash(place, "musicgen", prompt=prompt, seed=number, duration=1)
            self.asked.append(Asked(used, prompt, number))
            await asyncio.sleep(REST_S)

    async def answered(self, more: int) -> None:
        """Wait until so many more have been answered."""
        wanted = self._answered() + more
        await eventually(lambda: self._answered() >= wanted)

    def _answered(self) -> int:
        return sum(asked.used.stage is Stage.ANSWERED for asked in self.asked)


async def start(pair: Pair, shard: int, times: int) -> None:
    """The turns of identifying are another test's, and would be most of what this one takes."""
    await pair.spawn(shard)
    await pair.until_connected(shard, times)
    await execute(pair.url, "DELETE FROM locks WHERE name = 'identify'")


async def replace(pair: Pair, shard: int, *, overlaps: bool) -> None:
    """Stop a process while something of its own runs, and start the next one after it, or before.

    Before means that both have the same shard for a moment.
    """
    owned = f"owner = '{pair.name(shard)}' AND state = 'running' AND open"
    running = f"SELECT count(*) >= 2 FROM generations WHERE {owned}"  # noqa: S608 - a name of ours
    await pair.until_rows(running, [True])
    old = pair.processes[shard]
    if overlaps:
        await start(pair, shard, times=2)
    before = taken_up(pair)
    old.ask_to_stop()
    assert await old.ended(CLOSE_S) == 0
    if not overlaps:
        await start(pair, shard, times=2)
        await eventually(lambda: taken_up(pair) > before)


def taken_up(pair: Pair) -> int:
    """How often one has gone on with what another had begun."""
    return sum(process.output.count(": taken up as ") for process in pair.processes.values())


@pytest.mark.long
async def test_nothing_is_lost_doubled_or_miscounted(tmp_path: Path) -> None:
    async with a_pair(tmp_path, TIMINGS) as pair:
        rig, world, stream = pair.rig, pair.rig.discord.world, Stream(pair)
        for shard in range(SHARDS):
            pair.env[shard] |= ENV
            await start(pair, shard, times=1)
        await eventually(lambda: any(world.commands.every()))
        asking = asyncio.create_task(stream.ask_on())
        await replace(pair, 0, overlaps=False)
        await replace(pair, 1, overlaps=True)
        await stream.answered(5)
        asking.cancel()
        await eventually(lambda: not any(asked.is_open(world) for asked in stream.asked))

        verdict = judge(stream.asked, rig)
        assert verdict.broken == []
        made = verdict.predictions
        # A request that a closing has cut off, though it waits for it, and nobody finds.
        assert made == verdict.tracks == verdict.acknowledged - verdict.sentences - verdict.refused
        assert verdict.sentences <= 1
        assert made <= rig.requests(*CREATE.split()) <= made + verdict.sentences
        # Such a one stays open, and is counted, as long as it may turn up after all.
        looked_for = verdict.sentences
        await pair.until_rows("SELECT count(*) FROM generations WHERE open", [looked_for])
        counted = "SELECT state FROM charges WHERE state <> 'given back'"
        states = ["settled"] * made + ["reserved"] * looked_for
        assert Counter(await scalars(pair.url, counted)) == Counter(states)
        for person in stream.people:
            of_them = f"requester_id = {person.user.id} AND (state = 'delivered' OR open)"
            query = f"SELECT id FROM generations WHERE {of_them}"  # noqa: S608 - an id of ours
            theirs = len(await scalars(pair.url, query))
            usage = await person.slash(world.jam, "usage")
            said = words(await usage.until(lambda reply: reply.embeds, PATIENCE_S))
            assert f"Today: {theirs} tracks · {theirs} s" in said
            assert f"**{TRACKS - theirs} tracks** left" in said
