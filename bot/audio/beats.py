"""Where the beats of music are: just before their sound begins. Blocks.

The tempo says how far apart they are (`tempo`); where they fall is found by the onset envelope, to
a hundredth of a second, and then by the loudness of each thousandth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.audio.tempo import Onsets

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from bot.audio.samples import Samples

    Floats = npt.NDArray[np.float32]

BEATS_A_BAR = 4
_AT_ONCE_FRAMES = 3
"""A beat so near to the very beginning is there."""
_BEFORE_FRAMES = 0.3
"""A beat is so long before its first sound: 3 ms."""
_GRAIN_S = 0.001
_REFINED_S = 0.025
"""How far a beat may be from where the whole stretch has it."""
_AS_STRONG = 0.7
"""Of the strongest rise: an earlier one of so much is the beginning."""
_AS_LOW = 0.9
"""Two beats of a bar whose low sounds are so much alike may each be its first."""
_NEARLY_AS_LOW = 0.7
"""Nothing is cut off for a bar where two of them are alike by so much."""


@dataclass(frozen=True, slots=True, eq=False)
class Rises:
    """How much louder it gets from each thousandth of a second to the next."""

    values: Floats
    grains_per_frame: float

    def at(self, frames: npt.NDArray[np.float64]) -> float:
        """On average at these frames of the onset envelope."""
        return mean_at(self.values, frames * self.grains_per_frame)


def find_rises(samples: Samples, rate_hz: int, frames_per_s: float) -> Rises:
    """The rises of audio of shape (frames, channels)."""
    import numpy as np

    grain = max(1, round(_GRAIN_S * rate_hz))
    whole = samples[: len(samples) // grain * grain].reshape(-1, grain * samples.shape[1])
    power = np.einsum("ij,ij->i", whole, whole)
    values = np.diff(np.sqrt(power), prepend=0).clip(0)
    return Rises(values, rate_hz / frames_per_s / grain)


def find_beats(onsets: Onsets, rises: Rises, beat: float) -> npt.NDArray[np.float64]:
    """All beats of audio in order, `beat` frames of the envelope apart."""
    import numpy as np

    strengths, count = onsets.strengths, len(onsets.levels_db)
    phases = np.arange(0, beat, 0.5)
    # Strengths are one frame late.
    at = [mean_at(strengths, np.arange(phase, len(strengths), beat) - 1) for phase in phases]
    first = float(phases[int(np.argmax(at))])
    if min(first, beat - first) <= _AT_ONCE_FRAMES:
        # The very first sound has nothing before it to rise from.
        return np.arange(0, len(strengths), beat)
    fine = first + np.arange(-2.0, 2.0, 0.05)
    at = [rises.at(np.arange(phase, count, beat)) for phase in fine]
    first = float(fine[int(np.argmax(at))]) - _BEFORE_FRAMES
    return np.arange(max(0.0, first), len(strengths), beat)


def refined(
    beats: npt.NDArray[np.float64], rises: Rises, frames_per_s: float
) -> npt.NDArray[np.float64]:
    """A few beats that follow one another, moved together to where they sound themselves."""
    import numpy as np

    most = _REFINED_S * frames_per_s
    moves = np.arange(-most, most, 0.05)
    at = np.array([rises.at(beats + move) for move in moves])
    # Several sounds may begin one after the other: the first of them is the beat.
    earliest = int(np.argmax(at >= _AS_STRONG * at.max()))
    return beats + float(moves[earliest]) - _BEFORE_FRAMES


def find_downbeat(onsets: Onsets, beats: npt.NDArray[np.float64]) -> int:
    """Which of four beats is the first of a bar: where the low sounds are, mostly a drum."""
    sums = _low_sounds(onsets, beats)
    return next(number for number, low in enumerate(sums) if low > _AS_LOW * max(sums))


def is_sure_downbeat(onsets: Onsets, beats: npt.NDArray[np.float64]) -> bool:
    """Whether one of four beats is by far the first of a bar by its low sounds."""
    sums = _low_sounds(onsets, beats)
    return sum(low > _NEARLY_AS_LOW * max(sums) for low in sums) == 1


def _low_sounds(onsets: Onsets, beats: npt.NDArray[np.float64]) -> list[float]:
    import numpy as np

    low = onsets.low_strengths
    strengths = np.interp(beats - 1, np.arange(len(low)), low)
    phases = range(min(BEATS_A_BAR, len(beats)))
    return [float(strengths[phase::BEATS_A_BAR].mean()) for phase in phases]


def mean_at(values: Floats, places: npt.NDArray[np.float64]) -> float:
    """The mean of values between their indices."""
    import numpy as np

    return float(np.interp(places, np.arange(len(values)), values).mean())
