"""How many takes a round may have. No I/O."""

from __future__ import annotations

from dataclasses import dataclass

TAKES_MAX = 25
"""Of a round: a menu on Discord has no more entries to choose among equals from."""


@dataclass(frozen=True, slots=True)
class TakeLimits:
    """How many takes a round may have: of one person, and in all."""

    per_person: int = 2
    per_round: int = 12
    """6 to 12 are pleasant to listen to, 25 are not."""
