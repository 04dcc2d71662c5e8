"""The words of stars and charts."""

from __future__ import annotations

from bot.community.stars import Period

STAR = "Star"
PICK = "Bring one up here"
HERE_ALONE = "-# Here you alone see this: not everyone may see the channel it was made in."

_BETWEEN = " · "
_TITLES = {
    Period.WEEK: "Most stars of the last 7 days",
    Period.MONTH: "Most stars of the last 30 days",
    Period.ALL_TIME: "Most stars of all time",
}


def label(name: str, stars: int) -> str:
    """A star's button, which was called this or has had another number."""
    name = name.partition(_BETWEEN)[0]
    return f"{name}{_BETWEEN}{stars}" if stars else name


def take(number: int) -> str:
    """The name of one of several stars."""
    return f"Take {number}"


def count(stars: int) -> str:
    """How many a track has."""
    return f"⭐ {stars}"


def title(period: Period) -> str:
    """The heading of a chart."""
    return _TITLES[period]


def by(user_id: int) -> str:
    """Who asked for a track."""
    return f"by <@{user_id}>"


NONE = (
    "No track that was made here, in channels you can see, was given a star in that time. "
    "**Star** stands on every finished card."
)
