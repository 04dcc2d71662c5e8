"""What time it is at the services, whatever this machine's clock says.

Tokens and predictions live by their services' clocks. Each answer tells its service's time, to the
second (`Date`, RFC 9110 6.6.1), at some moment between the request and the answer; our monotonic
clock carries that on. So a clock that is wrong, or that is set while the bot runs, harms nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from functools import partial

from bot.domain.clock import Clock, SystemClock

log = logging.getLogger(__name__)

_DATE_STEP_S = 1.0
"""A `Date` leaves out the fractions of its second."""
_SKEW_TOLD = timedelta(seconds=10)
"""What a machine's clock may be off, or change by, before the log has a line about it."""

Heard = Callable[[Mapping[str, str], float], None]
"""Takes in an answer's headers, and when it was asked for, by the monotonic clock."""


class Service(StrEnum):
    """A service whose clock is heard."""

    DISCORD = "Discord"
    REPLICATE = "Replicate"


class ServiceTime:
    """The time of one service, as far as its answers tell; else a clock's own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead_s: float | None = None
        """By how much seconds since 1970 are ahead of the monotonic clock."""
        self._last = ""

    @property
    def known(self) -> bool:
        """Whether it has answered."""
        return self._ahead_s is not None

    def now(self) -> datetime:
        """The present instant there."""
        if self._ahead_s is None:
            return self._clock.now()
        return datetime.fromtimestamp(self._ahead_s + self._clock.monotonic(), UTC)

    def heard(self, headers: Mapping[str, str], asked_s: float) -> bool:
        """Take in an answer; False where it tells nothing new.

        What is known already is moved no farther than the answer demands: one that took long, or
        waited for its turn here, demands little.
        """
        date = headers.get("Date", "")
        # What a cache has kept tells an earlier time.
        if date in {"", self._last} or "Age" in headers:
            return False
        try:
            said_s = parsedate_to_datetime(date).timestamp()
        except (ValueError, OverflowError):
            return False
        self._last = date
        here_s = self._clock.monotonic()
        ahead_s = self.now().timestamp() - here_s
        at_least_s, at_most_s = said_s - here_s, said_s + _DATE_STEP_S - asked_s
        self._ahead_s = min(max(ahead_s, at_least_s), at_most_s)
        return True


class ServiceClock(SystemClock):
    """Tells Discord's time; until Discord has answered, Replicate's, and before that our own."""

    def __init__(self, machine: Clock | None = None) -> None:
        self._machine = machine or SystemClock()
        self._times = {service: ServiceTime(self._machine) for service in Service}
        self._leading = Service.DISCORD
        self._told = timedelta()

    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        return self._times[self._leading].now()

    def heard(self, service: Service, headers: Mapping[str, str], asked_s: float) -> None:
        """Take in an answer of a service, and tell the log where our own clock is off."""
        if not self._times[service].heard(headers, asked_s):
            return
        self._leading = next(one for one in Service if self._times[one].known)
        if service is not self._leading:
            return
        skew = self._machine.now() - self.now()
        if abs(skew - self._told) < _SKEW_TOLD:
            return
        self._told = skew
        if abs(skew) < _SKEW_TOLD:
            log.info("this machine's clock is right again")
        else:
            log.warning(
                "this machine's clock is %s %s %s's; I go by %s's. Please set it right.",
                _span(abs(skew)),
                "ahead of" if skew > timedelta() else "behind",
                service,
                service,
            )


def hearing(clock: Clock, service: Service) -> Heard:
    """What takes in a service's answers; a clock that is not set by them ignores them."""
    if isinstance(clock, ServiceClock):
        return partial(clock.heard, service)
    return lambda headers, asked_s: None


def _span(span: timedelta) -> str:
    minutes, seconds = divmod(round(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)
