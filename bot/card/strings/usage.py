"""The words of the picture of /usage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.card.strings.limits import dollars
from bot.card.strings.numbers import count
from bot.card.usage_picture import Row
from bot.domain.charges import Spent, Sums

NOTHING = "Nothing in these days"
NOT_DRAWN = "The picture of the last 30 days could not be drawn this time. The numbers are right."
_LABEL_EVERY_DAYS = 7


def rows(days: Sequence[Spent]) -> tuple[Row, Row, Row]:
    """Tracks, seconds and cost of each day; the last one is today."""
    total = _total(days)
    tracks = [day.sums.tracks for day in days]
    seconds = [day.sums.seconds for day in days]
    micro_usd = [day.sums.micro_usd for day in days]
    cost = _about(days) + dollars(total.micro_usd)
    return (
        Row("Tracks", f"{total.tracks:,}", f"{max(tracks):,}", tracks),
        Row("Music", f"{total.seconds:,} s", f"{max(seconds):,} s", seconds),
        Row("Cost", cost, dollars(max(micro_usd)), micro_usd),
    )


def labels(now: datetime, count: int) -> list[str]:
    """What stands below the days: some dates, and today."""
    told = [""] * count
    for ago in range(0, count, _LABEL_EVERY_DAYS):
        told[count - 1 - ago] = _date(now - timedelta(days=ago))
    told[-1] = "today"
    return told


def describe(days: Sequence[Spent], now: datetime) -> str:
    """The picture in words, for those who do not see it."""
    total = _total(days)
    if not total.tracks:
        return f"The last {len(days)} days (UTC): nothing was made."
    most = max(range(len(days)), key=lambda place: days[place].sums.tracks)
    when = _date(now - timedelta(days=len(days) - 1 - most))
    cost = _about(days) + dollars(total.micro_usd)
    tracks, then = count(total.tracks, "track"), count(days[most].sums.tracks, "track")
    return (
        f"The last {len(days)} days (UTC): {tracks}, {total.seconds:,} s of music, {cost}. "
        f"Most on {when}: {then}. Today is not over."
    )


def _about(days: Sequence[Spent]) -> str:
    return "about " if any(day.estimated for day in days) else ""


def _total(days: Sequence[Spent]) -> Sums:
    return sum((day.sums for day in days), Sums())


def _date(moment: datetime) -> str:
    return f"{moment.day} {moment:%b}"
