from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.errors import ServiceFault
from bot.domain.generation import State
from bot.domain.inputs import Inputs
from bot.domain.prediction import Prediction
from bot.domain.progress import Stage
from bot.domain.request import GenerationRequest
from bot.engine.poller import Poller, Watch
from tests.fakes import NOON, FakeClock, FakePredictions
from tests.unit.service_kit import a_rig

PAGE = 100


class Listed(FakePredictions):
    """A service with a list, newest first, that says which predictions have ended."""

    def __init__(self, ids: Sequence[str] = ()) -> None:
        super().__init__()
        self.ids = list(ids)
        self.over: set[str] = set()
        self.running: set[str] = set()
        self.faults: list[Exception] = []
        self.looks: list[int] = []
        """How many pages each look has taken."""
        self.asked_since: list[datetime] = []

    async def pages(self, created_after: datetime) -> AsyncGenerator[tuple[Prediction, ...], None]:
        self.looks.append(0)
        self.asked_since.append(created_after)
        if self.faults:
            raise self.faults.pop(0)
        for start in range(0, len(self.ids), PAGE):
            self.looks[-1] += 1
            yield tuple(
                Prediction(
                    name,
                    "succeeded"
                    if name in self.over
                    else "processing"
                    if name in self.running
                    else "starting",
                )
                for name in self.ids[start : start + PAGE]
            )


class Waits(FakeClock):
    """Remembers every wait."""

    def __init__(self) -> None:
        super().__init__()
        self.waits_s: list[float] = []

    async def sleep(self, delay_s: float) -> None:
        self.waits_s.append(delay_s)
        await super().sleep(delay_s)


@asynccontextmanager
async def sweeping(
    poller: Poller, events: dict[str, asyncio.Event], created_at: datetime = NOON
) -> AsyncGenerator[None, None]:
    """Watch them all, and sweep meanwhile."""
    async with AsyncExitStack() as stack:
        for name, event in events.items():
            stack.enter_context(poller.watching(name, created_at, event))
        sweep = asyncio.create_task(poller.sweep())
        yield
        sweep.cancel()
        await asyncio.gather(sweep, return_exceptions=True)


async def looked(service: Listed, times: int) -> None:
    async with asyncio.timeout(30):
        while len(service.looks) < times:  # noqa: ASYNC110 - each turn of the loop is a moment to look
            await asyncio.sleep(0)


def events_of(ids: Sequence[str]) -> dict[str, asyncio.Event]:
    return {name: asyncio.Event() for name in ids}


def watched(
    poller: Poller, stack: ExitStack, count: int, created_at: datetime = NOON
) -> list[Watch]:
    first = len(poller._watches)  # pyright: ignore[reportPrivateUsage] - names them
    return [
        stack.enter_context(poller.watching(f"p{first + number}", created_at, asyncio.Event()))
        for number in range(count)
    ]


def test_a_few_are_asked_about_once_a_second_many_share_the_budget() -> None:
    poller = Poller(Listed(), FakeClock(), requests_per_minute=1200)
    with ExitStack() as stack:
        [watch, *_] = watched(poller, stack, 10)
        assert poller.delay_s(watch) == 1.0
        watched(poller, stack, 190)
        alone_s = poller.delay_s(watch)
        assert 200 / alone_s <= 1200 / 60 * 0.5
        poller.members = 4
        assert poller.delay_s(watch) == 4 * alone_s
    assert poller.delay_s(watch) == 1.0


@pytest.mark.parametrize(("per_minute", "members"), [(30, 1), (240, 4), (1200, 40)])
def test_few_keep_to_a_small_share_too(per_minute: int, members: int) -> None:
    service = Listed()
    poller = Poller(service, FakeClock(), per_minute)
    poller.members = members
    assert service.members == members, "the client spends by the same number"
    with ExitStack() as stack:
        [watch, *_] = watched(poller, stack, 10)
        assert 10 / poller.delay_s(watch) <= per_minute / 60 / members


