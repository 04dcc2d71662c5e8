"""How a piece is made longer: what of it the model hears, and how much it is asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bot.domain.inputs import MODEL_WINDOW_S

MORE_MIN_S = 1
MORE_MAX_S = 25
"""Seconds that one extension can add; the rest of the window is the model's memory.

A fine-tune may make less at once: `more_max_s`.
"""

PIECE_MAX_S = 300
"""Five minutes: what is longer is a song already, and its file too large to hand around."""

_CONTEXT_MIN_S = 5
_CONTEXT_S = 15
"""More of the past changes little; it only costs room in the window."""
_WHOLE_BELOW_S = 2
"""A piece shorter than this is heard whole."""
_FRAMES_PER_S = 50
"""EnCodec's: a last frame that is not filled would be heard as a drop into silence."""


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


def plan_extension(piece_s: float, more_s: int, window_s: int = MODEL_WINDOW_S) -> Extension:
    """Fit context and `more_s` of new audio into the model's window.

    The context is as long as is useful: at most 15 s, and what a long extension leaves of the
    window, which is at least 5 s; it is a whole number of seconds, so that the new audio is as long
    as asked. Only of a piece below 2 s is everything given; the new audio is then up to half a
    second longer or shorter.

    Raises:
        ValueError: `piece_s` is not positive, or `more_s` outside `MORE_MIN_S`..`MORE_MAX_S`.
    """
    if not (math.isfinite(piece_s) and piece_s > 0):
        raise ValueError(f"a piece of {piece_s} s")
    if not MORE_MIN_S <= more_s <= MORE_MAX_S:
        raise ValueError(f"{more_s} s more")
    if piece_s >= _WHOLE_BELOW_S:
        context_s = min(_CONTEXT_S, window_s - more_s, math.floor(piece_s))
        return Extension(context_s, context_s + more_s)
    # What is shorter than one frame is given as it is.
    short_s = math.floor(piece_s * _FRAMES_PER_S) / _FRAMES_PER_S or piece_s
    return Extension(short_s, math.floor(short_s + more_s + 0.5))
