"""Which weekly charts have been posted, and which process is at one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from bot.community.weekly import ChartClaim, ChartOutcome
from bot.journal.database import from_now_us, insert, present_us
from bot.journal.server_tables import chart_posts
from bot.journal.store import Store, unbroken

_c = chart_posts.c


class ChartPostRows(Store):
    """The part of the journal that has each week's chart posted by one process."""

    async def charts_due(self, guild_ids: Collection[int], week: datetime) -> frozenset[int]:
        """Those of these servers whose chart of a week nobody has ended, or is at."""
        if not guild_ids:
            return frozenset()
        query = sa.select(_c.guild_id).where(_c.guild_id.in_(guild_ids), sa.not_(_is_free(week)))
        async with self._reading() as connection:
            return frozenset(guild_ids) - frozenset((await connection.scalars(query)).all())

    @unbroken
    async def claim_chart(self, guild_id: int, week: datetime, claim_s: float) -> ChartClaim | None:
        """Take a server's chart of a week on, for so many seconds by the database's clock.

        None where it has been ended, another process is at it, or a later week's was taken on.
        """
        async with self._writing() as connection:
            put = insert(connection, chart_posts).values(
                guild_id=guild_id,
                week=week,
                tries=1,
                begun_at=self._now(),
                claimed_until=from_now_us(claim_s),
                ended=False,
            )
            new, is_again = put.excluded, _c.week == week
            claim = put.on_conflict_do_update(
                index_elements=[_c.guild_id],
                set_={
                    "week": new.week,
                    "tries": sa.case((is_again, _c.tries + 1), else_=new.tries),
                    "begun_at": sa.case((is_again, _c.begun_at), else_=new.begun_at),
                    "claimed_until": new.claimed_until,
                    "ended": new.ended,
                },
                where=_is_free(week),
            ).returning(_c.tries, _c.begun_at, _c.outcome)
            row = (await connection.execute(claim)).first()
        return None if row is None else ChartClaim(*row)

    @unbroken
    async def end_chart(self, guild_id: int, week: datetime, outcome: ChartOutcome) -> None:
        """Note what has become of it; nobody posts it any more."""
        end = (
            sa.update(chart_posts)
            .where(_c.guild_id == guild_id, _c.week == week, sa.not_(_c.ended))
            .values(ended=True, outcome=outcome.value)
        )
        async with self._writing() as connection:
            await connection.execute(end)


def _is_free(week: datetime) -> sa.ColumnElement[bool]:
    """Of a server that has a row."""
    is_left = sa.and_(_c.week == week, sa.not_(_c.ended), _c.claimed_until <= present_us())
    return sa.or_(_c.week < week, is_left)
