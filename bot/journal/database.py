"""Database addresses and connections: SQLite in a file, or PostgreSQL."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

_SQLITE = "sqlite+aiosqlite"
_POSTGRES = "postgresql+asyncpg"
_DRIVERS = {
    "sqlite": _SQLITE,
    _SQLITE: _SQLITE,
    "postgres": _POSTGRES,
    "postgresql": _POSTGRES,
    _POSTGRES: _POSTGRES,
}
_LOCK_WAIT_S = 10
"""How long a statement waits for another process's lock before it fails."""
_STATEMENT_LIMIT_S = 30
_POOL_SIZE = 3
"""One connection for the writer, two for readers."""


def async_url(url: str) -> str:
    """A database address as people and platforms write it, with the driver the bot uses.

    Raises:
        ValueError: it is neither an SQLite file nor a PostgreSQL database. The message does not
            repeat the address, which may hold a password.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ValueError("not a database address") from None
    driver = _DRIVERS.get(parsed.drivername)
    if driver is None:
        raise ValueError(f"{parsed.drivername} is neither sqlite nor postgresql")
    if driver == _SQLITE and parsed.database in {None, "", ":memory:"}:
        raise ValueError("an SQLite database needs a file: sqlite:///path")
    parsed = parsed.set(drivername=driver)
    if driver == _POSTGRES:
        parsed = _asyncpg_options(parsed)
    return parsed.render_as_string(hide_password=False)


def _asyncpg_options(url: URL) -> URL:
    """Libpq's names for TLS, which hosted databases put into their addresses, as asyncpg's."""
    sslmode = url.query.get("sslmode")
    url = url.difference_update_query(["sslmode", "channel_binding"])
    return url if sslmode is None else url.update_query_dict({"ssl": sslmode})


def create_engine(url: str) -> AsyncEngine:
    """An engine for an address from `async_url`.

    SQLite runs with a write-ahead log, so that readers and the writer do not wait for each other,
    and with synchronous=FULL: what is journalled was paid for, and must outlive a power cut, not
    only a kill -9 (NORMAL would do for that). The fsync it costs happens on the driver's thread,
    once per batch of writes.
    """
    if make_url(url).get_backend_name() != "sqlite":
        return create_async_engine(
            url,
            pool_size=_POOL_SIZE,
            max_overflow=0,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={"timeout": _LOCK_WAIT_S, "command_timeout": _STATEMENT_LIMIT_S},
        )
    engine = create_async_engine(
        url,
        pool_size=_POOL_SIZE,
        max_overflow=0,
        hide_parameters=True,
        connect_args={"timeout": _LOCK_WAIT_S},
    )
    event.listen(engine.sync_engine, "connect", _set_pragmas)
    return engine


class present_us(FunctionElement[int]):  # noqa: N801 - it is written as a function of SQL
    """The database's own clock, as microseconds since 1970.

    Processes on several machines agree on it, whatever their own clocks say. It moves on within
    a transaction.
    """

    type = sa.BigInteger()
    inherit_cache = True


@compiles(present_us, "postgresql")
def _postgresql_clock(*_: object, **__: object) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"


@compiles(present_us, "sqlite")
def _sqlite_clock(*_: object, **__: object) -> str:
    # The Julian day of 1970; SQLite counts in milliseconds.
    return "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"


def insert(connection: AsyncConnection, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """An insert that can say what to do ON CONFLICT, which both databases spell alike."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def _set_pragmas(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    # Where two processes change a new file's mode at once, SQLite fails one without a wait. The
    # mode is the file's, so the other has changed it for both.
    with suppress(sqlite3.OperationalError):
        cursor.execute("PRAGMA journal_mode=WAL")
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
