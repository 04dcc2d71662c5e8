"""What the service pushes: never backwards, never believed for ever, never the only way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import ServiceFault, ThingUnknown, UserError
from bot.domain.generation import Generation, State
from bot.domain.inputs import Inputs
from bot.domain.journal_values import Push
from bot.domain.prediction import Prediction, Webhook
from bot.domain.request import GenerationRequest
from bot.engine.config import EngineConfig
from bot.engine.poller import Poller, Watch
from bot.engine.push_router import Given
from bot.engine.pushes import Pushes
from bot.engine.service import GenerationService
from tests.fakes import (
    MUSICGEN,
    NOON,
    SUCCEEDS,
    FakeClock,
    FakeDelivery,
    FakeJournal,
    FakePredictions,
    FakeSound,
    FakeTrackStore,
    a_generation,
)
from tests.unit.service_kit import Rig

LOFI = Inputs("lofi", seed=3)
STATUSES = ["starting", "processing", "succeeded", "failed", "canceled", "aborted", "new"]
pushed = st.builds(Prediction, st.just("p1"), st.sampled_from(STATUSES))


def address(generation_id: str) -> str | None:
    return f"https://bot.example.org/{generation_id}"


def a_pushed_rig(predictions: FakePredictions, journal: FakeJournal | None = None) -> Rig:
    journal, clock, sound = journal or FakeJournal(), FakeClock(), FakeSound()
    delivery = FakeDelivery(journal)
    config = EngineConfig(MUSICGEN, 1500, Path("tracks"), push_address=address)
    service = GenerationService(
        config, journal, predictions, sound, delivery, FakeTrackStore(), clock
    )
    return Rig(predictions, sound, journal, delivery, clock, service)


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - each turn of the loop is a step of the run
            await asyncio.sleep(0)


# ------------------------------------------------------------------ in which order they come


@given(st.lists(pushed, min_size=1, max_size=8), st.data())
def test_in_whatever_order_and_however_often_they_come_nothing_goes_back(
    coming: list[Prediction], data: st.DataObject
) -> None:
    watch = Watch("p1", NOON, asyncio.Event())
    reached, first_end = 0, None
    for prediction in coming:
        watch.push(prediction)
        if first_end is None and prediction.ended:
            first_end = prediction
        if data.draw(st.booleans()) and (taken := watch.take_pushed()) is not None:
            assert taken.reached >= reached
            reached = taken.reached
            if taken.ended:
                assert taken is first_end
                return
    if first_end is not None:
        assert watch.take_pushed() is first_end


def test_what_a_poll_has_told_is_not_taken_back_by_an_older_push() -> None:
    watch = Watch("p1", NOON, asyncio.Event())
    watch.learn(2)
    watch.push(Prediction("p1", "processing"))
    assert watch.take_pushed() is None
    assert not watch.news.is_set()


# ------------------------------------------------------------------ whether they come


@dataclass
class Asked:
    """A poller of a few predictions, most of them pushed."""

    clock: FakeClock = field(default_factory=FakeClock)

    def __post_init__(self) -> None:
        self.pushes = Pushes(address, self.clock)
        self.poller = Poller(FakePredictions(), self.clock, 1200, self.pushes)

    def told(self, watch: Watch, status: str) -> None:
        """A poll tells so."""
        self.poller.answered(watch, Prediction(watch.prediction_id, status))

    def push(self, status: str, prediction_id: str = "p1") -> None:
        self.pushes.came()
        self.poller.push(Prediction(prediction_id, status))


def test_there_is_little_to_ask_once_pushes_come_and_as_much_as_ever_when_one_is_missing() -> None:
    asked = Asked()
    with asked.poller.watching("p1", NOON, asyncio.Event()) as watch:
        watch.is_pushed = True
        assert asked.poller.delay_s(watch) == 1.0, "none has come yet"
        asked.push("starting")
        assert asked.poller.delay_s(watch) == asked.poller.first_delay_s(watch) == 10.0
        asked.told(watch, "processing")
        assert asked.poller.delay_s(watch) == 10.0, "the first push may have told no more"
        asked.told(watch, "succeeded")
        assert asked.poller.delay_s(watch) == 1.0
        asked.push("succeeded")
        assert asked.poller.delay_s(watch) == 10.0


def test_what_was_created_before_there_was_an_address_is_asked_about_until_it_is_pushed() -> None:
    asked = Asked()
    asked.pushes.came()
    with asked.poller.watching("old", NOON, asyncio.Event()) as watch:
        assert asked.poller.delay_s(watch) == 1.0
        asked.told(watch, "processing")
        asked.clock.pass_s(60)
        asked.told(watch, "processing")
        assert asked.pushes.come, "nobody owes a push of it"
        asked.push("processing", "old")
        assert asked.poller.delay_s(watch) == 10.0


def test_that_they_have_ceased_is_found_out_told_once_and_everyone_is_woken(
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked, others = Asked(), asyncio.Event()
    asked.pushes.came()
    with (
        caplog.at_level(logging.INFO),
        asked.poller.watching("p1", NOON, asyncio.Event()) as watch,
        asked.poller.watching("p2", NOON, others) as other,
    ):
        watch.is_pushed = other.is_pushed = True
        asked.told(watch, "processing")
        asked.clock.pass_s(9.9)
        asked.told(watch, "processing")
        assert asked.pushes.come
        assert asked.poller.delay_s(other) == 10.0
        asked.clock.pass_s(0.2)
        asked.told(watch, "processing")
        assert not asked.pushes.come
        assert others.is_set()
        assert asked.poller.delay_s(other) == 1.0
        for _ in range(5):
            asked.clock.pass_s(60)
            asked.told(watch, "processing")
        assert caplog.text.count("PUBLIC_URL") == 1
        asked.push("processing", "p2")
        assert "come again" in caplog.text
        assert asked.poller.delay_s(other) == 10.0


def test_one_that_is_lost_among_many_that_come_alarms_nobody() -> None:
    asked = Asked()
    asked.pushes.came()
    with asked.poller.watching("p1", NOON, asyncio.Event()) as watch:
        watch.is_pushed = True
        for _ in range(20):
            asked.told(watch, "processing")
            asked.clock.pass_s(5)
            asked.push("processing", "another")
        asked.told(watch, "processing")
        assert asked.pushes.come


def test_logs_are_pushed_of_a_hundred_only() -> None:
    pushes = Pushes(address, FakeClock())
    few, many = pushes.order("g", 99), pushes.order("g", 100)
    assert few == Webhook("https://bot.example.org/g", ("start", "output", "logs", "completed"))
    assert many == Webhook("https://bot.example.org/g", ("start", "completed"))
    assert Pushes(None, FakeClock()).order("g", 0) is None
    assert Pushes(lambda _: None, FakeClock()).order("g", 0) is None, "the key is not known"


# ------------------------------------------------------------------ what is done with them


async def test_a_generation_is_made_without_a_question() -> None:
    rig = a_pushed_rig(FakePredictions())
    rig.service.push_router.give("somebody's", Prediction("other", "processing"))
    made = await submitted(rig)
    async with asyncio.timeout(30):
        for answer in SUCCEEDS:
            await until(lambda: rig.journal.rows[made.id].state is State.RUNNING)
            given = rig.service.push_router.give(made.id, answer)
            assert given is Given.TAKEN
            await asyncio.sleep(0)
        await rig.service.idle()
    delivered = rig.journal.rows[made.id]
    assert (delivered.state, delivered.predict_time_s) == (State.DELIVERED, 4.2)
    assert rig.predictions.polls == 0
    assert rig.predictions.webhooks == [
        Webhook(f"https://bot.example.org/{made.id}", ("start", "output", "logs", "completed"))
    ]


async def submitted(rig: Rig) -> Generation:
    """One is under way, and no time passes by itself."""
    rig.clock.wait = lambda event, _: event.wait()  # pyright: ignore[reportAttributeAccessIssue]
    return await rig.submit(GenerationRequest(LOFI))


async def test_a_push_that_overtakes_the_creates_answer_is_not_lost() -> None:
    """The model may be done before the create is answered, if that takes its time."""

    @dataclass
    class Slow(FakePredictions):
        answer: asyncio.Event = field(default_factory=asyncio.Event)

        async def create(
            self, version: str, inputs: Inputs, cancel_after_s: int, webhook: Webhook | None = None
        ) -> Prediction:
            created = await super().create(version, inputs, cancel_after_s, webhook)
            await self.answer.wait()
            return created

    service = Slow(answers=SUCCEEDS[-1:])
    rig = a_pushed_rig(service)
    made = await submitted(rig)
    await until(lambda: service.created)
    assert rig.service.push_router.give(made.id, SUCCEEDS[-1]) is Given.TAKEN
    service.answer.set()
    async with asyncio.timeout(30):
        await rig.service.idle()
    assert rig.journal.rows[made.id].state is State.DELIVERED
    assert service.polls == 1, "it is asked about at once"


@dataclass
class Unlisted(FakePredictions):
    """A service whose creates are answered by a fault, and whose list shows nothing."""

    by_id: dict[str, Prediction | UserError] = field(
        default_factory=dict[str, Prediction | UserError]
    )
    asked: list[str] = field(default_factory=list[str])

    async def find(
        self, version: str, inputs: Inputs, created_after: datetime
    ) -> tuple[Prediction, ...]:
        await asyncio.sleep(0)
        return ()

    async def get(self, prediction_id: str) -> Prediction:
        await asyncio.sleep(0)
        self.asked.append(prediction_id)
        answer = self.by_id[prediction_id]
        if isinstance(answer, UserError):
            raise answer
        return answer


def an_unlisted(**by_id: Prediction | UserError) -> Unlisted:
    return Unlisted(on_create=ServiceFault(502), create_faults=1, by_id=by_id)


def of(generation: Generation, prediction: Prediction) -> Prediction:
    """What became of a generation's create."""
    inputs = generation.as_sent.set_values()
    return replace(prediction, version=generation.version, inputs=inputs)


