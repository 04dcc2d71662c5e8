"""What every part of the journal works with: the database, and this process's name in it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime
from functools import wraps
from types import CoroutineType
from typing import Any, ParamSpec, TypeVar

from bot.journal.changes import Holder
from bot.journal.charges import Ledger, Terms
from bot.journal.errors import JournalError
from bot.journal.sqlalchemy_asyncio import AsyncConnection, AsyncEngine
from bot.journal.writes import Writer, wrapped

P = ParamSpec("P")
T = TypeVar("T")


def unbroken(
    method: Callable[P, Coroutine[Any, Any, T]],
) -> Callable[P, CoroutineType[Any, Any, T]]:
    """A method whose transaction ends before a cancellation of its caller goes on.

    A statement that is cancelled half way leaves its cursor behind, and with it, in SQLite, the
    lock on the whole database until the garbage collector finds it.
    """

    @wraps(method)
    async def whole(*args: P.args, **kwargs: P.kwargs) -> T:
        work = asyncio.create_task(method(*args, **kwargs))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.gather(work, return_exceptions=True)
            raise

    return whole


class Store:
    """A database that is open. Every method raises `JournalError` where it cannot be used."""

    def __init__(
        self, engine: AsyncEngine, owner: str, now: Callable[[], datetime], terms: Terms
    ) -> None:
        self._engine = engine
        self._now = now
        self._me = Holder(owner, secrets.token_hex(8))
        self._terms = terms
        self._ledger = Ledger(terms)
        self._writer = Writer(engine, self._me, self._ledger)
        self._closed = False
        self._reads: set[asyncio.Event] = set()
        """Those under way, each to be set at its end."""

    @asynccontextmanager
    async def _reading(self) -> AsyncGenerator[AsyncConnection]:
        self._check_open()
        ended = asyncio.Event()
        self._reads.add(ended)
        try:
            with wrapped("read"):
                async with self._engine.connect() as connection:
                    yield connection
        finally:
            self._reads.discard(ended)
            ended.set()

    @asynccontextmanager
    async def _writing(self) -> AsyncGenerator[AsyncConnection]:
        self._check_open()
        async with self._writer.transaction() as connection:
            yield connection

    def _check_open(self) -> None:
        if self._closed:
            raise JournalError("the journal is closed")
