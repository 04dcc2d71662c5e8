"""The synthesizer's sound: what the prompt asks for can be measured in the audio."""

from __future__ import annotations

import io
import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
import soundfile  # pyright: ignore[reportMissingTypeStubs] # it ships none

from bot.playground.synth import (
    SAMPLE_RATE_HZ,
    Recording,
    Sampling,
    SynthRequest,
    compose,
    read_prompt,
    render,
)
from bot.playground.synth.composing import rng_for
from bot.playground.synth.levels import loudness_lufs
from bot.playground.synth.listening import chroma, key, onset_strength
from bot.playground.synth.sampling import Chooser

Samples = npt.NDArray[np.float32]
HOUSE = SynthRequest("deep house bassline 128 bpm in A minor", seed=5, duration_s=8)
ONSETS_PER_S = SAMPLE_RATE_HZ / 256


def played(request: SynthRequest) -> Samples:
    """Decode to (channels, frames)."""
    return Recording.decode(render(request)).samples.T


def mono(request: SynthRequest) -> Samples:
    return played(request).mean(axis=0)


def periodicity(samples: Samples, period_s: float) -> float:
    """The onset envelope's autocorrelation at a lag, as a share of its own energy."""
    onsets = onset_strength(samples)
    lag = period_s * ONSETS_PER_S
    whole = round(lag)
    return float(np.dot(onsets[whole:], onsets[:-whole]) / np.dot(onsets, onsets))


@pytest.mark.parametrize(
    "prompt",
    ["deep house 128 bpm", "lo-fi beat, 80bpm", "rock guitar at 120 BPM", "bpm: 140, chiptune"],
)
def test_tempo_is_audible(prompt: str) -> None:
    bpm = next(float(word) for word in (128, 80, 120, 140) if str(word) in prompt)
    samples = mono(replace(HOUSE, prompt=prompt, duration_s=16))
    beat = 60 / bpm
    on_grid = periodicity(samples, 2 * beat)
    off_grid = max(periodicity(samples, 2 * beat * stretch) for stretch in (0.93, 1.07, 1.13))
    assert on_grid > 0.3
    assert on_grid > 2 * off_grid


@pytest.mark.parametrize(
    ("prompt", "tonic", "minor"),
    [
        ("piano in A minor", 9, True),
        ("house in F# minor", 6, True),
        ("folk guitar in D major", 2, False),
        ("strings in Bb major", 10, False),
    ],
)
def test_key_is_audible(prompt: str, tonic: int, minor: bool) -> None:
    scale = {0, 2, 3, 5, 7, 8, 10} if minor else {0, 2, 4, 5, 7, 9, 11}
    inside = [(tonic + step) % 12 for step in scale]
    heard = [chroma(mono(replace(HOUSE, prompt=prompt, seed=seed))) for seed in (1, 2, 3)]
    assert min(float(each[inside].sum()) for each in heard) > 0.85
    found = [key(mono(replace(HOUSE, prompt=prompt, seed=seed))) for seed in (1, 2, 3)]
    assert found.count((tonic, minor)) >= 2


@pytest.mark.parametrize(("happy", "sad"), [("happy piano", "sad piano"), ("fun pop", "dark pop")])
def test_mood_decides_the_mode(happy: str, sad: str) -> None:
    def minors(prompt: str) -> int:
        heard = [key(mono(replace(HOUSE, prompt=prompt, seed=seed))) for seed in range(1, 8)]
        return sum(found is not None and found[1] for found in heard)

    assert minors(happy) <= 2
    assert minors(sad) >= 5


BRIGHTNESS = ("bright sparkling", "dark gloomy")


def test_bright_has_more_highs_than_dark() -> None:
    bright, dark = (highs(mono(replace(HOUSE, prompt=f"{word} ambient"))) for word in BRIGHTNESS)
    assert bright > 2 * dark


def highs(samples: Samples, above_hz: float = 3000.0) -> float:
    spectrum = np.abs(np.fft.rfft(samples)) ** 2
    hz = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE_HZ)
    return float(spectrum[hz > above_hz].sum() / spectrum.sum())


