"""What asks the process to end: Ctrl+C, a service manager, and Ctrl+Break on Windows."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress

_NAMES = ("SIGINT", "SIGTERM", "SIGBREAK")
"""The last one is Windows' own."""


def on_stop(loop: asyncio.AbstractEventLoop, tell: Callable[[], None]) -> None:
    """Call `tell` on the loop whenever one of them comes.

    Windows' loops take no signal handlers (docs.python.org, asyncio-platforms); there Python's own
    are used, which run between two of its steps, and wake the loop.
    """

    def told(*_: object) -> None:
        # The second Ctrl+C may come when all is closed.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(tell)

    for name in _NAMES:
        number: signal.Signals | None = getattr(signal, name, None)
        if number is None:
            continue
        try:
            loop.add_signal_handler(number, tell)
        except NotImplementedError:
            signal.signal(number, told)
