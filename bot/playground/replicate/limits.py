"""How often an account may ask, and what an answer says of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bot.domain.clock import Clock
from bot.playground.replicate.problems import Problem

_MINUTE_S = 60.0
_TINY = 1e-9
"""Sums of fractions of a request miss whole numbers by less than this."""
_LOW_CREDIT = (
    "Your rate limit for creating predictions is reduced to 6 requests per minute with a burst of "
    "1 requests while you have less than $5.0 in credit."
)


@dataclass(frozen=True, slots=True)
class Allowance:
    """A bucket of requests: `burst` at once, refilled evenly."""

    per_minute: int
    burst: int
    reduced: str = ""
    """Why it is smaller than usual, in Replicate's words."""


CREATES = Allowance(600, 600)
POLLS = Allowance(60_000, 60_000)
OTHERS = Allowance(3000, 3000)


@dataclass(frozen=True, slots=True)
class RateLimits:
    """The buckets of an account.

    Creates and the rest are documented (docs: topics/predictions/rate-limits). Polls are not: every
    recorded answer to a first one says that 59,999 are left. Nor is it that buckets refill evenly:
    in recordings of several waits at once the number goes down and is back within a second.
    """

    creates: Allowance = CREATES
    """POST /v1/predictions."""
    polls: Allowance = POLLS
    """GET /v1/predictions/{id}."""
    others: Allowance = OTHERS
    """All the rest together."""

    @classmethod
    def low_credit(cls) -> RateLimits:
        """Those of an account that has less than $5."""
        return cls(creates=Allowance(6, 1, _LOW_CREDIT))


@dataclass(frozen=True, slots=True)
class Level:
    """What a request left in its bucket."""

    admitted: bool
    remaining: int
    reset_s: int
    """Until another request fits."""

    @property
    def headers(self) -> dict[str, str]:
        """What an answer says of it."""
        return {
            "ratelimit-remaining": str(self.remaining),
            "ratelimit-reset": str(self.reset_s),
        }


class Bucket:
    """An allowance in use."""

    def __init__(self, allowance: Allowance, clock: Clock) -> None:
        self.allowance, self._clock = allowance, clock
        self._left = float(allowance.burst)
        self._seen_s = clock.monotonic()

    def take(self) -> Level:
        """Take a request out; one that is refused takes nothing."""
        now_s, refill_s = self._clock.monotonic(), _MINUTE_S / self.allowance.per_minute
        left = self._left + (now_s - self._seen_s) / refill_s
        left = min(float(self.allowance.burst), left)
        if admitted := left >= 1 - _TINY:
            left -= 1
        self._left, self._seen_s = left, now_s
        remaining = math.floor(left + _TINY)
        wait_s = (remaining + 1 - left) * refill_s
        return Level(admitted, remaining, max(1, math.ceil(wait_s - _TINY)))


class Meter:
    """Counts the requests of the one account; without limits, all it knows is how to say so."""

    def __init__(self, limits: RateLimits | None, clock: Clock) -> None:
        self._enforced = limits is not None
        limits = limits or RateLimits()
        self._creates, self._polls, self._others = (
            Bucket(allowance, clock) for allowance in (limits.creates, limits.polls, limits.others)
        )

    def count(self, method: str, path: str) -> dict[str, str]:
        """What the answer to this request says of its limit: nothing where it is about files.

        Raises:
            Problem: 429.
        """
        bucket = self._bucket(method, path)
        # As in the recordings, which all begin with a full bucket.
        level = bucket.take() if self._enforced else Level(True, bucket.allowance.burst - 1, 1)
        is_files = path == "/v1/files" or path.startswith("/v1/files/")
        headers = {} if is_files else level.headers
        if not level.admitted:
            raise Problem.throttled(level.reset_s, bucket.allowance.reduced, headers)
        return headers

    def _bucket(self, method: str, path: str) -> Bucket:
        match method, path.split("/")[2:]:
            case "POST", ["predictions"]:
                return self._creates
            case "GET", ["predictions", _]:
                return self._polls
            case _:
                return self._others
