"""What is paid for is neither lost nor paid twice, whatever the service answers meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from bot.domain.errors import (
    AccessForbidden,
    AccessLost,
    ConnectionFailed,
    CreditMissing,
    InputRefused,
    JournalFault,
    OutageTooLong,
    ReplicateError,
    ReplyBroken,
    ServiceFault,
    ThingUnknown,
    Throttled,
    TokenRefused,
    UserError,
)
from bot.domain.generation import Generation, State
from bot.domain.inputs import Inputs
from bot.domain.prediction import Prediction, Webhook
from bot.domain.progress import Stage
from bot.domain.request import GenerationRequest
from bot.domain.waits import Hindered
from bot.engine.states.outages import obstacle_of
from tests.fakes import (
    NOON,
    SUCCEEDS,
    FakePredictions,
    a_generation,
)
from tests.unit.service_kit import SOURCE, Rig, a_rig

REFUSALS = [
    TokenRefused(),
    AccessForbidden(),
    CreditMissing(),
    InputRefused("no"),
    ThingUnknown("Not found."),
]
CUT_OFF = ConnectionFailed(True, "reset")


def took(rig: Rig) -> timedelta:
    """From the order to its end."""
    return rig.clock.now() - NOON


async def resumed(rig: Rig, generation: Generation) -> Generation:
    """Go on from a row of an earlier process."""
    await rig.journal.add_earlier(generation)
    await rig.service.adopt()
    await rig.service.idle()
    return rig.journal.rows[generation.id]


# ------------------------------------------------------------------ polls


@pytest.mark.parametrize("refusal", REFUSALS, ids=repr)
async def test_a_no_to_a_poll_is_not_believed_at_once(refusal: UserError) -> None:
    rig = a_rig(FakePredictions(answers=(refusal, *SUCCEEDS[:2], *(refusal,) * 4, *SUCCEEDS[2:])))
    assert (await rig.run(Inputs(prompt="lofi"))).state is State.DELIVERED
    assert rig.delivery.shown[-1][1].wait is None


@pytest.mark.parametrize("refusal", REFUSALS[:-1], ids=repr)
async def test_a_refusal_is_told_as_what_it_is_and_ends_it_after_as_long_as_an_outage(
    refusal: ReplicateError,
) -> None:
    rig = a_rig(FakePredictions(answers=(SUCCEEDS[0], refusal)))
    generation = await rig.run(Inputs(prompt="lofi"))
    obstacle = obstacle_of(refusal)
    assert isinstance(generation.failure, AccessLost)
    assert generation.failure.why == obstacle
    assert timedelta(hours=1) < took(rig) < timedelta(hours=2)
    assert rig.delivery.shown[-1][1].wait == Hindered(obstacle)


async def test_a_prediction_that_stays_unknown_is_gone_after_a_while() -> None:
    unknown = ThingUnknown("Not found.")
    rig = a_rig(FakePredictions(answers=(SUCCEEDS[0], unknown)))
    assert (await rig.run(Inputs(prompt="lofi"))).failure is unknown
    assert timedelta(minutes=1) <= took(rig) < timedelta(minutes=3)
    assert not any(progress.wait for _, progress in rig.delivery.shown), "it answers"


async def test_unknown_now_and_then_is_not_gone() -> None:
    spell = (*(ThingUnknown(""),) * 8, ServiceFault(502))
    rig = a_rig(FakePredictions(answers=(SUCCEEDS[0], *spell * 5, *SUCCEEDS)))
    assert (await rig.run(Inputs(prompt="lofi"))).state is State.DELIVERED
    assert took(rig) > timedelta(minutes=2)


@pytest.mark.parametrize("refusal", REFUSALS, ids=repr)
async def test_a_no_before_the_download_is_not_believed_at_once(refusal: UserError) -> None:
    rig = a_rig(FakePredictions(answers=(refusal, refusal, SUCCEEDS[-1])))
    row = a_generation(state=State.COLLECTING, prediction_id="p1")
    assert (await resumed(rig, row)).state is State.DELIVERED


async def test_a_wait_beyond_all_reason_is_cut() -> None:
    rig = a_rig(FakePredictions(answers=(SUCCEEDS[0], Throttled(1e7), *SUCCEEDS)))
    assert (await rig.run(Inputs(prompt="lofi"))).state is State.DELIVERED
    assert took(rig) < timedelta(minutes=2)


# ------------------------------------------------------------------ creates


@pytest.mark.parametrize("error", [Throttled(1.0), ConnectionFailed(False, "refused")], ids=repr)
async def test_waiting_in_line_is_not_counted_as_being_refused(error: UserError) -> None:
    rig = a_rig(FakePredictions(on_create=error, arrives=False, create_faults=1))
    row = a_generation(state=State.QUEUED, created_at=NOON - timedelta(minutes=61))
    assert (await resumed(rig, row)).state is State.DELIVERED


async def test_an_hour_of_refusals_ends_it_and_is_not_asked_for_in_vain_all_the_time() -> None:
    class Away(FakePredictions):
        tries = 0

        async def create(
            self, version: str, inputs: Inputs, cancel_after_s: int, webhook: Webhook | None = None
        ) -> Prediction:
            self.tries += 1
            return await super().create(version, inputs, cancel_after_s, webhook)

    service = Away(on_create=ConnectionFailed(False, "refused"), arrives=False)
    rig = a_rig(service)
    await resumed(rig, a_generation(state=State.QUEUED, created_at=NOON - timedelta(minutes=61)))
    assert timedelta(hours=1) < took(rig) < timedelta(minutes=62)
    assert service.tries < 200


# ------------------------------------------------------------------ finding again


async def test_a_cancel_does_not_cut_the_looks_short() -> None:
    rig = a_rig(FakePredictions(on_create=CUT_OFF))
    find, presses = rig.predictions.find, list[asyncio.Task[None]]()

    async def late(version: str, inputs: Inputs, created_after: datetime) -> tuple[Prediction, ...]:
        found = await find(version, inputs, created_after)
        [generation_id] = rig.journal.rows
        presses.append(asyncio.create_task(rig.service.cancel(generation_id, 7)))
        return found if took(rig) >= timedelta(seconds=9.5) else ()

    rig.predictions.find = late  # type: ignore[method-assign]
    generation = await rig.run(Inputs(prompt="lofi"))
    await asyncio.gather(*presses)
    assert generation.state is State.CANCELED
    assert rig.predictions.canceled == ["p1"], "it was found, and stopped"


@pytest.mark.parametrize("refusal", REFUSALS, ids=repr)
async def test_a_no_while_looking_is_not_believed_at_once(refusal: UserError) -> None:
    rig = a_rig(FakePredictions(on_create=CUT_OFF, on_find=[refusal] * 3))
    assert (await rig.run(Inputs(prompt="lofi"))).state is State.DELIVERED
    assert len(rig.predictions.created) == 1


async def test_looking_in_vain_for_as_long_as_outputs_are_kept_ends_it() -> None:
    rig = a_rig(FakePredictions(on_create=CUT_OFF, on_find=[ServiceFault(500)] * 9999))
    generation = await rig.run(Inputs(prompt="lofi"))
    assert isinstance(generation.failure, OutageTooLong)


async def both(rig: Rig, first: Inputs, second: Inputs) -> list[Generation]:
    """Two orders of one person at the same time; their rows at the end."""
    ids = [(await rig.submit(GenerationRequest(inputs))).id for inputs in (first, second)]
    await rig.service.idle()
    return [rig.journal.rows[generation_id] for generation_id in ids]


async def test_twins_with_other_settings_find_their_own() -> None:
    rig = a_rig(FakePredictions(on_create=CUT_OFF))
    orders = Inputs("lofi", seed=3), Inputs("lofi", seed=3, duration=20)
    for row in await both(rig, *orders):
        assert row.prediction_id is not None
        assert rig.predictions.created[int(row.prediction_id[1:]) - 1] == row.inputs


async def test_a_prediction_with_other_settings_is_nobodys_who_asked_for_less() -> None:
    rig = a_rig(FakePredictions(on_create=CUT_OFF, arrives=False))
    rig.predictions.created.append(Inputs("lofi", seed=3, duration=20))
    generation = await rig.run(Inputs("lofi", seed=3))
    assert generation.prediction_id is None


async def test_twins_alike_in_everything_get_one_each() -> None:
    """Both were on their way when the process died, and are looked for at the same time."""
    rig = a_rig()
    known = rig.journal.prediction_known

    async def slowly(prediction_id: str) -> bool:
        is_known = await known(prediction_id)
        await asyncio.sleep(0)
        return is_known

    rig.journal.prediction_known = slowly  # type: ignore[method-assign]
    rows = [
        a_generation(id=name * 12, state=State.SUBMITTING, created_at=NOON + timedelta(seconds=n))
        for n, name in enumerate("ab")
    ]
    for row in rows:
        rig.predictions.created.append(row.inputs)
        await rig.journal.add_earlier(row)
    await rig.service.adopt()
    await rig.service.idle()
    found = [rig.journal.rows[row.id].prediction_id for row in rows]
    assert found == ["p1", "p2"], "the oldest is for who came first"


async def test_a_twin_that_is_still_being_answered_is_not_taken() -> None:
    class Slow(FakePredictions):
        async def create(
            self, version: str, inputs: Inputs, cancel_after_s: int, webhook: Webhook | None = None
        ) -> Prediction:
            self.created.append(inputs)
            number = len(self.created)
            if number == 2:
                raise CUT_OFF
            for _ in range(100):
                await asyncio.sleep(0)
            return Prediction(f"p{number}", "starting")

    rig = a_rig(Slow())
    rows = await both(rig, Inputs("lofi", seed=3), Inputs("lofi", seed=3))
    assert [row.prediction_id for row in rows] == ["p1", "p2"]


async def test_our_own_row_with_our_prediction_is_gone_on_from() -> None:
    """The commit's answer was lost, and the row could not be read at once either."""
    rig = a_rig()
    save, get = rig.journal.save, rig.journal.get
    lost = list[State]()

    async def forgetful(generation: Generation) -> None:
        await save(generation)
        if generation.state is State.RUNNING and not lost:
            lost.append(generation.state)
            raise JournalFault

    async def unreadable(generation_id: str) -> Generation | None:
        rig.journal.get = get
        raise JournalFault

    rig.journal.save, rig.journal.get = forgetful, unreadable
    generation = await rig.run(Inputs(prompt="lofi"))
    assert lost
    assert generation.state is State.DELIVERED
    assert generation.prediction_id == "p1"
    assert len(rig.predictions.created) == 1


