"""What a run does in each state."""

from __future__ import annotations

from bot.generation import State
from bot.run import Step
from bot.steps.delivering import collect, deliver
from bot.steps.following import follow
from bot.steps.preparing import prepare
from bot.steps.submitting import launch
from bot.steps.uncertain import find_again, keep_looking, keep_stopping

STEPS: dict[State, Step] = {
    State.ACCEPTED: prepare,
    State.QUEUED: launch,
    State.SUBMITTING: find_again,
    State.RUNNING: follow,
    State.COLLECTING: collect,
    State.DELIVERING: deliver,
    State.FAILED: keep_looking,
    State.CANCELED: keep_stopping,
}
