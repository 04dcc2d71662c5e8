"""What a generation costs whoever pays: reserved when it is accepted, settled at its end. No I/O.

Money is whole millionths of a US dollar, so that no sum is ever rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

USD = 1_000_000
"""Micro-dollars in one."""


class ChargeState(StrEnum):
    """What has become of a reservation."""

    RESERVED = "reserved"
    SETTLED = "settled"
    GIVEN_BACK = "given back"
    """It ended without costing anything, and counts nowhere."""


@dataclass(frozen=True, slots=True)
class Sums:
    """How much of everything that limits are about."""

    tracks: int = 0
    seconds: int = 0
    """Of audio asked for."""
    micro_usd: int = 0

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.tracks + other.tracks,
            self.seconds + other.seconds,
            self.micro_usd + other.micro_usd,
        )

    def times(self, number: int) -> Sums:
        """So many times as much."""
        return Sums(self.tracks * number, self.seconds * number, self.micro_usd * number)


@dataclass(frozen=True, slots=True)
class Spent:
    """What was asked for and paid in some time."""

    sums: Sums = Sums()
    estimated: int = 0
    """How many of the tracks have an estimate for their cost."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What one generation costs."""

    generation_id: str | None
    """None once its person wanted to be forgotten."""
    requester_id: int | None
    """None as soon, after that, as no limit needs to know."""
    guild_id: int | None
    accepted_at: datetime
    version: str
    model: str
    """The model as it was asked for; "" for the version's default."""
    seconds: int
    reserved_micro_usd: int
    state: ChargeState = ChargeState.RESERVED
    actual_micro_usd: int | None = None
    """None where it is not settled, or its run time was never learned."""
    run_us: int | None = None
    """How long the model ran, where it ran to its end: what estimates are made from."""
    jam_id: str | None = None
    """Which jam it was proposed in."""

    @property
    def micro_usd(self) -> int:
        """What it counts for at present."""
        if self.state is ChargeState.GIVEN_BACK:
            return 0
        return self.reserved_micro_usd if self.actual_micro_usd is None else self.actual_micro_usd

    @property
    def is_estimate(self) -> bool:
        """Whether that is only what was reserved."""
        return self.state is not ChargeState.GIVEN_BACK and self.actual_micro_usd is None
