"""Where one stretch of audio is found in another one: by normalized cross-correlation. Blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.audio.samples import Samples


def find_lag(own: Samples, there: Samples, most: int) -> tuple[int, float]:
    """How much later than in the middle of `there` the audio `own` stands in it, and how surely.

    Both have shape (frames, channels); `there` is longer by `most` frames at each end, and the lag
    is within ±`most`. The sureness is 1 where they are the same, and 0 or less where they are
    unlike.
    """
    import numpy as np

    heard = own.mean(axis=1, dtype=np.float64)
    searched = there.mean(axis=1, dtype=np.float64)
    heard -= heard.mean()
    searched -= searched.mean()
    size = len(heard)
    length = 1 << (len(searched) + size).bit_length()
    spectrum = np.fft.rfft(searched, length) * np.conj(np.fft.rfft(heard, length))
    products = np.fft.irfft(spectrum, length)[: 2 * most + 1]
    sums = np.concatenate([[0.0], np.cumsum(searched**2)])
    energies = (sums[size:] - sums[:-size])[: 2 * most + 1] * np.sum(heard**2)
    likeness = products / np.sqrt(np.maximum(energies, 1e-12))
    # A steady tone fits at each of its periods; then the nearest place is meant.
    lags = np.arange(-most, most + 1)
    best = int(np.argmax(likeness - 0.01 * np.abs(lags) / max(1, most)))
    return int(lags[best]), float(likeness[best])
