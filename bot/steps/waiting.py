"""How long to wait for the service, and which of its faults pass."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.errors import (
    ConnectionFailed,
    PredictionOverdue,
    ReplyBroken,
    ServiceFault,
    Throttled,
)
from bot.run import Run

CANCEL_AFTER_S = 30 * 60
"""Sent with every prediction, so that a forgotten one stops costing; Replicate's own run limit."""
UNREACHABLE_DELAY_S = 5.0
PASSING = (ConnectionFailed, ServiceFault, Throttled, ReplyBroken)
_OVERDUE = timedelta(seconds=CANCEL_AFTER_S) + timedelta(minutes=5)
_OUTAGE = timedelta(minutes=55)
"""Replicate keeps an output for an hour after the run; past an outage of that length it is gone."""


def check_overdue(run: Run, submitted_at: datetime) -> None:
    """Give up on a service that could not be asked for as long as it keeps outputs.

    Raises:
        PredictionOverdue: so it is.
    """
    if run.kit.clock.now() > submitted_at + _OVERDUE + _OUTAGE:
        raise PredictionOverdue


def check_still_running(run: Run, submitted_at: datetime) -> None:
    """Give up on a prediction that should have been stopped by its deadline.

    Raises:
        PredictionOverdue: so it is.
    """
    if run.kit.clock.now() > submitted_at + _OVERDUE:
        raise PredictionOverdue
