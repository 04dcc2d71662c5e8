"""The journal's writer: what waits to be written goes into one transaction.

Two hundred people may press enter in the same second, while the event loop has their
acknowledgements to send. One transaction for fifty of them costs a tenth of the processor time of
fifty, and one fsync; and the first fifty are acknowledged while the next are written.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.community.charges import Ending
from bot.domain.amounts import ServerLimits
from bot.domain.errors import BotError
from bot.domain.generation import Generation
from bot.domain.presets import Named
from bot.domain.presses import ButtonPress
from bot.journal.changes import Addition, Holder, Row, Save, Write, Written, apply, taken
from bot.journal.charges import Ledger
from bot.journal.errors import JournalError, JournalNotReady
from bot.journal.reasons import database_reason, is_passing
from bot.journal.sqlalchemy_asyncio import AsyncConnection, AsyncEngine

_BATCH_LIMIT = 50
"""Writes in one transaction. With 100, who is in the midst of a burst waits a tenth longer for
their acknowledgement; with 30, who is at its end does."""
_LOOKS = 3
"""Turns of the event loop in which a burst that is just being read comes along."""


class Writer:
    """Commits writes in the order they came, all that wait at once.

    A write whose waiter is cancelled is written all the same: what it tells has happened.
    """

    def __init__(self, engine: AsyncEngine, holder: Holder, ledger: Ledger) -> None:
        self._engine = engine
        self._holder = holder
        self._ledger = ledger
        self._turn = asyncio.Lock()
        self._pending: list[Write] = []
        self._task: asyncio.Task[None] | None = None

    async def add(
        self,
        written: Written,
        named: Named[Written] | None,
        limits: ServerLimits | None,
        press: ButtonPress | None,
    ) -> Sequence[Generation]:
        """Commit a new request with its reservation, within its server's limits, too; its takes.

        Raises:
            NoRoomLeft: a limit keeps it out.
            RequestRefused: it names a preset, with which it cannot be run.
            PressedTwice: its press belongs to the one before.
            RowTaken: one of its takes has a row.
            JournalError: the database does not take it.
        """
        addition = Addition(written, named, limits, press, _promise())
        await self._write(addition)
        return addition.takes

    async def save(self, row: Row, event: Row, ending: Ending | None) -> None:
        """Commit one change.

        Raises:
            JournalConflict: the journalled row rules it out.
            JournalError: the database does not take it.
        """
        await self._write(Save(row, event, ending, _promise()))

    async def _write(self, write: Write) -> None:
        self._pending.append(write)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain(), name="journal-writer")
        await write.done

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncConnection]:
        """Change something else, in a transaction of its own.

        A process does one at a time: two that change the same generations in another order would
        each wait for the other.

        Raises:
            JournalError: the database does not take it.
        """
        async with self._turn:
            with wrapped("written"):
                async with self._engine.begin() as connection:
                    yield connection

    async def drain(self) -> None:
        """Wait until nothing is left to write."""
        if self._task is not None:
            await asyncio.wait({self._task})

    async def _drain(self) -> None:
        while self._pending:
            await self._gather()
            batch, self._pending = self._pending[:_BATCH_LIMIT], self._pending[_BATCH_LIMIT:]
            try:
                await self._commit(batch)
            finally:
                for write in batch:
                    write.done.cancel()

    async def _gather(self) -> None:
        """Have what comes in the very next turns go with what waits."""
        for _ in range(_LOOKS):
            before = len(self._pending)
            if before >= _BATCH_LIMIT:
                return
            await asyncio.sleep(0)
            if len(self._pending) == before:
                return

    async def _commit(self, batch: Sequence[Write]) -> None:
        try:
            async with self.transaction() as connection:
                refusals = await apply(connection, batch, self._holder, self._ledger)
        except JournalError as error:
            if len(batch) > 1 and not _concerns_all(error.__cause__):
                for write in batch:
                    await self._commit([write])
                return
            for write in batch:
                refusal = await self._refusal(write, error)
                if not write.done.done():
                    write.done.set_exception(refusal)
            return
        for write in batch:
            if write.done.done():
                continue
            refusal = refusals.get(write)
            if refusal is None:
                write.done.set_result(None)
            else:
                write.done.set_exception(refusal)

    async def _refusal(self, write: Write, error: JournalError) -> JournalError:
        """What the waiter of a write is told that the database did not take."""
        if isinstance(write, Addition) and isinstance(error.__cause__, IntegrityError):
            try:
                async with self.transaction() as connection:
                    if found := await taken(connection, [write]):
                        return found[write]
            except JournalError as fault:
                return _copy(fault)
        return _copy(error)


def _promise() -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()


@contextmanager
def wrapped(verb: str) -> Generator[None]:
    """Turn every error of the database and its drivers into a `JournalError`."""
    try:
        yield
    except BotError:
        raise
    except Exception as error:
        # Not only SQLAlchemy's: sqlite3's own OverflowError and, while connecting, asyncpg's and
        # the socket's come through unwrapped.
        kind = JournalNotReady if is_passing(error) else JournalError
        raise kind(f"the journal could not be {verb}: {database_reason(error)}") from error


def _concerns_all(cause: BaseException | None) -> bool:
    """Whether the database is at fault, not one of the rows."""
    if isinstance(cause, DBAPIError) and cause.connection_invalidated:
        return True
    return isinstance(cause, (OSError, OperationalError, InterfaceError, PoolTimeout))


def _copy(error: JournalError) -> JournalError:
    """The same error for another waiter, whose traceback is its own."""
    copy = JournalError(*error.args)
    copy.__cause__ = error.__cause__
    return copy
