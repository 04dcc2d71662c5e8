from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.errors import (
    AccessLost,
    AudioPromptTooLong,
    CanceledElsewhere,
    ConnectionFailed,
    CreditMissing,
    GenerationUnknown,
    InputRefused,
    InternalFault,
    NotAudio,
    OutputExpired,
    OutputMissing,
    OutputUnreachable,
    PredictionAborted,
    PredictionFailed,
    PredictionOverdue,
    ReplicateError,
    ReplyBroken,
    ServiceFault,
    ShuttingDown,
    SubmitUncertain,
    Throttled,
    TooLateToCancel,
    UserError,
)
from bot.domain.generation import AudioSource, Generation, State
from bot.domain.inputs import SEED_MAX, Inputs
from bot.domain.prediction import Prediction
from bot.domain.progress import Stage
from bot.domain.request import GenerationRequest
from bot.domain.waits import Hindered
from bot.engine.job import Job
from bot.engine.ports import InputAudio
from bot.engine.states.outages import obstacle_of
from tests.fakes import (
    SUCCEEDS,
    FakePredictions,
    FakeSound,
    a_generation,
    a_reply,
)
from tests.unit.service_kit import SOURCE, Rig, a_rig


async def test_from_words_to_a_delivered_track() -> None:
    rig = a_rig()
    generation = await rig.run(Inputs(prompt="lofi", top_p=0.0))
    assert rig.states == [
        State.ACCEPTED,
        State.QUEUED,
        State.SUBMITTING,
        State.RUNNING,
        State.COLLECTING,
        State.DELIVERING,
        State.DELIVERED,
    ]
    assert generation.told
    assert generation.predict_time_s == 4.2
    [sent] = rig.predictions.created
    assert sent.set_values() == {"prompt": "lofi", "top_p": 0.0, "seed": sent.seed}
    assert [delivered.id for delivered in rig.delivery.delivered] == [generation.id]
    assert rig.delivery.ended == []
    assert rig.sound.labelled == rig.sound.discarded == [f"{generation.id}.wav"]


async def test_progress_is_shown_from_the_logs() -> None:
    rig = a_rig()
    await rig.run(Inputs(prompt="lofi"))
    shown = [(progress.stage, progress.fraction) for _, progress in rig.delivery.shown]
    assert shown[0] == (Stage.STARTING, None), "who waits for nobody is not told to wait"
    assert (Stage.LOADING, None) in shown
    assert (Stage.GENERATING, 0.25) in shown
    assert (Stage.GENERATING, 0.75) in shown
    assert shown[-2:] == [(Stage.FETCHING, None), (Stage.FINISHING, None)]


async def test_a_seed_is_drawn_where_none_is_given_and_shown_from_the_first_edit() -> None:
    rig = a_rig()
    await rig.run(Inputs(prompt="lofi"))
    seeds = {generation.inputs.seed for generation, _ in rig.delivery.shown}
    [seed] = seeds
    assert seed is not None
    assert 1 <= seed <= SEED_MAX


class Expecting(FakeSound):
    """Counts the tracks that are coming."""

    coming = 0

    def __init__(self) -> None:
        super().__init__()
        self.seen = list[int]()

    @contextmanager
    def track_coming(self) -> Generator[None]:
        self.coming += 1
        yield
        self.coming -= 1


async def test_while_the_model_runs_what_labels_its_track_is_made_ready() -> None:
    rig = a_rig(sound=(sound := Expecting()))
    asked = rig.predictions.get

    async def get(prediction_id: str) -> Prediction:
        sound.seen.append(sound.coming)
        return await asked(prediction_id)

    rig.predictions.get = get
    await rig.run(Inputs(prompt="lofi"))
    assert set(sound.seen) == {1}
    assert sound.coming == 0, "it has come"


async def test_seed_zero_is_sent_and_the_one_the_model_drew_is_told() -> None:
    rig = a_rig()
    generation = await rig.run(Inputs(prompt="lofi", seed=0))
    assert rig.predictions.created[0].seed == 0
    assert generation.seed == 7


async def test_input_audio_is_taken_in_measured_and_uploaded() -> None:
    rig = a_rig()
    generation = await rig.run(Inputs(prompt="on", continuation=True), SOURCE)
    assert rig.predictions.created[0].input_audio == "https://api.replicate.com/v1/files/x.wav"
    assert generation.audio_s == 4.0
    assert "in.wav" in rig.sound.discarded


