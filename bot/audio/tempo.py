"""The tempo of music: where it begins anew, again and again.

From one hundredth of a second to the next, what has become louder in each of some two dozen bands
is added up: the onset envelope. Its autocorrelation has a peak at each period after which it is
like itself, and all their multiples are peaks of a slow pulse. The slowest one is found first;
where the halves or thirds of it are as strong as it is itself, it is counted faster.

numpy does all of it in some milliseconds. librosa's `beat_track` needs numba, SciPy and
scikit-learn for the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.domain.measures import Tempo

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from bot.audio.samples import Samples

    Floats = npt.NDArray[np.float32]

FRAMES_PER_S = 100
_WINDOW_S = 0.046
_BANDS = 24
_FRAMES_AT_ONCE = 512
_COMPRESSED = 0.6
"""Of the power in a band: a loud drum counts for more than a quiet one, not a thousand times."""
_FLOOR = 1e-7
_AROUND_S = 1.0
"""An onset is what exceeds the average of so much time around it."""

_LEAST_S = 3.0
"""In less there are too few beats to tell."""
_SLOWEST_BPM, _FASTEST_BPM = 50.0, 200.0
_OCTAVE = 2.04
"""The slow pulse is looked for in a little more than one."""
_MULTIPLES = 8
_OVERLAP = 0.75
"""A period longer than so much of the whole has too little to be compared."""
_USUAL_BPM, _USUAL_OCTAVES = 115.0, 1.2
"""What music is counted at, on average, and how far from it most of it is."""
_AS_STRONG = 0.45
_CONTRAST_NONE_DB, _CONTRAST_FULL_DB = 3.0, 9.0
"""How far onsets rise above what is usual: noise does by 2.5 dB, a quiet guitar by 10 or more."""
_PULSE_NONE, _PULSE_FULL = 0.15, 0.6
"""The autocorrelation at the multiples of the period; strokes at random reach 0.2 of 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Onsets:
    """What becomes louder, frame by frame.

    `levels_db` has shape (frames, bands); `strengths` and `low_strengths`, those of the lower third
    of the bands, are one frame shorter at each end.
    """

    frames_per_s: float
    levels_db: Floats
    strengths: Floats
    low_strengths: Floats


def measure_tempo(samples: Samples, rate_hz: int, asked_bpm: float | None = None) -> Tempo | None:
    """The tempo of audio, of shape (frames, channels); None where there is too little of it."""
    onsets = find_onsets(samples, rate_hz)
    return None if onsets is None else tempo_of(onsets, asked_bpm)


