"""Files that nobody may read but the user who runs the bot: the journal, and people's music.

On Windows, where modes say nothing, what protects them is the folder they are in.
"""

from __future__ import annotations

import logging
import os
import stat
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

_OTHERS = 0o077
"""What everyone else may do, as bits of a file's mode."""
_SQLITE_FILES = ("", "-wal", "-shm", "-journal")


def keep_to_ourselves() -> None:
    """Have what this process writes from now on be its user's alone, and its children's too."""
    os.umask(_OTHERS)


def make_private_folder(folder: Path, *, with_files: bool) -> None:
    """Make a folder, and take it from everyone else; or also the files in it. Blocks.

    Raises:
        OSError: it cannot be made.
    """
    folder.mkdir(0o700, parents=True, exist_ok=True)
    _restrict(folder)
    for file in folder.iterdir() if with_files else ():
        if file.is_file() and not file.is_symlink():
            _restrict(file)


def make_private_database(path: Path) -> None:
    """Make an SQLite file, empty if it is new, and take it from everyone else. Blocks.

    SQLite gives the mode of the database to the files that it keeps beside it
    (sqlite.org, os_unix.c, findCreateFileMode).

    Raises:
        OSError: it cannot be made.
    """
    if not path.parent.exists():
        path.parent.mkdir(0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    for ending in _SQLITE_FILES:
        file = path.with_name(path.name + ending)
        # A device or a folder is no database, as opening it will tell.
        if file.is_file():
            _restrict(file)


def _restrict(path: Path) -> None:
    try:
        mode = path.stat().st_mode
        # What is meant for everyone, such as /tmp, is not for us to close.
        if mode & _OTHERS and not mode & stat.S_ISVTX:
            path.chmod(mode & 0o777 & ~_OTHERS)
    except FileNotFoundError:
        return
    except OSError as error:
        # Somebody else's: a mounted volume, perhaps. Its music is worth more than its mode.
        log.warning("%s may be readable by others on this machine: %s", path, error.strerror)
