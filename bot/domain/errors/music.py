"""Refused for what a musician turns: tempo, key and bars, and where a piece is cut."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.errors.refusals import RequestRefused


@dataclass(eq=False)
class TermsUnreadable(RequestRefused):
    """Tempo, key and bars in words that are none, or that say one of them twice."""

    value: str


@dataclass(eq=False)
class TermOutOfBounds(RequestRefused):
    """A `tempo` in bpm, or a number of `bars`, that there is not."""

    name: str
    value: float
    minimum: int
    maximum: int


@dataclass(eq=False)
class BarsTooLong(RequestRefused):
    """So many bars take, at this tempo, longer than can be made at once."""

    terms: str
    bars_s: float
    limit_s: int


@dataclass(eq=False)
class PlaceUnreadable(RequestRefused):
    """A place in a piece that is no time after its beginning."""

    value: str


@dataclass(eq=False)
class CutBeyondPiece(RequestRefused):
    """A piece to be cut where it has ended already."""

    cut_s: float
    piece_s: float
