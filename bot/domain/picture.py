"""Pictures: of a track its waveform, with what was measured for it; what one of /usage shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """A waveform as a PNG, and what there is to say of it."""

    png: bytes
    duration_s: float
    given_s: float
    """How much of its beginning was there before."""
    thirds_db: tuple[float, float, float]
    """How loud its beginning, middle and end are, as RMS levels."""


@dataclass(frozen=True, slots=True)
class UsageRow:
    """One row of bars: what it is, its sum, and its value of each day."""

    title: str
    total: str
    most: str
    """What the highest bar stands for."""
    values: Sequence[float]
