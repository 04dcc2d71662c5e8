"""Who has given which track a star, and what has most of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from bot.community.ports import StarredTrack
from bot.domain.generation import Generation, State
from bot.journal.database import hold_still, insert
from bot.journal.library import delivered_to
from bot.journal.rows import readable
from bot.journal.store import Store, unbroken
from bot.journal.tables import generations, stars

_c = generations.c


class StarRows(Store):
    """The part of the journal that knows stars."""

    @unbroken
    async def toggle_star(self, generation_id: str, user_id: int) -> bool | None:
        """Give a track a person's star, or take it back; whether it has it now.

        None where there is no such track. Several at once take turns at the track's row.
        """
        track = sa.select(_c.id).where(_c.id == generation_id, _c.state == State.DELIVERED)
        theirs = stars.c.generation_id == generation_id, stars.c.user_id == user_id
        async with self._writing() as connection:
            await hold_still(connection)
            known = await connection.execute(track.with_for_update(key_share=True))
            if known.first() is None:
                return None
            if (await connection.execute(sa.delete(stars).where(*theirs))).rowcount:
                return False
            row = {"generation_id": generation_id, "user_id": user_id, "given_at": self._now()}
            await connection.execute(insert(connection, stars).values(row).on_conflict_do_nothing())
            return True

    async def stars_of(self, generation_ids: Collection[str]) -> dict[str, int]:
        """How many stars these have; those without any are left out."""
        if not generation_ids:
            return {}
        query = (
            sa.select(stars.c.generation_id, sa.func.count())
            .where(stars.c.generation_id.in_(generation_ids))
            .group_by(stars.c.generation_id)
        )
        async with self._reading() as connection:
            return {key: count for key, count in (await connection.execute(query)).all()}  # noqa: C416 - rows, which `dict` does not take by type

    async def tracks_by_stars(
        self, user_id: int, words: str = "", limit: int = 10, skip: int = 0
    ) -> list[Generation]:
        """The tracks of `Library.tracks_of`, those with most stars first, then the newest."""
        count = sa.select(sa.func.count()).where(stars.c.generation_id == _c.id).scalar_subquery()
        query = (
            sa.select(generations)
            .where(*delivered_to(user_id, words))
            .order_by(count.desc(), _c.created_at.desc(), _c.id.desc())
            .limit(limit)
            .offset(skip)
        )
        async with self._reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return readable(map(dict, rows))

    async def chart(
        self,
        guild_id: int,
        channel_ids: Collection[int],
        since: datetime | None,
        limit: int,
        until: datetime | None = None,
    ) -> list[StarredTrack]:
        """The tracks of a server's channels with most stars between these moments, or ever."""
        count = sa.func.count(stars.c.user_id)
        here = _c.guild_id == guild_id, _c.channel_id.in_(channel_ids), sa.not_(_c.private)
        query = (
            sa.select(generations, count.label("stars"))
            .join(stars, stars.c.generation_id == _c.id)
            .where(*here, _c.state == State.DELIVERED)
            .group_by(_c.id)
            .order_by(count.desc(), _c.created_at, _c.id)
            .limit(limit)
        )
        if since is not None:
            query = query.where(stars.c.given_at >= since)
        if until is not None:
            query = query.where(stars.c.given_at < until)
        async with self._reading() as connection:
            rows = [dict(row) for row in (await connection.execute(query)).mappings()]
        return [StarredTrack(track, row["stars"]) for row in rows for track in readable([row])]
