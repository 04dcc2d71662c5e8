"""What is done for a job in each state."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.domain.generation import State
from bot.engine.job import Job
from bot.engine.states.accepted import prepare
from bot.engine.states.delivering import collect, deliver
from bot.engine.states.running import follow
from bot.engine.states.submitting import launch
from bot.engine.states.uncertain import find_again, keep_looking, keep_stopping

STEPS: dict[State, Callable[[Job], Awaitable[None]]] = {
    State.ACCEPTED: prepare,
    State.QUEUED: launch,
    State.SUBMITTING: find_again,
    State.RUNNING: follow,
    State.COLLECTING: collect,
    State.DELIVERING: deliver,
    State.FAILED: keep_looking,
    State.CANCELED: keep_stopping,
}