async def test_a_lost_create_is_found_by_its_push_and_by_nothing_else() -> None:
    service = an_unlisted()
    rig = a_pushed_rig(service)
    made = await submitted(rig)
    service.by_id["p1"] = of(made, SUCCEEDS[-1])
    await until(lambda: rig.journal.rows[made.id].state is State.SUBMITTING)
    rig.service.push_router.give(made.id, Prediction("p1", "starting"))
    async with asyncio.timeout(30):
        await rig.service.idle()
    delivered = rig.journal.rows[made.id]
    assert (delivered.state, delivered.prediction_id) == (State.DELIVERED, "p1")
    assert len(service.created) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Prediction("theirs", "succeeded", inputs={"prompt": "lofi", "seed": 4}, version="v" * 64),
        ThingUnknown(""),
    ],
)
async def test_what_is_pushed_to_its_address_and_is_not_its_own_is_left_alone(
    answer: Prediction | UserError,
) -> None:
    """The address is not signed: what was pushed for one may be sent to another's."""
    rig = a_pushed_rig(an_unlisted(theirs=answer))
    made = a_generation(
        inputs=LOFI, state=State.SUBMITTING, submitted_at=NOON, version=MUSICGEN.main.version
    )
    await rig.journal.add_earlier(made)
    await rig.service.adopt()
    await until(lambda: rig.service._registry.get(made.id))  # pyright: ignore[reportPrivateUsage]
    rig.service.push_router.give(made.id, Prediction("theirs", "succeeded"))
    await rig.service.idle()
    assert rig.journal.rows[made.id].prediction_id is None
    assert rig.journal.rows[made.id].state is State.FAILED