@pytest.mark.parametrize(
    ("sound", "refusal"),
    [
        (FakeSound(refusal=NotAudio()), NotAudio),
        (FakeSound(duration_s=8.0), AudioPromptTooLong),
    ],
)
async def test_input_audio_that_does_not_do_costs_nothing(
    sound: FakeSound, refusal: type[UserError]
) -> None:
    rig = a_rig(sound=sound)
    generation = await rig.run(Inputs(prompt="on", continuation=True), SOURCE)
    assert generation.state is State.FAILED
    assert isinstance(generation.failure, refusal)
    assert rig.predictions.created == []
    assert [ended.id for ended in rig.delivery.ended] == [generation.id]
    assert generation.told


@pytest.mark.parametrize(
    ("end", "failure"),
    [
        (Prediction("p1", "failed", error="CUDA out of memory"), PredictionFailed),
        (Prediction("p1", "failed"), PredictionFailed),
        (Prediction("p1", "aborted"), PredictionAborted),
        (Prediction("p1", "canceled"), CanceledElsewhere),
        (Prediction("p1", "succeeded"), OutputMissing),
        (Prediction("p1", "succeeded", data_removed=True), OutputExpired),
        (InputRefused("no"), AccessLost),
    ],
)
async def test_every_bad_end_is_told(end: Prediction | UserError, failure: type[UserError]) -> None:
    rig = a_rig(FakePredictions(answers=(SUCCEEDS[0], end)))
    generation = await rig.run(Inputs(prompt="lofi"))
    assert generation.state is State.FAILED
    assert isinstance(generation.failure, failure)
    assert generation.told
    assert len(rig.delivery.ended) == 1


async def test_an_unknown_status_is_waited_out() -> None:
    rig = a_rig(FakePredictions(answers=(Prediction("p1", "pondering"), *SUCCEEDS)))
    assert (await rig.run(Inputs(prompt="lofi"))).state is State.DELIVERED


async def test_a_prediction_that_never_ends_is_given_up() -> None:
    rig = a_rig(FakePredictions(answers=(Prediction("p1", "processing"),)))
    generation = await rig.run(Inputs(prompt="lofi"))
    assert isinstance(generation.failure, PredictionOverdue)


@pytest.mark.parametrize(
    "fault",
    [ConnectionFailed(True, "reset"), ServiceFault(503), Throttled(3.0), ReplyBroken("<html>")],
)
async def test_polling_goes_on_through_passing_faults(fault: ReplicateError) -> None:
    rig = a_rig(FakePredictions(answers=(SUCCEEDS[0], fault, fault, *SUCCEEDS)))
    assert (await rig.run(Inputs(prompt="lofi"))).state is State.DELIVERED
    obstacles = {p.wait.obstacle for _, p in rig.delivery.shown if isinstance(p.wait, Hindered)}
    assert obstacles == {obstacle_of(fault)}
    assert rig.delivery.shown[-1][1].wait is None


@pytest.mark.parametrize("error", [Throttled(20.0), ConnectionFailed(False, "refused")])
async def test_a_create_that_surely_was_not_taken_is_tried_again(error: UserError) -> None:
    rig = a_rig(FakePredictions(on_create=error, arrives=False, create_faults=3))
    generation = await rig.run(Inputs(prompt="lofi"))
    assert generation.state is State.DELIVERED
    assert len(rig.predictions.created) == 1


@pytest.mark.parametrize("error", [Throttled(None), ConnectionFailed(False, "refused")])
async def test_after_an_hour_a_create_is_given_up(error: UserError) -> None:
    rig = a_rig(FakePredictions(on_create=error, arrives=False))
    generation = await rig.run(Inputs(prompt="lofi"))
    assert generation.failure is error
    assert rig.clock.now() - generation.created_at >= timedelta(hours=1)


async def test_a_throttled_create_can_be_canceled() -> None:
    rig = a_rig(FakePredictions(on_create=Throttled(20.0), arrives=False))
    refused = cancel_at(rig, State.SUBMITTING)
    generation = await rig.run(Inputs(prompt="lofi"))
    assert refused() == []
    assert generation.state is State.CANCELED
    assert rig.predictions.created == []


@pytest.mark.parametrize("error", [CreditMissing(), InputRefused("bad")])
async def test_a_refused_create_ends_at_once(error: UserError) -> None:
    rig = a_rig(FakePredictions(on_create=error, arrives=False))
    generation = await rig.run(Inputs(prompt="lofi"))
    assert generation.failure is error
    assert rig.predictions.created == []


