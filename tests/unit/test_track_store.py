"""What a start clears away, and what it must not."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from bot.audio.intake import AudioIntake
from bot.audio.track_store import TrackStore
from bot.cog.records import Records
from bot.domain.generation import State
from bot.engine.service import EngineConfig, GenerationService
from tests.contract.journal_kit import a_generation
from tests.fakes import MUSICGEN, FakeClock, FakeDelivery, FakeJournal, FakePredictions, FakeSound

DAY_S = 24 * 3600


def a_file(folder: Path, name: str, age_s: float = 0.0) -> Path:
    file = folder / name
    file.write_bytes(b"12345")
    touched_at = time.time() - age_s
    os.utime(file, (touched_at, touched_at))
    return file


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


async def test_left_overs_go(tmp_path: Path) -> None:
    for name in ("kept.wav", "kept.piece", "ended.wav", "ended.wav.part"):
        a_file(tmp_path, name, 3 * DAY_S)
    a_file(tmp_path, "begun.wav", 3600)
    assert await TrackStore(tmp_path).tidy(["kept"]) == 2
    assert names(tmp_path) == {"kept.wav", "kept.piece", "begun.wav"}


@pytest.mark.parametrize(("age_s", "stays"), [(5 * 3600 - 60, True), (5 * 3600 + 60, False)])
async def test_left_over_tracks_stay_for_as_long_as_is_set(
    tmp_path: Path, age_s: float, stays: bool
) -> None:
    tracks, intake = tmp_path / "tracks", tmp_path / "intake"
    for folder in (tracks, intake):
        folder.mkdir()
    left_over = a_file(tracks, "ended.wav", age_s)
    parked, fetched = a_file(tracks, "kept.wav", 90 * DAY_S), a_file(intake, "input-x", 3 * 3600)
    await TrackStore(tracks, intake, keep_s=5 * 3600).tidy(["kept"])
    assert left_over.exists() == stays
    assert parked.exists()
    assert not fetched.exists(), "input audio is never of use for longer"


async def test_a_start_keeps_the_tracks_that_another_process_follows(tmp_path: Path) -> None:
    """The folder is shared; what is parked there may wait for its person for days."""
    journal = FakeJournal()
    parked = a_generation()
    ended = a_generation(state=State.DELIVERED, told=True)
    journal.rows = {parked.id: parked, ended.id: ended}
    assert await journal.claim(60), "it would be ours, were it not taken"
    a_file(tmp_path, f"{parked.id}.wav", 3 * DAY_S)
    a_file(tmp_path, f"{ended.id}.wav", 3 * DAY_S)
    service = GenerationService(
        EngineConfig(MUSICGEN, 1500, tmp_path),
        journal,
        FakePredictions(),
        FakeSound(),
        FakeDelivery(journal),
        TrackStore(tmp_path),
        FakeClock(),
    )
    await service.start()
    await service.close()
    assert names(tmp_path) == {f"{parked.id}.wav"}


@pytest.fixture
def vanishing(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a file that goes between being listed and being looked at."""
    name = "vanishing.wav"
    stat = Path.stat

    def missing(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        found = stat(path, follow_symlinks=follow_symlinks)
        if path.name == name:
            path.unlink()
        return found

    monkeypatch.setattr(Path, "stat", missing)
    return name


async def test_a_file_that_vanishes_meanwhile_is_no_fault(tmp_path: Path, vanishing: str) -> None:
    a_file(tmp_path, "there.wav")
    a_file(tmp_path, vanishing, 3 * DAY_S)
    track_store = TrackStore(tmp_path)
    assert await track_store.left_over_bytes([]) == 5
    a_file(tmp_path, vanishing, 3 * DAY_S)
    assert await track_store.tidy([]) == 0
    assert names(tmp_path) == {"there.wav"}


async def test_input_audio_that_a_dead_process_left_goes(tmp_path: Path) -> None:
    a_file(tmp_path, "input-0123456789abcdef", 2 * 3600)
    a_file(tmp_path, "input-being-fetched", 60)
    a_file(tmp_path, "of somebody else", 3 * DAY_S)
    async with AudioIntake(tmp_path, 1000):
        assert names(tmp_path) == {"input-being-fetched", "of somebody else"}


async def test_there_may_be_no_input_audio_yet(tmp_path: Path) -> None:
    async with AudioIntake(tmp_path / "intake", 1000):
        assert names(tmp_path) == set()


async def test_what_counts_as_left_over(tmp_path: Path) -> None:
    tracks, intake = tmp_path / "tracks", tmp_path / "intake"
    tracks.mkdir()
    intake.mkdir()
    for name in ("held.wav", "held.piece", "ended.wav", "ended.wav.part"):
        a_file(tracks, name)
    a_file(intake, "input-of-a-dead-process", 60)
    track_store = TrackStore(tracks, intake)
    a_file(intake, "input-being-fetched", -1)
    assert await track_store.left_over_bytes(["held"]) == 3 * 5
    assert await track_store.size_of(str(tracks / "held.wav"), str(tracks / "gone.wav"), None) == 5
    assert await TrackStore(tmp_path / "nothing").left_over_bytes([]) == 0


async def test_what_is_being_made_lies_in_folders_of_its_own(tmp_path: Path) -> None:
    """A process that died leaves its folder, and what it held counts until it is gone."""
    work, left = tmp_path / "work", tmp_path / "work" / "tmp123"
    left.mkdir(parents=True)
    a_file(left, "track.0.wav", 3 * 3600)
    track_store = TrackStore(tmp_path / "tracks", work)
    assert await track_store.left_over_bytes([]) == 5
    assert await track_store.tidy([]) == 1
    assert names(work) == set()


async def test_what_cog_keeps_counts_and_stays(tmp_path: Path) -> None:
    records = Records(tmp_path / "cog", inputs_max_bytes=10)
    track_store = TrackStore(tmp_path / "tracks", counted=tmp_path / "cog")
    given = a_file(tmp_path, "given.wav")
    for name in ("1.wav", "2.wav", "3.wav"):
        records.keep_input(given, name)
    assert await track_store.left_over_bytes([]) == 3 * 5
    assert await track_store.tidy([]) == 0
    records.tidy()
    assert await track_store.left_over_bytes([]) == 10


async def test_input_audio_goes_while_it_runs(tmp_path: Path) -> None:
    a_file(tmp_path, "input-0123456789abcdef", 3 * 3600)
    a_file(tmp_path, "input-being-fetched", 60)
    assert await TrackStore(tmp_path / "tracks", tmp_path).tidy([]) == 1
    assert names(tmp_path) == {"input-being-fetched"}


async def test_a_trial_makes_folders_that_are_gone_and_leaves_nothing(tmp_path: Path) -> None:
    tracks, intake = tmp_path / "data" / "tracks", tmp_path / "data" / "intake"
    assert await TrackStore(tracks, intake).try_disk(thorough=True) > 0
    assert names(tmp_path / "data") == {"tracks", "intake"}
    assert names(tracks) == set()


async def test_a_disk_that_takes_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"a file where the folder was")
    with pytest.raises(OSError, match="data"):
        await TrackStore(tmp_path / "data").try_disk()
