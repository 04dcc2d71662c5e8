"""SQLite files that nobody waits for the disk to have: what a killed process wrote is kept anyway.

A power cut is what a disk has to be waited for, and no test cuts it. On a busy disk each wait takes
up to seconds, which is as long as a person is let wait for an answer.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from bot.journal import database

AS_EVER = database._set_pragmas  # pyright: ignore[reportPrivateUsage] - no setting of the bot's


def _set_pragmas(connection: Any, record: object) -> None:
    AS_EVER(connection, record)
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous=OFF")
    cursor.close()


@contextmanager
def unsynced() -> Generator[None]:
    """Have new connections not wait."""
    with patch.object(database, "_set_pragmas", _set_pragmas):
        yield
