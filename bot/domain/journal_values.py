"""What the journal answers, beside generations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.generation import Generation, Reply
from bot.domain.language import SOURCE, Language


@dataclass(frozen=True, slots=True)
class Renewal:
    """What a process learns while it renews its leases; ids of generations."""

    lost: frozenset[str] = frozenset()
    """It no longer follows them: others do, or nobody."""
    cancel_requested: Mapping[str, int | None] = field(default_factory=dict[str, int | None])
    """Its own that are to be stopped, and who asked for it; whoever took that down."""
    wanted_replies: Mapping[str, Reply] = field(default_factory=dict[str, Reply])
    """By its generations: where their persons want them from now on; whoever took that down.

    Told until they are saved in that reply, or in one as new.
    """
    unfollowed: frozenset[str] = frozenset()
    """Open ones that are its own by the rows, though it did not name them.

    An answer of the database was lost on its way, or whoever added them was cancelled. Nobody
    else takes them while this process lives.
    """


@dataclass(frozen=True, slots=True)
class PendingAnswer:
    """An answer that somebody waits for, by the token of their interaction."""

    id: str
    application_id: int
    token: str = field(repr=False)
    token_expires_at: datetime
    language: Language = SOURCE
    """Of whoever waits."""


@dataclass(frozen=True, slots=True)
class TrackPage:
    """Some of a person's tracks, newest first."""

    tracks: tuple[Generation, ...]
    more: str | None
    """Where the next page begins, short enough for a button; None where this is the last."""


@dataclass(frozen=True, slots=True)
class Kept:
    """How much is stored of a person that they can have forgotten."""

    tracks: int = 0
    others: int = 0
    """Requests that ended without a track."""
    presets: int = 0
    stars: int = 0
    """That they gave."""
    cancels: int = 0
    """Requests of others that bear their name, for they canceled them."""
    drafts: int = 0
    """Requests that were refused, which are kept to be sent anew."""
    still_open: int = 0
    """Requests under way, which are left alone."""
    jams: int = 0
    """Jams that know their name: as the host, for a take, or for a vote."""

    def __bool__(self) -> bool:
        made = self.tracks, self.others, self.presets, self.drafts
        return any((*made, self.stars, self.cancels, self.jams))


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What became of what was stored of a person."""

    removed: tuple[Generation, ...]
    """Generations as they were, oldest first; their files are left to the caller."""
    kept: Kept
    """How much of it is gone, but for what is under way."""


@dataclass(frozen=True, slots=True)
class Push:
    """A push that came to another process: about which prediction, and for whom it was asked."""

    prediction_id: str
    generation_id: str
