"""A crowd against limits: 500 requests of 50 people in 5 servers, at two processes on PostgreSQL.

They all ask at once, by the commands that people use. In the last case the process that hears of
most servers is killed meanwhile, and started again. Whoever got no answer, or was told to try
again, does; and in the end whoever was refused asks once more, as room may have been given back.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.playground.discord.actors import Actor
from bot.playground.discord.model import Channel, User
from bot.playground.discord.world import NeverHappened
from bot.playground.replicate.timings import Timings
from tests.benchmarks.evening import TOO_LONG
from tests.contract.journal_kit import scalars
from tests.journey.rig import a_rig, words
from tests.journey.test_processes_share import SHARDS, Pair
from tests.postgres import a_postgres

PEOPLE, SERVERS, REQUESTS, EACH_S = 50, 5, 500, 8
_AT_ONCE = 50
_KILLED_AFTER = 120
"""Answers."""
_ANSWERED_WITHIN_S = 30.0
_GIVEN_BACK_WITHIN_S = 60.0
"""What nobody got an answer for, or a process that died had."""
_COUNTED = "SELECT count(*) FROM charges WHERE state != 'given back'"
_MOST_OF_ONE = f"{_COUNTED} GROUP BY requester_id ORDER BY 1 DESC LIMIT 1"
_MOST_IN_ONE = f"{_COUNTED} GROUP BY guild_id ORDER BY 1 DESC LIMIT 1"
_PLACES = {"MAX_RUNNING": "1000"}
_EVERY_KIND = {
    "LIMIT_PER_USER": "7 tracks/day",
    "LIMIT_PER_SERVER": "40 tracks/day, 4 usd/month",
    "LIMIT_TOTAL": "1300 s/day, 100 usd/month",
}


@dataclass(frozen=True)
class Case:
    """Limits, and how many they leave room for where one is expected to cost so much."""

    env: dict[str, str]
    fits: Callable[[int], int]
    """Given the micro-dollars of one."""
    is_killed: bool = False


CASES = (
    # Each person asks 10 times, in one server; each server is asked 100 times.
    Case({"LIMIT_PER_USER": "7 tracks/day"}, lambda _: PEOPLE * 7),
    Case({"LIMIT_PER_SERVER": "500 s/month"}, lambda _: SERVERS * (500 // EACH_S)),
    Case({"LIMIT_TOTAL": "2 usd/day"}, lambda cost: 2_000_000 // cost),
    Case({"MAX_WAITING_PER_USER": "3"}, lambda _: PEOPLE * (4 + 3)),
    Case(_EVERY_KIND, lambda _: 1300 // EACH_S),
    Case(_EVERY_KIND, lambda _: 1300 // EACH_S, is_killed=True),
)


@dataclass
class Crowd:
    """What came of their requests."""

    pair: Pair
    places: Sequence[Channel]
    people: Sequence[Actor]
    granted: int = 0
    refused: Counter[int] = field(default_factory=Counter[int])
    """By request."""
    again: int = 0
    """How often somebody got no answer, or was told that it took too long."""

    async def ask(self, numbers: Sequence[int]) -> None:
        """Everybody asks, so many of them at the same moment."""
        waiting = asyncio.Semaphore(_AT_ONCE)

        async def one(number: int) -> None:
            async with waiting:
                await self._ask(number)

        await asyncio.gather(*map(one, numbers))

    async def _ask(self, number: int) -> None:
        person, place = self.people[number % PEOPLE], self.places[number % SERVERS]
        while True:
            used = await person.slash(place, "musicgen", prompt=f"{number}", duration=EACH_S)
            try:
                await used.answered(_ANSWERED_WITHIN_S)
            except NeverHappened:
                self.again += 1
                await asyncio.sleep(1)
                continue
            if not used.ephemeral:
                self.granted += 1
                return
            told = "" if used.reply is None else words(used.reply)
            if told != TOO_LONG:
                self.refused[number] += 1
                return
            self.again += 1

    async def kill(self) -> None:
        """kill -9 of the process that hears of most servers, and another one in its place."""
        by_shard = Counter((place.guild.id >> 22) % SHARDS for place in self.places if place.guild)
        [(shard, _)] = by_shard.most_common(1)
        await self.pair.rig.discord.world.until(
            lambda _: self.granted + self.refused.total() >= _KILLED_AFTER, _ANSWERED_WITHIN_S
        )
        await self.pair.processes[shard].kill()
        times = self.pair.connected(shard)
        await self.pair.spawn(shard)
        await self.pair.until_connected(shard, times + 1)


async def measure() -> AsyncGenerator[str]:
    """Each kind of limit by itself, then all at once, then all and a kill."""
    yield (
        f"{REQUESTS} requests of {PEOPLE} people in {SERVERS} servers, two processes\n"
        "| limits | wanted | granted | refused | asked again | room for | in the journal | most of "
        "one person | most in one server |\n|---|---|---|---|---|---|---|---|---|"
    )
    for case in CASES:
        yield await _row(case)


async def _row(case: Case) -> str:
    slow = Timings(cold_start_s=0.1, step_rate_per_s=0.05)
    with a_postgres() as url, tempfile.TemporaryDirectory() as folder:
        async with a_rig(Path(folder), speed=1, start=False, timings=slow) as rig:
            world = rig.discord.world
            for number in range(SERVERS):
                world.add_guild(f"server {number}")
            people = tuple(User(world.next_id(), f"p{n}", f"Person {n}") for n in range(PEOPLE))
            world.people = (*world.people, *people)
            places = [one for one in world.channels.values() if one.name.endswith("-text")]
            for place in places:
                place.people = world.people
            pair = Pair(rig, url)
            crowd = Crowd(pair, places, [rig.discord.actor(one.username) for one in people])
            try:
                for shard in range(SHARDS):
                    pair.env[shard] = _PLACES | case.env
                    await pair.spawn(shard)
                    await pair.until_connected(shard)
                return await _asked(case, crowd, url)
            finally:
                for process in pair.processes.values():
                    await process.kill()


async def _asked(case: Case, crowd: Crowd, url: str) -> str:
    killing = [crowd.kill()] if case.is_killed else []
    await asyncio.gather(crowd.ask(range(REQUESTS)), *killing)
    async with asyncio.timeout(_GIVEN_BACK_WITHIN_S):
        while await _one(url, _COUNTED) != crowd.granted:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.5)
    await crowd.ask(sorted(crowd.refused))
    cost = await _one(url, "SELECT max(reserved_micro_usd) FROM charges")
    counted = [await _one(url, query) for query in (_COUNTED, _MOST_OF_ONE, _MOST_IN_ONE)]
    limits = "; ".join(f"{name} {value}" for name, value in case.env.items())
    name = f"{limits}{'; a kill' if case.is_killed else ''}"
    refused = sum(times == 2 for times in crowd.refused.values())
    cells = name, REQUESTS, crowd.granted, refused, crowd.again, case.fits(cost), *counted
    return f"| {' | '.join(map(str, cells))} |"


async def _one(url: str, query: str) -> int:
    [number] = await scalars(url, query)
    assert isinstance(number, int)
    return number
