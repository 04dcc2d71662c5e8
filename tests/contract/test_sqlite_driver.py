"""The SQLite connection: one hand-over a statement, and nothing left behind."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncGenerator
from contextlib import closing
from pathlib import Path
from typing import Any

import aiosqlite
import pytest

from bot.journal import SqlJournal
from bot.journal.sqlite_driver import SqliteConnection, connect
from tests.contract.journal_kit import a_generation

_PATIENCE_S = 10.0


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncGenerator[SqliteConnection]:
    opened = await connect(str(tmp_path / "file.db"), _PATIENCE_S)
    await opened.run("execute", "CREATE TABLE kept (value)", ())
    yield opened
    await opened.close()


@pytest.fixture
def handed_over(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What has been handed over to a thread."""
    calls: list[object] = []
    execute = aiosqlite.Connection._execute  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType, reportUnknownVariableType] - all go through it

    async def counted(self: aiosqlite.Connection, call: Any, *given: Any, **named: Any) -> Any:
        calls.append(call)
        return await execute(self, call, *given, **named)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
    return calls


async def test_a_statement_is_one_hand_over(tmp_path: Path, handed_over: list[object]) -> None:
    async with await SqlJournal.open(f"sqlite:///{tmp_path / 'journal.db'}") as journal:
        await journal.add(a_generation())
        handed_over.clear()
        generation = a_generation()
        await journal.add(generation)
        # Its charge, itself, its event, and the commit.
        assert len(handed_over) == 4
        handed_over.clear()
        assert await journal.get(generation.id) == generation
        assert len(handed_over) == 1


async def test_a_statement_nobody_waits_for_any_more_is_taken_back(
    connection: SqliteConnection, tmp_path: Path
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> int:
        begun.set()
        go_on.wait(_PATIENCE_S)
        return 1

    await connection.create_function("slow", 0, slow)  # pyright: ignore[reportUnknownMemberType] - half typed
    writing = asyncio.create_task(connection.run("execute", "INSERT INTO kept VALUES (slow())", ()))
    await asyncio.to_thread(begun.wait, _PATIENCE_S)
    writing.cancel()
    await asyncio.wait({writing})
    go_on.set()
    await connection.rollback()
    assert not connection.in_transaction
    with closing(sqlite3.connect(tmp_path / "file.db", timeout=0, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert other.execute("SELECT count(*) FROM kept").fetchone() == (0,)


async def test_a_long_result_comes_as_it_is_asked_for(connection: SqliteConnection) -> None:
    numbers = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    cursor = connection.cursor()
    # It has no end.
    await cursor.execute(numbers)
    assert await cursor.fetchone() == (0,)
    assert await cursor.fetchmany(999) == [(number,) for number in range(1, 1000)]
    await cursor.close()
    await cursor.execute(f"{numbers} LIMIT 1000")
    assert await cursor.fetchall() == [(number,) for number in range(1000)]
    await cursor.close()


def test_who_was_cut_off_is_told_nothing_once_the_loop_has_closed(tmp_path: Path) -> None:
    """Its thread would end with a traceback, which fails the test."""
    begun, go_on = threading.Event(), threading.Event()
    before = set(threading.enumerate())

    def slow() -> int:
        begun.set()
        go_on.wait(_PATIENCE_S)
        return 1

    async def cut_off() -> set[threading.Thread]:
        connection = await connect(str(tmp_path / "file.db"), _PATIENCE_S)
        await connection.create_function("slow", 0, slow)  # pyright: ignore[reportUnknownMemberType] - half typed
        asking = asyncio.create_task(connection.run("execute", "SELECT slow()", ()))
        while not begun.is_set():  # noqa: ASYNC110 - it is set in a thread
            await asyncio.sleep(0.001)
        asking.cancel()
        connection.stop()  # pyright: ignore[reportUnknownMemberType] - half typed
        return set(threading.enumerate()) - before

    left = asyncio.run(cut_off())
    assert left
    go_on.set()
    for thread in left:
        thread.join(_PATIENCE_S)
        assert not thread.is_alive()