async def test_of_thousands_those_that_run_are_asked_about_and_the_budget_is_kept() -> None:
    count, running, per_s = 10_000, 300, 40.0
    service, clock = Listed([f"p{number}" for number in range(count)]), Waits()
    service.running = {f"p{number}" for number in range(running)}
    poller = Poller(service, clock, int(per_s * 60))
    with ExitStack() as stack:
        watches = watched(poller, stack, count)
        firsts_s = [poller.first_delay_s(watches[0]) for _ in range(1000)]
        assert max(firsts_s) > 100, "those taken up at once are spread"
        assert min(firsts_s) < 100
        pause_s = await poller._look()  # pyright: ignore[reportPrivateUsage] - one look, and no more
        assert [watch.is_running for watch in watches] == [n < running for n in range(count)]
        assert all(watch.news.is_set() == watch.is_running for watch in watches)
        asked_per_s = sum(1 / poller.delay_s(watch) for watch in watches)
        assert service.looks == [100]
        assert asked_per_s + 100 / pause_s <= per_s * 0.9
        assert poller.delay_s(watches[0]) < 30
        assert pause_s <= 5.0, "an end is known by then, at the latest"
        clock.pass_s(100)
        assert poller.delay_s(watches[-1]) < 1000, "a list that cannot be read tells nothing"
    assert poller.delay_s(watches[0]) == 1.0, "who has left is not counted"


@pytest.mark.parametrize(
    ("running", "pause_s"), [(11, 0.25), (200, 0.25), (500, 0.25), (3000, 1.5)]
)
async def test_an_end_is_known_soon(running: int, pause_s: float) -> None:
    """Of a burst that ends at once, most of what people wait for at ours is this look."""
    service = Listed([f"p{number}" for number in range(running)])
    poller = Poller(service, FakeClock(), 2400)
    with ExitStack() as stack:
        watched(poller, stack, running)
        assert await poller._look() == pause_s  # pyright: ignore[reportPrivateUsage] - one look, and no more
        assert sum(service.looks) / pause_s <= 2400 / 60 / 2


async def test_when_few_are_left_they_ask_for_themselves() -> None:
    poller = Poller(Listed(), FakeClock(), 2400)
    with ExitStack() as few:
        left = watched(poller, few, 10)
        with ExitStack() as many:
            watched(poller, many, 500)
            assert poller.delay_s(left[0]) > 10
            assert not left[0].news.is_set()
        assert all(watch.news.is_set() for watch in left)
        assert poller.delay_s(left[0]) == 1.0


async def test_the_list_wakes_those_that_have_ended_and_nobody_else() -> None:
    ids = [f"p{number}" for number in range(20)]
    service, events = Listed([*ids, "somebody else's"]), events_of(ids)
    service.over = {"p3", "p7", "somebody else's"}
    async with sweeping(Poller(service, FakeClock(), 1200), events), asyncio.timeout(30):
        await events["p3"].wait()
        await events["p7"].wait()
        assert [name for name, event in events.items() if event.is_set()] == ["p3", "p7"]
    assert service.asked_since[0] < NOON, "the clocks may differ"


@pytest.mark.parametrize("fault", [ServiceFault(503), ValueError("a bug")])
async def test_no_fault_ends_the_sweep(fault: Exception, caplog: pytest.LogCaptureFixture) -> None:
    ids = [f"p{number}" for number in range(20)]
    service, events = Listed(ids), events_of(ids)
    service.faults, service.over = [fault], {"p3"}
    with caplog.at_level(logging.WARNING):
        async with sweeping(Poller(service, FakeClock(), 1200), events), asyncio.timeout(30):
            await events["p3"].wait()
    assert repr(fault) in caplog.text or str(fault) in caplog.text


async def test_a_sweep_that_finds_everyone_gone_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """They may all leave between the moment they are many and the look."""
    ids = [f"p{number}" for number in range(11)]
    service = Listed(ids)
    poller = Poller(service, FakeClock(), 1200)
    sweep = asyncio.create_task(poller.sweep())
    for _ in range(5):
        await asyncio.sleep(0)
    with ExitStack() as stack:
        for name in ids:
            stack.enter_context(poller.watching(name, NOON, asyncio.Event()))
    await asyncio.sleep(0)
    assert service.looks == []
    events = events_of(ids)
    service.over = {"p3"}
    with ExitStack() as again:
        for name, event in events.items():
            again.enter_context(poller.watching(name, NOON, event))
        async with asyncio.timeout(30):
            await events["p3"].wait()
    sweep.cancel()
    await asyncio.gather(sweep, return_exceptions=True)
    assert caplog.text == ""


async def test_the_list_is_read_no_further_than_to_the_last_that_is_watched() -> None:
    ids = [f"p{number}" for number in range(50)]
    service = Listed([*ids, *(f"old{number}" for number in range(4500))])
    async with sweeping(Poller(service, FakeClock(), 1200), events_of(ids)):
        await looked(service, 3)
    assert service.looks[:2] == [1, 1]


