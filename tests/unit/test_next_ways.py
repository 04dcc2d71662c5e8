"""Whatever fails with a paid track: the next way is tried, and the file is kept until it is out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.card import strings
from bot.delivery.upload import TrackUpload
from bot.domain.derive import extension
from bot.domain.errors import (
    AudioWorkFailed,
    OutputNotAudio,
    OutputTooLarge,
    PieceLost,
    TrackLeft,
    WorkerCrashed,
    WorkerFaulty,
    WorkerOutOfMemory,
    WorkerTooSlow,
)
from bot.domain.generation import Generation, State
from bot.domain.inputs import Inputs
from bot.domain.request import GenerationRequest
from bot.domain.waits import Link, NotPostable
from bot.engine.track_files import Form
from tests.fakes import NOON, SUCCEEDS, FakePredictions, FakeSound, a_generation, a_reply
from tests.unit.service_kit import SOURCE, Rig, a_rig

EXTEND = extension(a_generation(inputs=Inputs("lofi", model_version="large", seed=3)), SOURCE, 10)
FAILURES: Sequence[Exception] = [
    WorkerCrashed(-11),
    WorkerTooSlow(60.0),
    WorkerOutOfMemory(),
    WorkerFaulty("Traceback"),
    ZeroDivisionError("a bug"),
]
KEPT_UNTIL = NOON + timedelta(hours=1)
FINISHED = FakePredictions(answers=(*SUCCEEDS[:-1], replace(SUCCEEDS[-1], completed_at=NOON)))


def failing(error: Exception) -> Callable[..., object]:
    async def broken(*args: object) -> object:
        raise error

    return broken


def made(rig: Rig, generation: Generation) -> tuple[State, Form]:
    row = rig.journal.rows[generation.id]
    return row.state, Form.of(Path(row.track_path or ""))


@pytest.mark.parametrize("error", FAILURES, ids=repr)
async def test_a_track_that_cannot_be_labelled_goes_out_without(error: Exception) -> None:
    sound = FakeSound()
    sound.label = failing(error)  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    rig = a_rig(sound=sound)
    generation = await rig.submit(GenerationRequest(Inputs("lofi")))
    await rig.service.idle()
    assert made(rig, generation) == (State.DELIVERED, Form.WHOLE)


@pytest.mark.parametrize("error", [*FAILURES, PieceLost(), OutputNotAudio("x")], ids=repr)
async def test_what_cannot_be_joined_goes_out_alone(error: Exception) -> None:
    sound = FakeSound()
    sound.join = failing(error)  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    rig = a_rig(sound=sound)
    generation = await rig.submit(EXTEND)
    await rig.service.idle()
    assert made(rig, generation) == (State.DELIVERED, Form.ALONE)
    assert f"{generation.id}.output.wav" in sound.labelled


async def test_what_is_no_audio_goes_out_as_it_is(tmp_path: Path) -> None:
    sound, predictions = FakeSound(), FakePredictions(track=b"hello")
    sound.label = failing(OutputNotAudio("NotAudio"))  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    rig = a_rig(predictions, sound, folder=tmp_path)
    generation = await rig.submit(GenerationRequest(Inputs("lofi")))
    await rig.service.idle()
    assert made(rig, generation) == (State.DELIVERED, Form.UNREAD)
    assert rig.journal.rows[generation.id].track_s is None


@pytest.mark.parametrize("error", [OutputTooLarge(1000), ZeroDivisionError("a bug")], ids=repr)
async def test_what_cannot_be_posted_is_kept_and_told_where_it_is(error: Exception) -> None:
    rig = a_rig(FINISHED)
    rig.delivery.on_deliver += [error] * 3
    generation = await rig.submit(GenerationRequest(Inputs("lofi")))
    while not await rig.service.waiting_for(5, 2):  # noqa: ASYNC110 - no event tells of it
        await asyncio.sleep(0)
    row = rig.journal.rows[generation.id]
    assert row.state is State.DELIVERING
    assert rig.sound.discarded == []
    limit_bytes = error.limit_bytes if isinstance(error, OutputTooLarge) else None
    link = Link(SUCCEEDS[-1].output_url or "", KEPT_UNTIL)
    assert rig.delivery.shown[-1][1].wait == NotPostable(limit_bytes, link)

    if limit_bytes is not None:
        assert await rig.service.waiting_for(5, 2, limit_bytes=1000) == []
        assert await rig.service.waiting_for(5, 2, limit_bytes=1001) == [generation.id]
    rig.delivery.on_deliver.clear()
    await rig.service.bring(generation.id, replace(a_reply(), token="fresh"))
    await rig.service.idle()
    assert rig.journal.rows[generation.id].state is State.DELIVERED


async def test_a_fault_of_ours_is_got_round_where_that_is_possible() -> None:
    rig = a_rig()
    rig.delivery.on_deliver += [ZeroDivisionError("a bug")] * 2
    assert (await rig.run(Inputs(prompt="lofi"))).state is State.DELIVERED
    assert rig.delivery.untouched == [False, True, True]


@pytest.mark.parametrize("error", [OutputTooLarge(100), OutputNotAudio("text/html")], ids=repr)
async def test_what_cannot_be_fetched_is_told_where_it_is(error: Exception) -> None:
    predictions = replace(FINISHED, on_download=error)  # pyright: ignore[reportArgumentType] - one of them
    rig = a_rig(predictions)
    failure = (await rig.run(Inputs(prompt="lofi"))).failure
    assert isinstance(failure, TrackLeft)
    assert failure.url == SUCCEEDS[-1].output_url
    assert failure.until == KEPT_UNTIL.timestamp()
    assert failure.url in strings.errors.sentence(failure)
    assert f"<t:{failure.until}:t>" in strings.errors.sentence(failure)


# ------------------------------------------------------------------ forms


@dataclass
class Workshop(FakeSound):
    """Converts as it is told to, and notes what it was asked for."""

    outcomes: Sequence[Exception | int] = ()
    """Of each conversion: what it raises, or the size it comes to."""
    splits: bool = False
    asked: list[object] = field(default_factory=list[object])

    async def fit(self, path: Path, limit_bytes: int, formats: Sequence[str] = ()) -> Path:
        self.asked.append(tuple(formats))
        outcome, *self.outcomes = self.outcomes
        if isinstance(outcome, Exception):
            raise outcome
        target = path.with_suffix(".mp3")
        target.write_bytes(bytes(outcome))
        return target

    async def split(self, path: Path, limit_bytes: int, most: int) -> list[Path]:
        self.asked.append(most)
        if not self.splits:
            raise OutputTooLarge(limit_bytes)
        parts = [path.with_name(f"p{n}.wav") for n in (1, 2, 3)]
        for part in parts:
            part.write_bytes(bytes(limit_bytes - 1))
        return parts


def a_fitting(folder: Path, sound: FakeSound, name: str = "g.wav", **how: bool) -> TrackUpload:
    path = folder / name
    path.write_bytes(bytes(250))
    return TrackUpload(sound, path, a_generation(), 100, **how)


@pytest.mark.parametrize(
    "failures",
    [[OutputTooLarge(100)], [WorkerCrashed(-11)] * 2, [WorkerTooSlow(9), OutputTooLarge(1)]],
    ids=repr,
)
async def test_what_cannot_be_converted_goes_in_parts(
    tmp_path: Path, failures: Sequence[AudioWorkFailed | OutputTooLarge]
) -> None:
    sound = Workshop(outcomes=failures, splits=True)
    upload = a_fitting(tmp_path, sound)
    track = await upload.track()
    assert [name for _, name in track.uploads] == [
        f"deep-house-bassline-128-bpm-part-{n}-of-3-7.wav" for n in (1, 2, 3)
    ]
    assert track.size_bytes == 99
    assert "Sent in 3 parts" in upload.note
    await upload.clean_up()
    assert {"p1.wav", "p2.wav", "p3.wav"} <= {*sound.discarded}


async def test_who_dies_over_a_flac_makes_an_mp3(tmp_path: Path) -> None:
    sound = Workshop(outcomes=[WorkerCrashed(-11), 90])
    upload = a_fitting(tmp_path, sound)
    assert (await upload.track()).filename.endswith(".mp3")
    assert sound.asked == [("flac", "mp3"), ("mp3",)]
    assert "Sent as MP3" in upload.note


async def test_what_cannot_be_split_either_is_too_large(tmp_path: Path) -> None:
    with pytest.raises(OutputTooLarge):
        await a_fitting(tmp_path, Workshop(outcomes=[OutputTooLarge(100)])).track()


@pytest.mark.parametrize(("name", "how"), [("g.wav", {"untouched": True}), ("g.unread.wav", {})])
async def test_what_is_not_to_be_decoded_is_split_at_once(
    tmp_path: Path, name: str, how: dict[str, bool]
) -> None:
    sound = Workshop(splits=True)
    upload = a_fitting(tmp_path, sound, name, **how)
    assert len((await upload.track()).parts) == 3
    assert sound.asked == [9]


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("g.wav", ""),
        ("g.output.wav", strings.takes.ALONE()),
        ("g.unread.mp3", strings.takes.UNREAD()),
        ("g.wav.part", ""),
    ],
)
async def test_a_card_says_what_its_file_is(tmp_path: Path, name: str, note: str) -> None:
    assert a_fitting(tmp_path, FakeSound(), name).note == note
