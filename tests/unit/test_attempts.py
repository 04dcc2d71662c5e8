"""A file that kills the process does not do so for ever, and takes no paid track with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.domain.errors import (
    AudioBroken,
    AudioGivenUp,
    AudioWorkFailed,
    BotError,
    WorkerCrashed,
    WorkerFaulty,
    WorkerOutOfMemory,
    WorkerTooSlow,
)
from bot.domain.generation import AudioSource, Generation, Reply, State
from bot.domain.measures import Measured
from bot.engine.attempts import ATTEMPTS_MAX
from bot.engine.ports import InputAudio, Unreachable
from tests.fakes import SUCCEEDS, FakePredictions, FakeSound, a_generation, a_reply
from tests.unit.service_kit import SOURCE, Rig, a_rig

FAILURES = [WorkerCrashed(-11), WorkerTooSlow(30.0), WorkerOutOfMemory(), WorkerFaulty("Traceback")]
ACCEPTED = {"source": SOURCE}
COLLECTING = {"state": State.COLLECTING, "prediction_id": "p1"}
EXTENSION = COLLECTING | {
    "piece_path": "tracks/abcdefghijkl.piece",
    "more_s": 5,
    "given_s": 60.0,
    "audio_s": 15.0,
}
DELIVERING = {"state": State.DELIVERING, "prediction_id": "p1", "track_path": "tracks/a.wav"}


class Deadly(FakeSound):
    """Work that has its process killed: nothing comes back from it."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = 0
        self.at_work = asyncio.Event()

    async def take_in(self, source: AudioSource, limit_bytes: int) -> InputAudio:
        await self._die()
        raise AssertionError

    async def label(self, path: Path, generation: Generation, model_name: str) -> Measured:
        await self._die()
        raise AssertionError

    async def length_s(self, path: Path) -> float | None:
        return 60.0

    async def join(self, piece: Path, output: Path, context_s: float, target: Path) -> None:
        await self._die()

    async def _die(self) -> None:
        self.begun += 1
        self.at_work.set()
        await asyncio.Event().wait()


@asynccontextmanager
async def a_process(row: Generation, sound: FakeSound | None = None) -> AsyncGenerator[Rig]:
    """A process that takes up what there is, and is closed in the end."""
    rig = a_rig(FakePredictions(answers=SUCCEEDS[-1:]), sound)
    await rig.journal.add_earlier(row)
    await rig.service.adopt()
    yield rig
    await rig.service.close()


async def killed(row: Generation) -> Generation:
    """The row that a process leaves behind which dies of the work."""
    sound = Deadly()
    async with a_process(row, sound) as rig:
        await asyncio.wait_for(sound.at_work.wait(), 5)
        return rig.journal.rows[row.id]


async def ended(row: Generation, sound: FakeSound | None = None) -> Rig:
    async with a_process(row, sound) as rig:
        await asyncio.wait_for(rig.service.idle(), 5)
        return rig


@pytest.mark.parametrize("start", [ACCEPTED, COLLECTING, EXTENSION], ids=["input", "label", "join"])
async def test_it_is_counted_before_the_work_begins(start: Mapping[str, object]) -> None:
    row = a_generation(**start)
    for deaths in range(1, ATTEMPTS_MAX + 1):
        row = await killed(row)
        assert row.attempts == deaths
        assert row.state is (start.get("state") or State.ACCEPTED)


async def test_input_that_killed_twice_is_refused_and_not_touched() -> None:
    sound = Deadly()
    rig = await ended(a_generation(source=SOURCE, attempts=2), sound)
    [row] = rig.journal.rows.values()
    assert row.state is State.FAILED
    assert isinstance(row.failure, AudioGivenUp)
    assert sound.begun == 0
    assert rig.predictions.created == []
    assert [told.id for told in rig.delivery.ended] == [row.id]


async def test_input_that_killed_once_is_tried_again() -> None:
    rig = await ended(a_generation(source=SOURCE, attempts=1))
    [row] = rig.journal.rows.values()
    assert (row.state, row.attempts) == (State.DELIVERED, 0)


