"""Why a generation does not go on just now: typed, so that every wait tells its true reason.

A state has its job tell it (`Job.waits_for`), `Progress` carries it, and `bot.card.strings.waits`
has its words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias


class Obstacle(StrEnum):
    """What keeps a service, or this machine, from doing its part."""

    OUTAGE = "outage"
    """Replicate cannot be reached, or answers with a fault of its own."""
    THROTTLED = "throttled"
    """Replicate takes fewer requests than we have (429)."""
    LOW_CREDIT = "low credit"
    """The same, because the account has little credit left."""
    TOKEN_REFUSED = "token refused"  # noqa: S105 - a name, no token
    """Replicate does not accept the API token (401)."""
    CREDIT_MISSING = "credit missing"
    """The Replicate account has no credit (402)."""
    FORBIDDEN = "forbidden"
    """Replicate, or something in front of it, does not let the bot in (403)."""
    CERTIFICATE = "certificate"
    """The certificate that Replicate, or something in front of it, shows is not trusted here."""
    SERVERS_BUSY = "servers busy"
    """The owner's own servers run something else, as much as they take at once (409)."""
    SERVERS_LOADING = "servers loading"
    """They are still loading their model (503)."""
    SERVERS_DOWN = "servers down"
    """None of them can be reached."""
    DISK_FULL = "disk full"
    """There is no room in the data folder."""
    DISK_FAULT = "disk fault"
    """The data folder cannot be written for another reason."""
    JOURNAL = "journal"
    """The database cannot be written or read."""
    DISCORD = "discord"
    """Discord does not take the message."""


@dataclass(frozen=True, slots=True)
class InQueue:
    """All places are taken; whose turn comes next is decided by the queue."""

    position: int
    """1 for who is next."""
    running: int
    """So many are under way, which is as many as this process takes at once."""
    obstacle: Obstacle | None = None
    """What makes the queue slow, where something does."""
    next_try_at: datetime | None = None
    """When that is tried again, where it is known."""
    starts_at: datetime | None = None
    """When its turn is likely to come, by what the last runs took."""


@dataclass(frozen=True, slots=True)
class OwnRunning:
    """As many of the same person's are under way as one person may have at once."""

    running: int
    waiting: int
    """How many more of the person's come before this one."""
    obstacle: Obstacle | None = None
    """What makes those slow, where something does."""
    next_try_at: datetime | None = None
    """When that is tried again, where it is known."""


@dataclass(frozen=True, slots=True)
class ToBeSent:
    """It has its place, and goes to Replicate in turn, as fast as Replicate takes them."""

    position: int
    """1 for who is next."""


@dataclass(frozen=True, slots=True)
class Hindered:
    """Something that has to pass first; when the next try is, where that is known."""

    obstacle: Obstacle
    next_try_at: datetime | None = None
    position: int | None = None
    """Among those that wait for the same, from 1; None where there is no order."""


@dataclass(frozen=True, slots=True)
class ForRoom:
    """Others' files fill the room in the data folder, or its person's their share of it."""

    own: bool


@dataclass(frozen=True, slots=True)
class Link:
    """Where a person may fetch a track themselves, and until when."""

    url: str
    lives_until: datetime


@dataclass(frozen=True, slots=True)
class FetchingSlow:
    """The track is made, and the service delivers its file slowly; `link` after a while."""

    link: Link | None = None


@dataclass(frozen=True, slots=True)
class NotPostable:
    """The track is made and kept, and cannot be posted as it is; `link` is where it may be had."""

    limit_bytes: int | None
    """What Discord takes there, where that is what is in the way."""
    link: Link | None


@dataclass(frozen=True, slots=True)
class BegunAgain:
    """It runs, and for the second time: what it ran on, or this bot, has died in the middle."""


Wait: TypeAlias = (
    InQueue | OwnRunning | ToBeSent | Hindered | BegunAgain | ForRoom | FetchingSlow | NotPostable
)
