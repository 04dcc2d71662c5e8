"""`python -m bot`, on a disk that is full while there is a file `disk-is-full` in the data folder.

Without a file system of its own: what is full is what the bot writes tracks with.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

from bot.__main__ import main
from bot.audio.track_store import TrackStore
from bot.cog.records import Records
from bot.replicate.partial import PartialFile

FULL = "disk-is-full"


def full_first(owner: type, name: str) -> None:
    """Have a method fail while the disk is full."""
    method: Callable[..., object] = getattr(owner, name)
    marker = Path(os.environ["DATA_FOLDER"], FULL)

    def checked(*args: object, **kwargs: object) -> object:
        if marker.exists():
            raise OSError(errno.ENOSPC, "No space left on device")
        return method(*args, **kwargs)

    setattr(owner, name, checked)


if __name__ == "__main__":
    full_first(TrackStore, "_try_disk")
    full_first(PartialFile, "write")
    full_first(Records, "end")
    full_first(Records, "copy_audio")
    sys.exit(main())
