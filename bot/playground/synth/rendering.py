"""From a request to the bytes of an audio file. The playground's synthesizer, not MusicGen."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import soundfile  # pyright: ignore[reportMissingTypeStubs] # it ships none

from bot.playground.synth import listening
from bot.playground.synth.composing import Guide, Score, compose, rng_for
from bot.playground.synth.feel import Feel, read_prompt
from bot.playground.synth.levels import fitted
from bot.playground.synth.recording import SAMPLE_RATE_HZ as RATE
from bot.playground.synth.recording import Recording
from bot.playground.synth.sampling import Chooser, Sampling
from bot.playground.synth.voices import DRUM_PAN, PATCHES, Wave, drum, tone

Normalization = Literal["loudness", "clip", "peak", "rms"]

_JOIN_FRAMES = 1600
_START_FADE_S = 0.002
_END_FADE_S = 0.08


@dataclass(frozen=True, slots=True)
class SynthRequest:
    """One request, with MusicGen's inputs. Equal requests give equal bytes."""

    prompt: str = ""
    seed: int = 1
    duration_s: float = 8.0
    """Length of the whole, given audio included."""
    stereo: bool = False
    given: Recording | None = None
    """Already cut to its window."""
    continuation: bool = False
    """Whether the output begins with `given`; otherwise the lead follows its melody."""
    normalization: Normalization = "loudness"
    sampling: Sampling = field(default_factory=Sampling)
    multi_band_diffusion: bool = False
    output_format: Literal["wav", "mp3"] = "wav"


def render(request: SynthRequest) -> bytes:
    """The finished file: 32 kHz, 16 bits, `duration_s` long to the sample for WAV.

    A continuation's beginning is the given audio as it is; only what follows is normalised.
    """
    frames = round(request.duration_s * RATE)
    channels = 2 if request.stereo else 1
    feel = read_prompt(request.prompt if request.sampling.guidance > 0 else "")
    chooser = Chooser(rng_for(request.prompt, request.seed), request.sampling)
    if request.given is not None and request.continuation:
        head = request.given.prepared(channels)[:, :frames]
        length_s = (frames - head.shape[1]) / RATE
        score = compose(feel, chooser, length_s, _heard_before(head.mean(axis=0), feel))
        new = _new_part(request, feel, score, frames - head.shape[1])
        whole = np.concatenate([head, _joined(head, new)], axis=1)
    else:
        guide = None
        if request.given is not None:
            guide = _melody_guide(request.given.prepared(1)[0][:frames], feel)
        score = compose(feel, chooser, frames / RATE, guide)
        whole = _new_part(request, feel, score, frames)
        rise = min(frames, round(_START_FADE_S * RATE))
        whole[:, :rise] *= np.linspace(0.0, 1.0, rise, dtype=np.float32)
    return _encoded(whole, request.output_format)


def _heard_before(mono: Wave, feel: Feel) -> Guide:
    """What a continuation keeps of the given audio: its tempo, beat and key."""
    heard = listening.tempo_and_beat(mono)
    key = listening.key(mono)
    tempo_bpm, since_beat_s = heard or (None, 0.0)
    if feel.tempo_bpm is not None:
        since_beat_s = min(since_beat_s, 60 / feel.tempo_bpm)
    tonic, minor = key or (None, None)
    return Guide(tempo_bpm, tonic, minor, since_beat_s)


def _melody_guide(mono: Wave, feel: Feel) -> Guide:
    heard = listening.tempo_and_beat(mono)
    tempo_bpm = feel.tempo_bpm or (heard[0] if heard else None)
    tonic, minor = listening.key(mono) or (None, None)
    slot_s = 30.0 / (tempo_bpm or 120.0)
    return Guide(tempo_bpm, tonic, minor, melody=listening.melody(mono, slot_s))


