"""The words of stars and charts."""

from __future__ import annotations

from bot.card.markup import mention
from bot.community.stars import Period
from bot.locales import Text, _, number, pgettext

STAR = Text("Star", "button")
PICK = Text("Bring one up here")
HERE_ALONE = Text("-# Here you alone see this: not everyone may see the channel it was made in.")

_BETWEEN = " · "
_TITLES = {
    Period.WEEK: Text("Most stars of the last 7 days"),
    Period.MONTH: Text("Most stars of the last 30 days"),
    Period.ALL_TIME: Text("Most stars of all time"),
}


def label(name: str, stars: int) -> str:
    """A star's button, which was called this or has had another number."""
    name = name.partition(_BETWEEN)[0]
    return f"{name}{_BETWEEN}{number(stars)}" if stars else name


def take(place: int) -> str:
    """The name of one of several stars."""
    # Translators: gives a star to one of several takes.
    return pgettext("button", "Take {place}", place=place)


def count(stars: int) -> str:
    """How many a track has."""
    return f"⭐ {number(stars)}"


def title(period: Period) -> str:
    """The heading of a chart."""
    return _TITLES[period]()


def by(user_id: int) -> str:
    """Who asked for a track."""
    return _("by {user}", user=mention(user_id))


# Translators: "Star" is the label of a button.
NONE = Text(
    "No track that was made here, in channels you can see, was given a star in that time. "
    "**Star** stands on every finished card."
)
