"""Words that prompts must not contain: whole words, whatever their case and accents."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from bot.domain.plain_text import readable

_OWN_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i"})
"""What reads as a letter with a stroke, and Unicode takes for one of its own."""
_OF_THE_LETTER = frozenset({7, 8, 9})
"""Combining classes of marks that make another letter in Indic scripts and in Japanese."""


def words_in(text: str) -> list[str]:
    """A text's words without case and accents, in order; what is between words is left out."""
    folded = unicodedata.normalize("NFKD", readable(text).casefold()).casefold()
    letters = (
        letter if unicodedata.category(letter)[0] in "LMN" else " "
        for letter in folded.translate(_OWN_LETTERS)
        if unicodedata.combining(letter) in {0, *_OF_THE_LETTER}
    )
    return "".join(letters).split()


def forbidden_in(text: str, forbidden: Iterable[str]) -> str | None:
    """The first of the forbidden words, or rows of words, that a text has; None for none."""
    line: str | None = None
    for entry in forbidden:
        line = _line(text) if line is None else line
        row = _row(entry)
        if row.strip() and row in line:
            return entry
    return None


def _line(text: str) -> str:
    return f" {' '.join(words_in(text))} "


_row = lru_cache(maxsize=4096)(_line)
"""The same for the few that many prompts are held against."""
