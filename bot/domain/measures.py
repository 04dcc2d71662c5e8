"""What is measured of a finished track: its tempo, and how well its end meets its beginning."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

SURE: Final = 0.5
"""From this sureness on a tempo is told without being asked for."""
_STEP_LEAST = 0.02
"""A smaller step is no click, however quiet the music around it is."""
_STEP_FACTOR = 1.5
_JUMP_LEAST_DB = 3.0
_JUMP_MORE_DB = 1.0
_ALIKE_LEAST = 0.15
"""Bars of noise are alike by less everywhere."""


_BPM = re.compile(r"(?<![\d.])(\d{2,3}(?:\.\d+)?)\s*-?\s*bpm\b", re.IGNORECASE)
_SAME = 0.03


@dataclass(frozen=True, slots=True)
class Tempo:
    """Beats per minute, and how sure that is: from 0, a guess, to 1."""

    bpm: float
    sureness: float

    @property
    def is_sure(self) -> bool:
        """Whether it is worth telling without being asked."""
        return self.sureness >= SURE

    def counted_as_in(self, asked: str) -> Tempo:
        """The same, counted twice or half as fast where these words have that number of bpm.

        Which of them music is counted at is a matter of taste; the one that was asked for is it.
        """
        found = _BPM.search(asked)
        return self if found is None else self.counted_as(float(found[1])) or self

    def counted_as(self, asked_bpm: float) -> Tempo | None:
        """The same, counted as often, twice or half as fast where that is this tempo; else None."""
        for factor in (1.0, 0.5, 2.0):
            if abs(self.bpm * factor - asked_bpm) <= _SAME * asked_bpm:
                return replace(self, bpm=self.bpm * factor)
        return None


@dataclass(frozen=True, slots=True)
class Joint:
    """A place where audio was joined.

    `step` is the largest difference between two neighbouring samples at the joint's two edges, and
    `step_around` within the quarter of a second to each side of them; full scale is 1.
    `loudness_jump_db` is the largest change from 0.4 s to the next 0.4 s in the joint, and
    `loudness_jump_around_db` the largest in the 4 s to each side of it. Where there is too little
    audio to compare, they are 0.
    """

    step: float
    step_around: float
    loudness_jump_db: float
    loudness_jump_around_db: float

    @property
    def clicks(self) -> bool:
        """Whether it jumps from one sample to the next as the music around it does not."""
        return self.step > _STEP_FACTOR * max(_STEP_LEAST, self.step_around)

    @property
    def jumps(self) -> bool:
        """Whether it changes its loudness as the music around it does not."""
        return self.loudness_jump_db > max(
            _JUMP_LEAST_DB, self.loudness_jump_around_db + _JUMP_MORE_DB
        )

    @property
    def is_clean(self) -> bool:
        """Whether nothing gives it away."""
        return not self.clicks and not self.jumps


@dataclass(frozen=True, slots=True)
class BeatJoint:
    """How the beat goes on over a joint.

    `before_bpm` and `after_bpm` are the tempo to each side, counted alike. `off_s` is how much
    later the beat falls behind the joint than the music before it has it, negative where earlier;
    it is known as far as the bars to both sides are alike, `likeness`, to 1. `sureness`, to 1, is
    that of the tempo of the side that is less sure.
    """

    before_bpm: float
    after_bpm: float
    off_s: float
    sureness: float
    likeness: float

    @property
    def is_sure(self) -> bool:
        """Whether there is a beat to each side, and the two can be compared."""
        return self.sureness >= SURE and self.likeness >= _ALIKE_LEAST


@dataclass(frozen=True, slots=True)
class EndCut:
    """Where a piece is to be cut for what goes on from it: before its last `tail_s` seconds.

    That is at a beat, where it has a sure tempo, `bpm`; and at the first beat of a bar, where
    `is_bar`. Else nothing is cut.
    """

    tail_s: float = 0.0
    bpm: float | None = None
    is_bar: bool = False


@dataclass(frozen=True, slots=True)
class Measures:
    """Of a whole track: its tempo, where it has one, and its end before its beginning."""

    tempo: Tempo | None
    joint: Joint


@dataclass(frozen=True, slots=True)
class Measured:
    """A track's length in seconds, and what else was measured of it; None where that failed."""

    length_s: float
    measures: Measures | None


@dataclass(frozen=True, slots=True)
class Loop:
    """A part of a track that plays round and round; lengths in seconds.

    `from_s` is where it begins in the track, the crossfade takes its last `fade_s`. `bars` are of
    four beats, and None where the track has no tempo to count by.
    """

    from_s: float
    length_s: float
    fade_s: float
    bars: int | None
    joint: Joint

    @property
    def bpm(self) -> float | None:
        """Its exact tempo, which is what its length makes of its bars."""
        return None if self.bars is None else self.bars * 4 * 60 / self.length_s
