"""Numbers with their nouns, articles, and lists in a sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SPOKEN_WITH_VOWEL = re.compile(r"[AEIO]|M[P0-9]|[FLNRSX][0-9]", re.IGNORECASE)
"""`AIFF`, `OGG`, and what is spelled out: `M4A`, `MP3`."""


def count(number: int, thing: str) -> str:
    """`1 track`, `2,000 tracks`, `2 requests without a track`: the first word has the plural."""
    noun, space, rest = thing.partition(" ")
    return f"{number:,} {noun}{'' if number == 1 else 's'}{space}{rest}"


def listed(things: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(things) < 2:
        return "".join(things)
    return f"{', '.join(things[:-1])} and {things[-1]}"


def an(format_: str) -> str:
    """`a WAV`, `an M4A`."""
    return f"{'an' if _SPOKEN_WITH_VOWEL.match(format_) else 'a'} {format_}"
