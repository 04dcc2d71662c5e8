"""How a piece is made longer: what of it the model hears, and how much it is asked for."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.errors import PlaceUnreadable
from bot.domain.inputs import MODEL_WINDOW_S

MORE_MIN_S = 1
MORE_MAX_S = 25
"""Seconds that one extension can add; the rest of the window is the model's memory.

A fine-tune may make less at once: `more_max_s`.
"""

PIECE_MAX_S = 300
"""Five minutes: what is longer is a song already, and its file too large to hand around."""

_CONTEXT_MIN_S = 5
_WHOLE_BELOW_S = 2
"""A piece shorter than this is heard whole."""
_FRAMES_PER_S = 50
"""EnCodec's: a last frame that is not filled would be heard as a drop into silence."""


_PLACE = re.compile(r"(?:(?P<min>\d{1,3}):(?=\d\d(?:\.|$)))?(?P<s>\d{1,4}(?:\.\d{1,3})?)\s*s?")


class Closeness(StrEnum):
    """How much of a piece the model hears: the more, the closer it stays to it."""

    FOLLOW = "follow"
    BALANCED = "balanced"
    SURPRISE = "surprise"

    @property
    def context_max_s(self) -> int:
        """The seconds it hears at most."""
        return _CONTEXT_MAX_S[self]


_CONTEXT_MAX_S = {Closeness.FOLLOW: 15, Closeness.BALANCED: 8, Closeness.SURPRISE: 3}
"""More than 15 s of the past changes little; it only costs room in the window."""


@dataclass(frozen=True, slots=True)
class Extension:
    """What is given is the last `context_s` of the piece; `duration` is sent, and includes them."""

    context_s: float
    duration: int

    @property
    def added_s(self) -> float:
        """The seconds of new audio."""
        return self.duration - self.context_s


def more_max_s(window_s: int) -> int:
    """How many seconds one extension can add by a model that makes `window_s` at once."""
    return max(MORE_MIN_S, window_s - _CONTEXT_MIN_S)


def plan_extension(
    piece_s: float,
    more_s: int,
    window_s: int = MODEL_WINDOW_S,
    closeness: Closeness = Closeness.FOLLOW,
) -> Extension:
    """Fit context and `more_s` of new audio into the model's window.

    The context is as long as `closeness` has it, where a long extension leaves room for that in
    the window (at least 5 s); it is a whole number of seconds, so that the new audio is as long as
    asked. Only of a piece below 2 s is everything given; the new audio is then up to half a second
    longer or shorter.

    Raises:
        ValueError: `piece_s` is not positive, or `more_s` outside `MORE_MIN_S`..`MORE_MAX_S`.
    """
    if not (math.isfinite(piece_s) and piece_s > 0):
        raise ValueError(f"a piece of {piece_s} s")
    if not MORE_MIN_S <= more_s <= MORE_MAX_S:
        raise ValueError(f"{more_s} s more")
    if piece_s >= _WHOLE_BELOW_S:
        context_s = min(closeness.context_max_s, window_s - more_s, math.floor(piece_s))
        return Extension(context_s, context_s + more_s)
    # What is shorter than one frame is given as it is.
    short_s = math.floor(piece_s * _FRAMES_PER_S) / _FRAMES_PER_S or piece_s
    return Extension(short_s, math.floor(short_s + more_s + 0.5))


def read_place(text: str) -> float | None:
    """Where a piece is cut, in seconds: `1:05`, `65` or `65.5 s`; None for its end.

    Raises:
        PlaceUnreadable: it is no time, or not after the beginning.
    """
    words = text.strip().casefold()
    if words in {"", "end", "the end"}:
        return None
    match = _PLACE.fullmatch(words)
    place_s = 0.0 if match is None else int(match["min"] or 0) * 60 + float(match["s"])
    if match is None or place_s <= 0 or (match["min"] and float(match["s"]) >= 60):
        raise PlaceUnreadable(text)
    return place_s