async def test_one_far_behind_is_left_to_its_own_polls() -> None:
    ids = [f"p{number}" for number in range(100)]
    service = Listed([*ids[:99], *(f"other{number}" for number in range(4500)), ids[99]])
    events, clock = events_of(ids[:99]), Waits()
    poller = Poller(service, clock, 60)
    with poller.watching(ids[99], NOON - timedelta(minutes=30), asyncio.Event()):
        async with sweeping(poller, events):
            await looked(service, 4)
    first, *rest = service.looks[:3]
    assert first <= 3
    assert rest == [1, 1]
    assert service.asked_since[1] > NOON - timedelta(minutes=3)
    assert clock.waits_s[0] == pytest.approx(first / 0.5), "a pause by the requests really made"
    assert clock.waits_s[1] == pytest.approx(1 / 0.5)


async def test_nothing_is_listed_while_few_run() -> None:
    service = Listed()
    async with sweeping(Poller(service, FakeClock(), 1200), events_of(["p1"])):
        for _ in range(20):
            await asyncio.sleep(0)
    assert service.looks == []


OUTPUT = "https://replicate.delivery/x/out.wav"
ALL_TOLD = [
    Prediction("p3", "succeeded", output_url=OUTPUT),
    Prediction("p3", "failed", error="CUDA out of memory (E1001)"),
    Prediction("p3", "canceled"),
    Prediction("p3", "aborted"),
]
NOT_ALL = [Prediction("p3", "succeeded"), Prediction("p3", "failed", error="")]


@pytest.mark.parametrize("item", [*ALL_TOLD, *NOT_ALL])
async def test_an_item_of_the_list_is_an_answer_where_it_tells_all(item: Prediction) -> None:
    class Telling(Listed):
        async def pages(
            self, created_after: datetime
        ) -> AsyncGenerator[tuple[Prediction, ...], None]:
            yield (item,)

    events = events_of([f"p{number}" for number in range(20)])
    poller = Poller(Telling(), FakeClock(), 1200)
    async with sweeping(poller, events), asyncio.timeout(30):
        await events["p3"].wait()
    with ExitStack() as stack:
        watches = [
            stack.enter_context(poller.watching(name, NOON, event))
            for name, event in events.items()
        ]
        await poller._look()  # pyright: ignore[reportPrivateUsage] - one look, and no more
    assert watches[3].ended == (item if item in ALL_TOLD else None)


@pytest.mark.parametrize(("seed", "asked"), [(7, 0), (None, 0), (0, 1)])
async def test_what_the_list_has_told_is_not_asked_for(seed: int | None, asked: int) -> None:
    """But for a seed of 0: which one the model drew stands in the logs, which a list has not."""
    ended = Prediction("p1", "succeeded", output_url=OUTPUT, predict_time_s=4.2)
    rig = a_rig(FakePredictions(answers=(replace(ended, logs="Using seed 9\n"),)))

    @contextmanager
    def told(
        prediction_id: str, created_at: datetime, news: asyncio.Event
    ) -> Generator[Watch, None, None]:
        yield Watch(prediction_id, created_at, news, ended)

    rig.service._context.poller.watching = told  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
    delivered = await rig.run(Inputs("house", seed=seed))
    assert delivered.state is State.DELIVERED
    assert delivered.predict_time_s == 4.2
    assert rig.predictions.polls == asked
    assert delivered.seed == (9 if seed == 0 else delivered.inputs.seed)


async def test_that_it_runs_is_shown_as_the_list_tells_it_without_a_question() -> None:
    """Nor is it asked about for any other reason than time, such as a new reply."""
    rig = a_rig(FakePredictions(answers=(Prediction("p1", "starting"),)))
    watches: list[Watch] = []

    @contextmanager
    def listed(
        prediction_id: str, created_at: datetime, news: asyncio.Event
    ) -> Generator[Watch, None, None]:
        watches.append(Watch(prediction_id, created_at, news))
        yield watches[0]

    poller = rig.service._context.poller  # pyright: ignore[reportPrivateUsage]
    poller.watching = listed  # pyright: ignore[reportAttributeAccessIssue]
    poller.delay_s = lambda _: 3600.0  # pyright: ignore[reportAttributeAccessIssue]
    rig.clock.wait = lambda event, _: event.wait()  # pyright: ignore[reportAttributeAccessIssue]
    await rig.submit(GenerationRequest(Inputs("house", seed=7)))
    async with asyncio.timeout(30):
        while not rig.delivery.shown:  # noqa: ASYNC110 - each turn of the loop is a step of the run
            await asyncio.sleep(0)
        watches[0].is_running = True
        watches[0].news.set()
        while rig.delivery.shown[-1][1].stage is not Stage.LOADING:  # noqa: ASYNC110 - the same
            await asyncio.sleep(0)
    assert rig.predictions.polls == 1
    await rig.service.close()
