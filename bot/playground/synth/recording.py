"""Audio that was given: decoded, cut to a window, brought to the synthesizer's rate."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import soundfile  # pyright: ignore[reportMissingTypeStubs] # it ships none

SAMPLE_RATE_HZ = 32_000


class UnreadableAudioError(Exception):
    """The bytes are no audio that libsndfile reads."""


@dataclass(frozen=True, slots=True)
class Recording:
    """Decoded audio: samples of shape (frames, channels), float32 in -1..1."""

    samples: npt.NDArray[np.float32]
    rate_hz: int

    @classmethod
    def decode(cls, content: bytes) -> Recording:
        """Read WAV, FLAC, OGG, MP3 and what else libsndfile knows.

        Raises:
            UnreadableAudioError: the bytes are something else, or hold no samples.
        """
        try:
            with soundfile.SoundFile(io.BytesIO(content)) as file:
                samples = file.read(dtype="float32", always_2d=True)
                rate_hz = file.samplerate
        except (soundfile.SoundFileError, TypeError, ValueError, RuntimeError) as error:
            raise UnreadableAudioError(str(error)) from error
        if not len(samples):
            raise UnreadableAudioError("no samples")
        return cls(samples.astype(np.float32, copy=False), rate_hz)

    @property
    def length_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate_hz

    def window(self, start_s: float, end_s: float | None) -> Recording:
        """The part from `start_s` to `end_s`, or to the end."""
        end = None if end_s is None else int(end_s * self.rate_hz)
        return Recording(self.samples[int(start_s * self.rate_hz) : end], self.rate_hz)

    def prepared(self, channels: int) -> npt.NDArray[np.float32]:
        """The samples at `SAMPLE_RATE_HZ` with so many channels, shape (channels, frames)."""
        samples = np.nan_to_num(self.samples.T)
        if len(samples) != channels:
            mono = samples.mean(axis=0, keepdims=True)
            samples = np.repeat(mono, channels, axis=0)
        if self.rate_hz != SAMPLE_RATE_HZ:
            samples = _resampled(samples, round(self.length_s * SAMPLE_RATE_HZ))
        return np.ascontiguousarray(samples, dtype=np.float32)


def _resampled(samples: npt.NDArray[np.float32], frames: int) -> npt.NDArray[np.float32]:
    """Band-limited resampling of the whole by its spectrum."""
    before = samples.shape[1]
    if before == 0 or frames == 0:
        return np.zeros((len(samples), frames), dtype=np.float32)
    spectrum = np.fft.rfft(samples, axis=1)
    return (np.fft.irfft(spectrum, frames, axis=1) * (frames / before)).astype(np.float32)
