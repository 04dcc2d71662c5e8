"""Answers that people wait for, which nothing else tells of: who dies leaves them to another."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from bot.domain.journal_values import PendingAnswer
from bot.journal.database import present_us
from bot.journal.sqlalchemy_asyncio import AsyncConnection
from bot.journal.store import Store, unbroken
from bot.journal.tables import Moment, members, metadata

# What shows "thinking" at Discord, from before that until it is answered.
answers = sa.Table(
    "answers",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("incarnation", sa.String(16), nullable=False),
    sa.Column("application_id", sa.BigInteger, nullable=False),
    sa.Column("token", sa.Text, nullable=False),
    sa.Column("begun_at", Moment, nullable=False),
    sa.Column("token_expires_at", Moment, nullable=False),
    sa.Column("language", sa.String(8), nullable=False, server_default="en-US"),
)
_c = answers.c
_YOUNG = timedelta(seconds=30)
"""So long after its start a process may not have told yet that it lives."""


class AnswerRows(Store):
    """The part of the journal that knows who waits for an answer."""

    @unbroken
    async def expect_answer(self, answer: PendingAnswer) -> None:
        """Note that somebody waits for one from this process."""
        row = {
            "id": answer.id,
            "owner": self._me.owner,
            "incarnation": self._me.incarnation,
            "application_id": answer.application_id,
            "token": answer.token,
            "begun_at": self._now(),
            "token_expires_at": answer.token_expires_at,
            "language": answer.language,
        }
        async with self._writing() as connection:
            await connection.execute(sa.insert(answers).values(row))

    @unbroken
    async def answered(self, *answer_ids: str) -> None:
        """Nobody waits for these any more."""
        async with self._writing() as connection:
            await connection.execute(sa.delete(answers).where(_c.id.in_(answer_ids)))

    async def lost_answers(self) -> list[PendingAnswer]:
        """Those of processes that are gone, of earlier starts of this one, too.

        And whatever can be answered no more, so that no token is kept beyond its life.
        """
        alive = sa.select(members.c.incarnation).where(members.c.alive_until > present_us())
        is_gone = sa.and_(
            _c.begun_at <= self._now() - _YOUNG, _c.incarnation.not_in(alive.scalar_subquery())
        )
        is_anothers = _c.incarnation != self._me.incarnation
        is_left = sa.and_(is_anothers, sa.or_(_c.owner == self._me.owner, is_gone))
        query = sa.select(
            _c.id, _c.application_id, _c.token, _c.token_expires_at, _c.language
        ).where(sa.or_(is_left, _c.token_expires_at <= self._now()))
        async with self._reading() as connection:
            rows = (await connection.execute(query)).all()
        return [PendingAnswer(*row) for row in rows]


async def forget_dead_answers(connection: AsyncConnection, died_before: datetime) -> None:
    """Delete those whose tokens were dead by then: nobody can be told any more."""
    await connection.execute(sa.delete(answers).where(_c.token_expires_at <= died_before))
