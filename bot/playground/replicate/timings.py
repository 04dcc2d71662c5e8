"""How long the stand-in takes for what Replicate takes its time for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds and rates. The defaults feel real but don't test a visitor's patience."""

    cold_start_s: float = 1.5
    """In `starting`, for the first prediction."""
    warm_start_s: float = 0.4
    """In `starting`, once one prediction has run."""
    step_rate_per_s: float = 100.0
    """Steps of the model in a second; a second of audio has fifty."""
    encode_s: float = 0.5
    """Silent time after the last step."""
    tick_s: float = 0.1
    """How often the logs grow."""
    retention_s: float = 3600.0
    """Input, output and logs are removed so long after the end."""
    file_retention_s: float = 86_400.0
    list_lag_s: float = 0.0
    """How long a new prediction is missing from the list."""

    @classmethod
    def instant(cls) -> Timings:
        """No waiting at all: for tests."""
        return cls(
            cold_start_s=0.0, warm_start_s=0.0, step_rate_per_s=1e9, encode_s=0.0, tick_s=0.001
        )
