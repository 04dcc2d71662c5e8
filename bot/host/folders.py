"""The data folder, tried out and made private at the start."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile

from bot.domain.errors import ConfigError
from bot.host.private_files import make_private_folder

log = logging.getLogger(__name__)

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def prepare_folders(data_folder: Path, folders: Sequence[Path]) -> None:
    """Make the data folder and those in it that are ours, and keep them to ourselves. Blocks.

    Raises:
        ConfigError: as `make_writable` does.
    """
    for folder in (data_folder, *folders):
        make_writable(folder)
    # What else is in the data folder is not ours to change.
    make_private_folder(data_folder, with_files=False)
    for folder in folders:
        make_private_folder(folder, with_files=True)


def make_writable(folder: Path) -> None:
    """Make a folder and see that a file can be written there. Blocks.

    Raises:
        ConfigError: it cannot. A full disk is another matter: what is done needs no room.
    """
    try:
        folder.mkdir(0o700, parents=True, exist_ok=True)
        with TemporaryFile(dir=folder) as file:
            file.write(b"x")
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        if error.errno in _FULL:
            log.warning("there is no room in %s: %s", folder, why)
            return
        raise ConfigError((f"DATA_FOLDER: {folder} cannot be written: {why}",)) from error
