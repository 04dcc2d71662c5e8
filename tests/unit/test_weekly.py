"""When a weekly chart is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.community.weekly import LATE_MAX, WEEK, ChartOutcome, due_week, next_week

MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (MONDAY - SECOND, None),
        (MONDAY, MONDAY),
        (MONDAY + SECOND, MONDAY),
        (MONDAY + LATE_MAX - SECOND, MONDAY),
        (MONDAY + LATE_MAX, None),
        (MONDAY + timedelta(days=3), None),
        (MONDAY + WEEK - SECOND, None),
        (MONDAY + WEEK, MONDAY + WEEK),
        (datetime(2027, 1, 4, 12, 30, tzinfo=UTC), datetime(2027, 1, 4, 12, tzinfo=UTC)),
    ],
)
def test_when_it_is_due(now: datetime, due: datetime | None) -> None:
    assert due_week(now) == due


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds the zone
)
def test_each_week_has_one(now: datetime) -> None:
    """Whenever one looks: the same week for a day, and none for the six days after it."""
    coming = next_week(now)
    assert (coming.weekday(), coming.time().isoformat()) == (0, "12:00:00")
    assert now < coming <= now + WEEK
    last = coming - WEEK
    assert due_week(now) == (last if now - last < LATE_MAX else None)


def test_what_is_no_fault_is_told_to_nobody() -> None:
    fine = {ChartOutcome.POSTED, ChartOutcome.NOTHING}
    assert {one for one in ChartOutcome if not one.is_fault} == fine
