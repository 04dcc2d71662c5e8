"""Where two pieces of audio were joined, measured: a fault there is a number, not an opinion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.measures import BeatJoint, Joint

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from bot.audio.samples import Samples

_EDGE_S = 0.0005
"""How near an edge of the joint a sample counts as at it."""
_AROUND_S = 0.25
_LOUDNESS_S = 0.4
"""The window of momentary loudness, ITU-R BS.1770."""
_LOUDNESS_HOP_S = 0.025
_LOUDNESS_AROUND_S = 4.0
_FLOOR_DB = -60.0
"""Below it all is silence."""


@dataclass(frozen=True, slots=True)
class Seam:
    """A joint and what is around it.

    `at_s` is where the given piece ends and the new audio begins, in the whole; the crossfade takes
    the `fade_s` before. `lag_s` is how much later than expected the model's output was, `gain_db`
    what it was turned up by, and `likeness` how much (0..1) its beginning is the end of the piece.

    Its `Joint` is among it; the model's own output has `loudness_jump_in_output_db` at the same
    place, where a beat may fall or the music change. `beat` is how the beat goes on over it.
    """

    at_s: float
    fade_s: float
    added_s: float
    lag_s: float
    gain_db: float
    likeness: float
    step: float
    step_around: float
    loudness_jump_db: float
    loudness_jump_around_db: float
    loudness_jump_in_output_db: float
    beat: BeatJoint | None = None


def measure(samples: Samples, rate_hz: int, start: int, end: int) -> Joint:
    """Measure a joint whose crossfade is the frames `start` to `end`; equal for a bare cut."""
    step, step_around = _steps(samples, rate_hz, start, end)
    jump, jump_around = _jumps(samples, rate_hz, start, end)
    return Joint(step, step_around, jump, jump_around)


def _steps(samples: Samples, rate_hz: int, start: int, end: int) -> tuple[float, float]:
    import numpy as np

    near, far = max(1, round(_EDGE_S * rate_hz)), round(_AROUND_S * rate_hz)
    # Nothing else is looked at; the frame before is where the first step begins.
    first = max(0, start - 1 - far)
    samples, start, end = samples[first : end + far + 1], start - first, end - first
    # steps[n] is between frames n and n + 1. Not `max`, which takes long over so short an axis.
    steps = np.maximum.reduce([*np.abs(np.diff(samples, axis=0)).T])
    at_edge = np.zeros(len(steps), bool)
    around = np.zeros(len(steps), bool)
    for edge in (start, end):
        at_edge[max(0, edge - 1 - near) : edge + near] = True
        around[max(0, edge - 1 - far) : edge + far] = True
    around &= ~at_edge
    return _largest(steps[at_edge]), _largest(steps[around])


def _jumps(samples: Samples, rate_hz: int, start: int, end: int) -> tuple[float, float]:
    """Changes of loudness from one window to the next: in the joint, and elsewhere."""
    import numpy as np

    window, reach = round(_LOUDNESS_S * rate_hz), round(_LOUDNESS_AROUND_S * rate_hz)
    first = max(0, start - reach - window)
    samples, start, end = samples[first : end + reach + window], start - first, end - first
    power = sum(np.square(channel, dtype=np.float64) for channel in samples.T) / samples.shape[1]
    energy = np.concatenate([[0.0], np.cumsum(power)])
    hop = max(1, round(_LOUDNESS_HOP_S * rate_hz))
    # Every place that has a window to each side; the joint's edges are among them.
    places = np.concatenate([np.arange(end, start - reach, -hop), np.arange(end, end + reach, hop)])
    places = np.append(places, start)
    places = places[(places >= window) & (places <= len(power) - window)]
    before = energy[places] - energy[places - window]
    after = energy[places + window] - energy[places]
    floor = 10 ** (_FLOOR_DB / 10)
    jumps = 10 * np.abs(np.log10((after / window + floor) / (before / window + floor)))
    in_joint = (places >= start) & (places <= end)
    apart = (places <= start - window) | (places >= end + window)
    return _largest(jumps[in_joint]), _largest(jumps[apart])


def _largest(values: npt.NDArray[np.floating]) -> float:
    return float(values.max(initial=0.0))
