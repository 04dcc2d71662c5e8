"""The melody of audio as MusicGen hears it: which of the twelve tones leads at each moment.

As transformers' `MusicgenMelodyFeatureExtractor` (5.24.0) computes it, which wants torchaudio: that
is no longer released, and does not load beside a newer PyTorch.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from bot.own_gpu.sound import SAMPLE_RATE_HZ, Audio

_FFT = 16_384
_HOP = 4_096
_TONES = 12
_HEARD_S = 30
"""It hears so much, and what is shorter is followed by silence."""


def leading_tones(audio: Audio) -> Any:
    """The `input_features` of a melody model: a tensor of 0 and 1, (1, moments, tones)."""
    torch: Any = import_module("torch")
    audio_utils: Any = import_module("transformers.audio_utils")
    mono = torch.zeros(_HEARD_S * SAMPLE_RATE_HZ)
    heard = torch.from_numpy(audio.mean(axis=0))[: len(mono)]
    mono[: len(heard)] = heard
    window = torch.hann_window(_FFT)
    spectrum = torch.stft(mono, _FFT, _HOP, window=window, center=True, return_complex=True)
    power = (spectrum / window.square().sum().sqrt()).abs().square()
    filters = audio_utils.chroma_filter_bank(
        sampling_rate=SAMPLE_RATE_HZ, num_frequency_bins=_FFT, tuning=0, num_chroma=_TONES
    )
    tones = torch.from_numpy(filters).float() @ power
    leading = torch.nn.functional.normalize(tones, p=float("inf"), dim=0, eps=1e-6).argmax(dim=0)
    return torch.nn.functional.one_hot(leading, _TONES).float()[None]
