"""The synthesizer's contract: same request same bytes, exact lengths, given audio kept."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pytest
import soundfile  # pyright: ignore[reportMissingTypeStubs] # it ships none
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.playground.synth import (
    SAMPLE_RATE_HZ,
    Recording,
    Sampling,
    SynthRequest,
    UnreadableAudioError,
    read_prompt,
    render,
)
from bot.playground.synth.listening import key, melody, tempo_and_beat
from bot.playground.synth.rendering import Normalization
from tests.examples import examples

REQUEST = SynthRequest("funk groove with brass", seed=11, duration_s=4)


def wav(samples: npt.NDArray[np.int16], rate_hz: int = SAMPLE_RATE_HZ) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate_hz, format="WAV", subtype="PCM_16")
    return file.getvalue()


def pcm(content: bytes) -> npt.NDArray[np.int16]:
    """(frames, channels) as they stand in the file."""
    samples, _ = soundfile.read(io.BytesIO(content), dtype="int16", always_2d=True)
    return samples.astype(np.int16)


def tune(pitches: list[int], note_s: float = 0.5) -> Recording:
    """A plain sawtooth tune at 120 bpm."""
    t = np.arange(round(note_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    fade = np.minimum(1, (note_s - t) / 0.05) * np.minimum(1, t / 0.01)
    notes = [(t * 440 * 2 ** ((pitch - 69) / 12) % 1 - 0.5) * fade * 0.5 for pitch in pitches]
    samples = np.concatenate(notes).astype(np.float32)[:, None]
    return Recording(samples, SAMPLE_RATE_HZ)


@pytest.mark.parametrize("output_format", ["wav", "mp3"])
@pytest.mark.parametrize("stereo", [False, True])
def test_same_request_same_bytes_and_another_seed_others(
    output_format: Literal["wav", "mp3"], stereo: bool
) -> None:
    request = replace(REQUEST, stereo=stereo, output_format=output_format)
    assert render(request) == render(replace(request))
    assert render(request) != render(replace(request, seed=12))


def test_the_greatest_seed_works() -> None:
    assert len(pcm(render(replace(REQUEST, seed=2**32 - 1))))


@pytest.mark.parametrize("duration_s", [1, 2, 8, 17, 30])
@pytest.mark.parametrize("channels", [1, 2])
def test_length_is_exact(duration_s: int, channels: int) -> None:
    samples = pcm(render(replace(REQUEST, duration_s=duration_s, stereo=channels == 2)))
    assert samples.shape == (duration_s * SAMPLE_RATE_HZ, channels)


@pytest.mark.parametrize("normalization", ["loudness", "clip", "peak", "rms"])
@pytest.mark.parametrize("stereo", [False, True])
def test_continuation_begins_with_the_given_samples(
    normalization: Normalization, stereo: bool
) -> None:
    first = render(replace(REQUEST, stereo=stereo))
    request = replace(
        REQUEST,
        duration_s=10,
        stereo=stereo,
        given=Recording.decode(first),
        continuation=True,
        normalization=normalization,
    )
    whole = pcm(render(request))
    start = pcm(first)
    assert len(whole) == 10 * SAMPLE_RATE_HZ
    assert np.array_equal(whole[: len(start)], start)
    rest = whole[len(start) :].astype(np.float64)
    assert np.sqrt(np.mean(rest**2)) > 300, "and goes on"


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_the_join_does_not_click(seed: int) -> None:
    tone = np.sin(2 * np.pi * 220 * np.arange(2.003 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ) * 0.6
    heard = Recording(tone.astype(np.float32)[:, None], SAMPLE_RATE_HZ)
    request = SynthRequest("ambient pads", seed=seed, duration_s=5, given=heard, continuation=True)
    whole = pcm(render(request))[:, 0].astype(np.int64)
    seam = len(tone)
    around = np.abs(np.diff(whole[seam - 4 : seam + 4]))
    assert around.max() <= 1.2 * np.abs(np.diff(whole[: seam - 4])).max()


def test_continuation_keeps_tempo_and_key() -> None:
    first = render(SynthRequest("techno 132 bpm in D minor", seed=3, duration_s=12))
    request = SynthRequest(
        "", seed=8, duration_s=28, given=Recording.decode(first), continuation=True
    )
    rest = Recording.decode(render(request)).samples[12 * SAMPLE_RATE_HZ :, 0]
    found = tempo_and_beat(rest)
    assert found is not None
    assert min(abs(found[0] - bpm) for bpm in (66, 132)) < 2
    assert key(rest) == (2, True)


def test_the_prompts_tempo_goes_before_the_heard_one() -> None:
    first = render(SynthRequest("techno 132 bpm", seed=3, duration_s=8))
    request = SynthRequest(
        "house 100 bpm", seed=8, duration_s=24, given=Recording.decode(first), continuation=True
    )
    rest = Recording.decode(render(request)).samples[8 * SAMPLE_RATE_HZ :, 0]
    found = tempo_and_beat(rest)
    assert found is not None
    assert abs(found[0] - 100) < 2


def test_lead_follows_the_given_melody() -> None:
    pitches = [60, 64, 67, 72, 71, 67, 64, 62]
    heard = tune(pitches)
    assert [note[2] for note in melody(heard.samples[:, 0], 0.25)] == pitches
    request = SynthRequest("solo flute", seed=1, duration_s=4, given=heard)
    output = Recording.decode(render(request)).samples[:, 0]
    notes = [note[2] % 12 for note in melody(output, 0.25)]
    expected = [pitch % 12 for pitch in pitches]
    assert sum(pitch in notes for pitch in expected) >= 6
    other = Recording.decode(render(replace(request, given=tune(pitches[::-1])))).samples[:, 0]
    assert not np.allclose(output, other, atol=0.05)


def test_window_and_resampling() -> None:
    samples = np.zeros((3 * 44_100, 2), dtype=np.float32)
    samples[44_100 : 2 * 44_100] = 0.25
    recording = Recording(samples, 44_100)
    assert recording.length_s == 3
    window = recording.window(1, 2)
    assert window.length_s == 1
    assert float(window.samples.min()) == 0.25
    assert window.prepared(1).shape == (1, SAMPLE_RATE_HZ)
    assert recording.prepared(2).shape == (2, 3 * SAMPLE_RATE_HZ)
    assert float(np.abs(window.prepared(1) - 0.25).max()) < 1e-3


@pytest.mark.parametrize(
    "content", [b"", b"not audio", b"RIFF\0\0\0\0WAVE", wav(np.zeros(0, np.int16))]
)
def test_what_is_no_audio_says_so(content: bytes) -> None:
    with pytest.raises(UnreadableAudioError):
        Recording.decode(content)


def test_silence_can_be_continued_and_followed() -> None:
    silence = Recording(np.zeros((2 * SAMPLE_RATE_HZ, 1), dtype=np.float32), SAMPLE_RATE_HZ)
    for continuation in (True, False):
        request = replace(REQUEST, given=silence, continuation=continuation)
        assert len(pcm(render(request))) == 4 * SAMPLE_RATE_HZ


def test_negations_and_layers() -> None:
    assert not read_prompt("house without drums").drums
    assert not read_prompt("beatless techno").drums
    assert not read_prompt("rock, no bass").bass
    assert read_prompt("ambient with soft drums").drums
    solo = read_prompt("solo piano")
    assert (solo.drums, solo.bass) == (False, False)
    assert read_prompt("slow techno").tempo_factor < 1 < read_prompt("fast techno").tempo_factor


@given(st.text(max_size=300))
def test_any_prompt_can_be_read(prompt: str) -> None:
    feel = read_prompt(prompt)
    assert feel.tempo_bpm is None or 40 <= feel.tempo_bpm <= 240
    assert feel.tonic is None or 0 <= feel.tonic < 12
    assert 0 <= feel.energy <= 1
    assert 0 <= feel.brightness <= 1


_WORDS = """house techno waltz ambient lofi jazz 60 300 bpm A# minor major eb slow fast no drums
bass solo piano guitar bells flute dark bright epic calm -5bpm 999bpm \u266d \0"""


@settings(max_examples=examples(40), deadline=None)
@given(
    prompt=st.lists(st.sampled_from(_WORDS.split()), max_size=10).map(" ".join)
    | st.text(max_size=60),
    seed=st.integers(0, 2**32 - 1),
    stereo=st.booleans(),
    sampling=st.builds(
        Sampling,
        temperature=st.floats(0, 2),
        top_k=st.integers(0, 1000),
        top_p=st.floats(0, 1),
        guidance=st.integers(0, 10),
    ),
)
def test_any_request_is_played(prompt: str, seed: int, stereo: bool, sampling: Sampling) -> None:
    request = SynthRequest(prompt, seed, 1, stereo=stereo, sampling=sampling)
    samples = pcm(render(request))
    assert len(samples) == SAMPLE_RATE_HZ
    assert samples.any()
