"""An SQLite connection that hands a statement over to its thread once, and takes back its rows.

aiosqlite (0.22.1) hands over four times for a query: for a cursor, the statement, its rows, and the
cursor's end. Each time waits for the event loop's next turn, which takes tens of milliseconds while
hundreds of acknowledgements are sent.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue
from typing import Any, Self, TypeAlias, TypeVar

import aiosqlite

_T = TypeVar("_T")
_Call: TypeAlias = tuple[asyncio.Future[Any] | None, Callable[[], Any]]
_ROWS_AT_ONCE = 256
"""Rows that come back with their statement; a longer result is fetched as it is asked for."""


async def connect(file: str, lock_wait_s: float) -> SqliteConnection:
    """Open a file; a statement waits so long for another process's lock on it."""
    connection = SqliteConnection(partial(sqlite3.connect, file, timeout=lock_wait_s))
    await connection
    return connection


@dataclass(frozen=True, slots=True)
class _Result:
    description: Any = None
    rowcount: int = -1
    lastrowid: int | None = None
    rows: list[Any] = field(default_factory=list[Any])
    left: sqlite3.Cursor | None = None
    """Has the other rows; None where there are none."""


class SqliteConnection(aiosqlite.Connection):
    """A connection of aiosqlite's, as SQLAlchemy's dialect uses it."""

    def __init__(self, connector: partial[sqlite3.Connection]) -> None:
        super().__init__(connector, _ROWS_AT_ONCE)
        # As SQLAlchemy has it: one that is not closed keeps no process from ending.
        self._tx = self._calls = SimpleQueue[_Call]()
        self._thread = threading.Thread(target=_serve, args=(self._calls,), daemon=True)
        self._is_known = True
        """Whether nothing is under way that nobody waits for any more."""

    def cursor(self) -> Any:
        """A cursor that there is in the thread only while it has something left to give."""
        return _Cursor(self)

    async def in_thread(self, call: Callable[..., _T], *given: Any) -> _T:
        """Call something in this connection's thread."""
        return await self._execute(call, *given)

    async def run(self, method: str, sql: str, parameters: Iterable[Any]) -> _Result:
        """Execute a statement with a cursor's method of this name."""
        return await self.in_thread(_run, self._conn, method, sql, parameters)

    def stop(self) -> asyncio.Future[Any] | None:
        """Close it after what is under way, and end its thread; done once it is closed."""
        closed: asyncio.Future[Any] | None = super().stop()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - half typed
        self._calls.put_nowait((None, _end))
        return closed

    async def rollback(self) -> None:
        """Take back what is not committed; SQLAlchemy asks for it after each commit, too."""
        if self.in_transaction or not self._is_known:
            await super().rollback()
            self._is_known = True

    async def _execute(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return await super()._execute(fn, *args, **kwargs)  # pyright: ignore[reportUnknownMemberType] - it has no types
        except asyncio.CancelledError:
            self._is_known = False
            raise


class _Cursor:
    """What SQLAlchemy needs of a cursor."""

    arraysize = 1

    def __init__(self, connection: SqliteConnection) -> None:
        self._connection = connection
        self._result = _Result()

    @property
    def description(self) -> Any:
        return self._result.description

    @property
    def rowcount(self) -> int:
        return self._result.rowcount

    @property
    def lastrowid(self) -> int | None:
        return self._result.lastrowid

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Iterable[Any] = ()) -> None:
        self._result = await self._connection.run("execute", sql, parameters)

    async def executemany(self, sql: str, parameters: Iterable[Any]) -> None:
        self._result = await self._connection.run("executemany", sql, parameters)

    async def fetchone(self) -> Any:
        return next(iter(await self.fetchmany(1)), None)

    async def fetchmany(self, size: int) -> list[Any]:
        rows, left = self._result.rows, self._result.left
        if left is not None and len(rows) < size:
            rows += await self._connection.in_thread(left.fetchmany, size - len(rows))
        taken = rows[:size]
        del rows[:size]
        return taken

    async def fetchall(self) -> list[Any]:
        rows, left = self._result.rows, self._result.left
        if left is not None:
            rows += await self._connection.in_thread(left.fetchall)
        return rows

    async def close(self) -> None:
        if self._result.left is not None:
            await self._connection.in_thread(self._result.left.close)


def _serve(calls: SimpleQueue[_Call]) -> None:
    """What a connection's thread does; aiosqlite's own fails where the event loop has closed."""
    call: Callable[[], Any] | None = None
    while call is not _end:
        future, call = calls.get()
        result, fault = None, None
        try:
            result = call()
        except BaseException as error:  # noqa: BLE001 - it is raised where the call is awaited
            fault = error
        if future is not None:
            # Who was cut off waits no longer, and the event loop may have closed since.
            with suppress(RuntimeError):
                future.get_loop().call_soon_threadsafe(_tell, future, result, fault)


def _end() -> None:
    """Told to a thread as the last it is to do."""


def _tell(future: asyncio.Future[Any], result: object, fault: BaseException | None) -> None:
    if future.done():
        return
    if fault is None:
        future.set_result(result)
    else:
        future.set_exception(fault)


def _run(
    connection: sqlite3.Connection, method: str, sql: str, parameters: Iterable[Any]
) -> _Result:
    cursor = connection.cursor()
    try:
        getattr(cursor, method)(sql, parameters)
        rows = cursor.fetchmany(_ROWS_AT_ONCE) if cursor.description else []
    except BaseException:
        cursor.close()
        raise
    is_more = len(rows) == _ROWS_AT_ONCE
    result = _Result(
        *(cursor.description, cursor.rowcount, cursor.lastrowid),
        *(rows, cursor if is_more else None),
    )
    if not is_more:
        cursor.close()
    return result
