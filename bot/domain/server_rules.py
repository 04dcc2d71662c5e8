"""What the journal keeps of a server's rules: who is blocked, what is set, what was changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

EVERYWHERE = 0
"""In the place of a server's id: what the bot's owner decides for all of them, and for DMs."""


@dataclass(frozen=True, slots=True)
class Block:
    """A person who may not have anything made in a server, or `EVERYWHERE`."""

    guild_id: int
    user_id: int
    reason: str
    until: datetime | None
    """When it ends by itself; None for never."""

    def holds(self, now: datetime) -> bool:
        """Whether it has not ended yet."""
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True)
class Change:
    """An entry of a server's log of changes."""

    number: int
    """Counted from 1 in each server, without a gap."""
    at: datetime
    by_id: int
    what: str
    """A setting's name, or what else was done."""
    old: str | None = None
    new: str | None = None
    """Values as they are stored; None for none."""
    about_id: int | None = None
    """The person it was done to, where it was one."""


@dataclass(frozen=True, slots=True)
class CanceledAll:
    """What it came to when all of one person's in a server were to be stopped."""

    ids: tuple[str, ...] = ()
    """Of generations that will be stopped, unless their track is made first."""
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredRules:
    """All that is set, and everybody who is blocked."""

    revision: str | None = None
    """Another one after each change; None before the first."""
    settings: Mapping[int, Mapping[str, str]] = field(default_factory=dict[int, Mapping[str, str]])
    """By server: the values that are not the default, by their names."""
    blocks: tuple[Block, ...] = ()
