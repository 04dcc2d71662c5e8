"""A create whose outcome is unknown: what turns up late is delivered, and nothing is paid twice."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from bot.domain.errors import ServiceFault, StartedBefore, SubmitUncertain, UserError
from bot.domain.generation import Generation, Relation, State
from bot.domain.inputs import Inputs
from bot.domain.musical_terms import MusicalTerms
from bot.domain.prediction import Prediction, Webhook
from bot.domain.progress import Stage
from bot.domain.request import GenerationRequest
from tests.fakes import NOON, SUCCEEDS, FakePredictions, a_generation
from tests.unit.service_kit import Rig, a_rig

LOFI = Inputs("lofi", seed=3)
NEVER_S = 1e9


@dataclass
class Lagging(FakePredictions):
    """A service whose list shows a prediction so long after its create."""

    lag_s: float = 0.0
    rig: Rig | None = None
    seen_at_s: list[float] = field(default_factory=list[float])
    """When each prediction appears, by its number."""

    async def create(
        self, version: str, inputs: Inputs, cancel_after_s: int, webhook: Webhook | None = None
    ) -> Prediction:
        assert self.rig is not None
        before = len(self.created)
        try:
            return await super().create(version, inputs, cancel_after_s, webhook)
        finally:
            if len(self.created) > before:
                self.seen_at_s.append(self.rig.clock.monotonic() + self.lag_s)

    async def find(
        self, version: str, inputs: Inputs, created_after: datetime
    ) -> tuple[Prediction, ...]:
        assert self.rig is not None
        found = await super().find(version, inputs, created_after)
        now_s = self.rig.clock.monotonic()
        return tuple(one for one in found if self.seen_at_s[int(one.id[1:]) - 1] <= now_s)


def a_lagging_rig(lag_s: float, *, arrives: bool = True, faults: int | None = 1) -> Rig:
    service = Lagging(
        answers=SUCCEEDS[-1:],
        on_create=ServiceFault(500),
        create_faults=faults,
        arrives=arrives,
        lag_s=lag_s,
    )
    rig = a_rig(service)
    service.rig = rig
    return rig


def a_retry(first: Generation, **changes: object) -> Generation:
    """What **Again** makes of it."""
    retry = a_generation(
        id="r" * 12, inputs=first.inputs, parent_id=first.id, relation=Relation.RETRY,
        state=State.QUEUED, created_at=first.created_at + timedelta(seconds=25),
    )  # fmt: skip
    return replace(retry, **changes)  # type: ignore[arg-type]


async def resumed(rig: Rig, *rows: Generation) -> list[Generation]:
    """Go on from rows; what has become of them."""
    for row in rows:
        await rig.journal.add_earlier(row)
    await rig.service.adopt()
    await rig.service.idle()
    return [rig.journal.rows[row.id] for row in rows]


@pytest.mark.parametrize("lag_s", [0, 5, 18, 30, 60, 300, 550])
async def test_however_late_it_turns_up_it_is_delivered(lag_s: float) -> None:
    rig = a_lagging_rig(lag_s)
    generation = await rig.run(LOFI)
    assert generation.state is State.DELIVERED
    assert generation.failure is None
    assert len(rig.predictions.created) == 1
    assert bool(rig.delivery.ended) == (lag_s > 20), "who waits for longer is told meanwhile"


async def test_it_is_found_by_the_prompt_that_was_sent() -> None:
    rig = a_lagging_rig(5)
    asked = await rig.submit(GenerationRequest(LOFI, terms=MusicalTerms(90, "A minor")))
    await rig.service.idle()
    generation = rig.journal.rows[asked.id]
    assert generation.state is State.DELIVERED
    [sent] = rig.predictions.created
    assert sent.prompt == "lofi, 90 bpm, A minor"
    assert generation.inputs.prompt == "lofi"


async def test_who_sees_nothing_for_20_s_is_told() -> None:
    rig = a_lagging_rig(NEVER_S, arrives=False)
    generation = await rig.run(LOFI)
    assert isinstance(generation.failure, SubmitUncertain)
    assert generation.told
    assert generation.ended_at is not None
    assert generation.ended_at - generation.created_at < timedelta(seconds=30)
    assert len(rig.delivery.ended) == 1, "told once"
    assert Stage.LOOKING in [progress.stage for _, progress in rig.delivery.shown]


async def test_a_crash_after_it_was_told_does_not_end_the_looking() -> None:
    rig = a_lagging_rig(0)
    assert isinstance(rig.predictions, Lagging)
    rig.predictions.created.append(LOFI)
    rig.predictions.seen_at_s.append(NOON.timestamp() + 45)
    failed = a_generation(
        inputs=LOFI, state=State.FAILED, failure=SubmitUncertain(), submitted_at=NOON, told=False
    )
    [row] = await resumed(rig, failed)
    assert (row.state, row.prediction_id) == (State.DELIVERED, "p1")


async def test_another_failure_is_not_looked_after() -> None:
    rig = a_rig(FakePredictions(answers=(Prediction("p1", "failed", error="CUDA"),)))
    await rig.run(LOFI)
    assert rig.clock.now() - NOON < timedelta(minutes=1)


@pytest.mark.parametrize("lag_s", [30, 300])
async def test_canceled_meanwhile_it_is_stopped_when_it_turns_up(lag_s: float) -> None:
    rig = a_lagging_rig(lag_s)
    row = a_generation(
        inputs=LOFI, state=State.SUBMITTING, submitted_at=NOON, cancel_requested=True
    )
    assert isinstance(rig.predictions, Lagging)
    rig.predictions.created.append(LOFI)
    rig.predictions.seen_at_s.append(NOON.timestamp() + lag_s)
    [canceled] = await resumed(rig, row)
    assert (canceled.state, canceled.prediction_id) == (State.CANCELED, "p1")
    assert rig.predictions.canceled == ["p1"]


@pytest.mark.parametrize("was_sent", [False, True])
async def test_a_service_that_is_sure_is_sent_what_never_came_to_it(*, was_sent: bool) -> None:
    """As servers of one's own: each create is written down before it is sent."""
    rig = a_lagging_rig(0, faults=0)
    assert isinstance(rig.predictions, Lagging)
    rig.predictions.finds_all = True
    rig.predictions.on_find.append(ServiceFault(503))
    if was_sent:
        rig.predictions.created.append(LOFI)
        rig.predictions.seen_at_s.append(0.0)
    row = a_generation(inputs=LOFI, state=State.SUBMITTING, submitted_at=NOON)
    [made] = await resumed(rig, row)
    assert (made.state, made.prediction_id) == (State.DELIVERED, "p1")
    assert rig.predictions.created == [LOFI]
    assert made.ended_at is not None
    assert made.ended_at - NOON < timedelta(seconds=15), "nobody waits for a list"


