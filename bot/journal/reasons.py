"""What a database says is wrong, in its own words."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.host.reasons import first_line, reason

_STARTING = frozenset({"57P03", "53300"})
"""cannot_connect_now and too_many_connections (postgresql.org, docs/18/errcodes-appendix)."""


def database_reason(error: BaseException) -> str:
    """Why the database, or the way to it, refused; one line, without the statement."""
    if isinstance(error, PoolTimeout):
        return "no connection was free in time"
    said = _drivers_own(error)
    if isinstance(said, (OSError, TimeoutError)):
        return reason(said)
    return first_line(str(said)) or reason(error)


def is_passing(error: BaseException) -> bool:
    """Whether a server is there, and will be ready in a while."""
    return getattr(_drivers_own(error), "sqlstate", None) in _STARTING


def _drivers_own(error: BaseException) -> BaseException:
    if isinstance(error, DBAPIError) and error.orig is not None:
        return error.driver_exception
    return error
