"""The words of what musicians turn: tempo, key and bars, and how a piece goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.card.markup import quoted
from bot.domain import errors
from bot.domain.errors import UserError
from bot.domain.extension import Closeness

TERMS = "Tempo, key, bars"
TERMS_ABOUT = "Any of them, or none. A tempo with bars (4/4) sets the length."
TERMS_EXAMPLE = "120 bpm, A minor, 8 bars"
LENGTH_FROM_BARS = "Set by tempo and bars; take the bars out to choose another."
CLOSENESS = "How much of it the model hears"
FROM = "Go on from"
FROM_ABOUT = "A time such as 0:42: the piece is cut there first. Leave it empty for its end."
FROM_EXAMPLE = "the end"
_CLOSENESS = {
    Closeness.FOLLOW: "Follow closely",
    Closeness.BALANCED: "Balanced",
    Closeness.SURPRISE: "Surprise me",
}


def more_and_place_about(most_s: int) -> str:
    """How much an extension can add, and where the piece can be cut, in one field."""
    return f"1 to {most_s}. “10 from 0:42” cuts the piece there first."


def closeness(how: Closeness) -> str:
    """How closely an extension follows its piece."""
    return _CLOSENESS[how]


def closeness_option(how: Closeness) -> str:
    """The same, to choose from."""
    return f"{_CLOSENESS[how]}: up to its last {how.context_max_s} s"


def _place(place_s: float) -> str:
    minutes, rest_s = divmod(place_s, 60)
    return f"{minutes:.0f}:{rest_s:0>4.1f}" if rest_s % 1 else f"{minutes:.0f}:{rest_s:02.0f}"


TERM_WORDS: dict[type[UserError], Callable[[Any], str]] = {
    errors.TermsUnreadable: lambda e: (
        f"I can't read “{quoted(e.value, 60)}” as tempo, key and bars. Write each once, such as "
        f"“{TERMS_EXAMPLE}”, and leave out what you don't want to set."
    ),
    errors.TermOutOfBounds: lambda e: (
        f"The number of bars must be between {e.minimum} and {e.maximum}; you gave {e.value:.10g}."
        if e.name == "bars"
        else f"A tempo must be between {e.minimum} and {e.maximum} bpm; you gave {e.value:.10g}."
    ),
    errors.BarsTooLong: lambda e: (
        f"So many bars don't fit: “{quoted(e.terms, 60)}” would take {e.bars_s:.1f} s, and "
        f"{e.limit_s} s is the most that can be made at once here. Write fewer bars, or a faster "
        "tempo."
    ),
    errors.PlaceUnreadable: lambda e: (
        f"I can't read “{quoted(e.value, 30)}” as a place to go on from. Write a time after the "
        "beginning, such as 0:42, or leave it empty for the end."
    ),
    errors.CutBeyondPiece: lambda e: (
        f"The piece is {_place(e.piece_s)} long, so it can't be cut at {_place(e.cut_s)}. "
        "Choose a place inside it, or leave it empty to go on from its end."
    ),
}
