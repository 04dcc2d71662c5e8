"""What the community's rules need from the journal. Methods raise `JournalFault`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.generation import Generation
from bot.engine.ports import Journal


@dataclass(frozen=True, slots=True)
class StarredTrack:
    """A track, and how many stars it was given in the time that was asked about."""

    track: Generation
    stars: int


class StarJournal(Protocol):
    """Who has given which track a star."""

    async def toggle_star(self, generation_id: str, user_id: int) -> bool | None:
        """Give a track a person's star, or take it back; whether it has it now.

        None where there is no such track.
        """
        ...

    async def stars_of(self, generation_ids: Collection[str]) -> Mapping[str, int]:
        """How many stars these have; those without any may be left out."""
        ...

    async def tracks_by_stars(
        self, user_id: int, words: str = "", limit: int = 10, skip: int = 0
    ) -> Sequence[Generation]:
        """The tracks of `Journal.tracks_of`, those with most stars first, then the newest."""
        ...

    async def chart(
        self, guild_id: int, channel_ids: Collection[int], since: datetime | None, limit: int
    ) -> Sequence[StarredTrack]:
        """The tracks of a server's channels with most stars given since then, or ever.

        Of those that everyone in their channel sees; among equals the oldest first.
        """
        ...


class CommunityJournal(Journal, StarJournal, Protocol):
    """The journal, with what the community keeps in it."""
