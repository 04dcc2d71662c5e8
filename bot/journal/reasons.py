"""What a database says is wrong, in its own words."""

from __future__ import annotations

import errno
import socket

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.host.reasons import first_line, reason

_STARTING = frozenset({"57P03", "53300"})
"""cannot_connect_now and too_many_connections (postgresql.org, docs/18/errcodes-appendix)."""
_UNREACHABLE = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN})


def database_reason(error: BaseException) -> str:
    """Why the database, or the way to it, refused; one line, without the statement."""
    if isinstance(error, PoolTimeout):
        return "no connection was free in time"
    said = _drivers_own(error)
    if isinstance(said, (OSError, TimeoutError, UnicodeError)):
        return reason(said)
    return first_line(str(said)) or reason(error)


def is_passing(error: BaseException) -> bool:
    """Whether a server is not there yet, or not ready, as when both machines have just started."""
    said = _drivers_own(error)
    return getattr(said, "sqlstate", None) in _STARTING or _is_away(said)


def _is_away(said: BaseException) -> bool:
    """Whether nobody answers at an address that may be right."""
    match said:
        case ConnectionError() | TimeoutError():
            return True
        case socket.gaierror():
            return said.errno == socket.EAI_AGAIN
        case FileNotFoundError():
            # A server's socket; whatever else is missing has a name.
            return said.filename is None
        case OSError():
            # asyncio's words where an address stands for several, and none of them answers.
            return said.errno in _UNREACHABLE or str(said).startswith("Multiple exceptions")
        case _:
            return False


def _drivers_own(error: BaseException) -> BaseException:
    if isinstance(error, DBAPIError) and error.orig is not None:
        return error.driver_exception
    return error
