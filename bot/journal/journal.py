"""The journal of generations: what it has confirmed outlives the process and a power cut."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from bot.community.charges import Kind, ending_of
from bot.domain.amounts import ServerLimits
from bot.domain.charges import Charge, Spent
from bot.domain.generation import Generation
from bot.domain.presets import Named
from bot.domain.presses import ButtonPress
from bot.host.private_files import make_private_database
from bot.journal.addresses import async_url, ignored_parameters
from bot.journal.answers import AnswerRows
from bot.journal.changes import Written
from bot.journal.charges import (
    Terms,
    charges_of,
    expected_micro_usd,
    spent,
    spent_by_day,
)
from bot.journal.chart_posts import ChartPostRows
from bot.journal.database import create_engine, insert, upsert
from bot.journal.drafts import DraftRows
from bot.journal.errors import JournalError
from bot.journal.health import check_file, check_writable
from bot.journal.jams import JamRows
from bot.journal.leases import Leases
from bot.journal.library import Library
from bot.journal.presets import PresetRows
from bot.journal.pushes import PushRows
from bot.journal.retention import Retention
from bot.journal.rows import from_row, readable, to_row
from bot.journal.schema import bring_to_head
from bot.journal.server_rules import ServerRuleRows
from bot.journal.stars import StarRows
from bot.journal.store import unbroken
from bot.journal.tables import facts, generations
from bot.journal.writes import wrapped

_log = logging.getLogger(__name__)

_IDENTITY = "journal_id"
_CLOSE_LIMIT_S = 1.5
"""Closing waits no longer for a database; leases that it does not take back expire."""

_OPEN = (
    sa.select(generations)
    # The very words of the partial index, so that both planners recognise it.
    .where(sa.text("open"))
    .order_by(generations.c.created_at, generations.c.id)
)


class SqlJournal(
    Leases,
    Library,
    Retention,
    StarRows,
    PresetRows,
    DraftRows,
    ServerRuleRows,
    ChartPostRows,
    JamRows,
    PushRows,
    AnswerRows,
):
    """Generations, their events, and the few facts that outlive a process.

    Every method raises `JournalError` where the database cannot be used.
    """

    @classmethod
    async def open(
        cls,
        database_url: str,
        *,
        owner: str = "all",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        terms: Terms | None = None,
        migrate: bool = True,
    ) -> Self:
        """Open a database, and bring its tables to the newest form.

        Args:
            database_url: what `async_url` takes.
            owner: this process's name among those that share the database; the same after a
                restart, and no other's.
            now: what dates events. Leases and locks go by the database's clock.
            terms: what keeps requests out, and what they cost; None for no limits.
            migrate: whether it may change a database that another release has used.

        Raises:
            JournalError: the database cannot be used; `JournalTooNew` where a later release of the
                bot has been at it.
            ValueError: the address is not one `async_url` takes.
        """
        url = async_url(database_url)
        if ignored := ignored_parameters(database_url):
            _log.warning("DATABASE_URL: nothing is known of %s; ignored", ", ".join(ignored))
        with wrapped("opened"):
            database = make_url(url)
            if database.get_backend_name() == "sqlite":
                await asyncio.to_thread(make_private_database, Path(str(database.database)))
            engine = create_engine(url)
            try:
                await check_file(engine)
                await bring_to_head(engine, migrate=migrate)
                await check_writable(engine)
            except BaseException:
                await engine.dispose()
                raise
        return cls(engine, owner, now, terms or Terms())

    def ask_who_has_places(self, unsent: Callable[[], Collection[str]]) -> None:
        """Have whoever waits be counted without those that have a place here, sent or not."""
        self._ledger.with_places = unsent

    async def add(
        self,
        *takes: Generation,
        limits: ServerLimits | None = None,
        press: ButtonPress | None = None,
        named: Named[Sequence[Generation]] | None = None,
        note: str = "",
    ) -> Sequence[Generation]:
        """Journal a new request and what it is expected to cost; this process follows it from here.

        Of several takes all are written, or none; where a preset is `named`, they are what comes of
        that. `limits` are its server's, which hold as well as this journal's own; None where that
        has set nothing. `press` is what it was asked for by.

        Raises:
            NoRoomLeft: a limit keeps it out.
            RequestRefused: it cannot be run with its preset.
            PressedTwice: its press belongs to the one before.
            RowTaken: there is a row with the id of one of them.
        """
        self._check_open()

        def written(takes: Sequence[Generation]) -> Written:
            events = [self._event(take, note) for take in takes]
            return Written(takes, [to_row(take) for take in takes], events)

        late = None if named is None else named.then(written)
        return await self._writer.add(written(takes), late, limits, press)

    async def save(self, generation: Generation, note: str = "") -> None:
        """Journal what has become of a generation.

        Only the process that follows it may: the one that added it, or the last that claimed it.
        The journalled state must be the same, or one that the new state may follow. What is closed
        (`Generation.open`) stays closed, and a cancel once requested stays requested, whatever an
        older copy says. A note makes an event even where the state is the same.

        Raises:
            JournalConflict: the journal's row rules it out, or there is none; `LeaseLost` where
                another process follows the generation, or none does.
        """
        self._check_open()
        ending = ending_of(generation, self._terms.per_second_micro_usd)
        await self._writer.save(to_row(generation), self._event(generation, note), ending)

    async def get(self, generation_id: str) -> Generation | None:
        """A generation by its id.

        Raises:
            RowUnreadable: it is there, but does not make sense.
        """
        async with self._reading() as connection:
            query = sa.select(generations).where(generations.c.id == generation_id)
            row = (await connection.execute(query)).mappings().first()
        return None if row is None else from_row(dict(row))

    async def prediction_known(self, prediction_id: str) -> bool:
        """Whether a generation already has this prediction."""
        async with self._reading() as connection:
            query = sa.select(generations.c.id).where(generations.c.prediction_id == prediction_id)
            return (await connection.execute(query)).first() is not None

    async def open_ids(self) -> frozenset[str]:
        """The ids of all that still need something done, those that cannot be read included."""
        async with self._reading() as connection:
            query = sa.select(generations.c.id).where(sa.text("open"))
            return frozenset((await connection.scalars(query)).all())

    async def open_of(self, user_id: int, channel_id: int) -> list[Generation]:
        """The open generations of a person in one channel, oldest first."""
        mine = generations.c.requester_id == user_id, generations.c.channel_id == channel_id
        async with self._reading() as connection:
            rows = (await connection.execute(_OPEN.where(*mine))).mappings().all()
        return readable(map(dict, rows))

    async def charges(self, ids: Collection[str]) -> dict[str, Charge]:
        """What generations cost; those from before costs were written down are not in it."""
        async with self._reading() as connection:
            return await charges_of(connection, ids)

    async def spent(
        self,
        since: datetime,
        until: datetime,
        *,
        requester_id: int | None = None,
        guild_id: int | None = None,
        jam_id: str | None = None,
    ) -> Spent:
        """What a person, a server, a jam, or all have asked for from one moment to another."""
        async with self._reading() as connection:
            return await spent(connection, since, until, requester_id, guild_id, jam_id)

    async def spent_by_day(
        self,
        since: datetime,
        days: int,
        *,
        requester_id: int | None = None,
        guild_id: int | None = None,
    ) -> list[Spent]:
        """The same of each of so many days from a moment on, the first one first."""
        async with self._reading() as connection:
            return await spent_by_day(connection, since, days, requester_id, guild_id)

    async def expected_micro_usd(self, kind: Kind) -> int:
        """What a run of this kind will cost, by the last ones of its kind."""
        async with self._reading() as connection:
            per_second = self._terms.per_second_micro_usd
            return await expected_micro_usd(connection, kind, per_second)

    async def fact(self, key: str) -> str | None:
        """A remembered value."""
        async with self._reading() as connection:
            query = sa.select(facts.c.value).where(facts.c.key == key)
            return (await connection.execute(query)).scalar()

    @unbroken
    async def remember(self, key: str, value: str) -> None:
        """Remember a value, in place of an earlier one."""
        async with self._writing() as connection:
            row = {"key": key, "value": value, "updated_at": self._now()}
            await connection.execute(upsert(connection, facts, row))

    @unbroken
    async def identity(self) -> str:
        """What tells this journal from every other one; the same for all who share it."""
        async with self._writing() as connection:
            row = {"key": _IDENTITY, "value": secrets.token_hex(8), "updated_at": self._now()}
            introduce = insert(connection, facts).values(row).on_conflict_do_nothing()
            await connection.execute(introduce)
            query = sa.select(facts.c.value).where(facts.c.key == _IDENTITY)
            return str(await connection.scalar(query))

    async def close(self) -> None:
        """Finish what is being written, give up every lease, then let go of the database.

        A database that does not answer is left alone after a while.
        """
        if self._closed:
            return
        self._closed = True
        # Not `asyncio.timeout`: the drivers take seconds for a cancellation too.
        closing = asyncio.create_task(self._close(), name="journal-closing")
        await asyncio.wait({closing}, timeout=_CLOSE_LIMIT_S)
        if closing.done():
            closing.result()
        else:
            closing.cancel()
            _log.warning("the journal does not close; its leases will expire")

    async def _close(self) -> None:
        # A connection that is lent when its pool goes is never closed.
        for ended in tuple(self._reads):
            await ended.wait()
        await self._writer.drain()
        try:
            async with self._writer.transaction() as connection:
                await self._let_go(connection)
        except JournalError as error:
            _log.warning("the leases were not given up, they will expire: %r", error)
        with wrapped("closed"):
            await self._engine.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def _event(self, generation: Generation, note: str) -> dict[str, object]:
        return {
            "generation_id": generation.id,
            "at": self._now(),
            "state": generation.state,
            "note": note,
        }
