"""What tells other processes that something they hold in memory has changed."""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from bot.journal.database import upsert
from bot.journal.sqlalchemy_asyncio import AsyncConnection
from bot.journal.tables import facts


class Held(StrEnum):
    """What processes hold in memory, by the key of its revision."""

    RULES = "rules_revision"
    DEFAULT_PRESETS = "default_presets_revision"


async def revision_of(connection: AsyncConnection, held: Held) -> str | None:
    """The revision of the last change; None where there was none."""
    return await connection.scalar(sa.select(facts.c.value).where(facts.c.key == held))


async def revise(connection: AsyncConnection, held: Held, now: datetime) -> None:
    """Tell of a change, in its own transaction. Others that would tell of one wait for its end."""
    row = {"key": held, "value": secrets.token_hex(8), "updated_at": now}
    await connection.execute(upsert(connection, facts, row))
