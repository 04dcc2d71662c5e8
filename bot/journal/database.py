"""Connections to the database, and what the two kinds of it spell differently."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from bot.journal import sqlite_driver
from bot.journal.addresses import postgres_arguments, unreadable_files
from bot.journal.errors import JournalError
from bot.journal.sqlalchemy_asyncio import AsyncConnection, AsyncEngine, create_async_engine

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

_LOCK_WAIT_S = 10
"""How long a statement waits for another process's lock before it fails."""
_STATEMENT_LIMIT_S = 30
_POOL_SIZE = 3
"""One connection for the writer, two for readers."""


def _no_name() -> str:
    return ""


_NO_NAMED_STATEMENTS: dict[str, Any] = {
    "statement_cache_size": 0,
    "prepared_statement_cache_size": 0,
    # SQLAlchemy has asyncpg name each statement; the one without a name lasts until the next.
    "prepared_statement_name_func": _no_name,
}


def create_engine(url: str) -> AsyncEngine:
    """An engine for an address from `async_url`.

    SQLite runs with a write-ahead log, so that readers and the writer do not wait for each other,
    and with synchronous=FULL: what is journalled was paid for, and must outlive a power cut, not
    only a kill -9 (NORMAL would do for that). The fsync it costs happens on the driver's thread,
    once per batch of writes.

    PostgreSQL may stand behind a PgBouncer that hands each transaction to another of its
    connections: a statement with a name would be known to one of them and taken on the next.

    Raises:
        JournalError: the address names a file that cannot be read.
    """
    if make_url(url).get_backend_name() != "sqlite":
        return _postgres_engine(make_url(url))
    file = str(make_url(url).database)
    engine = create_async_engine(
        url,
        pool_size=_POOL_SIZE,
        max_overflow=0,
        hide_parameters=True,
        async_creator=partial(sqlite_driver.connect, file, _LOCK_WAIT_S),
    )
    event.listen(engine.sync_engine, "connect", _set_pragmas)
    return engine


def _postgres_engine(url: URL) -> AsyncEngine:
    if unreadable := unreadable_files(url):
        raise JournalError("; ".join(unreadable))
    address, arguments = postgres_arguments(url)
    return create_async_engine(
        address,
        pool_size=_POOL_SIZE,
        max_overflow=0,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"timeout": _LOCK_WAIT_S, "command_timeout": _STATEMENT_LIMIT_S}
        | _NO_NAMED_STATEMENTS
        | arguments,
    )


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


def from_now_us(seconds: float) -> sa.ColumnElement[int]:
    """The moment so many seconds from now, by the database's clock."""
    return present_us() + sa.literal(round(seconds * 1_000_000), sa.BigInteger)


def insert(connection: AsyncConnection, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """An insert that can say what to do ON CONFLICT, which both databases spell alike."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    # It takes 2 MB, which is for those who use it.
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


async def hold_still(connection: AsyncConnection) -> None:
    """Have what is read from here on still be so when it is written; to be called first.

    SQLite has one writer, which is this one from now on; its transactions begin with what they
    write else. PostgreSQL locks rows as they are read.
    """
    if connection.dialect.name == "sqlite":
        await connection.exec_driver_sql("BEGIN IMMEDIATE")


async def one_at_a_time(connection: AsyncConnection, name: str) -> None:
    """Wait until no other transaction has called this with the same name; to be called first."""
    await hold_still(connection)
    if connection.dialect.name != "sqlite":
        await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(name))))


def upsert(
    connection: AsyncConnection,
    table: sa.Table,
    row: Mapping[str, object],
    *,
    where: sa.ColumnElement[bool] | None = None,
) -> postgresql.Insert | sqlite.Insert:
    """Put a row in the place of the one with its key; `where` tells of which it may be."""
    put = insert(connection, table).values(row)
    key = [column.name for column in table.primary_key]
    new = {name: put.excluded[name] for name in row if name not in key}
    return put.on_conflict_do_update(index_elements=key, set_=new, where=where)


def _set_pragmas(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    # Where two processes change a new file's mode at once, SQLite fails one without a wait. The
    # mode is the file's, so the other has changed it for both.
    with suppress(sqlite3.OperationalError):
        cursor.execute("PRAGMA journal_mode=WAL")
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