@pytest.mark.parametrize(
    "error", [ConnectionFailed(True, "reset"), ServiceFault(502), ReplyBroken("?")]
)
async def test_a_create_cut_off_is_found_again_and_never_sent_twice(error: UserError) -> None:
    rig = a_rig(FakePredictions(on_create=error, on_find=[ServiceFault(500)]))
    generation = await rig.run(Inputs(prompt="lofi"))
    assert generation.state is State.DELIVERED
    assert generation.prediction_id == "p1"
    assert len(rig.predictions.created) == 1


async def test_a_create_that_never_arrived_ends_in_a_sentence() -> None:
    rig = a_rig(FakePredictions(on_create=ConnectionFailed(True, "reset"), arrives=False))
    generation = await rig.run(Inputs(prompt="lofi"))
    assert isinstance(generation.failure, SubmitUncertain)
    assert rig.predictions.created == []


async def test_another_generations_prediction_is_not_taken_for_ours() -> None:
    """The same person asked for the same seed and words before, and that one is known."""
    rig = a_rig(FakePredictions(on_create=ConnectionFailed(True, "reset"), arrives=False))
    inputs = Inputs(prompt="lofi", seed=3)
    await rig.journal.add_earlier(a_generation(id="earlier", prediction_id="p1", told=True))
    rig.predictions.created.append(inputs)
    assert isinstance((await rig.run(inputs)).failure, SubmitUncertain)


async def test_a_lost_download_is_told() -> None:
    rig = a_rig(FakePredictions(on_download=OutputUnreachable(None)))
    assert isinstance((await rig.run(Inputs(prompt="lofi"))).failure, OutputUnreachable)


async def test_a_track_lost_from_disk_is_fetched_again() -> None:
    rig = a_rig()
    rig.delivery.on_deliver.append(FileNotFoundError())
    assert (await rig.run(Inputs(prompt="lofi"))).state is State.DELIVERED
    assert len(rig.delivery.delivered) == 1


