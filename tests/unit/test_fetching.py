"""A finished track whose file comes slowly: what the card tells, and that it comes."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.errors import (
    CreditMissing,
    OutputExpired,
    OutputUnreachable,
    ReplicateError,
    ServiceFault,
    TokenRefused,
    UserError,
)
from bot.domain.generation import State
from bot.domain.inputs import Inputs
from bot.domain.prediction import Prediction
from bot.domain.progress import Stage
from bot.domain.waits import FetchingSlow, Hindered, Link, Obstacle, Wait
from bot.engine.states.fetching import KEPT_FOR
from bot.engine.troubles import Task
from tests.fakes import NOON, SUCCEEDS, FakePredictions, a_generation
from tests.unit.service_kit import Rig, a_rig

URL = SUCCEEDS[-1].output_url or ""
MADE = replace(SUCCEEDS[-1], completed_at=NOON - timedelta(minutes=3))
LINK = Link(URL, NOON - timedelta(minutes=3) + KEPT_FOR)


Try = Exception | Sequence[float]


@dataclass
class Slow(FakePredictions):
    """Downloads that take so long, with news meanwhile, or end in an error."""

    answers: tuple[Prediction | UserError, ...] = (MADE,)
    tries: list[Exception | Sequence[float]] = field(
        default_factory=list[Exception | Sequence[float]]
    )

    async def download(self, url: str, target: Path, limit_bytes: int, news: object) -> None:
        step = self.tries.pop(0) if self.tries else ()
        if isinstance(step, Exception):
            raise step
        self.stalls_s = step
        await super().download(url, target, limit_bytes, news)  # type: ignore[arg-type]


async def collected(*tries: Try, **changes: object) -> tuple[Rig, State]:
    rig = a_rig(service := Slow(tries=list(tries), **changes))  # type: ignore[arg-type]
    service.pass_s = rig.clock.pass_s
    row = a_generation(state=State.COLLECTING, prediction_id="p1")
    await rig.journal.add_earlier(row)
    await rig.service.adopt()
    await rig.service.idle()
    return rig, rig.journal.rows[row.id].state


def told(rig: Rig) -> list[Wait | None]:
    """What was waited for while it was fetched, each once in a row."""
    waits = [p.wait for _, p in rig.delivery.shown if p.stage is Stage.FETCHING]
    return [wait for i, wait in enumerate(waits) if i == 0 or wait != waits[i - 1]]


async def test_what_comes_at_once_is_not_called_slow() -> None:
    rig, state = await collected([0.1, 0.1, 5.0])
    assert state is State.DELIVERED
    assert told(rig) == [None]
    stages = [progress.stage for _, progress in rig.delivery.shown]
    assert stages == [Stage.FETCHING, Stage.FINISHING], "and nothing is uploading yet"


async def test_what_comes_slowly_is_told_once_and_after_two_minutes_there_is_a_link() -> None:
    rig, state = await collected([2.0] * 100)
    assert state is State.DELIVERED
    assert told(rig) == [None, FetchingSlow(), FetchingSlow(LINK)]
    assert len(rig.delivery.shown) == 4, "nothing is edited because time passes"
    assert rig.delivery.shown[-1][1].wait is None


async def test_the_link_stays_while_it_is_tried_again() -> None:
    stalls = [OutputUnreachable(None), [20.0] * 8, OutputUnreachable(None), [20.0] * 4]
    rig, state = await collected(*stalls)
    assert state is State.DELIVERED
    assert told(rig) == [None, FetchingSlow(), FetchingSlow(LINK)]
    assert rig.service.troubles.current == ()


async def test_a_dead_link_is_not_given() -> None:
    made = replace(MADE, completed_at=NOON - timedelta(minutes=57))
    rig, _ = await collected([60.0, 61.0, 100.0], answers=(made,))
    lives_until = NOON + timedelta(minutes=3)
    assert told(rig) == [None, FetchingSlow(), FetchingSlow(Link(URL, lives_until)), FetchingSlow()]


async def test_a_data_address_is_no_link() -> None:
    made = replace(MADE, output_url="data:audio/wav;base64,AAAA")
    rig, _ = await collected([200.0, 200.0], answers=(made,))
    assert told(rig) == [None, FetchingSlow()]


@pytest.mark.parametrize(
    ("error", "obstacle"),
    [
        (TokenRefused(), Obstacle.TOKEN_REFUSED),
        (CreditMissing(), Obstacle.CREDIT_MISSING),
        (ServiceFault(503), Obstacle.OUTAGE),
    ],
    ids=repr,
)
async def test_a_service_that_does_not_say_where_it_is_is_told_as_what_it_is(
    error: ReplicateError, obstacle: Obstacle
) -> None:
    rig, state = await collected(answers=(error, error, MADE))
    assert state is State.DELIVERED
    assert told(rig) == [None, Hindered(obstacle), None]


@pytest.mark.parametrize(
    ("number", "obstacle"),
    [
        (errno.ENOSPC, Obstacle.DISK_FULL),
        (errno.EDQUOT, Obstacle.DISK_FULL),
        (errno.EIO, Obstacle.DISK_FAULT),
    ],
)
async def test_a_disk_that_takes_nothing_is_named(number: int, obstacle: Obstacle) -> None:
    rig, state = await collected(OSError(number, "no"), OSError(number, "no"), [30.0])
    assert state is State.DELIVERED
    first, *waits = told(rig)
    assert first is None
    assert {wait.obstacle for wait in waits if isinstance(wait, Hindered)} == {obstacle}
    assert len(waits) == 2, "one for each next try"
    assert rig.service.troubles.current == ()


async def test_the_owner_can_read_that_it_is_slow() -> None:
    rig = a_rig(service := Slow(tries=[OutputUnreachable(None)] * 9999))
    service.pass_s = rig.clock.pass_s
    generation = await rig.run(Inputs(prompt="lofi"))
    assert isinstance(generation.failure, OutputUnreachable)
    [trouble] = rig.service.troubles.current
    assert (trouble.task, trouble.obstacle) == (Task.FETCH, Obstacle.OUTAGE)
    assert service.parts_discarded == [f"{generation.id}.wav"], "an end leaves nothing on the disk"


async def test_a_track_that_is_gone_leaves_nothing_on_the_disk() -> None:
    rig, state = await collected(OutputExpired())
    assert state is State.FAILED
    assert isinstance(rig.predictions, Slow)
    assert rig.predictions.parts_discarded == ["abcdefghijkl.wav"]
