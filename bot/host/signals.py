"""What asks the process to end (Ctrl+C, a service manager, Ctrl+Break on Windows), and its end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress

log = logging.getLogger(__name__)

_NAMES = ("SIGINT", "SIGTERM", "SIGBREAK")
"""The last one is Windows' own."""
_LEAVE_S = 4.25
"""From a signal to the end of the process: service managers and people wait 5 s."""


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


def leave_in_time() -> None:
    """End the process soon, come what may.

    At its end asyncio waits for every task and every thread, however long they hang: in a name
    server's silence, in a frozen database's.
    """
    alarm = threading.Timer(_LEAVE_S, _leave)
    alarm.daemon = True
    alarm.start()


def _leave() -> None:
    log.warning("closing takes longer than %.2f s; leaving anyway", _LEAVE_S)
    logging.shutdown()
    os._exit(0)
