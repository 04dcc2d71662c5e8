"""The words of what musicians turn: tempo, key and bars, and how a piece goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.card.markup import quoted
from bot.card.strings.numbers import seconds
from bot.domain import errors
from bot.domain.errors import UserError
from bot.domain.extension import Closeness
from bot.domain.musical_terms import MusicalTerms
from bot.locales import Text, _, ngettext, number

TERMS = Text("Tempo, key, bars", "field")
TERMS_ABOUT = Text("Any of them, or none. A tempo with bars (4/4) sets the length.")
TERMS_EXAMPLE = "120 bpm, A minor, 8 bars"
"""What can be read; so it is the same in every language."""
LENGTH_FROM_BARS = Text("Set by tempo and bars; take the bars out to choose another.")
# Translators: of a piece of music that the model goes on from, how much it listens to.
CLOSENESS = Text("How much of it the model hears", "field")
FROM = Text("Go on from", "field")
FROM_ABOUT = Text("A time such as 0:42: the piece is cut there first. Leave it empty for its end.")
# Translators: the place in a piece where it goes on; people may type it as you write it here.
FROM_EXAMPLE = Text("the end")
_CLOSENESS = {
    # Translators: these three say how closely new music follows the music that it goes on from.
    Closeness.FOLLOW: Text("Follow closely", "choice"),
    # Translators: between "Follow closely" and "Surprise me".
    Closeness.BALANCED: Text("Balanced", "choice"),
    # Translators: the music may go on in another way than before.
    Closeness.SURPRISE: Text("Surprise me", "choice"),
}
_PLACE_EXAMPLE = "10 from 0:42"
"""What can be read, in every language."""


def more_and_place_about(most_s: int) -> str:
    """How much an extension can add, and where the piece can be cut, in one field."""
    return _(
        # Translators: {most} is a number of seconds; {example} is what can be typed there.
        "1 to {most}. “{example}” cuts the piece there first.",
        most=number(most_s),
        example=_PLACE_EXAMPLE,
    )


def terms(of_piece: MusicalTerms) -> str:
    """Tempo, key and bars in few words; a key is called as it is typed, and as models read it."""
    parts: list[str] = []
    if of_piece.tempo_bpm is not None:
        parts.append(_("{tempo} bpm", tempo=number(of_piece.tempo_bpm)))
    if of_piece.key is not None:
        parts.append(of_piece.key)
    if of_piece.bars is not None:
        parts.append(ngettext("{number} bar", "{number} bars", of_piece.bars))
    return ", ".join(parts)


def closeness(how: Closeness) -> str:
    """How closely an extension follows its piece."""
    return _CLOSENESS[how]()


def closeness_option(how: Closeness) -> str:
    """The same, to choose from."""
    return _(
        # Translators: such as "Balanced: up to its last 10 s", of a piece of music.
        "{closeness}: up to its last {length}",
        closeness=closeness(how),
        length=seconds(how.context_max_s),
    )


def _place(place_s: float) -> str:
    minutes, rest_s = divmod(place_s, 60)
    return f"{minutes:.0f}:{rest_s:0>4.1f}" if rest_s % 1 else f"{minutes:.0f}:{rest_s:02.0f}"


def _out_of_bounds(error: errors.TermOutOfBounds) -> str:
    least, most, value = number(error.minimum), number(error.maximum), number(error.value)
    if error.name == "bars":
        return _(
            "The number of bars must be between {least} and {most}; you gave {value}.",
            least=least,
            most=most,
            value=value,
        )
    return _(
        "A tempo must be between {least} and {most} bpm; you gave {value}.",
        least=least,
        most=most,
        value=value,
    )


TERM_WORDS: dict[type[UserError], Callable[[Any], str]] = {
    errors.TermsUnreadable: lambda e: _(
        "I can't read “{value}” as tempo, key and bars. Write each once, such as “{example}”, and "
        "leave out what you don't want to set.",
        value=quoted(e.value, 60),
        example=TERMS_EXAMPLE,
    ),
    errors.TermOutOfBounds: _out_of_bounds,
    errors.BarsTooLong: lambda e: _(
        # Translators: {terms} is tempo, key and bars as typed; the others are lengths: "20 s".
        "So many bars don't fit: “{terms}” would take {length}, and {limit} is the most that can "
        "be made at once here. Write fewer bars, or a faster tempo.",
        terms=quoted(e.terms, 60),
        length=seconds(e.bars_s, 1),
        limit=seconds(e.limit_s),
    ),
    errors.PlaceUnreadable: lambda e: _(
        "I can't read “{value}” as a place to go on from. Write a time after the beginning, such "
        "as 0:42, or leave it empty for the end.",
        value=quoted(e.value, 30),
    ),
    errors.CutBeyondPiece: lambda e: _(
        # Translators: {length} and {cut} are times in a piece of music, such as 1:05.
        "The piece is {length} long, so it can't be cut at {cut}. "
        "Choose a place inside it, or leave it empty to go on from its end.",
        length=_place(e.piece_s),
        cut=_place(e.cut_s),
    ),
}
