"""500 requests of 50 people in 5 servers, at two processes on one database; one of them may die."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
from pathlib import Path

import pytest

from tests.contract.journal_kit import scalars

LIMITS = ("7 tracks/day", "40 tracks/day, 4 usd/month", "1300 s/day, 100 usd/month")
WAITING_MAX = 4
"""And one of each person's begins at once in each process."""
OWN = ("4 tracks/day", "20 tracks/day")
"""What two of the five servers allow: each person, and all together."""
FITS = 2 * 20 + 3 * 40
"""For all there is room for two more."""
_ASK = """
import asyncio, json, sys
from dataclasses import replace
from bot.community.limits import Limits
from bot.community.lines import Places
from bot.community.written_amounts import parse_amounts
from bot.domain.amounts import ServerLimits
from bot.domain.errors import NoRoomLeft
from bot.journal import RowTaken, SqlJournal, Terms
from tests.contract.journal_kit import NOW, a_generation

url, owner = sys.argv[1:3]
limits, servers_own, waiting_max, numbers = map(json.loads, sys.argv[3:])

async def ask(journal, number):
    one = a_generation(id=f"g{number}", requester_id=number % 50)
    own = ServerLimits(*map(parse_amounts, servers_own)) if number % 5 < 2 else None
    try:
        await journal.add(replace(one, reply=replace(one.reply, guild_id=number % 5)), limits=own)
    except (NoRoomLeft, RowTaken) as error:
        print(type(error).__name__, flush=True)
    else:
        print("granted", flush=True)

async def main():
    terms = Terms(Limits(*map(parse_amounts, limits), waiting_max, Places(running_per_user=1)))
    async with await SqlJournal.open(url, owner=owner, terms=terms, now=lambda: NOW) as journal:
        print("ready", flush=True)
        sys.stdin.readline()
        await asyncio.gather(*(ask(journal, number) for number in numbers))

asyncio.run(main())
"""


async def ready(url: str, owner: str, numbers: list[int]) -> asyncio.subprocess.Process:
    given = map(json.dumps, (LIMITS, OWN, WAITING_MAX, numbers))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", _ASK, url, owner, *given),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


@pytest.mark.long
@pytest.mark.parametrize("dies", [False, True])
async def test_two_processes_grant_exactly_what_fits(url: str, dies: bool) -> None:
    asked = random.Random(3).sample(range(500), 500)
    pair = [await ready(url, "a", asked[:250]), await ready(url, "b", asked[250:])]
    told = [asyncio.create_task(process.communicate(b"\n")) for process in pair[1:]]
    first = pair[0]
    assert first.stdin is not None
    assert first.stdout is not None
    first.stdin.write(b"\n")
    if dies:
        await first.stdout.readline()
        first.kill()
    told.append(asyncio.create_task(first.communicate()))
    answers = b"".join([out for out, _ in await asyncio.gather(*told)])
    if dies:
        # Discord delivers to its next start what it had not answered.
        again = await ready(url, "a", asked[:250])
        await again.communicate(b"\n")
    else:
        assert (answers.count(b"granted"), answers.count(b"\n")) == (FITS, 500)
    assert await scalars(url, "SELECT count(*) FROM generations") == [FITS]
    joined = "FROM charges JOIN generations ON id = generation_id"
    assert await scalars(url, f"SELECT count(*) {joined}") == [FITS]
    assert await scalars(url, "SELECT count(*) FROM charges") == [FITS]
    for column, most in (("requester_id", WAITING_MAX + 2), ("guild_id", 40)):
        counted = f"SELECT count(*) AS n FROM charges GROUP BY {column}"  # noqa: S608 - our own words
        over = f"SELECT n FROM ({counted}) AS counted WHERE n > {most}"  # noqa: S608
        assert await scalars(url, over) == []
    for group, most in (("guild_id", 20), ("requester_id", 4)):
        counted = f"SELECT count(*) AS n FROM charges WHERE guild_id < 2 GROUP BY {group}"  # noqa: S608
        over = f"SELECT n FROM ({counted}) AS counted WHERE n > {most}"  # noqa: S608
        assert await scalars(url, over) == []
