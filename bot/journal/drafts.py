"""Refused commands and forms, kept for half an hour.

What was refused at once has a row of its own; what was accepted first, its generation's. A
generation's row has it from the beginning, so nothing that happens on the way loses it.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from bot.domain.drafts import DRAFT_LIFE, StoredDraft
from bot.domain.errors import load
from bot.domain.generation import State
from bot.journal.sqlalchemy_asyncio import AsyncConnection
from bot.journal.store import Store, unbroken
from bot.journal.tables import drafts, generations

_c = drafts.c
_g = generations.c


class DraftRows(Store):
    """The part of the journal that keeps what was refused."""

    @unbroken
    async def keep_draft(self, draft: StoredDraft) -> None:
        """Keep what was refused, as it was typed."""
        row = {
            "id": draft.id,
            "user_id": draft.user_id,
            "made_at": draft.made_at,
            "content": draft.content,
        }
        async with self._writing() as connection:
            await connection.execute(sa.insert(drafts).values(row))

    async def draft(self, draft_id: str) -> StoredDraft | None:
        """One of these, or of the generation with this id, unless its time is over."""
        begins_at = self._now() - DRAFT_LIFE
        nothing = sa.null().label("failure")
        alone = sa.select(_c.id, _c.user_id, _c.made_at, _c.content, nothing).where(
            _c.id == draft_id, _c.made_at > begins_at
        )
        refused = sa.select(_g.id, _g.requester_id, _g.ended_at, _g.draft, _g.failure).where(
            _g.id == draft_id,
            _g.state == State.FAILED,
            _g.draft.is_not(None),
            _g.ended_at > begins_at,
        )
        async with self._reading() as connection:
            row = (await connection.execute(alone)).first()
            row = row or (await connection.execute(refused)).first()
        if row is None:
            return None
        key, user_id, made_at, content, failure = row
        why = None if failure is None else load(failure)
        return StoredDraft(key, user_id, made_at, content, why)


async def forget_old_drafts(connection: AsyncConnection, now: datetime) -> None:
    """Delete those whose time is over."""
    await connection.execute(sa.delete(drafts).where(_c.made_at <= now - DRAFT_LIFE))
    # The very words of the partial index.
    is_kept = sa.text("draft IS NOT NULL"), sa.not_(_g.open)
    over = sa.update(generations).where(*is_kept, _g.ended_at <= now - DRAFT_LIFE)
    await connection.execute(over.values(draft=None))