def find_onsets(samples: Samples, rate_hz: int) -> Onsets | None:
    """The onset envelope; None of less than some seconds."""
    import numpy as np

    if len(samples) < _LEAST_S * rate_hz:
        return None
    hop = max(1, round(rate_hz / FRAMES_PER_S))
    size = 1 << int(math.log2(rate_hz * _WINDOW_S))
    mono = samples.mean(axis=1, dtype=np.float32)
    # A frame stands for its middle, and the first one for the very beginning.
    mono = np.pad(mono, (size // 2, size // 2))
    views = np.lib.stride_tricks.sliding_window_view(mono, size)[::hop]
    window = np.hanning(size).astype(np.float32)
    edges = np.unique(np.geomspace(2, size // 2, _BANDS + 1).astype(np.intp))[:-1]
    powers = np.empty((len(views), len(edges)), np.float32)
    for start in range(0, len(views), _FRAMES_AT_ONCE):
        part = slice(start, start + _FRAMES_AT_ONCE)
        spectrum = np.abs(np.fft.rfft(views[part] * window, axis=1)) ** 2
        powers[part] = np.add.reduceat(spectrum, edges, axis=1)
    powers /= size**2 / 16
    rises = np.maximum(np.diff(powers**_COMPRESSED, axis=0), 0)
    rises = rises[1:] + rises[:-1]
    return Onsets(
        frames_per_s=rate_hz / hop,
        levels_db=10 * np.log10(powers + _FLOOR),
        strengths=_standing_out(rises.mean(axis=1), rate_hz / hop),
        low_strengths=rises[:, : len(edges) // 3].mean(axis=1),
    )


def _standing_out(rises: Floats, frames_per_s: float) -> Floats:
    import numpy as np

    width = int(frames_per_s * _AROUND_S) | 1
    around = np.convolve(np.pad(rises, width // 2, mode="edge"), np.ones(width) / width, "valid")
    return np.maximum(rises - around, 0).astype(np.float32)


def tempo_of(onsets: Onsets, asked_bpm: float | None = None) -> Tempo:
    """The tempo of an onset envelope, counted as it was asked for where it is that one."""
    import numpy as np

    comb = _Comb(onsets.strengths)
    per_minute = 60 * onsets.frames_per_s
    slow = np.geomspace(_SLOWEST_BPM, _SLOWEST_BPM * _OCTAVE, 500)
    pulses = comb.at(per_minute / slow, range(1, _MULTIPLES + 1))
    best = int(np.argmax(pulses))
    period, margin = _counted(comb, per_minute / float(slow[best]), per_minute)
    near = period * np.linspace(0.97, 1.03, 241)
    period = float(near[int(np.argmax(comb.at(near, range(1, 2 * _MULTIPLES + 1))))])
    pulse = _between(float(pulses[best]), _PULSE_NONE, _PULSE_FULL)
    contrast = _between(_contrast_db(onsets), _CONTRAST_NONE_DB, _CONTRAST_FULL_DB)
    tempo = Tempo(per_minute / period, round(pulse * contrast, 3))
    counted = None if asked_bpm is None else tempo.counted_as(asked_bpm)
    if counted is not None:
        return counted
    # Where it might as well be counted at twice or half the tempo, nobody can be sure.
    counting = min(1.0, 0.5 + margin)
    return replace(tempo, sureness=round(pulse * contrast * counting, 3))


def _counted(comb: _Comb, period: float, per_minute: float) -> tuple[float, float]:
    """The period that one would count by, and by how many octaves of strength it is that one."""
    import numpy as np

    margin = 1.0
    while True:
        for parts in (2, 3):
            shorter = np.array([period / parts])
            bpm = per_minute * parts / period
            if bpm > _FASTEST_BPM:
                continue
            between = [n for n in range(1, 4 * parts) if n % parts]
            strength = float(comb.at(shorter, between)[0])
            needed = _AS_STRONG * float(comb.at(shorter, range(parts, 4 * parts, parts))[0])
            needed *= _usual(bpm / parts) / _usual(bpm)
            ratio = strength / needed if needed > 0 else 0.0
            margin = min(margin, abs(math.log2(max(ratio, 0.01))))
            if ratio >= 1:
                period /= parts
                break
        else:
            return period, margin


def _usual(bpm: float) -> float:
    return math.exp(-0.5 * (math.log2(bpm / _USUAL_BPM) / _USUAL_OCTAVES) ** 2)


class _Comb:
    """An envelope's autocorrelation, read at the multiples of a period."""

    def __init__(self, strengths: Floats) -> None:
        import numpy as np

        count = len(strengths)
        around = np.hanning(7)
        envelope = np.convolve(strengths - strengths.mean(), around / around.sum(), "same")
        length = 1 << (2 * count).bit_length()
        products = np.fft.irfft(np.abs(np.fft.rfft(envelope, length)) ** 2)[:count]
        # Those far apart are fewer.
        share = np.maximum(1 - np.arange(count) / count, 0.25)
        self._values: npt.NDArray[np.float64] = products / (share * (products[0] + 1e-12))

    def at(self, periods: npt.NDArray[np.float64], multiples: Iterable[int]) -> Floats:
        """How alike it is to itself after some multiples of each period, in frames; 1 is wholly."""
        import numpy as np

        count = len(self._values)
        lags = periods * np.fromiter(multiples, np.float64)[:, None]
        # Farther ones count for less, and not at all where too little is left to compare.
        weights = np.where(lags < count * _OVERLAP, np.sqrt(periods / lags), 0.0)
        values = np.interp(lags.ravel(), np.arange(count), self._values).reshape(lags.shape)
        total = np.einsum("ij,ij->j", weights, values)
        return np.asarray(total / np.maximum(weights.sum(axis=0), 1e-9), np.float32)


def _contrast_db(onsets: Onsets) -> float:
    """How far the strongest rises, about one a second, stand above the usual ones."""
    import numpy as np

    levels = onsets.levels_db
    rises = np.sort(np.maximum(levels[2:] - levels[:-2], 0).mean(axis=1))
    strongest = max(4, int(len(rises) / onsets.frames_per_s))
    return float(rises[-strongest:].mean() - np.median(rises))


def _between(value: float, none: float, full: float) -> float:
    return min(1.0, max(0.0, (value - none) / (full - none)))
