"""How long to wait for the service, and which of its answers pass."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.errors import (
    AccessForbidden,
    AccessLost,
    CertificateUntrusted,
    CreditMissing,
    Outage,
    OutageTooLong,
    PredictionOverdue,
    ReplicateError,
    ThingUnknown,
    Throttled,
    TokenRefused,
)
from bot.domain.errors.servers import ServersBusy, ServersDown
from bot.domain.waits import Hindered, Obstacle
from bot.engine.disk_health import disk_obstacle
from bot.engine.job import Job
from bot.engine.troubles import Task

CANCEL_AFTER_S = 30 * 60
"""Sent with every prediction, so that a forgotten one stops costing; Replicate's own run limit."""
SUBMIT_WITHIN = timedelta(hours=1)
"""So long a request is worth keeping while the service takes none."""
UNREACHABLE_DELAY_S = 5.0
_LONGEST_PAUSE_S = 60.0
OVERDUE = timedelta(seconds=CANCEL_AFTER_S) + timedelta(minutes=5)
_OUTAGE = timedelta(minutes=55)
"""Replicate keeps an output for an hour after the run; past an outage of that length it is gone."""
_UNKNOWN_TIMES = 5
_UNKNOWN_FOR = timedelta(minutes=1)
"""So long a new prediction may be unknown to the server that is asked."""


def obstacle_of(error: ReplicateError | OSError) -> Obstacle:
    """What stands in the way, by the error that was met."""
    match error:
        case ServersBusy(loading=loading):
            return Obstacle.SERVERS_LOADING if loading else Obstacle.SERVERS_BUSY
        case ServersDown():
            return Obstacle.SERVERS_DOWN
        case Throttled(low_credit=low_credit):
            return Obstacle.LOW_CREDIT if low_credit else Obstacle.THROTTLED
        case TokenRefused():
            return Obstacle.TOKEN_REFUSED
        case AccessForbidden():
            return Obstacle.FORBIDDEN
        case CertificateUntrusted():
            return Obstacle.CERTIFICATE
        case CreditMissing():
            return Obstacle.CREDIT_MISSING
        case OSError():
            return disk_obstacle(error)
        case _:
            return Obstacle.OUTAGE


def pause_s(error: ReplicateError) -> float:
    """How long to leave the service alone after a fault."""
    asked_s = error.retry_after_s if isinstance(error, Throttled) else None
    return max(UNREACHABLE_DELAY_S, min(_LONGEST_PAUSE_S, asked_s or 0.0))


class Patience:
    """With a service that is asked about something paid, and does not answer as it should."""

    def __init__(self, job: Job, submitted_at: datetime) -> None:
        self._job = job
        self._hindered = False
        self._submitted_at = submitted_at
        self._unknown_times = 0
        self._unknown_since = submitted_at

    def answered(self) -> None:
        """The service has answered as it should."""
        self._unknown_times = 0
        self._job.context.troubles.over(Task.FOLLOW)
        if self._hindered:
            self._hindered = False
            self._job.goes_on()

    def bear(self, error: ReplicateError) -> None:
        """Show why the service could not be asked this time, or give up on it.

        Raises:
            OutageTooLong: it could not be for as long as it keeps outputs.
            AccessLost: it has refused for as long.
            ThingUnknown: it keeps saying that there is no such thing.
        """
        now = self._job.context.clock.now()
        if now > self._submitted_at + OVERDUE + _OUTAGE:
            if isinstance(error, Outage):
                raise OutageTooLong from error
            raise AccessLost(obstacle_of(error)) from error
        if not isinstance(error, ThingUnknown):
            self._unknown_times = 0
            self._hindered = True
            trouble = self._job.context.troubles.met(Task.FOLLOW, obstacle_of(error))
            self._job.waits_for(Hindered(trouble.obstacle))
            return
        if self._unknown_times == 0:
            self._unknown_times, self._unknown_since = 1, now
        else:
            self._unknown_times += 1
            if self._unknown_times >= _UNKNOWN_TIMES and now >= self._unknown_since + _UNKNOWN_FOR:
                raise error
        self._job.show()


def check_still_running(job: Job, submitted_at: datetime) -> None:
    """Give up on a prediction that should have been stopped by its deadline.

    Raises:
        PredictionOverdue: so it is.
    """
    if job.context.clock.now() > submitted_at + OVERDUE:
        raise PredictionOverdue