async def test_while_the_service_cannot_say_whose_it_is_it_is_not_asked_without_a_pause() -> None:
    service = an_unlisted(p1=ServiceFault(500))
    rig = a_pushed_rig(service)
    made = a_generation(
        inputs=LOFI, state=State.SUBMITTING, submitted_at=NOON, version=MUSICGEN.main.version
    )
    await rig.journal.add_earlier(made)
    await rig.service.adopt()
    await until(lambda: rig.service._registry.get(made.id))  # pyright: ignore[reportPrivateUsage]
    rig.service.push_router.give(made.id, Prediction("p1", "starting"))
    began_s = rig.clock.monotonic()
    await until(lambda: len(service.asked) >= 10)
    assert rig.clock.monotonic() - began_s >= 8
    service.by_id["p1"] = of(made, SUCCEEDS[-1])
    await rig.service.idle()
    assert rig.journal.rows[made.id].state is State.DELIVERED


# ------------------------------------------------------------------ among several processes


async def test_one_processs_push_is_anothers_news() -> None:
    journal = FakeJournal(owner="follows")
    follows = a_pushed_rig(FakePredictions(answers=SUCCEEDS[-1:]), journal)
    other = a_pushed_rig(FakePredictions(), FakeJournal(beside=journal, owner="hears"))
    for rig in (follows, other):
        await rig.journal.renew(60, [])
        rig.service._context.share_between(2)  # pyright: ignore[reportPrivateUsage]
    made = await submitted(follows)
    passing = asyncio.create_task(other.service.push_router.keep_passing_on())
    await until(lambda: journal.rows[made.id].state is State.RUNNING)
    polls_before = follows.predictions.polls
    for answer in (*SUCCEEDS, *SUCCEEDS):
        assert other.service.push_router.give(made.id, answer) is Given.PASSED_ON
    await until(lambda: journal.tables.pushes)
    looking = asyncio.create_task(follows.service.push_router.keep_looking())
    async with asyncio.timeout(30):
        await follows.service.idle()
    assert journal.rows[made.id].state is State.DELIVERED
    assert follows.predictions.polls - polls_before <= 1
    for task in (passing, looking):
        task.cancel()
    await asyncio.gather(passing, looking, return_exceptions=True)


async def test_of_a_predictions_many_lines_one_word_is_passed_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = a_pushed_rig(FakePredictions())
    rig.service._context.share_between(2)  # pyright: ignore[reportPrivateUsage]
    words: list[Push] = []

    async def pass_on(*told: Push) -> None:
        words.extend(told)
        await asyncio.sleep(0)

    monkeypatch.setattr(rig.journal, "pass_on", pass_on)
    passing = asyncio.create_task(rig.service.push_router.keep_passing_on())
    for status in ("starting", *["processing"] * 50, "succeeded", "succeeded"):
        rig.service.push_router.give("g", Prediction("p1", status))
        for _ in range(3):
            await asyncio.sleep(0)
    assert words == [Push("p1", "g")] * 2, "that it has begun, and that it has ended"
    passing.cancel()
    await asyncio.gather(passing, return_exceptions=True)


async def test_alone_what_is_unknown_is_nobodys() -> None:
    rig = a_pushed_rig(FakePredictions())
    assert rig.service.push_router.give("g", Prediction("p1", "succeeded")) is Given.UNKNOWN
