"""The words of the picture of /usage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.card.strings.limits import about, dollars
from bot.card.strings.limits import tracks as count_of
from bot.domain.charges import Spent, Sums
from bot.domain.picture import UsageRow
from bot.locales import Text, _, date, ngettext, number, pgettext

# Translators: stands in the empty picture of what was used.
NOTHING = Text("Nothing in these days")
NOT_DRAWN = Text(
    "The picture of the last 30 days could not be drawn this time. The numbers are right."
)
_LABEL_EVERY_DAYS = 7


def rows(days: Sequence[Spent]) -> tuple[UsageRow, UsageRow, UsageRow]:
    """Tracks, seconds and cost of each day; the last one is today."""
    total = _total(days)
    tracks = [day.sums.tracks for day in days]
    seconds = [day.sums.seconds for day in days]
    micro_usd = [day.sums.micro_usd for day in days]
    return (
        UsageRow(pgettext("title", "Tracks"), number(total.tracks), number(max(tracks)), tracks),
        UsageRow(
            pgettext("title", "Music"), _seconds(total.seconds), _seconds(max(seconds)), seconds
        ),
        UsageRow(pgettext("title", "Cost"), _cost(days), dollars(max(micro_usd)), micro_usd),
    )


def labels(now: datetime, count: int) -> list[str]:
    """What stands below the days: some dates, and today."""
    told = [""] * count
    for ago in range(0, count, _LABEL_EVERY_DAYS):
        told[count - 1 - ago] = date((now - timedelta(days=ago)).date())
    # Translators: stands below the last bar of a picture.
    told[-1] = pgettext("label", "today")
    return told


def describe(days: Sequence[Spent], now: datetime) -> str:
    """The picture in words, for those who do not see it."""
    total = _total(days)
    if not total.tracks:
        return ngettext(
            "The last {number} day (UTC): nothing was made.",
            "The last {number} days (UTC): nothing was made.",
            len(days),
        )
    most = max(range(len(days)), key=lambda place: days[place].sums.tracks)
    day = (now - timedelta(days=len(days) - 1 - most)).date()
    # Translators: {tracks} is such as "3 tracks", {music} such as "24 s", {cost} such as "$0.20",
    # and {day} such as "Nov 29".
    return ngettext(
        "The last {number} day (UTC): {tracks}, {music} of music, {cost}. Most on {day}: {most}. "
        "Today is not over.",
        "The last {number} days (UTC): {tracks}, {music} of music, {cost}. Most on {day}: {most}. "
        "Today is not over.",
        len(days),
        tracks=count_of(total.tracks),
        music=_seconds(total.seconds),
        cost=_cost(days),
        day=date(day),
        most=count_of(days[most].sums.tracks),
    )


def _seconds(so_many: int) -> str:
    return _("{seconds} s", seconds=number(so_many))


def _cost(days: Sequence[Spent]) -> str:
    micro_usd = _total(days).micro_usd
    return about(micro_usd) if any(day.estimated for day in days) else dollars(micro_usd)


def _total(days: Sequence[Spent]) -> Sums:
    return sum((day.sums for day in days), Sums())
