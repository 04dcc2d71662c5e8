"""Word of what Replicate has pushed to another process than the one that follows it."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from bot.domain.journal_values import Push
from bot.journal.database import upsert
from bot.journal.sqlalchemy_asyncio import AsyncConnection
from bot.journal.store import Store, unbroken
from bot.journal.tables import Moment, generations, metadata

# Word for the process that follows a prediction: Replicate has pushed it to another one.
pushes = sa.Table(
    "pushes",
    metadata,
    sa.Column("prediction_id", sa.Text, primary_key=True),
    sa.Column("incarnation", sa.String(16), primary_key=True),
    sa.Column("generation_id", sa.Text, nullable=False),
    sa.Column("pushed_at", Moment, nullable=False),
)
_c = pushes.c
_OLD = timedelta(minutes=5)
"""Whoever was to be told has died since, and who took over has asked for itself."""


class PushRows(Store):
    """The part of the journal by which processes tell each other of pushes."""

    @unbroken
    async def pass_on(self, *told: Push) -> None:
        """Leave word for the processes that follow what these are about; not where this one does.

        Nothing is left of what nobody follows, such as another bot's of the same account.
        """
        g = generations.c
        async with self._writing() as connection:
            # In the same order in every process, or two would wait for each other.
            for push in sorted(told, key=lambda one: one.prediction_id):
                holder = sa.select(g.incarnation).where(
                    sa.or_(g.prediction_id == push.prediction_id, g.id == push.generation_id),
                    g.open,
                    g.incarnation != self._me.incarnation,
                )
                for incarnation in (await connection.scalars(holder)).all():
                    row = {
                        "prediction_id": push.prediction_id,
                        "incarnation": incarnation,
                        "generation_id": push.generation_id,
                        "pushed_at": self._now(),
                    }
                    await connection.execute(upsert(connection, pushes, row))

    async def take_passed_on(self) -> list[Push]:
        """What others have left for this process, each once."""
        mine = _c.incarnation == self._me.incarnation
        async with self._reading() as connection:
            query = sa.select(_c.prediction_id, _c.generation_id).where(mine)
            found = [Push(*row) for row in (await connection.execute(query)).all()]
        if found:
            # What comes between the two is told of the same prediction, which is asked about now.
            await self._strike_out(found)
        return found

    @unbroken
    async def _strike_out(self, found: list[Push]) -> None:
        told = _c.prediction_id.in_([push.prediction_id for push in found])
        async with self._writing() as connection:
            await connection.execute(
                sa.delete(pushes).where(_c.incarnation == self._me.incarnation, told)
            )


async def forget_old_pushes(connection: AsyncConnection, now: datetime) -> None:
    """Delete those that nobody has taken."""
    await connection.execute(sa.delete(pushes).where(_c.pushed_at <= now - _OLD))
