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

LIMITS = ("7 tracks/day", "40 tracks/day, 4 usd/month", "1500 s/day, 100 usd/month")
WAITING_MAX = 6
FITS = 187
"""As many times 8 s as 1500 s have room for; the other limits have room for 200 and more."""
_ASK = """
import asyncio, json, sys
from dataclasses import replace
from bot.community.limits import Limits, parse_amounts
from bot.domain.errors import NoRoomLeft
from bot.journal import RowTaken, SqlJournal, Terms
from tests.contract.journal_kit import NOW, a_generation

url, owner, limits, waiting_max, numbers = sys.argv[1], sys.argv[2], *map(json.loads, sys.argv[3:])

async def ask(journal, number):
    one = a_generation(id=f"g{number}", requester_id=number % 50)
    try:
        await journal.add(replace(one, reply=replace(one.reply, guild_id=number % 5)))
    except (NoRoomLeft, RowTaken) as error:
        print(type(error).__name__, flush=True)
    else:
        print("granted", flush=True)

async def main():
    terms = Terms(Limits(*map(parse_amounts, limits), waiting_max))
    async with await SqlJournal.open(url, owner=owner, terms=terms, now=lambda: NOW) as journal:
        print("ready", flush=True)
        sys.stdin.readline()
        await asyncio.gather(*(ask(journal, number) for number in numbers))

asyncio.run(main())
"""


async def ready(url: str, owner: str, numbers: list[int]) -> asyncio.subprocess.Process:
    given = (json.dumps(LIMITS), json.dumps(WAITING_MAX), json.dumps(numbers))
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
    for column, most in (("requester_id", WAITING_MAX), ("guild_id", 40)):
        counted = f"SELECT count(*) AS n FROM charges GROUP BY {column}"  # noqa: S608 - our own words
        over = f"SELECT n FROM ({counted}) AS counted WHERE n > {most}"  # noqa: S608
        assert await scalars(url, over) == []
