"""Refused because there is no room for it, or for this person; nothing is begun."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from bot.domain.errors.refusals import RequestRefused

AmountFault: TypeAlias = Literal["form", "unit", "period", "number", "whole", "decimals", "twice"]
"""What is wrong with an amount that somebody has typed."""


@dataclass(eq=False)
class NoRoomLeft(RequestRefused):
    """A limit keeps it out; fewer takes, `room_for` of them, would fit."""

    room_for: int


@dataclass(eq=False)
class LimitReached(NoRoomLeft):
    """The most that a `person`, a `server` or `all` may have made in a `day` or a `month`.

    Or a `member`: a person in this server; or a `jam`, which may be its own period.
    `is_servers`: those who manage the server have set the limit.
    `number` and `left` are in `unit`: tracks, s, or usd, which are micro-dollars.
    """

    scope: str
    number: int
    unit: str
    period: str
    left: int
    opens_at: int
    """In seconds since 1970."""
    is_servers: bool = False


@dataclass(eq=False)
class LineFull(NoRoomLeft):
    """As many of this person's wait in line as may."""

    limit: int
    waiting: int


@dataclass(eq=False)
class NotAllowed(RequestRefused):
    """The bot's owner lets neither this person nor this place use it; `elsewhere` it may be."""

    elsewhere: bool


@dataclass(eq=False)
class UsageNotTold(RequestRefused):
    """What a `server` has used, or `all`, is for those who manage it, or own the bot."""

    whose: str


@dataclass(eq=False)
class AmountsUnreadable(RequestRefused):
    """What somebody has typed as amounts is none; `fault` says what is wrong with `amount`."""

    fault: str
    """An `AmountFault`."""
    amount: str
    """As it was typed; of one that is there twice, its unit and period."""
