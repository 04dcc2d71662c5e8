"""Forgetting what has outlived its use, whoever followed the generation it belongs to."""

from __future__ import annotations

import json
from datetime import datetime

import sqlalchemy as sa

from bot.domain.generation import REMADE
from bot.journal.answers import forget_dead_answers
from bot.journal.charges import forget_spent as forget_spent_charges
from bot.journal.database import one_at_a_time
from bot.journal.drafts import forget_old_drafts
from bot.journal.jam_tables import jam_takes
from bot.journal.jams import forget_dead_openings
from bot.journal.library import delete_ended
from bot.journal.presses import forget_old_presses
from bot.journal.pushes import forget_old_pushes
from bot.journal.rows import object_in
from bot.journal.server_rules import needed_by_limits
from bot.journal.sqlalchemy_asyncio import AsyncConnection
from bot.journal.store import Store, unbroken
from bot.journal.tables import charges, generations, stars

_c = generations.c
# The very words of the partial index, so that both planners recognise it.
_OPEN = sa.text("open")
_TURN = "retention"
_AT_ONCE = 500
"""Rows whose JSON is changed in one go; the next time does the rest."""


class Retention(Store):
    """The part of the journal that keeps nothing for longer than it is needed."""

    @unbroken
    async def forget_spent(
        self, died_before: datetime, stored_before: datetime, looked_for_before: datetime
    ) -> None:
        """Clear interaction tokens, and the addresses of input audio that has ended.

        Presses, pushes, and drafts of what was refused, go as soon as their own time is over.

        Args:
            died_before: tokens that were dead by then go.
            stored_before: copies of input audio that were made before then are gone, and their
                addresses go as well.
            looked_for_before: what was sent before then, and never turned up, is looked for no
                more: it keeps no address that another generation has.
        """
        tokens = (
            sa.update(generations)
            .where(_OPEN, _c.token.is_not(None), _c.token_expires_at <= died_before)
            .values(token=None)
        )
        async with self._writing() as connection:
            await connection.execute(tokens)
            await self._forget_wishes(connection, died_before)
            await forget_dead_openings(connection, died_before)
            await forget_dead_answers(connection, died_before)
            needed = await needed_by_limits(connection, self._terms.limits, self._now())
            await forget_spent_charges(connection, needed)
            await forget_old_presses(connection, self._now())
            await forget_old_drafts(connection, self._now())
            await forget_old_pushes(connection, self._now())
            is_gone = _c.stored_at <= stored_before
            is_lost = sa.and_(
                _c.prediction_id.is_(None),
                _c.submitted_at <= looked_for_before,
                sa.or_(_c.more_s.is_not(None), _c.relation.in_(list(REMADE))),
            )
            await self._forget_audio(connection, sa.or_(is_gone, is_lost))

    @unbroken
    async def forget_ended(self, ended_before: datetime, at_most: int) -> int:
        """Delete the oldest generations that had ended by then as `forget_one` does; how many.

        What has a star stays for as long as it has one, and what was made in a jam with the jam.
        """
        is_wanted = (
            sa.exists().where(stars.c.generation_id == _c.id),
            sa.exists().where(jam_takes.c.id == _c.id),
        )
        old = _c.ended_at <= ended_before, sa.not_(_c.open), sa.not_(sa.or_(*is_wanted))
        query = sa.select(_c.id).where(*old).order_by(_c.ended_at).limit(at_most)
        # As a rule there is none, and nobody is to wait for that.
        async with self._reading() as connection:
            if await connection.scalar(query.limit(1)) is None:
                return 0
        async with self._writing() as connection:
            await one_at_a_time(connection, _TURN)
            # Whoever gives one of them a star at this moment has it first.
            locked = query.with_for_update(skip_locked=True)
            keys = (await connection.scalars(locked)).all()
            # Looked at once more: a star may have come before the lock.
            rows = await delete_ended(connection, _c.id.in_(keys), *old)
            removed = [row["id"] for row in rows]
            theirs = sa.update(charges).where(charges.c.generation_id.in_(removed))
            # Who caused them goes with `forget_spent`, as soon as no limit needs it.
            await connection.execute(theirs.values(generation_id=None))
        return len(removed)

    async def _forget_wishes(self, connection: AsyncConnection, died_before: datetime) -> None:
        """The message stays wanted; only its token is gone."""
        query = (
            sa.select(_c.id, _c.wanted_reply)
            .where(_OPEN, _c.wanted_until <= died_before, _c.wanted_reply.is_not(None))
            .limit(_AT_ONCE)
        )
        for key, wish in (await connection.execute(query)).all():
            without = _with(wish, token=None)
            if without != wish:
                await connection.execute(
                    sa.update(generations).where(_c.id == key).values(wanted_reply=without)
                )

    async def _forget_audio(
        self, connection: AsyncConnection, spent: sa.ColumnElement[bool]
    ) -> None:
        query = (
            sa.select(_c.id, _c.inputs)
            # The very words of the partial index.
            .where(sa.text("stored_at IS NOT NULL"), spent, sa.not_(_c.open))
            .limit(_AT_ONCE)
        )
        for key, inputs in (await connection.execute(query)).all():
            without = _without(inputs, "input_audio")
            await connection.execute(
                sa.update(generations).where(_c.id == key).values(inputs=without, stored_at=None)
            )


def _with(text: str, **changes: object) -> str | None:
    """A JSON object with these members changed; None for what is none."""
    try:
        return json.dumps(object_in(text) | changes)
    except (TypeError, ValueError):
        return None


def _without(text: str, name: str) -> str:
    """A JSON object without this member; what cannot be read makes no generation anyway."""
    try:
        values = object_in(text)
    except (TypeError, ValueError):
        return "{}"
    values.pop(name, None)
    return json.dumps(values)
