"""The tempo that is measured, and how sure it is."""

from __future__ import annotations

import numpy as np
import pytest

from bot.audio.tempo import measure_tempo
from bot.domain.measures import Tempo
from bot.playground.synth import Recording, SynthRequest, render
from tests.unit.rhythm_kit import RATE, Samples, at_random, clicks, drone, drums, noise

ALMOST = 0.002


def tempo(samples: Samples) -> Tempo:
    found = measure_tempo(samples, RATE)
    assert found is not None
    return found


@pytest.mark.parametrize("bpm", range(60, 181, 12))
@pytest.mark.parametrize("seconds", [8, 30])
def test_a_metronome_is_counted_as_it_strikes(bpm: int, seconds: int) -> None:
    found = tempo(clicks(bpm, seconds))
    assert found.bpm == pytest.approx(bpm, rel=ALMOST), "neither half nor double"
    assert found.sureness > 0.9


@pytest.mark.parametrize("bpm", [60, 73.5, 90, 100, 112, 120, 128, 140, 152, 166, 180])
@pytest.mark.parametrize("pattern", ["rock", "house", "sixteenths"])
def test_drums_are_counted_by_the_beat(pattern: str, bpm: float) -> None:
    found = tempo(drums(bpm, 10, pattern))
    # The very slow and fast ones may as well be counted at double or half, and are less sure.
    is_exact = found.bpm == pytest.approx(bpm, rel=ALMOST)
    assert is_exact or (not 80 <= bpm <= 160 and abs(np.log2(found.bpm / bpm)) == pytest.approx(1))
    assert found.is_sure


@pytest.mark.parametrize("style", ["deep house", "lo-fi piano", "rock guitar", "drum and bass"])
def test_music_has_the_tempo_that_it_was_asked_for(style: str) -> None:
    for bpm in (104, 128):
        made = Recording.decode(render(SynthRequest(f"{style} {bpm} bpm", 7, 8, stereo=True)))
        found = tempo(np.asarray(made.samples, np.float32))
        assert found.bpm == pytest.approx(bpm, rel=ALMOST)
        assert found.is_sure


@pytest.mark.parametrize(
    "audio",
    [
        *(noise(seconds, seed) for seed, seconds in enumerate((4, 8, 30))),
        *(at_random(seconds, seed) for seed, seconds in enumerate((5, 8, 8, 30))),
        drone(8),
        np.zeros((8 * RATE, 2), np.float32),
    ],
)
def test_what_has_no_beat_is_not_sure(audio: Samples) -> None:
    assert tempo(audio).sureness < 0.25


def test_the_rate_makes_no_difference() -> None:
    audio = drums(110, 10)
    for rate_hz in (16_000, 48_000):
        places = np.arange(10 * rate_hz) * RATE / rate_hz
        other = np.interp(places, np.arange(len(audio)), audio[:, 0]).astype(np.float32)[:, None]
        found = measure_tempo(other, rate_hz)
        assert found is not None
        assert found.bpm == pytest.approx(110, rel=ALMOST)
        assert found.is_sure


@pytest.mark.parametrize(
    ("prompt", "told"),
    [("techno, 128 bpm", 128), ("32BPM drone", 32), ("64-bpm", 64), ("bpm", 64), ("100 bpm", 64)],
)
def test_it_is_counted_as_it_was_asked_for(prompt: str, told: float) -> None:
    assert Tempo(64.1, 0.8).counted_as_in(prompt).bpm == pytest.approx(told, rel=0.05)


def test_a_moment_has_no_tempo() -> None:
    assert measure_tempo(clicks(120, 2), RATE) is None
