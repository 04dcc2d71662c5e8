"""Audio on its way into the model and out of it. Arrays are float32, (channels, samples)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.audio.loudness import loudness_of

SAMPLE_RATE_HZ = 32_000
"""MusicGen's."""
Audio = npt.NDArray[np.float32]

_PEAK = 10 ** (-1 / 20)
_RMS = 10 ** (-18 / 20)
_LOUDNESS_LUFS = -14.0
_AS_GOOD_AS_SILENT = 2e-3
"""Headrooms and floor are audiocraft's (`audiocraft/data/audio_utils.py`, `normalize_audio`)."""


def read_part(path: Path, start_s: int | None, end_s: int | None) -> Audio:
    """The part of a file from `start_s` to `end_s`, at the model's sample rate.

    Raises:
        ValueError: it is no audio, or has nothing in that part.
    """
    import soundfile  # pyright: ignore[reportMissingTypeStubs] - it has none
    import soxr  # pyright: ignore[reportMissingTypeStubs] - it has none

    try:
        samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise ValueError("The input audio cannot be read: give a WAV, FLAC, MP3 or OGG.") from error
    first = (start_s or 0) * rate_hz
    last = len(samples) if end_s is None else end_s * rate_hz
    part = samples[first:last]
    if not len(part):
        raise ValueError("The input audio has nothing between the start and the end that are set.")
    resampled = soxr.resample(part, rate_hz, SAMPLE_RATE_HZ, quality="VHQ")
    return np.ascontiguousarray(resampled.T, dtype=np.float32)


def with_channels(audio: Audio, channels: int) -> Audio:
    """The same sound with one or two channels."""
    if len(audio) == channels:
        return audio
    mono = audio.mean(axis=0, keepdims=True)
    return np.repeat(mono, channels, axis=0)


def normalized(audio: Audio, strategy: str) -> Audio:
    """Leveled as MusicGen levels: by `loudness`, `peak` or `rms`, or only kept in by `clip`."""
    match strategy:
        case "peak":
            gain = _PEAK / max(float(np.abs(audio).max(initial=0.0)), 1e-9)
        case "rms":
            power = float(np.square(audio.mean(axis=0)).mean()) if audio.size else 0.0
            gain = _RMS / max(power**0.5, 1e-9)
        case "loudness":
            gain = _gain_to_loudness(audio)
        case _:
            return np.clip(audio, -_PEAK, _PEAK)
    leveled: Audio = np.clip(audio * np.float32(gain), -1.0, 1.0)
    return leveled


def _gain_to_loudness(audio: Audio) -> float:
    if not audio.size or float(np.square(audio).mean()) ** 0.5 < _AS_GOOD_AS_SILENT:
        return 1.0
    lufs = loudness_of([audio.T], SAMPLE_RATE_HZ, len(audio)).lufs
    return 1.0 if lufs is None else 10 ** ((_LOUDNESS_LUFS - lufs) / 20)


def write(audio: Audio, path: Path) -> None:
    """Write a WAV or an MP3, by the name's ending."""
    import soundfile  # pyright: ignore[reportMissingTypeStubs] - it has none

    subtype = "PCM_16" if path.suffix == ".wav" else None
    soundfile.write(path, audio.T, SAMPLE_RATE_HZ, subtype=subtype)
