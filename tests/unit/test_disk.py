"""The disk gives way: what is paid waits for it, and nothing new is begun meanwhile."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.derive import extension
from bot.domain.errors import (
    AudioBeyondRoom,
    DiskUnusable,
    GaveWay,
    JournalFault,
    OutputTooLarge,
    TrackNotStored,
    UserError,
)
from bot.domain.generation import Generation, State
from bot.domain.inputs import Inputs
from bot.domain.request import GenerationRequest
from bot.domain.waits import ForRoom, Hindered, Obstacle
from bot.engine.disk_ledger import Standing
from bot.engine.ports import InputAudio
from bot.engine.troubles import Task
from tests.fakes import FakePredictions, FakeSound, FakeTrackStore, a_generation, a_reply
from tests.unit.service_kit import SOURCE, a_rig

FULL = OSError(errno.ENOSPC, "No space left on device")
FAULTS = {
    errno.ENOSPC: Obstacle.DISK_FULL,
    errno.EDQUOT: Obstacle.DISK_FULL,
    errno.EFBIG: Obstacle.DISK_FULL,
    errno.EROFS: Obstacle.DISK_FAULT,
    errno.EACCES: Obstacle.DISK_FAULT,
    errno.EIO: Obstacle.DISK_FAULT,
}
EXTEND = extension(a_generation(inputs=Inputs("lofi", model_version="large", seed=3)), SOURCE, 10)


def a_request(**inputs: object) -> GenerationRequest:
    return GenerationRequest(Inputs(prompt="lofi", **inputs))  # pyright: ignore[reportArgumentType] - fields by name


def failing(times: int, error: OSError, work: Callable[..., object]) -> Callable[..., object]:
    """The same, once it has failed so often."""
    left = [error] * times

    async def broken(*args: object) -> object:
        if left:
            raise left.pop()
        return await work(*args)  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType] - handed on

    return broken


@pytest.mark.parametrize("number", FAULTS)
async def test_nothing_new_is_begun_while_the_disk_takes_nothing(number: int) -> None:
    rig = a_rig(track_store=(track_store := FakeTrackStore(fault=OSError(number, "no"))))
    await rig.service.start()
    with pytest.raises(DiskUnusable) as caught:
        await rig.submit(a_request())
    assert caught.value.full == (FAULTS[number] is Obstacle.DISK_FULL)
    assert [trouble.obstacle for trouble in rig.service.troubles.current] == [FAULTS[number]]
    assert rig.journal.rows == {}
    track_store.fault = None
    await rig.service.lease_keeper.keep_disk()
    assert rig.service.troubles.current == ()
    await rig.submit(a_request())
    await rig.service.close()


async def test_nothing_is_begun_that_there_is_no_room_for() -> None:
    rig = a_rig(track_store=FakeTrackStore(free_bytes=4_000_000))
    await rig.service.start()
    with pytest.raises(DiskUnusable):
        await rig.submit(a_request(duration=30))
    with pytest.raises(DiskUnusable):
        await rig.service.submit(a_request(duration=8), 5, a_reply(), takes=3)
    await rig.submit(a_request(duration=8))
    await rig.service.close()


async def test_a_journal_on_a_full_disk_refuses_by_the_disks_name() -> None:
    rig = a_rig(track_store=(track_store := FakeTrackStore()))

    async def no_room(*_: Generation, **__: object) -> None:
        track_store.fault = FULL
        raise JournalFault("database or disk is full")

    rig.journal.add = no_room  # type: ignore[method-assign]
    with pytest.raises(DiskUnusable):
        await rig.submit(a_request())


@pytest.mark.parametrize("where", ["download", "label", "join"])
@pytest.mark.parametrize("number", FAULTS)
async def test_what_is_paid_waits_for_the_disk_and_says_so(number: int, where: str) -> None:
    sound, predictions = FakeSound(), FakePredictions()
    rig = a_rig(predictions, sound)
    owner = predictions if where == "download" else sound
    setattr(owner, where, failing(3, OSError(number, "no"), getattr(owner, where)))
    request_ = EXTEND if where == "join" else a_request()
    generation = await rig.submit(request_)
    await rig.service.idle()
    assert rig.journal.rows[generation.id].state is State.DELIVERED
    assert len(predictions.created) == 1
    obstacles = [p.wait.obstacle for _, p in rig.delivery.shown if isinstance(p.wait, Hindered)]
    assert set(obstacles) == {FAULTS[number]}


async def test_a_disk_that_stays_full_is_named_in_the_end() -> None:
    predictions = FakePredictions()
    rig = a_rig(predictions)
    predictions.download = failing(10_000, FULL, predictions.download)  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    generation = await rig.run(Inputs(prompt="lofi"))
    assert isinstance(generation.failure, TrackNotStored)
    assert generation.failure.full
    waited = (generation.ended_at or generation.created_at) - generation.created_at
    assert waited > timedelta(minutes=55), "Replicate keeps it for an hour"


@pytest.mark.parametrize("request_", [EXTEND, replace(a_request(), source=SOURCE)])
async def test_input_audio_that_the_disk_does_not_take_costs_nothing(
    request_: GenerationRequest,
) -> None:
    sound = FakeSound(duration_s=40)
    sound.take_in = failing(1, FULL, sound.take_in)  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    rig = a_rig(sound=sound)
    generation = await rig.submit(request_)
    await rig.service.idle()
    assert isinstance(rig.journal.rows[generation.id].failure, DiskUnusable)
    assert rig.predictions.created == []
    assert [trouble.task for trouble in rig.service.troubles.current] == [Task.KEEP]


# ------------------------------------------------------------------ room


async def test_an_output_larger_than_expected_is_given_room_first() -> None:
    asked: list[tuple[int, int]] = []

    class Large(FakePredictions):
        async def download(
            self, url: str, target: Path, limit_bytes: int, news: Callable[[], None]
        ) -> None:
            held = rig.service._context.disk_space.ledger.used_bytes  # pyright: ignore[reportPrivateUsage] - nobody else can tell
            asked.append((limit_bytes, held))
            if limit_bytes < 20_000_000:
                raise OutputTooLarge(limit_bytes)

    rig = a_rig(Large())
    assert (await rig.run(Inputs(prompt="lofi", duration=8))).state is State.DELIVERED
    assert len(asked) == 3
    assert all(held >= limit_bytes for limit_bytes, held in asked)


async def test_everything_is_given_back() -> None:
    rig = a_rig(sound=FakeSound(duration_s=40))
    for request_ in (a_request(), EXTEND, replace(a_request(), source=SOURCE)):
        await rig.submit(request_)
    await rig.service.idle()
    assert {row.state for row in rig.journal.rows.values()} == {State.DELIVERED}
    assert rig.service._context.disk_space.ledger.used_bytes == 0  # pyright: ignore[reportPrivateUsage] - nobody else can tell


async def test_a_piece_that_will_never_fit_is_refused_and_costs_nothing() -> None:
    rig = a_rig(track_store=FakeTrackStore({"in.wav": 249_000_000}))
    generation = await rig.submit(EXTEND)
    await rig.service.idle()
    assert isinstance(rig.journal.rows[generation.id].failure, AudioBeyondRoom)
    assert rig.predictions.created == []


async def test_a_piece_for_which_there_is_no_room_yet_is_fetched_anew_once_there_is() -> None:
    """Nobody holds a part of the room that another one waits for."""
    taken: list[int] = []

    class Counted(FakeSound):
        async def take_in(self, source: object, limit_bytes: int) -> InputAudio:
            taken.append(limit_bytes)
            ledger.hold("other", 6, ledger.budget_bytes - limit_bytes, Standing.PAID)
            return await super().take_in(SOURCE, limit_bytes)

    rig = a_rig(sound=Counted())
    ledger = rig.service._context.disk_space.ledger  # pyright: ignore[reportPrivateUsage] - nobody else can tell
    waits: list[object] = []
    wait = rig.clock.wait

    async def until_there_is(event: asyncio.Event, timeout_s: float | None) -> bool:
        if len(taken) == 1 and ledger.held_bytes("other"):
            waits.extend(progress.wait for _, progress in rig.delivery.shown[-1:])
            rig.service._context.disk_space.release("other")  # pyright: ignore[reportPrivateUsage] - nobody else can
        return await wait(event, timeout_s)

    rig.clock.wait = until_there_is  # type: ignore[method-assign]
    generation = await rig.submit(replace(EXTEND, source=replace(SOURCE, size_bytes=1000)))
    await rig.service.idle()
    assert rig.journal.rows[generation.id].state is State.DELIVERED
    assert len(taken) == 2
    assert waits[-1] == ForRoom(own=False)


async def test_what_is_not_paid_gives_way_and_is_told_so() -> None:
    rig = a_rig()
    generation = await rig.submit(a_request())
    run = rig.service._registry._jobs[generation.id]  # pyright: ignore[reportPrivateUsage] - the room's way in
    run.give_way()
    await rig.service.idle()
    row = rig.journal.rows[generation.id]
    assert isinstance(row.failure, GaveWay)
    assert row.told
    assert rig.predictions.created == []


async def test_what_is_paid_does_not_give_way() -> None:
    rig = a_rig()
    generation = await rig.submit(a_request())
    run = rig.service._registry._jobs[generation.id]  # pyright: ignore[reportPrivateUsage] - the room's way in
    while run.is_unpaid:  # noqa: ASYNC110 - no event tells of it
        await asyncio.sleep(0)
    run.give_way()
    await rig.service.idle()
    assert rig.journal.rows[generation.id].state is State.DELIVERED


async def test_files_of_an_earlier_process_are_counted() -> None:
    path = "tracks/abcdefghijkl.wav"
    rig = a_rig(track_store=FakeTrackStore({path: 7_000_000}))
    await rig.journal.add_earlier(
        a_generation(state=State.DELIVERING, track_path=path, prediction_id="p")
    )
    seen: list[int] = []
    deliver = rig.delivery.deliver

    async def looked(*args: object, **kwargs: object) -> object:
        seen.append(rig.service._context.disk_space.ledger.used_bytes)  # pyright: ignore[reportPrivateUsage] - nobody else can tell
        return await deliver(*args, **kwargs)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] - handed on

    rig.delivery.deliver = looked  # type: ignore[method-assign, assignment]  # pyright: ignore[reportAttributeAccessIssue] - the same
    await rig.service.adopt()
    await rig.service.idle()
    assert seen == [7_000_000]


@pytest.mark.parametrize("kind", [DiskUnusable(True), DiskUnusable(False), TrackNotStored(True)])
def test_the_words_name_the_disk(kind: UserError) -> None:
    from bot.card import strings

    assert "disk" in strings.errors.sentence(kind)
    assert "Replicate can't be reached" not in strings.errors.sentence(kind)


async def test_a_paid_row_that_a_full_disk_does_not_take_is_tried_again_once_there_is_room() -> (
    None
):
    rig = a_rig(track_store=(track_store := FakeTrackStore()))
    save, waits = rig.journal.save, list[float]()
    wait = rig.clock.wait

    async def no_room(generation: Generation) -> None:
        if generation.state is State.COLLECTING and not waits:
            track_store.fault = FULL
            raise JournalFault("database or disk is full")
        await save(generation)

    async def recovers(event: asyncio.Event, timeout_s: float | None) -> bool:
        if event is rig.service._context.disk.recovered:  # pyright: ignore[reportPrivateUsage] - nobody else can tell
            waits.append(timeout_s or 0.0)
            track_store.fault = None
            await rig.service.lease_keeper.keep_disk()
            assert event.is_set()
        return await wait(event, timeout_s)

    rig.journal.save, rig.clock.wait = no_room, recovers  # type: ignore[method-assign]
    generation = await rig.run(Inputs(prompt="lofi"))
    assert generation.state is State.DELIVERED
    assert waits == [1.0]
    told = [p.wait.obstacle for _, p in rig.delivery.shown if isinstance(p.wait, Hindered)]
    assert told == [Obstacle.DISK_FULL]
