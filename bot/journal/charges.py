"""The ledger: what generations cost, in the same transactions as their own rows.

Sums are taken from the rows, so there is no counter that could drift from them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import sqlalchemy as sa

from bot.community.charges import (
    HISTORY,
    Ending,
    Kind,
    asked_for,
    estimate_us,
    kind_of,
    price_micro_usd,
    reservation,
)
from bot.community.limits import PRICE_PER_SECOND_MICRO_USD, Limits, Tally
from bot.domain.amounts import ServerLimits
from bot.domain.charges import Charge, ChargeState, Spent, Sums
from bot.domain.errors import LimitReached, LineFull
from bot.domain.generation import Generation
from bot.journal.counting import SUMS, between, counted
from bot.journal.database import one_at_a_time
from bot.journal.insertion import Insertion
from bot.journal.sqlalchemy_asyncio import AsyncConnection
from bot.journal.tables import charges, generations, to_us

Request: TypeAlias = tuple[Sequence[Generation], ServerLimits | None]
"""The takes of one request, and what its server allows; None where it has set nothing."""
_TURN = "charges"
"""Nobody else counts until the transaction ends."""
_ESTIMATED_ANEW_S = 60.0
_KINDS_KEPT = 1000

_c = charges.c
_g = generations.c
_ESTIMATED = sa.func.count(sa.case((_c.actual_micro_usd.is_(None), 1)))
_DAY = timedelta(days=1)
_charges = Insertion(charges)
_FIELDS = [one.name for one in fields(Charge)]

_settle = (
    sa.update(charges)
    .where(_c.generation_id == sa.bindparam("key"), _c.state == ChargeState.RESERVED)
    .values(
        state=sa.bindparam("becomes"),
        actual_micro_usd=sa.bindparam("actual"),
        run_us=sa.bindparam("ran"),
    )
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the ledger goes by."""

    limits: Limits = field(default_factory=Limits)
    per_second_micro_usd: int = PRICE_PER_SECOND_MICRO_USD


class Ledger:
    """Reserves, and says which requests there is no room for."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.with_places: Callable[[], Collection[str]] = tuple
        """Tells which generations have a place here among those that run, though none was sent."""
        self._estimates: dict[Kind, tuple[int, float]] = {}
        """What a run of this kind will cost, and until when that is believed."""

    async def take_turn(self, connection: AsyncConnection, requests: Sequence[Request]) -> None:
        """Wait until nobody else counts, where something is; first of all in its transaction."""
        if self._is_limited(requests):
            await one_at_a_time(connection, _TURN)

    def _is_limited(self, requests: Sequence[Request]) -> bool:
        return bool(self.terms.limits) or any(servers is not None for _, servers in requests)

    async def reserve(
        self, connection: AsyncConnection, requests: Sequence[Request], here: str
    ) -> list[LimitReached | LineFull | None]:
        """Write the reservations of new requests that there is room for, in their order.

        After `take_turn`. The answer holds, for each, what keeps it out: none of its takes is to
        be added then. `here` is the process that follows what is added.
        """
        limits = self.terms.limits
        prices = [await self._price(connection, kind_of(takes[0])) for takes, _ in requests]
        asked = [
            asked_for(takes, each, servers)
            for (takes, servers), each in zip(requests, prices, strict=True)
        ]
        tally = Tally(limits)
        if self._is_limited(requests):
            tally = await counted(connection, limits, asked, here, self.with_places)
        refusals = [tally.decide(one) for one in asked]
        rows = [
            _row(reservation(generation, price))
            for (takes, _), price, refusal in zip(requests, prices, refusals, strict=True)
            if refusal is None
            for generation in takes
        ]
        if rows:
            # In the same order in every process, as the generations are.
            rows.sort(key=lambda row: str(row["generation_id"]))
            await _charges.insert(connection, rows)
        return refusals

    async def _price(self, connection: AsyncConnection, kind: Kind) -> int:
        known, until_s = self._estimates.get(kind, (0, 0.0))
        if time.monotonic() < until_s:
            return known
        price = await expected_micro_usd(connection, kind, self.terms.per_second_micro_usd)
        if len(self._estimates) >= _KINDS_KEPT:
            self._estimates.clear()
        self._estimates[kind] = price, time.monotonic() + _ESTIMATED_ANEW_S
        return price


async def expected_micro_usd(
    connection: AsyncConnection, kind: Kind, per_second_micro_usd: int
) -> int:
    """What a run of this kind will cost, by the last ones of its kind."""
    query = (
        sa.select(_c.run_us)
        .where(
            _c.version == kind.version,
            _c.model == kind.model,
            _c.seconds == kind.seconds,
            # The very words of the partial index.
            sa.text("run_us IS NOT NULL"),
        )
        .order_by(_c.accepted_at.desc())
        .limit(HISTORY)
    )
    runs_us = [int(run_us) for run_us in await connection.scalars(query)]
    return price_micro_usd(estimate_us(kind, runs_us), per_second_micro_usd)


async def settle(connection: AsyncConnection, endings: Mapping[str, Ending]) -> None:
    """Settle reservations, or give them back; once: what came first stays."""
    if endings:
        rows = [
            {
                "key": key,
                "becomes": ending.state,
                "actual": ending.actual_micro_usd,
                "ran": ending.run_us,
            }
            for key, ending in sorted(endings.items())
        ]
        await connection.execute(_settle, rows)


@dataclass(frozen=True, slots=True)
class Needed:
    """Since when limits need to know who asked for what."""

    since: datetime | None
    """The owner's; None where there is none for a person."""
    in_servers: Mapping[int, datetime] = field(default_factory=dict[int, datetime])
    """The servers' own."""


