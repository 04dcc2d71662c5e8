"""The engine's port to audio files, with real ones."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import mutagen
import numpy as np
import psutil
import pytest

from bot.audio import jobs
from bot.audio.cut import cut_beginning
from bot.audio.files import AudioFiles
from bot.audio.probe import probe
from bot.audio.worker_pool import WorkerPool
from bot.audio.worker_process import Limits
from bot.domain.errors import (
    AudioBroken,
    AudioTooHeavy,
    AudioTooSlow,
    AudioUnreadable,
    OutputNotAudio,
    PieceLost,
    PieceUndecodable,
    RequestRefused,
    WorkerCrashed,
    WorkerFaulty,
)
from bot.domain.measures import Measures
from bot.engine.ports import InputAudio
from bot.host.whole_files import draft_of
from tests.fakes import a_generation
from tests.unit.audio_kit import ENCODINGS, SECONDS, m4a, make_sound, rate_hz, samples_of, silence
from tests.unit.encoded_audio import FRAGMENTS, PADDING_S, encoded


@pytest.fixture
async def audio_files(tmp_path: Path) -> AsyncGenerator[AudioFiles]:
    async with AudioFiles(tmp_path / "intake") as audio_files:
        yield audio_files


def taken_in(path: Path, duration_s: float) -> InputAudio:
    return InputAudio(path, "input.wav", "audio/wav", duration_s)


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.m4a"
    path.write_bytes(m4a(4.0))
    return path


@pytest.mark.parametrize("format_", ENCODINGS)
@pytest.mark.parametrize("channels", [1, 2])
def test_the_beginning_of_anything(tmp_path: Path, format_: str, channels: int) -> None:
    source = make_sound(tmp_path / f"a.{format_}", format_, channels=channels, seconds=3.0)
    target = tmp_path / "beginning.wav"
    length_s = cut_beginning(source, 1.25, target)
    facts = probe(target)
    assert length_s == facts.duration_s == 1.25
    assert (facts.channels, facts.sample_rate_hz) == (channels, rate_hz(format_))
    beginning = samples_of(source)[: len(samples_of(target))]
    assert np.abs(samples_of(target) - beginning).max() < 2 / 32768


def test_a_16_bit_wav_keeps_its_samples_and_may_be_cut_in_place(tmp_path: Path) -> None:
    source = make_sound(tmp_path / "a.wav", "wav", seconds=3.0)
    before = samples_of(source)
    cut_beginning(source, 1.0, source)
    assert np.array_equal(samples_of(source), before[:32_000])


def test_what_is_shorter_is_whole(tmp_path: Path) -> None:
    source = make_sound(tmp_path / "a.wav", "wav", seconds=1.0)
    assert cut_beginning(source, 30.0, tmp_path / "b.wav") == 1.0


def test_what_cannot_be_cut_leaves_nothing(tmp_path: Path, song: Path) -> None:
    with pytest.raises(AudioUnreadable):
        cut_beginning(song, 1.0, tmp_path / "b.wav")
    assert [path.name for path in tmp_path.iterdir()] == ["song.m4a"]


async def test_only_as_much_as_is_needed_is_used(audio_files: AudioFiles, tmp_path: Path) -> None:
    audio = taken_in(make_sound(tmp_path / "a.mp3", "mp3", seconds=4.0), 4.0)
    target = tmp_path / "short.wav"
    assert await audio_files.begin_with(audio, 4.0, target) == audio
    shorter = await audio_files.begin_with(audio, 3.0, target)
    assert (shorter.path, shorter.filename, shorter.content_type, shorter.duration_s) == (
        target,
        "input.wav",
        "audio/wav",
        3.0,
    )


async def test_what_cannot_be_cut_is_used_whole(audio_files: AudioFiles, song: Path) -> None:
    audio = taken_in(song, 4.0)
    assert await audio_files.begin_with(audio, 3.0, song.with_name("x.wav")) == audio


@pytest.mark.parametrize(("keep_s", "kept_s"), [(None, 4.0), (9.0, 4.0), (1.5, 1.5)])
async def test_a_piece_is_kept(
    audio_files: AudioFiles, tmp_path: Path, keep_s: float | None, kept_s: float
) -> None:
    audio = taken_in(make_sound(tmp_path / "a.flac", "flac", seconds=4.0), 4.0)
    piece = tmp_path / "abc.piece"
    assert await audio_files.keep(audio, piece, keep_s) == kept_s
    assert await audio_files.length_s(piece) == kept_s


async def test_what_is_no_piece_has_no_length(audio_files: AudioFiles, tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    diary.write_bytes(b"no music today" * 40)
    assert await audio_files.length_s(diary) is None
    assert await audio_files.length_s(tmp_path / "nowhere") is None


@pytest.mark.parametrize("kind", ["m4a", "aiff", "opus"])
async def test_what_does_not_read_cleanly_is_made_a_wav(
    audio_files: AudioFiles, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "a"
    if kind == "m4a":
        path.write_bytes(encoded("m4a", seconds=2.0, options=FRAGMENTS))
    else:
        make_sound(path, kind, seconds=2.0)
    audio = replace(taken_in(path, 2.0), reads_cleanly=False)
    whole = await audio_files.begin_with(audio, None, tmp_path / "whole.wav")
    assert (whole.path.name, whole.filename) == ("whole.wav", "input.wav")
    assert whole.duration_s == pytest.approx(2.0, abs=PADDING_S)
    piece = tmp_path / "abc.piece"
    assert await audio_files.keep(audio, piece, None) == pytest.approx(2.0, abs=PADDING_S)
    assert piece.read_bytes()[:4] == b"RIFF"
    assert (await audio_files.end_of(piece, 1.0, tmp_path / "end.wav")).duration_s == 1.0


async def test_what_is_not_to_be_decoded_at_all_is_refused(
    audio_files: AudioFiles, song: Path
) -> None:
    audio = replace(taken_in(song, 4.0), reads_cleanly=False)
    with pytest.raises(AudioUnreadable):
        await audio_files.begin_with(audio, None, song.with_name("x.wav"))


async def test_a_header_alone_cannot_be_extended(audio_files: AudioFiles, song: Path) -> None:
    with pytest.raises(PieceUndecodable, match="m4a"):
        await audio_files.keep(taken_in(song, 4.0), song.with_name("p"), 2.0)
    with pytest.raises(PieceUndecodable, match="m4a"):
        await audio_files.end_of(song, 2.0, song.with_name("c.wav"))


async def test_the_end_of_a_piece_and_the_whole(audio_files: AudioFiles, tmp_path: Path) -> None:
    piece = make_sound(tmp_path / "a.wav", "wav", seconds=4.0)
    given = await audio_files.end_of(piece, 2.0, tmp_path / "context.wav")
    assert given.duration_s == 2.0
    output = make_sound(tmp_path / "output.wav", "wav", seconds=5.0)
    track = tmp_path / "track.wav"
    await audio_files.join(piece, output, given.duration_s, track)
    measured = await audio_files.label(track, a_generation(), "meta/musicgen")
    assert measured.length_s == pytest.approx(7.0, abs=0.05)


async def test_a_join_tells_which_side_is_missing(audio_files: AudioFiles, tmp_path: Path) -> None:
    there = make_sound(tmp_path / "a.wav", "wav", seconds=4.0)
    broken = tmp_path / "broken"
    broken.write_bytes(b"<html>" * 100)
    target = tmp_path / "track.wav"
    for piece in (broken, tmp_path / "nowhere"):
        with pytest.raises(PieceLost):
            await audio_files.join(piece, there, 2.0, target)
    with pytest.raises(OutputNotAudio):
        await audio_files.join(there, broken, 2.0, target)
    assert not target.exists()


# ------------------------------------------------------------------ files that harm


CRASHES = Path(__file__).parents[1] / "fixtures" / "audio" / "vorbis_setup_byte_crashes.ogg"


async def test_input_that_crashes_is_refused(audio_files: AudioFiles) -> None:
    with pytest.raises(AudioBroken):
        await audio_files.length_s(CRASHES)


@pytest.mark.parametrize(
    ("limits", "refusal"),
    [
        (Limits(wall_s=0.2, cpu_s=60, memory_bytes=384 << 20), AudioTooSlow),
        (Limits(wall_s=60.0, cpu_s=60, memory_bytes=150 << 20), AudioTooHeavy),
    ],
    ids=["by the clock", "of memory"],
)
async def test_input_that_takes_too_much_is_refused(
    tmp_path: Path, limits: Limits, refusal: type[RequestRefused]
) -> None:
    piece = silence(tmp_path / "piece", seconds=290)
    async with AudioFiles(tmp_path, input_limits=limits) as audio_files:
        with pytest.raises(refusal):
            await audio_files.end_of(piece, 15.0, tmp_path / "context.wav")


@pytest.mark.skipif(sys.platform != "linux", reason="others have no such schedule")
async def test_strangers_files_have_a_processor_only_when_idle(
    audio_files: AudioFiles, tmp_path: Path
) -> None:
    await audio_files.length_s(make_sound(tmp_path / "a.wav", "wav"))
    await audio_files.label(make_sound(tmp_path / "b.wav", "wav"), a_generation(), "model")
    ours = [one for one in psutil.Process().children() if "bot.audio.worker" in one.cmdline()]
    own = psutil.Process().nice()
    assert {(os.sched_getscheduler(one.pid), one.nice() - own) for one in ours} == {
        (os.SCHED_IDLE, 10),
        (os.SCHED_OTHER, 1),
    }


async def test_a_track_whose_measuring_kills_is_labelled_all_the_same(
    audio_files: AudioFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = WorkerPool.run

    async def deadly(self: WorkerPool, job: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("measured"):
            raise WorkerCrashed(11)
        return await run(self, job, *args, **kwargs)

    monkeypatch.setattr(WorkerPool, "run", deadly)
    track = make_sound(tmp_path / "track.wav", "wav")
    measured = await audio_files.label(track, a_generation(), "meta/musicgen")
    assert (measured.length_s, measured.measures) == (pytest.approx(SECONDS, abs=0.01), None)
    assert "TSSE" in cast("Any", mutagen).File(track).tags


def test_what_cannot_be_measured_is_labelled_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(path: Path) -> Measures:
        raise ZeroDivisionError(path)

    monkeypatch.setattr(jobs, "measure_track", fails)
    track = make_sound(tmp_path / "track.wav", "wav")
    tags = {"title": "a", "comment": "b", "software": "c"}
    labelled = jobs.label(track, **tags, measured=True)
    assert (labelled.measures, labelled.untagged) == (None, None)
    assert "ZeroDivisionError" in (labelled.unmeasured or "")
    assert jobs.label(track, **tags, measured=False).unmeasured is None


async def test_a_track_that_crashes_is_as_it_was(audio_files: AudioFiles, tmp_path: Path) -> None:
    track = tmp_path / "track.ogg"
    shutil.copyfile(CRASHES, track)
    with pytest.raises(WorkerCrashed):
        await audio_files.label(track, a_generation(), "meta/musicgen")
    assert track.read_bytes() == CRASHES.read_bytes()
    with pytest.raises(WorkerCrashed):
        await audio_files.fit(track, 1000)
    assert not draft_of(track).exists()


async def test_what_cannot_be_drawn_is_told_as_one_thing(
    audio_files: AudioFiles, song: Path
) -> None:
    with pytest.raises(WorkerFaulty):
        await audio_files.draw(song, 0.0)


async def test_nothing_is_left_of_a_file_that_is_discarded(
    audio_files: AudioFiles, tmp_path: Path
) -> None:
    path = tmp_path / "a.wav"
    for file in (path, draft_of(path)):
        file.write_bytes(b"x")
    await audio_files.discard(path)
    await audio_files.discard(path)
    assert not path.exists()
    assert not draft_of(path).exists()