async def test_a_service_that_is_sure_is_not_sent_what_was_canceled() -> None:
    rig = a_lagging_rig(0, faults=0)
    rig.predictions.finds_all = True
    row = a_generation(
        inputs=LOFI, state=State.SUBMITTING, submitted_at=NOON, cancel_requested=True
    )
    [canceled] = await resumed(rig, row)
    assert canceled.state is State.CANCELED
    assert rig.predictions.created == []


# ------------------------------------------------------------------ Again


def uncertain(**changes: object) -> Generation:
    """A first try that nobody looks after any more."""
    first = a_generation(
        id="f" * 12, inputs=LOFI, state=State.FAILED, failure=SubmitUncertain(),
        submitted_at=NOON, told=True,
    )  # fmt: skip
    return replace(first, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("seen_after_s", [0, 5, 30, 60, 85])
async def test_again_takes_over_what_the_first_try_started(seen_after_s: float) -> None:
    rig = a_lagging_rig(0, faults=0)
    assert isinstance(rig.predictions, Lagging)
    rig.predictions.created.append(LOFI)
    rig.predictions.seen_at_s.append(NOON.timestamp() + seen_after_s)
    _, retry = await resumed(rig, uncertain(), a_retry(uncertain()))
    assert (retry.state, retry.prediction_id) == (State.DELIVERED, "p1")
    assert len(rig.predictions.created) == 1, "paid once"


async def test_again_of_again_looks_for_both() -> None:
    rig = a_lagging_rig(0, faults=0)
    assert isinstance(rig.predictions, Lagging)
    rig.predictions.created.append(LOFI)
    rig.predictions.seen_at_s.append(NOON.timestamp() + 80)
    second = uncertain(id="s" * 12, parent_id="f" * 12, relation=Relation.RETRY)
    retry = a_retry(second)
    *_, retried = await resumed(rig, uncertain(), second, retry)
    assert (retried.state, retried.prediction_id) == (State.DELIVERED, "p1")
    assert len(rig.predictions.created) == 1


async def test_again_sends_it_once_more_when_it_is_sure_that_nothing_was_started() -> None:
    rig = a_lagging_rig(0, faults=0)
    _, retry = await resumed(rig, uncertain(), a_retry(uncertain()))
    assert retry.state is State.DELIVERED
    assert retry.submitted_at is not None
    assert retry.submitted_at >= NOON + timedelta(seconds=90)
    assert rig.predictions.created == [LOFI], "with the same seed"


async def test_again_can_be_canceled_while_it_looks() -> None:
    rig = a_lagging_rig(0, faults=0)
    _, retry = await resumed(rig, uncertain(), a_retry(uncertain(), cancel_requested=True))
    assert retry.state is State.CANCELED
    assert rig.predictions.created == []


async def test_again_ends_where_the_first_try_has_found_its_own() -> None:
    rig = a_lagging_rig(0, faults=0)
    found = uncertain(state=State.DELIVERED, failure=None, prediction_id="p1")
    _, retry = await resumed(rig, found, a_retry(found))
    assert isinstance(retry.failure, StartedBefore)
    assert rig.predictions.created == []


async def test_both_look_for_it_and_one_has_it() -> None:
    rig = a_lagging_rig(0, faults=0)
    assert isinstance(rig.predictions, Lagging)
    rig.predictions.created.append(LOFI)
    rig.predictions.seen_at_s.append(NOON.timestamp() + 50)
    rows = await resumed(rig, uncertain(told=False), a_retry(uncertain()))
    assert [row.prediction_id for row in rows].count("p1") == 1
    assert len(rig.predictions.created) == 1
    ends: list[UserError | None] = [row.failure for row in rows if row.prediction_id is None]
    assert isinstance(ends[0], SubmitUncertain | StartedBefore)


async def test_again_bears_a_list_that_cannot_be_read() -> None:
    rig = a_lagging_rig(0, faults=0)
    rig.predictions.on_find += [ServiceFault(503)] * 40
    _, retry = await resumed(rig, uncertain(), a_retry(uncertain()))
    assert retry.state is State.DELIVERED
    assert len(rig.predictions.created) == 1
