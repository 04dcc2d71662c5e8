"""Answers that people wait for are left to another where their process dies."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from bot.domain.journal_values import PendingAnswer
from bot.journal import SqlJournal
from tests.contract.journal_kit import LEASE_S, NOW, Start

LATER = NOW + timedelta(seconds=31)


def an_answer(key: str = "a", life: timedelta = timedelta(minutes=15)) -> PendingAnswer:
    return PendingAnswer(key, 2**62, "interaction-token", NOW + life)


async def test_the_next_start_of_a_process_finds_what_it_has_left(start: Start) -> None:
    long = timedelta(days=9999)
    before = await start("here")
    await before.expect_answer(an_answer(life=long))
    await before.expect_answer(an_answer("b", long))
    assert await before.lost_answers() == [], "they are under way"
    await before.answered("b")
    after = await start("here")
    assert await after.lost_answers() == [an_answer(life=long)]
    await after.answered("a")
    assert await after.lost_answers() == []


async def test_another_process_finds_it_once_that_one_lives_no_more(
    database: str | None,
) -> None:
    if database is None:
        pytest.skip("the fake knows no lives")
    async with AsyncExitStack() as opened:
        moment = NOW

        async def a_process(owner: str) -> SqlJournal:
            journal = await SqlJournal.open(database, owner=owner, now=lambda: moment)
            return await opened.enter_async_context(journal)

        here, there = await a_process("here"), await a_process("there")
        await here.expect_answer(an_answer())
        assert await there.lost_answers() == [], "it may not have told yet that it lives"
        moment = LATER
        await here.renew(LEASE_S, ())
        assert await there.lost_answers() == []
        await here.release()
        assert await there.lost_answers() == [an_answer()]
        assert await here.lost_answers() == [], "it may still be at it"
        moment = an_answer().token_expires_at
        assert await here.lost_answers() == [an_answer()], "no token is kept beyond its life"
