"""What the engine's tests stand on, held against the adapters: the same is asked of either.

`tests.fake_journal` has the suite of the journal for that.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.audio.files import AudioFiles
from bot.audio.track_store import TrackStore as Folder
from bot.domain.errors import OutputTooLarge
from bot.domain.inputs import Inputs
from bot.domain.measures import Measures
from bot.domain.prediction import Prediction
from bot.engine.ports import InputAudio, Predictions, Sound, TrackStore
from bot.playground.replicate import ReplicateStandIn, Timings
from bot.replicate.client import ReplicateClient
from tests import forked_workers
from tests.contract.replicate_kit import TOKEN
from tests.fakes import FakePredictions, FakeSound, FakeTrackStore, a_generation
from tests.unit.audio_kit import make_sound

pytestmark = pytest.mark.timeout(60)

INPUTS = Inputs("slow house", duration=1, seed=7)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
TRACK_S = 3.0


@dataclass
class Service:
    """A port of predictions, and a version that it runs."""

    port: Predictions
    version: str

    async def create(self, inputs: Inputs = INPUTS) -> Prediction:
        return await self.port.create(self.version, inputs, 600)

    async def ended(self, made: Prediction) -> Prediction:
        while not made.ended:
            made = await self.port.get(made.id)
        return made


@pytest.fixture(params=["fake", "replicate"])
async def service(request: pytest.FixtureRequest) -> AsyncGenerator[Service]:
    if request.param == "fake":
        yield Service(FakePredictions(track=b"RIFF"), "v" * 64)
        return
    async with (
        ReplicateStandIn(timings=Timings.instant(), token=TOKEN) as running,
        ReplicateClient(running.base_url, TOKEN) as client,
    ):
        yield Service(client, running.version)


async def test_a_prediction_from_its_create_to_a_file(service: Service, tmp_path: Path) -> None:
    made = await service.create()
    assert not made.ended
    done = await service.ended(made)
    assert (done.id, done.status, done.error) == (made.id, "succeeded", None)
    assert done.predict_time_s is not None
    assert "seed 7" in done.logs
    assert (await service.port.get(made.id)).output_url == done.output_url
    news, target = list[None](), tmp_path / "out.wav"
    await service.port.download(done.output_url or "", target, 1 << 20, lambda: news.append(None))
    assert target.read_bytes().startswith(b"RIFF")
    await service.port.discard_part(tmp_path / "never begun")


async def test_what_is_canceled_is_so_for_good(service: Service) -> None:
    made = await service.create(replace(INPUTS, duration=30))
    told = await service.port.cancel(made.id)
    assert told.id == made.id
    assert (await service.ended(made)).status == "canceled"
    assert (await service.port.cancel(made.id)).status == "canceled"


async def test_those_with_just_these_inputs_are_found_newest_first(service: Service) -> None:
    first = await service.create()
    await service.create(replace(INPUTS, seed=8))
    again = await service.create()
    found = await service.port.find(service.version, INPUTS, LONG_AGO)
    assert [one.id for one in found] == [again.id, first.id]
    assert not await service.port.find(service.version, replace(INPUTS, seed=9), LONG_AGO)


async def test_a_file_is_kept_where_the_model_reads_it(service: Service, tmp_path: Path) -> None:
    path = make_sound(tmp_path / "in.wav", "wav", seconds=0.1)
    kept = await service.port.upload(path, "in.wav", "audio/wav")
    assert kept.id
    assert kept.url.startswith("http")


# ---------------------------------------------------------------------- audio


@pytest.fixture(params=["fake", "files"])
async def sound(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Sound]:
    if request.param == "fake":
        yield FakeSound(duration_s=TRACK_S, track_s=TRACK_S)
        return
    with forked_workers.forking(forked_workers.address()):
        async with AudioFiles(tmp_path / "intake") as files:
            yield files


@pytest.fixture
def track(tmp_path: Path) -> Path:
    return make_sound(tmp_path / "track.wav", "wav", seconds=TRACK_S)


def taken_in(path: Path, *, reads_cleanly: bool = True) -> InputAudio:
    return InputAudio(path, path.name, "audio/wav", TRACK_S, reads_cleanly=reads_cleanly)


async def test_what_is_kept_has_its_length(sound: Sound, track: Path, tmp_path: Path) -> None:
    audio, piece, whole = taken_in(track), tmp_path / "a.piece", tmp_path / "b.piece"
    assert await sound.keep(audio, piece, 1.0) == pytest.approx(1.0)
    assert await sound.length_s(piece) == pytest.approx(1.0)
    assert await sound.length_s(tmp_path / "another.piece") is None
    assert await sound.keep(audio, whole, None) == pytest.approx(TRACK_S)


async def test_the_model_is_given_what_it_asks_for(
    sound: Sound, track: Path, tmp_path: Path
) -> None:
    clean, target = taken_in(track), tmp_path / "given.wav"
    assert await sound.begin_with(clean, None, target) == clean
    cut = await sound.begin_with(clean, 1.0, target)
    assert (cut.path, cut.duration_s) == (target, pytest.approx(1.0))
    odd = await sound.begin_with(taken_in(track, reads_cleanly=False), None, target)
    assert (odd.path, odd.duration_s) == (target, pytest.approx(TRACK_S))
    end = await sound.end_of(track, 2.0, tmp_path / "end.wav")
    assert (end.path.name, end.duration_s) == ("end.wav", pytest.approx(2.0))


async def test_a_track_is_labelled_measured_and_made_to_fit(sound: Sound, track: Path) -> None:
    measured = await sound.label(track, a_generation(), "meta/musicgen")
    assert measured.length_s == pytest.approx(TRACK_S)
    assert isinstance(measured.measures, Measures)
    assert await sound.fit(track, 10 << 20) == track
    with pytest.raises(OutputTooLarge):
        await sound.fit(track, 100)
    with pytest.raises(OutputTooLarge):
        await sound.split(track, 100, 2)


# ---------------------------------------------------------------- data folder


@pytest.fixture(params=["fake", "folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> TrackStore:
    if request.param == "fake":
        return FakeTrackStore({str(tmp_path / "a.wav"): 5})
    (tmp_path / "a.wav").write_bytes(b"12345")
    return Folder(tmp_path)


async def test_the_data_folder_is_measured_and_tried(store: TrackStore, tmp_path: Path) -> None:
    there, gone = str(tmp_path / "a.wav"), str(tmp_path / "b.wav")
    assert await store.size_of(there, gone, None) == 5
    assert await store.tidy(["a"]) == 0
    assert await store.left_over_bytes(["a"]) == 0
    assert await store.try_disk() > 0
    assert await store.try_disk(thorough=True) > 0