def test_multi_band_diffusion_has_less_grain() -> None:
    request = SynthRequest("ambient pads", seed=2, duration_s=4, normalization="clip")
    clean = played(replace(request, multi_band_diffusion=True)).mean(axis=0)
    assert highs(clean, 12_000) < 0.2 * highs(mono(request), 12_000)


def test_every_normalization_has_its_own_level() -> None:
    by_name = {
        name: played(replace(HOUSE, normalization=name))
        for name in ("loudness", "clip", "peak", "rms")
    }
    rms_db = {name: 20 * np.log10(np.sqrt(np.mean(each**2))) for name, each in by_name.items()}
    assert np.abs(by_name["peak"]).max() == pytest.approx(10 ** (-1 / 20), abs=1e-3)
    assert rms_db["rms"] == pytest.approx(-18, abs=0.5)
    assert loudness_lufs(by_name["loudness"]) == pytest.approx(-14, abs=0.7)
    assert np.abs(by_name["clip"]).max() <= 10 ** (-1 / 20) + 1e-4
    levels = sorted(float(level) for level in rms_db.values())
    assert all(louder - softer > 0.1 for softer, louder in pairwise(levels))


def lead_line(seed: int, temperature: float) -> tuple[int, ...]:
    chooser = Chooser(rng_for(HOUSE.prompt, seed), Sampling(temperature=temperature))
    score = compose(read_prompt(HOUSE.prompt), chooser, 8)
    return tuple(note.pitch for note in score.notes if note.voice == "lead")


def test_the_hotter_the_more_different() -> None:
    lines = {heat: [lead_line(seed, heat) for seed in range(8)] for heat in (0.0, 1.0, 2.0)}
    assert len(set(lines[0.0])) == 1
    assert len(set(lines[1.0])) >= 6
    leaps = {
        heat: np.mean([np.abs(np.diff(line)).mean() for line in its]) for heat, its in lines.items()
    }
    assert leaps[0.0] < leaps[1.0] < leaps[2.0]


@pytest.mark.parametrize(
    "sampling",
    [Sampling(top_k=40), Sampling(top_p=0.3), Sampling(guidance=10), Sampling(temperature=2)],
)
def test_each_sampling_input_changes_the_music(sampling: Sampling) -> None:
    assert render(HOUSE) != render(replace(HOUSE, sampling=sampling))


def test_without_guidance_the_prompt_is_not_read() -> None:
    free = Sampling(guidance=0)
    tempo_kept = periodicity(mono(replace(HOUSE, duration_s=16)), 60 / 128)
    tempo_lost = periodicity(mono(replace(HOUSE, duration_s=16, sampling=free)), 60 / 128)
    assert tempo_kept > 2 * tempo_lost


@pytest.mark.parametrize("prompt", ["techno", "ambient", "waltz with violin", "chiptune", "jazz"])
@pytest.mark.parametrize("stereo", [False, True])
def test_sound_is_clean(prompt: str, stereo: bool) -> None:
    samples = played(SynthRequest(prompt, seed=9, duration_s=6, stereo=stereo))
    assert np.abs(samples).max() < 0.999
    assert abs(float(samples.mean())) < 0.003
    assert np.abs(samples[:, -1]).max() < 1e-3
    parts = samples.mean(axis=0).reshape(6, -1)
    assert np.sqrt(np.mean(parts**2, axis=1)).min() > 0.01, "no second is silent"


def test_stereo_is_wide_and_mono_compatible() -> None:
    left, right = played(SynthRequest("synthwave pads", seed=4, duration_s=6, stereo=True))
    correlation = float(np.corrcoef(left, right)[0, 1])
    assert 0.2 < correlation < 0.99


def test_thirty_seconds_take_less_than_a_second_of_one_core() -> None:
    request = SynthRequest("drum and bass with strings and brass", duration_s=30, stereo=True)
    began = time.process_time()
    render(request)
    assert time.process_time() - began < 3.0, "1 s on an idle machine; CI machines are slower"


def test_mp3_is_a_real_one() -> None:
    content = render(replace(HOUSE, output_format="mp3"))
    with soundfile.SoundFile(io.BytesIO(content)) as file:
        assert (file.format, file.samplerate) == ("MP3", SAMPLE_RATE_HZ)
        assert file.frames / SAMPLE_RATE_HZ == pytest.approx(8, abs=0.1)
