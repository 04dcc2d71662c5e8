"""Weekly charts in the journal: each is one process's to post, until it has or its time is over."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from bot.community.weekly import WEEK, ChartClaim, ChartOutcome
from tests.contract.journal_kit import AT_ONCE_S, NOW, OpenJournal, Start

SERVER, OTHER = 2**62 + 1, 2**62 + 2
MONDAY = datetime(2026, 8, 31, 12, tzinfo=UTC)
LONG_S = 600.0


async def test_a_week_is_claimed_once(journal: OpenJournal) -> None:
    assert await journal.charts_due([SERVER, OTHER], MONDAY) == {SERVER, OTHER}
    assert await journal.charts_due([], MONDAY) == set()
    assert await journal.claim_chart(SERVER, MONDAY, LONG_S) == ChartClaim(1, NOW, None)
    assert await journal.claim_chart(SERVER, MONDAY, LONG_S) is None
    assert await journal.charts_due([SERVER, OTHER], MONDAY) == {OTHER}
    assert await journal.claim_chart(OTHER, MONDAY, LONG_S) == ChartClaim(1, NOW, None)


async def test_of_many_at_once_one_has_it(start: Start) -> None:
    journals = [await start(name) for name in ("one", "other", "third")]
    for week in (MONDAY, MONDAY + WEEK):
        claims = await asyncio.gather(
            *(one.claim_chart(SERVER, week, LONG_S) for one in journals for _ in range(5))
        )
        assert [claim.tries for claim in claims if claim is not None] == [1]


async def test_a_claim_that_ran_out_is_taken_up(start: Start) -> None:
    one, other = await start("one"), await start("other")
    first = await one.claim_chart(SERVER, MONDAY, AT_ONCE_S)
    assert await other.charts_due([SERVER], MONDAY) == {SERVER}
    second = await other.claim_chart(SERVER, MONDAY, LONG_S)
    assert first is not None
    assert second == ChartClaim(2, first.begun_at, None)
    assert await one.claim_chart(SERVER, MONDAY, LONG_S) is None
    assert await one.charts_due([SERVER], MONDAY) == set()


@pytest.mark.parametrize("outcome", ChartOutcome)
async def test_what_has_ended_is_over_until_the_next_week(
    journal: OpenJournal, outcome: ChartOutcome
) -> None:
    await journal.claim_chart(SERVER, MONDAY, AT_ONCE_S)
    await journal.end_chart(SERVER, MONDAY, outcome)
    assert await journal.charts_due([SERVER], MONDAY) == set()
    assert await journal.claim_chart(SERVER, MONDAY, LONG_S) is None
    after = await journal.claim_chart(SERVER, MONDAY + WEEK, AT_ONCE_S)
    assert after == ChartClaim(1, NOW, outcome)
    again = await journal.claim_chart(SERVER, MONDAY + WEEK, LONG_S)
    assert again == ChartClaim(2, NOW, outcome)


async def test_whoever_is_a_week_behind_changes_nothing(journal: OpenJournal) -> None:
    await journal.claim_chart(SERVER, MONDAY, AT_ONCE_S)
    before = MONDAY - WEEK
    assert await journal.charts_due([SERVER], before) == set()
    assert await journal.claim_chart(SERVER, before, LONG_S) is None
    await journal.end_chart(SERVER, before, ChartOutcome.POSTED)
    assert await journal.claim_chart(SERVER, MONDAY, LONG_S) == ChartClaim(2, NOW, None)


async def test_the_first_end_holds(journal: OpenJournal) -> None:
    await journal.claim_chart(SERVER, MONDAY, LONG_S)
    await journal.end_chart(SERVER, MONDAY, ChartOutcome.REFUSED)
    await journal.end_chart(SERVER, MONDAY, ChartOutcome.POSTED)
    claim = await journal.claim_chart(SERVER, MONDAY + WEEK, LONG_S)
    assert claim is not None
    assert claim.last_outcome == ChartOutcome.REFUSED


async def test_it_goes_with_its_server(journal: OpenJournal) -> None:
    for server in (SERVER, OTHER):
        await journal.claim_chart(server, MONDAY, LONG_S)
    await journal.forget_server(SERVER)
    assert await journal.charts_due([SERVER, OTHER], MONDAY) == {SERVER}


async def test_a_chart_that_did_not_come_is_in_the_log(journal: OpenJournal) -> None:
    [change] = await journal.log_chart_fault(SERVER, 9, 2**62 + 3, ChartOutcome.REFUSED)
    assert (change.number, change.what, change.by_id) == (1, "chart_fault", 9)
    assert change.new == f'{{"channel": "{2**62 + 3}", "why": "refused"}}'
    assert await journal.changes_of(SERVER) == [change]