def _new_part(request: SynthRequest, feel: Feel, score: Score, frames: int) -> Wave:
    if frames == 0:
        return np.zeros((2 if request.stereo else 1, 0), dtype=np.float32)
    rng = np.random.default_rng([request.seed, 7])
    mix = _mixed(score, feel, frames, rng, stereo=request.stereo)
    mix = _polished(mix, feel, rng, clean=request.multi_band_diffusion)
    mix = fitted(mix, request.normalization)
    fade = min(frames, round(_END_FADE_S * RATE))
    mix[:, frames - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return mix


def _mixed(
    score: Score, feel: Feel, frames: int, rng: np.random.Generator, *, stereo: bool
) -> Wave:
    mix = np.zeros((2 if stereo else 1, frames), dtype=np.float32)
    played: dict[tuple[str, int, int, float], Wave] = {}
    for note in score.notes:
        patch = PATCHES[note.voice]
        sides = (-1.0, 1.0) if stereo and patch.detune_cents else (0.5,)
        length = round(note.length_s * 500)
        for side in sides:
            name = (note.voice, note.pitch, length, side)
            if name not in played:
                played[name] = tone(patch, note.pitch, length / 500, feel.brightness, side)
            pan = 0.6 * side if len(sides) == 2 else patch.pan
            _place(mix, played[name], note.start_s, note.velocity / len(sides) ** 0.5, pan)
    kit = {name: drum(name, rng) for name in sorted({hit.drum for hit in score.hits})}
    for hit in score.hits:
        _place(mix, kit[hit.drum], hit.start_s, 0.5 * hit.velocity, DRUM_PAN.get(hit.drum, 0.0))
    return mix


def _place(mix: Wave, wave: Wave, start_s: float, gain: float, pan: float) -> None:
    start = round(start_s * RATE)
    skipped = max(0, -start)
    start = max(0, start)
    part = wave[skipped : skipped + mix.shape[1] - start]
    if not len(part):
        return
    if skipped:
        part = part * np.minimum(np.arange(len(part), dtype=np.float32) / 320, 1.0)
    gains = (gain,) if len(mix) == 1 else (gain * (1 - pan), gain * (1 + pan))
    for channel, its_gain in zip(mix, gains, strict=True):
        channel[start : start + len(part)] += part * np.float32(its_gain)


def _polished(mix: Wave, feel: Feel, rng: np.random.Generator, *, clean: bool) -> Wave:
    """Room, tone and grain, in one pass over the spectrum.

    Without multi-band diffusion a faint grain lies over the highs, as over EnCodec's own decoder.
    """
    frames: int = mix.shape[1]
    tail = round(1.4 * RATE)
    size = 1 << (frames + tail - 1).bit_length()
    decay = np.exp(-np.arange(tail, dtype=np.float32) / np.float32(0.32 * RATE))
    hz = np.fft.rfftfreq(size, 1 / RATE)
    shelf = 10 ** ((feel.brightness - 0.5) * 0.5 * np.clip(np.log2((hz + 1) / 1500), -1, 2) / 2)
    shelf *= 1 / (1 + (28 / (hz + 0.1)) ** 4) / (1 + (hz / (13_500 if clean else 15_500)) ** 16)
    polished = np.empty_like(mix)
    for channel, dry in enumerate(mix):
        room = rng.standard_normal(tail, dtype=np.float32) * decay
        room[: round(0.012 * RATE)] = 0.0
        echo = np.fft.rfft(room, size) * (0.9 * feel.style.room / np.sqrt((room**2).sum()))
        echo /= 1 + (hz / 4500) ** 2
        spectrum = np.fft.rfft(dry, size) * (1 + echo) * shelf
        polished[channel] = np.fft.irfft(spectrum, size)[:frames]
        if not clean:
            noise = rng.standard_normal(frames + 1, dtype=np.float32)
            polished[channel] += (noise[1:] - noise[:-1]) * np.float32(0.0008)
    return polished


def _joined(head: Wave, new: Wave) -> Wave:
    """The new part with the last moments of the given audio mirrored under its start: no click."""
    frames = min(_JOIN_FRAMES, head.shape[1], new.shape[1])
    if not frames:
        return new
    ramp = (1 + np.cos(np.pi * np.arange(frames, dtype=np.float32) / frames)) / 2
    joined = new.copy()
    joined[:, :frames] = new[:, :frames] * (1 - ramp) + head[:, : -frames - 1 : -1] * ramp
    return joined


def _encoded(whole: Wave, output_format: Literal["wav", "mp3"]) -> bytes:
    file = io.BytesIO()
    if output_format == "mp3":
        # Floats: libsndfile 1.2.2 garbles a stereo MP3 that it is given as 16-bit integers.
        soundfile.write(file, np.clip(whole.T, -1.0, 1.0), RATE, format="MP3")
    else:
        samples = np.clip(np.rint(whole.T * 32768.0), -32768, 32767).astype(np.int16)
        soundfile.write(file, samples, RATE, format="WAV", subtype="PCM_16")
    return file.getvalue()
