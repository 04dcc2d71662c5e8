"""`KEEP_ROWS_DAYS`: which rows go when their time is over, and what goes with them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.community.limits import Limits
from bot.community.written_amounts import parse_amounts
from bot.domain.generation import Generation, State
from bot.journal import SqlJournal, Terms
from tests.contract.journal_kit import (
    NOW,
    OpenJournal,
    Start,
    a_generation,
    added,
    execute,
    ids,
    scalars,
)
from tests.contract.test_journal_jams import a_jam, propose, win
from tests.fake_journal import FakeJournal

US = timedelta(microseconds=1)
THEN = NOW - timedelta(days=30)
"""What had ended by then is to go."""
MANY = 100
EVER = NOW - timedelta(days=1000), NOW + timedelta(days=1)


def an_old_one(ended_at: datetime | None = THEN, **changes: object) -> Generation:
    """One that has ended, of which its person knows."""
    made = a_generation(state=State.DELIVERED, told=True, ended_at=ended_at, created_at=THEN)
    made = replace(made, reply=replace(made.reply, token=""))
    return replace(made, **changes)  # pyright: ignore[reportArgumentType] - fields by name


async def left(journal: OpenJournal, *generations: Generation) -> set[str]:
    """Those of these that the journal still has."""
    return {one.id for one in generations if await journal.get(one.id) is not None}


@pytest.mark.parametrize("state", [state for state in State if state.final])
async def test_what_has_ended_by_then_goes_to_the_microsecond(
    journal: OpenJournal, state: State
) -> None:
    before, then, after = (an_old_one(THEN + moved, state=state) for moved in (-US, 0 * US, US))
    for one in (before, then, after):
        await journal.add(one)
    assert await journal.forget_ended(THEN, MANY) == 2
    assert await left(journal, before, then, after) == {after.id}
    assert await journal.forget_ended(THEN, MANY) == 0
    assert await journal.forget_ended(THEN + US, MANY) == 1


@pytest.mark.parametrize("state", [*State])
async def test_what_is_open_stays_however_old(journal: OpenJournal, state: State) -> None:
    """So what is paid and waits for its person, and what has failed that they don't know of."""
    one = an_old_one(state=state, told=False, ended_at=THEN if state.final else None)
    await journal.add(one)
    assert await journal.forget_ended(NOW, MANY) == 0
    assert await left(journal, one) == {one.id}


async def test_the_oldest_go_first_a_few_at_a_time(journal: OpenJournal) -> None:
    old = [an_old_one(THEN - timedelta(days=number)) for number in (1, 4, 2, 3, 5)]
    for one in old:
        await journal.add(one)
    assert await journal.forget_ended(THEN, 2) == 2
    assert await left(journal, *old) == ids([old[0], old[2], old[3]])
    assert [await journal.forget_ended(THEN, 2) for _ in range(2)] == [2, 1]


async def test_a_star_keeps_a_track_for_as_long_as_it_is_there(journal: OpenJournal) -> None:
    starred, other = an_old_one(), an_old_one()
    for one in (starred, other):
        await journal.add(one)
    await journal.toggle_star(starred.id, 77)
    assert await journal.forget_ended(THEN, MANY) == 1
    assert await left(journal, starred, other) == {starred.id}
    await journal.toggle_star(starred.id, 77)
    assert await journal.forget_ended(THEN, MANY) == 1


async def test_what_was_made_in_a_jam_stays_with_it(journal: OpenJournal) -> None:
    won, lost, elsewhere = (an_old_one(id=key) for key in ("won", "lost", "elsewhere"))
    for one in (won, lost, elsewhere):
        await journal.add(one)
    await journal.add_jam(a_jam())
    for take in (won, lost):
        await propose(journal, "jam", take.id)
    await win(journal, "jam", won.id)
    assert await journal.forget_ended(THEN, MANY) == 1
    assert await left(journal, won, lost, elsewhere) == ids([won, lost])
    assert len(await journal.sounds_up_to(won.id)) == 1


async def test_nothing_leads_back_to_it_and_its_events_go(journal: OpenJournal, url: str) -> None:
    gone = an_old_one()
    child = an_old_one(NOW, parent_id=gone.id)
    [running] = await added(journal, parent_id=gone.id)
    for one in (gone, child):
        await journal.add(one)
    await journal.forget_ended(THEN, MANY)
    assert await journal.get(child.id) == replace(child, parent_id=None)
    assert await journal.get(running.id) == replace(running, parent_id=None)
    for table in ("generation_events", "charges"):
        found = await scalars(url, f"SELECT DISTINCT generation_id FROM {table}")  # noqa: S608 - two names of ours
        assert set(found) - {None} == ids([child, running])


async def test_a_row_without_an_end_is_no_reason_to_fail(journal: OpenJournal, url: str) -> None:
    """As one of before there was this column may be: nobody can tell how old it is."""
    one = an_old_one()
    await journal.add(one)
    await execute(url, "UPDATE generations SET ended_at = NULL")
    assert await journal.forget_ended(NOW, MANY) == 0
    assert await left(journal, one) == {one.id}


@pytest.fixture
async def limited(database: str | None) -> AsyncGenerator[OpenJournal]:
    """A journal where one person may have two tracks a day."""
    terms = Terms(Limits(per_user=parse_amounts("2 tracks/day")))
    if database is None:
        yield FakeJournal(terms=terms, now=lambda: NOW)
        return
    async with await SqlJournal.open(database, now=lambda: NOW, terms=terms) as journal:
        yield journal


async def test_what_it_cost_stays_counted_for_who_has_a_limit(limited: OpenJournal) -> None:
    """What was accepted today counts today, whatever has become of its row."""
    today, long_ago = an_old_one(created_at=NOW), an_old_one()
    for one in (today, long_ago):
        await limited.add(one)
    before = await limited.spent(*EVER)
    assert before.sums.tracks == 2
    assert await limited.forget_ended(THEN, MANY) == 2
    await limited.forget_spent(NOW, NOW, NOW)
    assert await limited.charges([today.id, long_ago.id]) == {}
    assert await limited.spent(*EVER) == before
    theirs = await limited.spent(*EVER, requester_id=today.requester_id)
    assert theirs.sums.tracks == 1, "a limit needs today's alone"


async def test_several_processes_may_do_it_at_once(start: Start) -> None:
    """While people give stars: each row goes once, and each star that was given has its track."""
    journals = [await start(f"process {number}") for number in range(3)]
    old = [an_old_one(THEN - number * US, requester_id=number % 2) for number in range(40)]
    # Each is made from one that goes in another batch.
    old = [replace(one, parent_id=old[number - 7].id) for number, one in enumerate(old)]
    for one in old:
        await journals[0].add(one)
    starred = old[::5]
    removed, given = await asyncio.gather(
        asyncio.gather(*(journal.forget_ended(THEN, 5) for journal in journals * 4)),
        asyncio.gather(*(journals[1].toggle_star(one.id, 9) for one in starred)),
    )
    there = await left(journals[0], *old)
    assert len(old) - len(there) == sum(removed)
    kept = {one.id for one, is_given in zip(starred, given, strict=True) if is_given}
    assert kept <= there
    assert set(await journals[0].stars_of([one.id for one in old])) == kept
    while await journals[2].forget_ended(THEN, 5):
        pass
    assert await left(journals[0], *old) == kept
