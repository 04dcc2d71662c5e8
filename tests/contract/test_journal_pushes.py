"""Word of what was pushed to one process reaches the one that follows it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.domain.generation import State
from bot.domain.journal_values import Push
from bot.journal import SqlJournal
from tests.contract.journal_kit import NOW, OpenJournal, Start, added
from tests.fake_journal import FakeJournal


async def test_it_reaches_who_follows_it_once_and_nobody_else(start: Start) -> None:
    here, there, elsewhere = await start("here"), await start("there"), await start("elsewhere")
    [made] = await added(here, state=State.RUNNING, prediction_id="p1")
    push = Push("p1", made.id)
    await there.pass_on(push)
    await elsewhere.pass_on(push)
    assert await there.take_passed_on() == []
    assert await here.take_passed_on() == [push]
    assert await here.take_passed_on() == []
    await there.pass_on(push)
    assert await here.take_passed_on() == [push], "it may be pushed again"


async def test_it_is_found_by_its_prediction_and_by_the_create_it_was_asked_for_with(
    start: Start,
) -> None:
    """Who goes on from another one's first try has another id than was sent."""
    here, there = await start("here"), await start("there")
    await added(here, state=State.RUNNING, prediction_id="p1")
    [sent] = await added(here, state=State.SUBMITTING, submitted_at=NOW)
    by_prediction, by_create = Push("p1", "another"), Push("p2", sent.id)
    await there.pass_on(by_create, by_prediction)
    told = await here.take_passed_on()
    assert sorted(told, key=lambda one: one.prediction_id) == [by_prediction, by_create]


async def test_nothing_is_left_of_what_nobody_else_follows(start: Start) -> None:
    here, there = await start("here"), await start("there")
    [mine] = await added(here, state=State.RUNNING, prediction_id="mine")
    [closed] = await added(
        there, state=State.FAILED, prediction_id="closed", told=True, ended_at=NOW
    )
    [free] = await added(there, state=State.RUNNING, prediction_id="free")
    await there.release()
    await here.pass_on(
        Push("mine", mine.id), Push("closed", closed.id), Push("free", free.id), Push("p", "none")
    )
    assert await here.take_passed_on() == []
    assert await there.take_passed_on() == []


@pytest.mark.parametrize(("age_s", "left"), [(299, 1), (300, 0)])
async def test_what_nobody_takes_is_forgotten_after_a_while(
    database: str | None, memory: FakeJournal, age_s: int, left: int
) -> None:
    """Its follower was killed; whoever took over has asked for itself."""

    async def opened(owner: str, now: datetime) -> OpenJournal:
        if database is None:
            return FakeJournal(beside=memory, owner=owner, now=lambda: now)
        return await SqlJournal.open(database, owner=owner, now=lambda: now)

    here = await opened("here", NOW)
    there = await opened("there", NOW + timedelta(seconds=age_s))
    [made] = await added(there, state=State.RUNNING, prediction_id="p1")
    await here.pass_on(Push("p1", made.id))
    await here.forget_spent(NOW, NOW, NOW)
    await there.forget_spent(NOW, NOW, NOW)
    assert len(await there.take_passed_on()) == left
    await here.close()
    await there.close()
