"""Refused commands and forms, kept until their person has changed them, or for half an hour."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.drafts import DRAFT_LIFE, StoredDraft
from bot.journal.store import Store, unbroken
from bot.journal.tables import drafts

_c = drafts.c


class DraftRows(Store):
    """The part of the journal that keeps what was refused."""

    @unbroken
    async def keep_draft(self, draft: StoredDraft) -> None:
        """Keep one."""
        row = {
            "id": draft.id,
            "user_id": draft.user_id,
            "made_at": draft.made_at,
            "content": draft.content,
        }
        async with self._writing() as connection:
            await connection.execute(sa.insert(drafts).values(row))

    async def draft(self, draft_id: str, user_id: int) -> StoredDraft | None:
        """One of this person's, unless its time is over."""
        query = sa.select(_c.id, _c.user_id, _c.made_at, _c.content).where(
            _c.id == draft_id, _c.user_id == user_id, _c.made_at > self._now() - DRAFT_LIFE
        )
        async with self._reading() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else StoredDraft(*row)


async def forget_old_drafts(connection: AsyncConnection, now: datetime) -> None:
    """Delete those whose time is over."""
    await connection.execute(sa.delete(drafts).where(_c.made_at <= now - DRAFT_LIFE))
