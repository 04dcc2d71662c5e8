"""Stars and charts: one star a person and track, and the tracks of a server that have most."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from bot.community.ports import StarJournal, StarredTrack
from bot.domain.clock import Clock
from bot.domain.errors import GenerationUnknown
from bot.domain.generation import Generation, State

CHART_LENGTH = 10


class Period(StrEnum):
    """Of when the stars of a chart are."""

    WEEK = "week"
    MONTH = "month"
    ALL_TIME = "all time"


_LENGTHS = {Period.WEEK: timedelta(days=7), Period.MONTH: timedelta(days=30)}


class Stars:
    """Gives stars, and counts them. Methods raise `JournalFault`."""

    def __init__(self, journal: StarJournal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock

    async def toggle(self, generation_id: str, user_id: int) -> bool:
        """Give a track a person's star, or take it back; whether it has it now.

        Raises:
            GenerationUnknown: there is no such track.
        """
        has_star = await self._journal.toggle_star(generation_id, user_id)
        if has_star is None:
            raise GenerationUnknown
        return has_star

    async def count(self, generation_ids: Collection[str]) -> Mapping[str, int]:
        """How many stars each of these has; 0 is left out."""
        return await self._journal.stars_of(generation_ids)

    async def tracks_of(
        self, user_id: int, words: str, limit: int, skip: int
    ) -> Sequence[Generation]:
        """A person's tracks whose prompt has these words, most stars first."""
        return await self._journal.tracks_by_stars(user_id, words, limit, skip)

    async def chart(
        self, guild_id: int, channel_ids: Collection[int], period: Period
    ) -> Sequence[StarredTrack]:
        """The tracks made in these channels of a server that were given most stars of late."""
        length = _LENGTHS.get(period)
        since = None if length is None else self._clock.now() - length
        return await self._journal.chart(guild_id, channel_ids, since, CHART_LENGTH)

    async def chart_of_week(
        self, guild_id: int, channel_ids: Collection[int], ends_at: datetime
    ) -> Sequence[StarredTrack]:
        """The same of the week that ends at a moment, however much later it is asked for."""
        since = ends_at - _LENGTHS[Period.WEEK]
        return await self._journal.chart(guild_id, channel_ids, since, CHART_LENGTH, ends_at)


def is_in_chart(track: Generation, guild_id: int | None, channel_ids: Collection[int]) -> bool:
    """Whether a track may be shown out of a server's chart to who sees these channels of it."""
    reply = track.reply
    return (
        track.state is State.DELIVERED
        and guild_id is not None
        and reply.guild_id == guild_id
        and reply.channel_id in channel_ids
        and not reply.private
    )
