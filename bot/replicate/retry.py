"""When a request is sent again, and after how long: pure, so every rule has a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.errors import ReplicateError, Throttled

_MAX_DOUBLINGS = 32


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How the waits between tries grow, and when there is another one.

    Waits double from `first_s` up to `cap_s` and lose up to half of themselves to jitter. A wait
    that the service asked for is kept to, plus up to a tenth of jitter so that those throttled
    together do not come back together, but never longer than `retry_after_cap_s`; "at once" means
    `first_s`, lest a confused service be asked in a tight loop.
    `deadline_s` bounds all tries and waits of one call together; of a create and of an upload it
    only decides whether there is another try, for a try that is cut off is worse than a late one.
    """

    deadline_s: float
    twice_safe: bool = True
    """Whether what may have had its effect is sent again; never where each costs money."""
    first_s: float = 0.5
    cap_s: float = 20.0
    retry_after_cap_s: float = 60.0

    def delay_s(
        self, attempt: int, error: ReplicateError, random: Callable[[], float]
    ) -> float | None:
        """Seconds to wait after the `attempt`-th try (from 1) failed; None is no other try.

        `random` gives 0 <= x < 1.
        """
        if not error.passes or (error.may_have_started and not self.twice_safe):
            return None
        if isinstance(error, Throttled) and error.retry_after_s is not None:
            asked_s = max(self.first_s, error.retry_after_s)
            return min(self.retry_after_cap_s, asked_s * (1 + random() / 10))
        grown_s = self.first_s * 2.0 ** min(attempt - 1, _MAX_DOUBLINGS)
        return min(self.cap_s, grown_s) * (1 - random() / 2)


READ = RetryPolicy(deadline_s=60.0)
"""GET."""
POLL = RetryPolicy(deadline_s=15.0)
"""GET by someone who will ask again anyway, and rather tells people that nobody answers."""
TWICE_SAFE = RetryPolicy(deadline_s=60.0)
"""POST that does no harm when it takes effect twice: canceling what is canceled changes nothing."""
UPLOAD = RetryPolicy(deadline_s=15.0)
"""A file sent twice is kept twice for a day, which costs nothing. Longer waits are the engine's."""
CREATE = RetryPolicy(deadline_s=2.0, twice_safe=False)
"""POST that costs money each time it takes effect; no idempotency key exists (2026-04).

Longer waits are the engine's, which keeps creates in order and lets people cancel meanwhile.
"""
DOWNLOAD = RetryPolicy(deadline_s=300.0)
"""GET of an output, from where it stopped where the server can."""
