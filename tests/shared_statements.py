"""Statements that are compiled once, however many journals a process opens.

Each engine of SQLAlchemy compiles anew what it has not yet been asked, which is most of what a
fresh journal is. A database of the same kind is asked in the same words.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast
from unittest.mock import patch

from bot.journal import database
from bot.journal.sqlalchemy_asyncio import AsyncEngine, create_async_engine


class _Statements(dict[Any, Any]):
    """Compiled ones by their dialect's name, where SQLAlchemy asks by the dialect itself."""

    def get(self, key: Any, default: Any = None, /) -> Any:
        dialect, *rest = key
        return super().get((dialect.name, *rest), default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        dialect, *rest = key
        super().__setitem__((dialect.name, *rest), compiled)


_compiled = _Statements()


def _create(*arguments: Any, **options: Any) -> AsyncEngine:
    engine = create_async_engine(*arguments, **options)
    cast("Any", engine.sync_engine)._compiled_cache = _compiled
    return engine


@contextmanager
def compiled_once() -> Generator[None]:
    """Have new engines share them."""
    with patch.object(database, "create_async_engine", _create):
        yield
