"""Whether a database can be used at all: found out at the start, not by the first person."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from bot.journal.errors import JournalError
from bot.journal.reasons import database_reason
from bot.journal.sqlalchemy_asyncio import AsyncEngine
from bot.journal.tables import facts

_LOOKED_THROUGH_BYTES = 16_000_000
"""A file up to this size is looked through in well under 0.1 s."""


async def check_file(engine: AsyncEngine) -> None:
    """Look a file through that was cut off or overwritten; large ones, and servers, are trusted.

    Raises:
        JournalError: it is damaged.
    """
    if engine.dialect.name != "sqlite":
        return
    path = Path(str(engine.url.database))
    size_bytes = await asyncio.to_thread(_size_bytes, path)
    if not 0 < size_bytes <= _LOOKED_THROUGH_BYTES:
        return
    try:
        async with engine.connect() as connection:
            said = str(await connection.scalar(sa.text("PRAGMA quick_check(1)")))
    except (DatabaseError, sqlite3.DatabaseError) as error:
        # So it is where not even the list of tables can be read.
        said = database_reason(error)
        if "malformed" not in said:
            raise
    if said != "ok":
        raise JournalError(f"the journal's file is damaged: {said.splitlines()[-1]}")


async def check_writable(engine: AsyncEngine) -> None:
    """Have the database refuse now what it would refuse later: a standby, a read-only file."""
    async with engine.connect() as connection:
        await connection.execute(sa.delete(facts).where(facts.c.key == ""))
        # To be told no is what this was for.
        await connection.rollback()


def _size_bytes(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
