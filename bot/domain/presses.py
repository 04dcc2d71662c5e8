"""Which presses of a button are one: somebody's finger was faster than they meant. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

ONE_PRESS_WITHIN = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class ButtonPress:
    """A press of a button that has something made."""

    user_id: int
    button: str
    """Its custom_id, which says what it does and to which generation."""
    at: datetime
    """By Discord's clock, which all processes go by."""


def is_one_press(before: datetime | None, at: datetime) -> bool:
    """Whether a press belongs to the one before, if any; in whichever order they arrive."""
    return before is not None and abs(at - before) < ONE_PRESS_WITHIN
