"""One process at a time on one SQLite file: the next waits until the last has ended.

An old and a new container overlap in a deployment, and somebody opens a second terminal. The lock
is the operating system's, on a file beside the database, and is gone with its process, however
that ends.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

from bot.journal.addresses import async_url

_log = logging.getLogger(__name__)

_LOOK_S = 0.5
_HELD = frozenset({errno.EACCES, errno.EAGAIN, errno.EDEADLK})
"""What POSIX and Windows say of a lock that another process has."""


@asynccontextmanager
async def alone(database_url: str) -> AsyncGenerator[None]:
    """Have an SQLite file to this process alone; PostgreSQL is shared.

    It waits, for as long as another process has it, and says so. Where files cannot be locked, as
    on some network file systems, it says that and goes on.

    Args:
        database_url: what `async_url` takes.
    """
    url = make_url(async_url(database_url))
    if url.get_backend_name() != "sqlite":
        yield
        return
    database = Path(str(url.database))
    file = await asyncio.to_thread(_open, database)
    try:
        if file is not None:
            await _take(file, database)
        yield
    finally:
        # Closing gives the lock back.
        if file is not None:
            os.close(file)


async def _take(file: int, database: Path) -> None:
    waiting = False
    while True:
        try:
            _lock(file)
        except OSError as error:
            if error.errno not in _HELD:
                _log.warning("%s cannot be locked: %s", database, error.strerror)
                return
            if not waiting:
                _log.warning(
                    "another process of the bot uses %s; this one waits until that ends"
                    " (several at once need PostgreSQL)",
                    database,
                )
            waiting = True
            await asyncio.sleep(_LOOK_S)
        else:
            if waiting:
                _log.info("the other process has ended; going on")
            return


def _open(database: Path) -> int | None:
    """The file to lock; None where the folder is of no use, as opening the database will tell."""
    try:
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = database.with_name(f"{database.name}.lock")
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return None


if os.name == "nt":
    import msvcrt

    def _lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: int) -> None:
        # Unlike flock's, this lock is not inherited by child processes.
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
