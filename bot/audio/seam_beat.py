"""Whether the beat goes on over a joint, measured. Blocks.

The tempo says how long a bar is. The bar before the joint and the one after it are compared by when
they become louder: where they are most alike one was moved against the other by so much, whichever
of their strokes one calls the beat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.audio.beats import BEATS_A_BAR, find_rises
from bot.audio.correlation import find_lag
from bot.audio.tempo import measure_tempo
from bot.domain.measures import BeatJoint

if TYPE_CHECKING:
    from bot.audio.samples import Samples

_HEARD_S = 8.0
"""To each side; of less than 3 s there is no tempo."""
_PER_S = 1000
_SMOOTHED = 9
"""Thousandths of a second: no stroke is quite like the next."""
_OFF_MAX_S = 0.1
_BEATS_LEAST = 2
"""Where there is no room for a bar, fewer beats are compared."""


def measure_beat(
    samples: Samples, rate_hz: int, at: int, asked_bpm: float | None = None
) -> BeatJoint | None:
    """Compare the beat before frame `at` with the one after it; None where there is too little.

    `samples` has shape (frames, channels); `asked_bpm` is the tempo that it was asked for with.
    """
    import numpy as np

    heard = round(_HEARD_S * rate_hz)
    start = max(0, at - heard)
    around = samples[start : at + heard]
    before = measure_tempo(around[: at - start], rate_hz, asked_bpm)
    after = measure_tempo(around[at - start :], rate_hz, before and before.bpm)
    if before is None or after is None:
        return None
    rises = np.sqrt(find_rises(around, rate_hz, _PER_S).values)
    rises = np.convolve(rises, np.hanning(_SMOOTHED + 2), "same").astype(np.float32)[:, None]
    joint, most = round((at - start) / rate_hz * _PER_S), round(_OFF_MAX_S * _PER_S)
    beat = 60 / before.bpm * _PER_S
    beats = min(BEATS_A_BAR, int(joint / beat), int((len(rises) - joint - most) / beat))
    if beats < _BEATS_LEAST:
        return None
    bar = round(beats * beat)
    there = rises[joint - most : joint + bar + most]
    lag, likeness = find_lag(rises[joint - bar : joint], there, most)
    return BeatJoint(
        before_bpm=before.bpm,
        after_bpm=after.bpm,
        off_s=(lag + bar - beats * beat) / _PER_S,
        sureness=min(before.sureness, after.sureness),
        likeness=max(0.0, likeness),
    )