async def test_a_fault_of_ours_is_told_without_its_details(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Faulty(FakeSound):
        async def take_in(self, source: AudioSource, limit_bytes: int) -> InputAudio:
            raise ZeroDivisionError("a bug")

    rig = a_rig(sound=Faulty())
    generation = await rig.run(Inputs(prompt="lofi", continuation=True), SOURCE)
    assert isinstance(generation.failure, InternalFault)
    assert "a bug" in caplog.text


# ------------------------------------------------------------------ cancel


def cancel_at(rig: Rig, state: State) -> Callable[[], list[str]]:
    """Press Cancel as soon as `state` is journalled; the names of what went wrong."""
    refused: list[str] = []
    tasks: list[asyncio.Task[None]] = []
    save = rig.journal.save

    async def press(generation_id: str) -> None:
        try:
            await rig.service.cancel(generation_id, 7)
        except TooLateToCancel as error:
            refused.append(type(error).__name__)

    async def watched(generation: Generation) -> None:
        await save(generation)
        if generation.state is state and not tasks:
            tasks.append(asyncio.create_task(press(generation.id)))
            await asyncio.sleep(0)

    rig.journal.save = watched
    return lambda: refused


@pytest.mark.parametrize("state", [State.QUEUED, State.SUBMITTING, State.RUNNING, State.COLLECTING])
async def test_cancel_works_at_every_stage_before_the_upload(state: State) -> None:
    rig = a_rig()
    refused = cancel_at(rig, state)
    generation = await rig.run(Inputs(prompt="lofi"), SOURCE)
    assert refused() == []
    assert generation.state is State.CANCELED
    assert generation.told
    assert rig.delivery.delivered == []
    if state in {State.SUBMITTING, State.RUNNING}:
        assert rig.predictions.canceled == ["p1"]
    if state is State.QUEUED:
        assert rig.predictions.created == []


async def test_cancel_while_the_input_audio_is_fetched() -> None:
    class Slow(FakeSound):
        async def take_in(self, source: AudioSource, limit_bytes: int) -> object:  # type: ignore[override]
            return await asyncio.Event().wait()

    rig = a_rig(sound=Slow())
    generation = await rig.submit(GenerationRequest(Inputs(prompt="x"), SOURCE))
    await asyncio.sleep(0)
    await rig.service.cancel(generation.id, 7)
    await rig.service.idle()
    assert rig.journal.rows[generation.id].state is State.CANCELED


async def test_cancel_is_too_late_during_the_upload_and_after() -> None:
    rig = a_rig()
    refused = cancel_at(rig, State.DELIVERING)
    generation = await rig.run(Inputs(prompt="lofi"))
    assert generation.state is State.DELIVERED
    assert refused() == ["TooLateToCancel"]
    with pytest.raises(TooLateToCancel):
        await rig.service.cancel(generation.id, 7)


async def test_what_the_journal_does_not_know_cannot_be_canceled() -> None:
    with pytest.raises(GenerationUnknown):
        await a_rig().service.cancel("unknown-gene", 7)


# ------------------------------------------------------------------ restart


@pytest.mark.parametrize("state", [state for state in State if not state.final])
async def test_every_open_state_is_taken_up_where_its_row_stands(state: State) -> None:
    rig = a_rig()
    known = state in {State.RUNNING, State.COLLECTING, State.DELIVERING}
    sent = known or state is State.SUBMITTING
    generation = a_generation(
        state=state,
        prediction_id="p1" if known else None,
        track_path="tracks/abcdefghijkl.wav" if state is State.DELIVERING else None,
    )
    if sent:
        rig.predictions.created.append(generation.inputs)
    if known:
        rig.predictions.answers = SUCCEEDS[-1:]
    await rig.journal.add_earlier(generation)
    assert await rig.service.adopt() == 1
    await rig.service.idle()
    assert rig.journal.rows[generation.id].state is State.DELIVERED
    assert len(rig.predictions.created) == 1, "at most one paid prediction"
    assert len(rig.delivery.delivered) == 1


async def test_an_end_that_nobody_was_told_of_is_told_after_a_restart() -> None:
    rig = a_rig()
    await rig.journal.add_earlier(a_generation(state=State.FAILED, failure=PredictionFailed("x")))
    await rig.journal.add_earlier(a_generation(id="b" * 12, state=State.CANCELED, told=True))
    assert await rig.service.adopt() == 1
    await rig.service.idle()
    assert [ended.id for ended in rig.delivery.ended] == ["abcdefghijkl"]
    assert rig.journal.rows["abcdefghijkl"].told


async def test_closing_lets_go_of_runs_and_takes_no_more() -> None:
    rig = a_rig(FakePredictions(answers=(Prediction("p1", "processing"),)))
    rig.clock.wait = lambda event, timeout_s: event.wait()  # type: ignore[method-assign]  # pyright: ignore[reportAttributeAccessIssue] - waits for good
    generation = await rig.submit(GenerationRequest(Inputs(prompt="x")))
    for _ in range(20):
        await asyncio.sleep(0)
    assert rig.journal.rows[generation.id].state is State.RUNNING
    await rig.service.close()
    assert rig.journal.rows[generation.id].state is State.RUNNING
    assert rig.predictions.canceled == []
    with pytest.raises(ShuttingDown):
        rig.service.check(GenerationRequest(Inputs(prompt="x")))


async def test_a_dead_journal_still_ends_in_a_sentence() -> None:
    rig = a_rig()

    async def broken(generation: Generation) -> None:
        raise OSError("disk full")

    rig.journal.save = broken
    await rig.submit(GenerationRequest(Inputs(prompt="x")))
    await rig.service.idle()
    [ended] = rig.delivery.ended
    assert isinstance(ended.failure, InternalFault)
    assert rig.predictions.created == [], "nothing is paid for what cannot be written down"


class Unlooked(dict[str, Job]):
    """The runs of thousands: a command that went through them all would hold up everybody's."""

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("all of them were looked at")

    keys = values = items = __iter__  # pyright: ignore[reportAssignmentType] - none of them returns


async def test_a_command_looks_at_no_other_persons_generation() -> None:
    rig = a_rig()
    service = rig.service
    jobs = Unlooked()
    service._registry._jobs = jobs  # pyright: ignore[reportPrivateUsage] - see above
    [generation] = await service.submit(GenerationRequest(Inputs("house")), 5, a_reply())
    assert await service.waiting_for(5, generation.reply.channel_id) == []
    await service.idle()
    assert rig.journal.rows[generation.id].state is State.DELIVERED


async def test_what_may_follow_a_track_does_so_once_it_is_delivered_and_before_its_file_goes() -> (
    None
):
    rig = a_rig()
    there: list[bool] = []
    follow_up = rig.delivery.follow_up

    async def watched(generation: Generation, track: Path) -> None:
        there.append(track.name not in rig.sound.discarded)
        await follow_up(generation, track)

    rig.delivery.follow_up = watched
    delivered = await rig.run(Inputs("house"))
    assert rig.delivery.followed_up == [delivered.id]
    assert there == [True]
    assert Path(delivered.track_path or "").name in rig.sound.discarded
