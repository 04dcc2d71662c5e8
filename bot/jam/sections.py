"""The sections that a piece is made of. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the piece: the take that won its round, or what the jam began with."""

    take_id: str
    author_id: int
    words: str
    added_s: float
    round_number: int
    """0 for what the jam began with."""
    tail_s: float = 0.0
    """What is behind its last beat, and is not there any more once another section follows."""


def lengths_of(sections: Sequence[Section]) -> tuple[float, ...]:
    """How long each of a piece's sections is: all but the last have given up their tail."""
    kept = [section.added_s - section.tail_s for section in sections[:-1]]
    return (*kept, *(section.added_s for section in sections[-1:]))
