"""The four normalization strategies, at audiocraft's own levels."""

from __future__ import annotations

from typing import Literal

import numpy as np

from bot.playground.synth.recording import SAMPLE_RATE_HZ as RATE
from bot.playground.synth.voices import Wave

_CEILING = 10 ** (-1 / 20)
"""audiocraft's `peak_clip_headroom_db`, 1 dB."""
_KNEE = 0.7


def fitted(mix: Wave, strategy: Literal["loudness", "clip", "peak", "rms"]) -> Wave:
    """The mix at its final level: shape (channels, frames) in and out, within -1..1.

    `loudness` brings it to -14 LUFS and `rms` to -18 dB, both softly limited; `peak` brings the
    highest sample to -1 dB; `clip` keeps the level and cuts what is above -1 dB. The numbers are
    the defaults of audiocraft's `audio_write`.
    """
    match strategy:
        case "peak":
            return mix * np.float32(_CEILING / max(float(np.max(np.abs(mix))), 1e-6))
        case "clip":
            return np.clip(mix, -_CEILING, _CEILING)
        case "rms":
            mono: Wave = mix.mean(axis=0)
            rms = float(np.sqrt(np.mean(mono**2)))
            return _limited(mix * np.float32(10 ** (-18 / 20) / max(rms, 1e-6)))
        case "loudness":
            return _limited(mix * np.float32(10 ** ((-14 - loudness_lufs(mix)) / 20)))


def loudness_lufs(mix: Wave) -> float:
    """Loudness by ITU-R BS.1770's frequency weighting, without its gating."""
    size = 1 << (mix.shape[1] - 1).bit_length()
    hz = np.fft.rfftfreq(size, 1 / RATE)
    shelf = 10 ** (4.0 / 20 / (1 + (1500 / (hz + 1)) ** 2))
    weight = (shelf / np.sqrt(1 + (38 / (hz + 0.01)) ** 4)) ** 2
    energy = 0.0
    for channel in mix:
        spectrum = np.fft.rfft(channel, size)
        energy += 2 * float(np.sum((spectrum.real**2 + spectrum.imag**2) * weight)) / size
    return -0.691 + 10 * float(np.log10(max(energy / mix.shape[1], 1e-10)))


def _limited(mix: Wave) -> Wave:
    """Above the knee the level approaches the ceiling smoothly and never passes it."""
    size = np.abs(mix)
    over = np.maximum(size - _KNEE, 0.0) / (_CEILING - _KNEE)
    soft = _KNEE + (_CEILING - _KNEE) * np.tanh(over)
    return np.where(size > _KNEE, np.sign(mix) * soft, mix).astype(np.float32)