async def forget(connection: AsyncConnection, user_id: int, needed: Needed) -> None:
    """Take a person out of what they have caused, or have that done as soon as no limit needs it.

    What is under way stays theirs.
    """
    open_ = sa.select(_g.id).where(_g.requester_id == user_id, sa.text("open"))
    theirs = _c.requester_id == user_id, _c.generation_id.not_in(open_)
    await connection.execute(sa.update(charges).where(*theirs).values(generation_id=None))
    await forget_spent(connection, needed)


async def forget_spent(connection: AsyncConnection, needed: Needed) -> None:
    """Take those who wanted to be forgotten out of what no limit needs any more."""
    forgotten = _c.generation_id.is_(None), _c.requester_id.is_not(None)
    over = sa.update(charges).where(*forgotten)
    if needed.since is not None:
        over = over.where(_c.accepted_at < needed.since)
    for since in set(needed.in_servers.values()):
        theirs = [server for server, begins in needed.in_servers.items() if begins == since]
        elsewhere = _c.guild_id.is_(None), _c.guild_id.not_in(theirs)
        over = over.where(sa.or_(_c.accepted_at < since, *elsewhere))
    await connection.execute(over.values(requester_id=None))


async def charges_of(connection: AsyncConnection, ids: Collection[str]) -> dict[str, Charge]:
    """Those of these generations that have one."""
    query = sa.select(*(_c[name] for name in _FIELDS)).where(_c.generation_id.in_(ids))
    rows = (await connection.execute(query)).mappings().all()
    return {row["generation_id"]: _charge(dict(row)) for row in rows}


async def spent(
    connection: AsyncConnection,
    since: datetime,
    until: datetime,
    requester_id: int | None,
    guild_id: int | None,
    jam_id: str | None,
) -> Spent:
    """What one person, one server, one jam, or all together have asked for in some time."""
    conditions = _of(since, until, requester_id, guild_id)
    if jam_id is not None:
        conditions.append(_c.jam_id == jam_id)
    query = sa.select(*SUMS, _ESTIMATED).where(*conditions)
    tracks, seconds, micro_usd, estimated = (await connection.execute(query)).one()
    return Spent(Sums(tracks, seconds, micro_usd), estimated)


async def spent_by_day(
    connection: AsyncConnection,
    since: datetime,
    days: int,
    requester_id: int | None,
    guild_id: int | None,
) -> list[Spent]:
    """The same of each of so many days from a moment on, the first one first."""
    until = since + days * _DAY
    accepted_us = sa.type_coerce(_c.accepted_at, sa.BigInteger)
    day = (accepted_us - to_us(since)) // (_DAY // timedelta(microseconds=1))
    query = (
        sa.select(day, *SUMS, _ESTIMATED)
        .where(*_of(since, until, requester_id, guild_id))
        .group_by(day)
    )
    found = [Spent()] * days
    for number, tracks, seconds, micro_usd, estimated in await connection.execute(query):
        found[number] = Spent(Sums(tracks, seconds, micro_usd), estimated)
    return found


def _of(
    since: datetime, until: datetime, requester_id: int | None, guild_id: int | None
) -> list[sa.ColumnElement[bool]]:
    """What one person, one server, or all together have caused in some time."""
    conditions = between(since, until)
    if requester_id is not None:
        conditions.append(_c.requester_id == requester_id)
    if guild_id is not None:
        conditions.append(_c.guild_id == guild_id)
    return conditions


def _row(charge: Charge) -> dict[str, object]:
    """A charge's values by their columns; `asdict` copies each, a quarter of an acceptance."""
    return {name: getattr(charge, name) for name in _FIELDS}


def _charge(row: dict[str, Any]) -> Charge:
    values: dict[str, Any] = {**row, "state": ChargeState(row["state"])}
    return Charge(**values)
