"""The picture of a track: its waveform, and what was measured for drawing it."""

from __future__ import annotations

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
