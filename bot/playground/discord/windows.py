"""Rate limits as Discord counts them: so many requests in a window that the first one opens."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """At most `limit` requests in the `length_s` seconds that begin with the first of them."""

    limit: int
    length_s: float


GLOBAL = Window(50, 1.0)
"""Documented (docs: topics/rate-limits)."""
# The rest is not: Discord tells bots to go by the headers, and may change its numbers at any time.
# These are what bot developers have observed.
WEBHOOK = Window(5, 2.0)
SEND = Window(5, 5.0)
EDIT = Window(5, 5.0)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a request found its window, and what is left of it."""

    admitted: bool
    limit: int
    remaining: int
    resets_at: float
    """Seconds since 1970."""
    resets_after_s: float
    """Rounded up to a millisecond, which is how Discord tells it."""


class Tally:
    """The requests in every window that is open, by whatever shares one."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._open: dict[str, tuple[float, int]] = {}

    def count(self, key: str, window: Window) -> Standing:
        """Count a request. Too many do not make a window any longer."""
        now = self._now()
        resets_at, used = self._open.get(key, (now, 0))
        if now >= resets_at:
            resets_at, used = now + window.length_s, 0
        used += 1
        self._open[key] = resets_at, used
        left = window.limit - used
        after_s = math.ceil((resets_at - now) * 1000) / 1000
        return Standing(left >= 0, window.limit, max(0, left), resets_at, after_s)
