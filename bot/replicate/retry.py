"""When a request is sent again, and after how long: pure, so every rule has a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.errors import ConnectionFailed, ReplicateError, ReplyBroken, ServiceFault, Throttled

Rule = Callable[[ReplicateError], bool]

_PASSING_STATUSES = frozenset({408, 425})
_MAX_DOUBLINGS = 32


def passes(error: ReplicateError) -> bool:
    """Whether an error is likely to be gone at another try."""
    match error:
        case ServiceFault(status=status):
            return status >= 500 or status in _PASSING_STATUSES
        case Throttled() | ConnectionFailed() | ReplyBroken():
            return True
        case _:
            return False


def may_have_started(error: ReplicateError) -> bool:
    """Whether a create that failed like this can have started a prediction all the same.

    Then it must be looked for, never sent again: each run is paid.
    """
    match error:
        case ConnectionFailed(may_have_arrived=arrived):
            return arrived
        case ServiceFault() | ReplyBroken():
            return True
        case _:
            return False


def surely_not_started(error: ReplicateError) -> bool:
    """Whether a create can be sent again: it never left, or it was refused for being too soon."""
    return passes(error) and not may_have_started(error)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Which errors lead to another try, and how the waits grow.

    Waits double from `first_s` up to `cap_s` and lose up to half of themselves to jitter. A wait
    that the service asked for is kept to, plus up to a tenth of jitter so that those throttled
    together do not come back together, but never longer than `retry_after_cap_s`; "at once" means
    `first_s`, lest a confused service be asked in a tight loop.
    `deadline_s` bounds all tries and waits of one call together; of a create and of an upload it
    only decides whether there is another try, for a try that is cut off is worse than a late one.
    """

    again: Rule
    deadline_s: float
    first_s: float = 0.5
    cap_s: float = 20.0
    retry_after_cap_s: float = 60.0

    def delay_s(
        self, attempt: int, error: ReplicateError, random: Callable[[], float]
    ) -> float | None:
        """Seconds to wait after the `attempt`-th try (from 1) failed; None is no other try.

        `random` gives 0 <= x < 1.
        """
        if not self.again(error):
            return None
        if isinstance(error, Throttled) and error.retry_after_s is not None:
            asked_s = max(self.first_s, error.retry_after_s)
            return min(self.retry_after_cap_s, asked_s * (1 + random() / 10))
        grown_s = self.first_s * 2.0 ** min(attempt - 1, _MAX_DOUBLINGS)
        return min(self.cap_s, grown_s) * (1 - random() / 2)


READ = RetryPolicy(passes, deadline_s=60.0)
"""GET."""
POLL = RetryPolicy(passes, deadline_s=15.0)
"""GET by someone who will ask again anyway, and rather tells people that nobody answers."""
TWICE_SAFE = RetryPolicy(passes, deadline_s=60.0)
"""POST that does no harm when it takes effect twice: canceling what is canceled changes nothing."""
UPLOAD = RetryPolicy(passes, deadline_s=15.0)
"""A file sent twice is kept twice for a day, which costs nothing. Longer waits are the studio's."""
CREATE = RetryPolicy(surely_not_started, deadline_s=2.0)
"""POST that costs money each time it takes effect; no idempotency key exists (2026-04).

Longer waits are the studio's, which keeps creates in order and lets people cancel meanwhile.
"""
DOWNLOAD = RetryPolicy(passes, deadline_s=300.0)
"""GET of an output, from where it stopped where the server can."""
