"""The beat at a piece's end, where what goes on from it begins, and over a joint."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile  # pyright: ignore[reportMissingTypeStubs] - its source is typed well enough

from bot.audio.end_cut import find_cut, measure_end
from bot.audio.join import join
from bot.audio.seam_beat import measure_beat
from bot.domain.measures import EndCut
from bot.playground.synth import Recording, SynthRequest, render
from tests.unit.rhythm_kit import RATE, Samples, at_random, drone, drums, noise

SECONDS = 11.3


def late_ms(place_s: float, bpm: float, first_s: float = 0.0) -> float:
    """How far a place is from the nearest beat, negative before it."""
    beats = (place_s - first_s) * bpm / 60
    return (beats - round(beats)) * 60_000 / bpm


@pytest.mark.parametrize("pattern", ["rock", "house"])
@pytest.mark.parametrize(("bpm", "first_s"), [(72, 0.3), (90, 0.0), (110, 0.2), (128, 0.41)])
def test_a_piece_is_cut_just_before_a_beat(pattern: str, bpm: float, first_s: float) -> None:
    cut = find_cut(drums(bpm, SECONDS, pattern, first_s=first_s), RATE, 10.0, bpm)
    assert -8 < late_ms(SECONDS - cut.tail_s, bpm, first_s) < 0
    assert cut.bpm == pytest.approx(bpm, rel=0.002)
    assert cut.tail_s <= 10 / 8 + 0.01, "no more than an eighth of what was added"


def test_a_bar_is_kept_whole_where_that_costs_little() -> None:
    march = drums(120, 8.7, "march")
    whole = find_cut(march, RATE, 8.7, 120)
    assert (whole.is_bar, whole.tail_s) == (True, pytest.approx(0.7, abs=0.01))
    short = find_cut(march, RATE, 2.0, 120)
    assert (short.is_bar, short.tail_s) == (False, pytest.approx(0.2, abs=0.01))
    # Rock may have its first beat where it has its third one, house anywhere.
    for pattern in ("rock", "house"):
        unsure = find_cut(drums(120, 8.7, pattern), RATE, 8.7, 120)
        assert (unsure.is_bar, unsure.tail_s) == (False, pytest.approx(0.2, abs=0.01))


def test_what_ends_on_a_beat_stays_whole() -> None:
    assert find_cut(drums(120, 8.0), RATE, 8.0, 120).tail_s == 0


@pytest.mark.parametrize("audio", [noise(10), drone(10), at_random(10, 3), np.zeros((RATE * 9, 1))])
def test_what_has_no_sure_beat_is_not_cut(audio: Samples) -> None:
    for asked_bpm in (None, 120.0):
        assert find_cut(audio.astype(np.float32), RATE, 10.0, asked_bpm) == EndCut()


def test_a_moment_is_not_cut_nor_what_would_be_lost_whole() -> None:
    assert find_cut(drums(60, 2.5), RATE, 2.5, 60).tail_s == 0
    assert find_cut(drums(60, 9.9), RATE, 1.0, 60).tail_s == 0


@pytest.mark.parametrize("style", ["techno", "rock guitar", "lo-fi piano", "drum and bass"])
def test_music_is_cut_on_its_beat(tmp_path: Path, style: str) -> None:
    made = render(SynthRequest(f"{style} 124 bpm", 7, SECONDS, stereo=True))
    (tmp_path / "track.wav").write_bytes(made)
    cut = measure_end(tmp_path / "track.wav", 2 * 60 / 124, 124)
    assert -25 < late_ms(SECONDS - cut.tail_s, 124) < 1


def test_a_beat_that_was_asked_for_is_surer(tmp_path: Path) -> None:
    """Whether it is counted so, or twice as fast, is no question then."""
    made = Recording.decode(render(SynthRequest("funk 100 bpm", 7, 10)))
    samples = np.asarray(made.samples, np.float32)
    assert find_cut(samples, RATE, 10.0, None) == EndCut()
    assert find_cut(samples, RATE, 10.0, 100).bpm == pytest.approx(100, rel=0.002)


def joined(before: Samples, pause_s: float, after: Samples) -> Samples:
    if pause_s < 0:
        return np.concatenate([before, after[round(-pause_s * RATE) :]])
    return np.concatenate([before, np.zeros((round(pause_s * RATE), 1), np.float32), after])


@pytest.mark.parametrize("bpm", [90, 120, 133])
@pytest.mark.parametrize("late_s", [0.0, 0.01, 0.06, -0.04])
def test_a_beat_that_comes_late_over_a_joint_is_measured(bpm: float, late_s: float) -> None:
    length_s = 8 * 60 / bpm
    before = drums(bpm, length_s)
    found = measure_beat(joined(before, late_s, before), RATE, len(before), bpm)
    assert found is not None
    assert found.off_s == pytest.approx(late_s, abs=0.006)
    assert found.before_bpm == pytest.approx(found.after_bpm, rel=0.005)
    assert found.is_sure


def test_another_tempo_is_measured_and_none_is_not_sure() -> None:
    found = measure_beat(np.concatenate([drums(100, 6), drums(110, 6)]), RATE, 6 * RATE)
    assert found is not None
    assert (round(found.before_bpm), round(found.after_bpm)) == (100, 110)
    unsure = measure_beat(np.concatenate([drums(100, 6), noise(6)]), RATE, 6 * RATE)
    assert unsure is not None
    assert not unsure.is_sure
    assert measure_beat(drums(100, 8), RATE, 2 * RATE) is None


def test_an_extension_tells_how_its_beat_goes_on(tmp_path: Path) -> None:
    piece, output = tmp_path / "piece.wav", tmp_path / "output.wav"
    audio = drums(120, 12)
    soundfile.write(piece, audio[: 6 * RATE], RATE)
    soundfile.write(output, audio[2 * RATE :], RATE)
    seam = join(piece, output, 4.0, tmp_path / "whole.wav")
    assert seam.beat is not None
    assert seam.beat.off_s == pytest.approx(0, abs=0.003)
