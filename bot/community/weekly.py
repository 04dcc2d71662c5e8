"""The weekly chart: when a server's is due, and what has become of it. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

WEEK = timedelta(days=7)
LATE_MAX = timedelta(hours=24)
"""So long after its time it is posted still: the bot, or Discord, may have been away."""
_HOUR = 12
"""Of a Monday, in UTC: the afternoon or evening of most, and no one's night before."""


class ChartOutcome(StrEnum):
    """What became of a week's chart."""

    POSTED = "posted"
    NOTHING = "nothing"
    """No track had a star, so nothing was said."""
    CHANNEL_GONE = "channel_gone"
    REFUSED = "refused"
    """The bot lacks a permission in the channel."""
    BLOCKED = "blocked"
    """AutoMod does not allow what it says."""

    @property
    def is_fault(self) -> bool:
        """Whether those who manage the server have something to put right."""
        return self not in {ChartOutcome.POSTED, ChartOutcome.NOTHING}


@dataclass(frozen=True, slots=True)
class ChartClaim:
    """A process's right to post a server's chart, until it runs out."""

    tries: int
    """How many have tried this week, this one included."""
    begun_at: datetime
    """When the first of them did."""
    last_outcome: str | None
    """What became of the chart before it; None where there was none."""


def due_week(now: datetime) -> datetime | None:
    """The Monday noon whose chart is to be posted now; None where none is."""
    noon = _last_noon(now)
    return noon if now - noon < LATE_MAX else None


def next_week(now: datetime) -> datetime:
    """When the next one comes."""
    return _last_noon(now) + WEEK


def _last_noon(now: datetime) -> datetime:
    """The last Monday noon, which may be this moment."""
    day = now - timedelta(days=now.weekday())
    noon = day.replace(hour=_HOUR, minute=0, second=0, microsecond=0)
    return noon if noon <= now else noon - WEEK
