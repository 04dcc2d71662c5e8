"""How long a generation took for each stage, by the change of its row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.domain.generation import Generation, State
from bot.engine.observer import Stage


def stages_done(
    before: Generation, after: Generation, now: datetime, here_s: float | None
) -> Iterator[tuple[Stage, float]]:
    """The stages that a change of state ends, and their seconds.

    `here_s` is for how long this process has seen the state before; None where it took the
    generation up in it, so that nobody knows.
    """
    match before.state, after.state:
        case State.SUBMITTING, State.RUNNING if after.submitted_at is not None:
            yield Stage.WAIT, _between_s(after.created_at, after.submitted_at)
        case State.RUNNING, State.COLLECTING if after.submitted_at is not None:
            there_s = _between_s(after.submitted_at, now)
            if after.predict_time_s is not None:
                yield Stage.START, max(0.0, there_s - after.predict_time_s)
                yield Stage.GENERATE, after.predict_time_s
        case State.COLLECTING, State.DELIVERING if here_s is not None:
            yield Stage.COLLECT, here_s
        case State.DELIVERING, State.DELIVERED if here_s is not None:
            yield Stage.DELIVER, here_s
        case _:
            pass


def _between_s(earlier: datetime, later: datetime) -> float:
    return max(0.0, (later - earlier).total_seconds())
