"""How the C library keeps memory. Only glibc is told; others have no such functions."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable

_M_ARENA_MAX = -8
"""malloc.h of glibc."""


def share_one_heap() -> None:
    """Have all threads allocate from one heap. To be called before there is a second thread.

    Each gets one of its own otherwise, which keeps what is freed in it: 1 to 2 MB for the ten
    threads that wait for files, names and the database. They seldom allocate at the same time.
    """
    if (mallopt := _of_glibc("mallopt")) is not None:
        mallopt(_M_ARENA_MAX, 1)


def give_back() -> None:
    """Return to the system what lies free within the heap; takes less than a millisecond.

    By itself, glibc returns only what is free at its end.
    """
    if (malloc_trim := _of_glibc("malloc_trim")) is not None:
        malloc_trim(0)


def _of_glibc(name: str) -> Callable[..., object] | None:
    if sys.platform != "linux":
        return None
    return getattr(ctypes.CDLL(None), name, None)
