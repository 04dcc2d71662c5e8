"""Loops: how a track's end meets its beginning, and the best part to play round and round."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile  # pyright: ignore[reportMissingTypeStubs] - its source is typed well enough

from bot.audio.loop import make_loop
from bot.audio.measuring import measure_track
from bot.audio.seam_metrics import measure
from bot.audio.split import split_wav
from bot.domain.errors import NoLoop
from bot.domain.measures import Joint, Loop
from bot.playground.synth import SynthRequest, render
from tests.unit.audio_kit import samples_of
from tests.unit.rhythm_kit import RATE, Samples, clicks, drone, drums, noise

STYLES = ["deep house", "lo-fi piano", "rock guitar", "hip hop beat"]


def write(path: Path, audio: Samples) -> Path:
    soundfile.write(path, audio, RATE, format=path.suffix[1:].upper())
    return path


def looped(folder: Path, audio: Samples) -> tuple[Loop, Samples]:
    made = make_loop([write(folder / "track.wav", audio)], folder / "loop.wav")
    return made, samples_of(folder / "loop.wav").astype(np.float32)


def met(audio: Samples, fade_s: float) -> Joint:
    """The joint of a loop, measured where it is played again."""
    fade, reach = round(fade_s * RATE), min(len(audio), 5 * RATE)
    around = np.concatenate([audio[-reach:], audio[:reach]])
    return measure(around, RATE, reach - fade, reach)


@pytest.mark.parametrize(("bpm", "first_s"), [(90, 0.0), (120, 0.37), (128, 0.0), (140, 0.2)])
def test_drums_loop_in_whole_bars_from_a_beat_on(
    tmp_path: Path, bpm: float, first_s: float
) -> None:
    made, audio = looped(tmp_path, drums(bpm, 10, first_s=first_s))
    assert made.bars in {1, 2, 4}
    assert made.bpm == pytest.approx(bpm, rel=0.001)
    assert made.length_s == pytest.approx(len(audio) / RATE)
    beats = (made.from_s - first_s) * bpm / 60
    early_s = (round(beats) - beats) * 60 / bpm
    assert -0.001 < early_s < 0.008, "its first sound is whole, and at once"
    assert round(beats) % 2 == 0, "where the low drum is"
    assert made.joint.is_clean
    assert met(audio, made.fade_s).is_clean


@pytest.mark.parametrize("style", STYLES)
def test_music_loops_as_well_as_it_goes_on(tmp_path: Path, style: str) -> None:
    track = tmp_path / "track.wav"
    track.write_bytes(render(SynthRequest(f"{style} 120 bpm", 7, 15, stereo=True)))
    made = make_loop([track], tmp_path / "loop.wav")
    audio = samples_of(tmp_path / "loop.wav")
    assert (made.bars, made.length_s) == (4, pytest.approx(8, abs=0.002))
    assert made.joint.is_clean
    # All but the fade is the track's own, to the sample.
    start, own = round(made.from_s * RATE), samples_of(track)
    kept = len(audio) - round(made.fade_s * RATE)
    np.testing.assert_array_equal(audio[:kept], own[start : start + kept])


def test_a_loop_meets_better_than_the_track_does(tmp_path: Path) -> None:
    audio = drone(8.0021)
    track = measure_track(write(tmp_path / "whole.wav", audio))
    made, _ = looped(tmp_path, audio)
    assert track.joint.clicks
    assert made.joint.step < track.joint.step / 4
    assert made.joint.is_clean


@pytest.mark.parametrize("audio", [noise(8), drone(8)])
def test_without_a_beat_it_is_cut_where_it_is_most_like_itself(
    tmp_path: Path, audio: Samples
) -> None:
    made, _ = looped(tmp_path, audio)
    assert (made.bars, made.bpm) == (None, None)
    assert made.length_s > 2
    assert made.joint.is_clean


def test_a_click_is_found_where_waves_do_not_meet(tmp_path: Path) -> None:
    broken = measure_track(write(tmp_path / "a.wav", drone(8.0021))).joint
    assert broken.clicks
    assert not broken.is_clean
    time = np.arange(8 * RATE) / RATE
    whole = (0.3 * np.sin(2 * np.pi * 110 * time)).astype(np.float32)[:, None]
    assert measure_track(write(tmp_path / "b.wav", whole)).joint.is_clean


def test_a_fade_at_the_end_is_a_jump(tmp_path: Path) -> None:
    fading = noise(10) * np.linspace(1, 0, 10 * RATE, dtype=np.float32)[:, None] ** 2
    joint = measure_track(write(tmp_path / "track.wav", fading)).joint
    assert joint.jumps


def test_parts_are_one_track(tmp_path: Path) -> None:
    track = write(tmp_path / "track.wav", drums(120, 10))
    whole = make_loop([track], tmp_path / "one.wav")
    parts = split_wav(track, 300_000, 9)
    assert len(parts) > 1
    assert make_loop(parts, tmp_path / "two.wav") == whole


def test_there_is_no_loop_in_a_moment(tmp_path: Path) -> None:
    with pytest.raises(NoLoop) as refused:
        looped(tmp_path, clicks(120, 2))
    assert refused.value.track_s == 2
    assert not (tmp_path / "loop.wav").exists()


def test_five_minutes_are_as_little_work_as_two(tmp_path: Path) -> None:
    """And as little memory: only their beginning is read."""
    made, _ = looped(tmp_path, np.tile(drums(120, 10), (30, 1)))
    assert made.from_s + made.length_s <= 180
    assert made.bars == 16
