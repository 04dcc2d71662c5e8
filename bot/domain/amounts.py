"""Amounts that limits are made of, and what a server allows its members. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """What is counted."""

    TRACKS = "tracks"
    SECONDS = "s"
    USD = "usd"


class Period(StrEnum):
    """How long it is counted for, from the beginning of each in UTC."""

    DAY = "day"
    MONTH = "month"
    JAM = "jam"
    """Not of the calendar: for as long as a jam goes on."""


@dataclass(frozen=True, slots=True)
class Amount:
    """So much in a period; of money, in micro-dollars."""

    number: int
    unit: Unit
    period: Period


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """What those who manage a server allow in it, beside what the bot's owner does."""

    per_person: tuple[Amount, ...] = ()
    """For the one who asks, of what they make in this server."""
    together: tuple[Amount, ...] = ()
    """For all who make something in it."""
    per_jam: tuple[Amount, ...] = ()
    """For each jam, whoever proposes."""
