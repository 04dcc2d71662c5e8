"""The journal's writer: whatever waits to be written goes into one transaction.

Two hundred people may press enter in the same second, while the event loop has their
acknowledgements to send. One transaction for all of them costs a tenth of the processor time of
two hundred, and one fsync.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.domain.errors import BotError
from bot.domain.generation import TRANSITIONS, State
from bot.journal.database import present_us
from bot.journal.errors import JournalConflict, JournalError, JournalNotReady, LeaseLost, RowTaken
from bot.journal.reasons import database_reason, is_passing
from bot.journal.tables import Moment, generation_events, generations

Row = Mapping[str, object]

_BATCH_LIMIT = 100
"""Rows handed to the driver in one piece; the event loop gets a turn in between."""

FIRST_LEASE_S = 20.0
"""How long a new generation is its process's own before the first renewal."""

_c = generations.c
_add = sa.insert(generations).values(
    leased_until=present_us() + sa.literal(int(FIRST_LEASE_S * 1_000_000), sa.BigInteger)
)


def _while_wanted(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """A wish's column, null once a reply as new as that is saved, or the generation is closed."""
    newer = _c.wanted_until > sa.bindparam("expires", type_=Moment)
    open_ = sa.bindparam("still_open", type_=sa.Boolean)
    return sa.case((sa.and_(open_, newer), column), else_=None)


def _update(*following: State) -> sa.Update:
    """An update of a generation of ours that is in one of these states, and not closed for good."""
    return (
        sa.update(generations)
        .where(
            _c.id == sa.bindparam("key"),
            _c.incarnation == sa.bindparam("holder"),
            _c.state.in_(following),
            sa.or_(sa.not_(_c.told), sa.bindparam("still_told", type_=sa.Boolean)),
        )
        # Whoever saves an older copy does not take back what a person asked for meanwhile.
        .values(
            cancel_requested=sa.or_(_c.cancel_requested, sa.bindparam("cancel")),
            wanted_reply=_while_wanted(_c.wanted_reply),
            wanted_until=_while_wanted(_c.wanted_until),
        )
    )


_enter = {
    new: _update(*(old for old, follows in TRANSITIONS.items() if new in follows)) for new in State
}
_stay = {state: _update(state) for state in State}


@dataclass(frozen=True, slots=True)
class Holder:
    """A process, for as long as it runs."""

    owner: str
    """Who it is; the same after a restart."""
    incarnation: str
    """Which start of it this is."""


@dataclass(frozen=True, slots=True, eq=False)
class Write:
    """One change of one generation, with the event that goes with it.

    `event` is written where the state changes, and with any note.
    """

    row: Row
    event: Row
    is_new: bool
    done: asyncio.Future[None]

    @property
    def generation_id(self) -> str:
        """The generation it changes."""
        return str(self.row["id"])

    @property
    def state(self) -> State:
        """The state it brings the generation to."""
        return State(str(self.row["state"]))


class Writer:
    """Commits writes in the order they came, all that wait at once.

    A write whose waiter is cancelled is written all the same: what it tells has happened.
    """

    def __init__(self, engine: AsyncEngine, holder: Holder) -> None:
        self._engine = engine
        self._holder = holder
        self._turn = asyncio.Lock()
        self._pending: list[Write] = []
        self._task: asyncio.Task[None] | None = None

    async def write(self, row: Row, event: Row, *, is_new: bool) -> None:
        """Commit one change.

        Raises:
            JournalConflict: the journalled row rules it out.
            JournalError: the database does not take it.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending.append(Write(row, event, is_new, done))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain(), name="journal-writer")
        await done

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
            batch, self._pending = self._pending[:_BATCH_LIMIT], self._pending[_BATCH_LIMIT:]
            try:
                await self._commit(batch)
            finally:
                for write in batch:
                    write.done.cancel()

    async def _commit(self, batch: Sequence[Write]) -> None:
        try:
            async with self.transaction() as connection:
                conflicts = await _apply(connection, batch, self._holder)
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
        for write, conflict in zip(batch, conflicts, strict=True):
            if write.done.done():
                continue
            if conflict is None:
                write.done.set_result(None)
            else:
                write.done.set_exception(conflict)

    async def _refusal(self, write: Write, error: JournalError) -> JournalError:
        """What the waiter of a write is told that the database did not take."""
        if write.is_new and isinstance(error.__cause__, IntegrityError):
            try:
                async with self.transaction() as connection:
                    query = sa.select(_c.id).where(_c.id == write.generation_id)
                    if (await connection.execute(query)).first() is not None:
                        return RowTaken(write.generation_id)
            except JournalError as fault:
                return _copy(fault)
        return _copy(error)


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


async def _apply(
    connection: AsyncConnection, batch: Sequence[Write], holder: Holder
) -> list[JournalConflict | None]:
    """Write a batch; the answer holds, for each write, what rules it out."""
    lease = {"owner": holder.owner, "incarnation": holder.incarnation}
    added = [{**write.row, **lease} for write in batch if write.is_new]
    # Processes that add the same rows at the same time wait for each other in the same order.
    added.sort(key=lambda row: str(row["id"]))
    if added:
        await connection.execute(_add, added)
    events: list[Row] = []
    conflicts: list[JournalConflict | None] = []
    for write in batch:
        entered = write.is_new or await _save(connection, write, holder, _enter)
        kept = entered or await _save(connection, write, holder, _stay)
        conflicts.append(None if kept else await _conflict(connection, write, holder))
        if entered or (kept and write.event["note"]):
            events.append(write.event)
    if events:
        await connection.execute(sa.insert(generation_events), events)
    return conflicts


async def _save(
    connection: AsyncConnection, write: Write, holder: Holder, updates: Mapping[State, sa.Update]
) -> bool:
    values = {name: value for name, value in write.row.items() if name not in _FIXED}
    parameters = {
        **values,
        "key": write.row["id"],
        "holder": holder.incarnation,
        "still_told": write.row["told"],
        "cancel": write.row["cancel_requested"],
        "still_open": write.row["open"],
        "expires": write.row["token_expires_at"],
    }
    return (await connection.execute(updates[write.state], parameters)).rowcount == 1


_FIXED = {"id", "created_at", "cancel_requested", "parent_id"}
"""What a save does not touch: it never changes, or others change it as well."""


async def _conflict(connection: AsyncConnection, write: Write, holder: Holder) -> JournalConflict:
    query = sa.select(_c.state, _c.owner, _c.incarnation).where(_c.id == write.generation_id)
    row = (await connection.execute(query)).first()
    if row is None:
        return JournalConflict(write.generation_id, None, write.state)
    state, owner, incarnation = row
    if incarnation != holder.incarnation:
        return LeaseLost(write.generation_id, State(state), write.state, owner)
    return JournalConflict(write.generation_id, State(state), write.state)


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
