"""Numbers with their units and nouns, and lists in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from bot.locales import _, ngettext
from bot.locales import listed as in_words
from bot.locales import number as formatted


def seconds(value_s: float, digits: int | None = None) -> str:
    """`8 s`, `8.5 s`: a length as options take it, however long it is."""
    # Translators: a length of time; {seconds} is a number.
    return _("{seconds} s", seconds=formatted(value_s, digits))


def first_of(things: Sequence[str], most: int) -> str:
    """The first `most` things of a list, and how many more there are."""
    more = len(things) - most
    if more <= 0:
        return in_words(things)
    # Translators: the end of a list of channels, roles, tracks or the like: "a, b, and 3 more".
    return in_words([*things[:most], ngettext("{number} more", "{number} more", more)])
