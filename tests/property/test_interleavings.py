"""Any interleaving of answers, faults, cancels and crashes ends well, and costs once.

A crash here is a process that stops between two steps, before or after a step had its effect on
the world: the journal's rows, the predictions, what people saw. Those survive; all else is gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import NoReturn

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.amounts import ServerLimits
from bot.domain.errors import (
    AudioGivenUp,
    ConnectionFailed,
    CreditMissing,
    OutputUnreachable,
    ReplicateError,
    ReplyBroken,
    ServiceFault,
    ThingUnknown,
    Throttled,
    TokenRefused,
    TooLateToCancel,
    TrackError,
)
from bot.domain.generation import AudioSource, Generation, Reply, State
from bot.domain.inputs import Inputs
from bot.domain.prediction import Prediction, UploadedFile, Webhook
from bot.domain.presets import Named
from bot.domain.presses import ButtonPress
from bot.domain.request import GenerationRequest
from bot.engine.ports import DiscordFault, Unreachable
from bot.engine.service import EngineConfig, GenerationService
from tests.examples import examples
from tests.fakes import (
    MUSICGEN,
    SUCCEEDS,
    FakeClock,
    FakeDelivery,
    FakeJournal,
    FakePredictions,
    FakeSound,
    FakeTrackStore,
    a_reply,
)

SOURCE = AudioSource("https://cdn.discordapp.com/x.wav", "x.wav", True)
FAULTS: dict[str, tuple[Exception, ...]] = {
    "create": (
        ConnectionFailed(True, "reset"),
        ConnectionFailed(False, "refused"),
        ServiceFault(502),
        ReplyBroken("<html>"),
        Throttled(4.0),
        CreditMissing(),
    ),
    "get": (
        ConnectionFailed(True, "reset"),
        ServiceFault(500),
        Throttled(2.0),
        ReplyBroken("?"),
        TokenRefused(),
        ThingUnknown("Not found."),
    ),
    "cancel": (ServiceFault(503), ConnectionFailed(True, "reset")),
    "find": (ServiceFault(500), ConnectionFailed(False, "refused"), TokenRefused()),
    "upload": (ServiceFault(503), Throttled(9.0)),
    "download": (OutputUnreachable(500),),
    "deliver": (DiscordFault(), Unreachable()),
    "end": (DiscordFault(), Unreachable()),
}
_HUNG_S = 30.0
"""A story takes milliseconds; a busy machine may take seconds for one."""
KINDS = ("crash before", "crash after", "fault", "fault after its effect", "cancel", "bring")


@dataclass(frozen=True)
class Event:
    """Something that happens at the n-th call of a port."""

    call: int
    kind: str
    choice: int


class Killed(BaseException):
    """The process is gone."""


@dataclass
class World:
    """What survives a crash, and the plan of what happens when."""

    plan: list[Event]
    journal: FakeJournal = field(default_factory=FakeJournal)
    clock: FakeClock = field(default_factory=FakeClock)
    created: list[Inputs] = field(default_factory=list[Inputs])
    shown: list[Generation] = field(default_factory=list[Generation])
    calls: int = 0
    crashed: asyncio.Event = field(default_factory=asyncio.Event)
    wishes: list[str] = field(default_factory=list[str])

    @property
    def open(self) -> bool:
        """Whether something is left to do."""
        return any(row.open for row in self.journal.rows.values())

    async def before(self, port: str) -> Event | None:
        """Count a call; what is planned for it, crashes before their effect included."""
        await asyncio.sleep(0)
        if self.crashed.is_set():
            # What a process would still do on its way out, a dead one does not.
            raise asyncio.CancelledError
        self.calls += 1
        event = next((event for event in self.plan if event.call == self.calls), None)
        if event is None:
            return None
        if event.kind == "crash before":
            await self.die()
        if event.kind in {"cancel", "bring"}:
            self.wishes.append(event.kind)
        if event.kind == "fault" and port in FAULTS:
            raise self.fault(port, event)
        return event

    async def after(self, port: str, event: Event | None) -> None:
        """Crashes and faults after the effect."""
        if event is None:
            return
        if event.kind == "crash after":
            await self.die()
        if event.kind == "fault after its effect" and port in {"create", "get", "cancel"}:
            raise ConnectionFailed(True, "reset")

    def fault(self, port: str, event: Event) -> Exception:
        return FAULTS[port][event.choice % len(FAULTS[port])]

    async def die(self) -> NoReturn:
        self.crashed.set()
        await asyncio.Event().wait()
        raise Killed


class Rows(FakeJournal):
    """The rows of the world, as one process sees them."""

    def __init__(self, world: World) -> None:
        super().__init__(beside=world.journal)
        self._world = world

    async def add(
        self,
        *takes: Generation,
        limits: ServerLimits | None = None,
        press: ButtonPress | None = None,
        named: Named[Sequence[Generation]] | None = None,
    ) -> Sequence[Generation]:
        event = await self._world.before("journal")
        added = await super().add(*takes, limits=limits, press=press, named=named)
        await self._world.after("journal", event)
        return added

    async def save(self, generation: Generation) -> None:
        event = await self._world.before("journal")
        await super().save(generation)
        await self._world.after("journal", event)


class Service(FakePredictions):
    """The service of the world: what was created stays created."""

    def __init__(self, world: World, answers: tuple[Prediction, ...]) -> None:
        super().__init__(answers=answers)
        self._world = world
        self.created = world.created

    async def create(
        self, version: str, inputs: Inputs, cancel_after_s: int, webhook: Webhook | None = None
    ) -> Prediction:
        event = await self._world.before("create")
        prediction = await super().create(version, inputs, cancel_after_s, webhook)
        await self._world.after("create", event)
        return prediction

    async def get(self, prediction_id: str) -> Prediction:
        await self._world.before("get")
        return await super().get(prediction_id)

    async def cancel(self, prediction_id: str) -> Prediction:
        event = await self._world.before("cancel")
        prediction = await super().cancel(prediction_id)
        await self._world.after("cancel", event)
        return prediction

    async def find(
        self, version: str, inputs: Inputs, created_after: datetime
    ) -> tuple[Prediction, ...]:
        await self._world.before("find")
        return await super().find(version, inputs, created_after)

    async def upload(self, path: Path, filename: str, content_type: str) -> UploadedFile:
        await self._world.before("upload")
        return await super().upload(path, filename, content_type)

    async def download(
        self, url: str, target: Path, limit_bytes: int, news: Callable[[], None]
    ) -> None:
        await self._world.before("download")


class People(FakeDelivery):
    """What people were shown last, each time."""

    def __init__(self, world: World, journal: FakeJournal) -> None:
        super().__init__(journal)
        self._world = world

    async def deliver(
        self, generation: Generation, track: Path, *, untouched: bool = False
    ) -> Reply:
        event = await self._world.before("deliver")
        self._world.shown.append(generation)
        await self._world.after("deliver", event)
        return generation.reply

    async def end(self, generation: Generation) -> None:
        event = await self._world.before("end")
        self._world.shown.append(generation)
        await self._world.after("end", event)


def a_process(world: World, answers: tuple[Prediction, ...]) -> GenerationService:
    journal = Rows(world)
    config = EngineConfig(MUSICGEN, 1500, Path("tracks"))
    predictions, people = Service(world, answers), People(world, journal)
    return GenerationService(
        config, journal, predictions, FakeSound(), people, FakeTrackStore(), world.clock
    )


async def wish(service: GenerationService, world: World) -> None:
    """Carry out the clicks of the plan, and those of a person who waits for a parked track."""
    while True:
        await asyncio.sleep(0)
        if world.wishes and world.journal.rows and world.wishes.pop() == "cancel":
            with suppress(TooLateToCancel):
                await service.cancel(next(iter(world.journal.rows)), 7)
        for waiting in await service.waiting_for(5, a_reply().channel_id):
            await service.bring(waiting, replace(a_reply(), token="fresh"))


async def live(world: World, answers: tuple[Prediction, ...], source: AudioSource | None) -> None:
    """One process after the other, until a life goes by without a crash and nothing is open."""
    for _ in range(len(world.plan) + 2):
        world.crashed.clear()
        service = a_process(world, answers)
        await service.adopt()
        started = asyncio.create_task(ask(service, world, source))
        wishing = asyncio.create_task(wish(service, world))
        while not world.crashed.is_set() and (not started.done() or world.open):  # noqa: ASYNC110 - each turn of the loop is a moment to look
            await asyncio.sleep(0)
        for task in (started, wishing):
            task.cancel()
        await service.close()
        await asyncio.gather(started, wishing, return_exceptions=True)
        if not world.crashed.is_set():
            return
    raise AssertionError("it never came to an end")


async def ask(service: GenerationService, world: World, source: AudioSource | None) -> None:
    if not world.journal.rows:
        await service.submit(GenerationRequest(Inputs(prompt="x"), source), 5, a_reply())


EVENTS = st.lists(
    st.builds(Event, st.integers(1, 40), st.sampled_from(KINDS), st.integers(0, 9)),
    max_size=8,
    unique_by=lambda event: event.call,
)
ENDS = st.sampled_from(
    [
        SUCCEEDS,
        SUCCEEDS[-1:],
        (Prediction("p1", "failed", error="CUDA"),),
        (*SUCCEEDS[:2], Prediction("p1", "pondering"), *SUCCEEDS[2:]),
        (Prediction("p1", "aborted"),),
    ]
)


@settings(max_examples=examples(300), deadline=None)
@given(EVENTS, ENDS, st.booleans())
def test_any_interleaving_ends_in_one_track_or_one_sentence_and_one_payment(
    plan: list[Event], answers: tuple[Prediction, ...], with_audio: bool
) -> None:
    async def story() -> World:
        world = World(plan)
        async with asyncio.timeout(_HUNG_S):
            await live(world, answers, SOURCE if with_audio else None)
        return world

    world = asyncio.run(story())
    [row] = world.journal.rows.values()
    assert row.state.final
    assert row.told
    assert len(world.created) <= 1, "at most one paid prediction"
    assert world.shown, "the person was told"
    last = world.shown[-1]
    assert last.state is row.state, "what they saw last is how it ended"
    if row.state is State.FAILED:
        if isinstance(row.failure, AudioGivenUp):
            crashes = [event for event in plan if event.kind.startswith("crash")]
            assert len(crashes) >= 2
            assert not world.created
        else:
            assert isinstance(row.failure, (ReplicateError, TrackError))
    if any(shown.state is State.DELIVERED for shown in world.shown):
        assert row.state is State.DELIVERED, "what was delivered stays delivered"