async def test_without_input_nothing_is_counted() -> None:
    rig = await ended(a_generation())
    counted = [row.state for row in rig.journal.history if row.attempts]
    assert set(counted) <= {State.COLLECTING, State.DELIVERING}
    assert [row.state for row in rig.journal.history] == [
        *(State.ACCEPTED, State.QUEUED, State.SUBMITTING, State.RUNNING),
        *(State.COLLECTING, State.DELIVERING, State.DELIVERED),
    ], "no write is made for the count alone"


async def test_a_track_whose_label_killed_twice_is_delivered_as_it_is() -> None:
    sound = Deadly()
    rig = await ended(a_generation(**COLLECTING, attempts=2), sound)
    [row] = rig.journal.rows.values()
    assert (row.state, row.track_s) == (State.DELIVERED, None)
    assert sound.begun == 0
    assert [shown.id for shown in rig.delivery.delivered] == [row.id]


async def test_a_piece_whose_join_killed_twice_is_delivered_without(tmp_path: Path) -> None:
    sound = Deadly()
    rig = await ended(a_generation(**EXTENSION, attempts=2), sound)
    [row] = rig.journal.rows.values()
    assert row.state is State.DELIVERED
    assert row.given_s == 15.0, "the track begins with what the model was given"
    assert sound.begun == 0


@pytest.mark.parametrize("failure", FAILURES, ids=repr)
async def test_a_track_that_cannot_be_labelled_is_delivered_as_it_is(
    failure: AudioWorkFailed,
) -> None:
    rig = await ended(a_generation(**COLLECTING), FakeSound(on_label=[failure]))
    [row] = rig.journal.rows.values()
    assert (row.state, row.track_s) == (State.DELIVERED, None)


@pytest.mark.parametrize("failure", FAILURES, ids=repr)
async def test_a_piece_that_cannot_be_joined_is_delivered_without(failure: BotError) -> None:
    sound = FakeSound(on_join=[failure], kept={"abcdefghijkl.piece": 60.0})
    rig = await ended(a_generation(**EXTENSION), sound)
    [row] = rig.journal.rows.values()
    assert (row.state, row.given_s) == (State.DELIVERED, 15.0)
    assert sound.labelled == ["abcdefghijkl.output.wav"]
    assert sound.discarded == ["abcdefghijkl.output.wav", "abcdefghijkl.piece"]


@pytest.mark.parametrize(("attempts", "untouched"), [(0, False), (1, False), (2, True)])
async def test_a_delivery_that_killed_twice_leaves_the_file_alone(
    attempts: int, untouched: bool
) -> None:
    rig = await ended(a_generation(**DELIVERING, attempts=attempts))
    assert rig.delivery.untouched == [untouched]
    assert rig.journal.rows["abcdefghijkl"].state is State.DELIVERED


async def test_a_process_that_is_closed_has_not_died_of_it() -> None:
    sound = Deadly()
    async with a_process(a_generation(source=SOURCE, attempts=1), sound) as rig:
        await asyncio.wait_for(sound.at_work.wait(), 5)
        assert rig.journal.rows["abcdefghijkl"].attempts == 2
    assert rig.journal.rows["abcdefghijkl"].attempts == 1


async def test_a_refusal_is_an_outcome() -> None:
    rig = await ended(a_generation(source=SOURCE), FakeSound(refusal=AudioBroken()))
    [row] = rig.journal.rows.values()
    assert (row.state, row.attempts) == (State.FAILED, 0)
    assert isinstance(row.failure, AudioBroken)


async def test_what_waits_for_its_person_is_not_at_work() -> None:
    async def no_way(generation: Generation, track: Path, *, untouched: bool = False) -> Reply:
        raise Unreachable

    rig = a_rig(FakePredictions(answers=SUCCEEDS[-1:]))
    rig.delivery.deliver = no_way
    await rig.journal.add_earlier(a_generation(**DELIVERING))
    await rig.service.adopt()
    async with asyncio.timeout(30):
        while not await rig.service.waiting_for(5, a_reply().channel_id):  # noqa: ASYNC110 - no event
            await asyncio.sleep(0)
    assert rig.journal.rows["abcdefghijkl"].attempts == 0
    await rig.service.close()


async def test_an_upload_of_input_is_not_the_work() -> None:
    rig = await ended(a_generation(source=SOURCE))
    before_upload = [row.attempts for row in rig.journal.history if row.state is State.ACCEPTED]
    assert before_upload[-2:] == [1, 0]
