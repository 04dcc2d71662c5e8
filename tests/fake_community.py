"""What the community keeps in the journal, in memory: the part of `FakeJournal` that has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.community.ports import StarredTrack
from bot.domain.generation import Generation, State


@dataclass
class CommunityTables:
    """What processes share."""

    stars: dict[tuple[str, int], datetime] = field(default_factory=dict[tuple[str, int], datetime])
    """When a track was given one by a person."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


class FakeStars:
    """Stars and charts over the rows of generations."""

    def __init__(
        self,
        tables: CommunityTables,
        rows: dict[str, Generation],
        tracks: Callable[[int, str], Sequence[Generation]],
    ) -> None:
        self._community = tables
        self._stars = tables.stars
        self._rows = rows
        self._tracks_of = tracks

    async def toggle_star(self, generation_id: str, user_id: int) -> bool | None:
        row = self._rows.get(generation_id)
        if row is None or row.state is not State.DELIVERED:
            return None
        if self._stars.pop((generation_id, user_id), None) is not None:
            return False
        self._stars[generation_id, user_id] = self._community.now()
        return True

    async def stars_of(self, generation_ids: Collection[str]) -> dict[str, int]:
        counts = self._counts(None)
        return {key: counts[key] for key in generation_ids if counts[key]}

    async def tracks_by_stars(
        self, user_id: int, words: str = "", limit: int = 10, skip: int = 0
    ) -> list[Generation]:
        counts = self._counts(None)
        tracks = sorted(self._tracks_of(user_id, words), key=lambda row: -counts[row.id])
        return tracks[skip : skip + limit]

    async def chart(
        self, guild_id: int, channel_ids: Collection[int], since: datetime | None, limit: int
    ) -> list[StarredTrack]:
        counts = self._counts(since)
        here = [
            row
            for key, row in self._rows.items()
            if counts[key]
            and row.reply.guild_id == guild_id
            and row.reply.channel_id in channel_ids
            and not row.reply.private
        ]
        here.sort(key=lambda row: (-counts[row.id], row.created_at, row.id))
        return [StarredTrack(row, counts[row.id]) for row in here[:limit]]

    def _counts(self, since: datetime | None) -> Counter[str]:
        return Counter(key for (key, _), at in self._stars.items() if since is None or at >= since)

    def forget_stars(self, user_id: int, tracks: Collection[str]) -> None:
        for key, giver in list(self._stars):
            if giver == user_id or key in tracks:
                del self._stars[key, giver]
