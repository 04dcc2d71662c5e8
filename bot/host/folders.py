"""The data folder, tried out at the start."""

from __future__ import annotations

import errno
import logging
import os
from pathlib import Path
from tempfile import TemporaryFile

from bot.domain.errors import ConfigError

log = logging.getLogger(__name__)

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


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