# ------------------------------------------------------------------ uploads

OUTAGE: Sequence[ReplicateError] = [
    ConnectionFailed(True, "reset"),
    ServiceFault(503),
    Throttled(2.0),
    ReplyBroken("<html>"),
]
ON = Inputs(prompt="on", continuation=True)


@pytest.mark.parametrize("fault", OUTAGE, ids=repr)
async def test_an_outage_is_waited_out_with_the_audio_in_hand(fault: UserError) -> None:
    rig = a_rig(FakePredictions(on_upload=[fault] * 200))
    generation = await rig.run(ON, SOURCE)
    assert generation.state is State.DELIVERED
    assert took(rig) > timedelta(minutes=15)
    told = [progress.stage for _, progress in rig.delivery.shown if progress.wait]
    assert set(told) == {Stage.CHECKING}


@pytest.mark.parametrize("fault", OUTAGE, ids=repr)
async def test_an_upload_is_given_up_after_an_hour(fault: UserError) -> None:
    rig = a_rig(FakePredictions(on_upload=[fault] * 9999))
    generation = await rig.run(ON, SOURCE)
    assert generation.failure is fault
    assert timedelta(hours=1) < took(rig) < timedelta(minutes=62)
    assert "in.wav" in rig.sound.discarded


async def test_a_refused_upload_ends_it_at_once() -> None:
    rig = a_rig(FakePredictions(on_upload=[TokenRefused()]))
    assert isinstance((await rig.run(ON, SOURCE)).failure, TokenRefused)
    assert took(rig) < timedelta(minutes=1)


async def test_an_upload_can_be_canceled_during_an_outage() -> None:
    rig = a_rig(FakePredictions(on_upload=[ServiceFault(503)] * 9999))
    generation = await rig.submit(GenerationRequest(ON, SOURCE))
    for _ in range(50):
        await asyncio.sleep(0)
    await rig.service.cancel(generation.id, 7)
    await rig.service.idle()
    assert rig.journal.rows[generation.id].state is State.CANCELED
    assert "in.wav" in rig.sound.discarded
