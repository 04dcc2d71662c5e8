"""Which stages a change of state ends, and their seconds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from yarl import URL

from bot.domain.generation import State
from bot.engine.observer import Stage
from bot.engine.stages import stages_done
from bot.operations.metrics import operation_of
from tests.contract.journal_kit import a_generation

SENT_AFTER_S, RAN_S, ENDED_AFTER_S = 7.0, 20.0, 32.0


@pytest.mark.parametrize(
    ("before", "after", "here_s", "done"),
    [
        (State.ACCEPTED, State.QUEUED, 1.0, {}),
        (State.QUEUED, State.SUBMITTING, 1.0, {}),
        (State.SUBMITTING, State.RUNNING, 1.0, {Stage.WAIT: SENT_AFTER_S}),
        (State.SUBMITTING, State.QUEUED, 1.0, {}),
        (
            *(State.RUNNING, State.COLLECTING, None),
            {Stage.START: ENDED_AFTER_S - SENT_AFTER_S - RAN_S, Stage.GENERATE: RAN_S},
        ),
        (State.COLLECTING, State.DELIVERING, 3.0, {Stage.COLLECT: 3.0}),
        (State.COLLECTING, State.DELIVERING, None, {}),
        (State.DELIVERING, State.DELIVERED, 2.0, {Stage.DELIVER: 2.0}),
        (State.DELIVERING, State.COLLECTING, 2.0, {}),
        (State.RUNNING, State.FAILED, 2.0, {}),
    ],
)
def test_what_a_change_ends(
    before: State, after: State, here_s: float | None, done: dict[Stage, float]
) -> None:
    first = replace(a_generation(), state=before)
    sent_at: datetime = first.created_at + timedelta(seconds=SENT_AFTER_S)
    then = replace(first, state=after, submitted_at=sent_at, predict_time_s=RAN_S)
    now = first.created_at + timedelta(seconds=ENDED_AFTER_S)
    assert dict(stages_done(first, then, now, here_s)) == done


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("POST", "/v1/predictions", "create"),
        ("GET", "/v1/predictions", "list"),
        ("GET", "/v1/predictions/abc", "poll"),
        ("POST", "/v1/predictions/abc/cancel", "cancel"),
        ("POST", "/v1/files", "upload"),
        ("GET", "/v1/account", "account"),
        ("GET", "/v1/models/meta/musicgen/versions/1", "schema"),
        ("GET", "/proxy/v1/predictions/abc", "poll"),
        ("GET", "/delivery/abc/out.wav", "other"),
        ("DELETE", "/v1/files/abc", "other"),
    ],
)
def test_a_request_in_a_word(method: str, path: str, operation: str) -> None:
    assert operation_of(method, URL("https://api.replicate.com") / path[1:]) == operation
