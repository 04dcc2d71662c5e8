"""What requests are held against, counted from the rows in one query.

Only a transaction that has its turn (`charges.Ledger`) counts, so nothing is accepted meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias

import sqlalchemy as sa

from bot.community.limits import Asked, Limits, Scope, Tally, Window, holds
from bot.community.lines import Lines, Load, Places, Standing
from bot.domain.charges import ChargeState, Sums
from bot.domain.generation import State
from bot.journal.sqlalchemy_asyncio import AsyncConnection
from bot.journal.tables import charges, generations

_Query: TypeAlias = sa.Select[*tuple[Any, ...]]

_c = charges.c
_g = generations.c
_MONEY = sa.func.coalesce(_c.actual_micro_usd, _c.reserved_micro_usd)
# PostgreSQL sums big integers to decimals of any size.
SUMS = (
    sa.func.count(),
    sa.cast(sa.func.coalesce(sa.func.sum(_c.seconds), 0), sa.BigInteger),
    sa.cast(sa.func.coalesce(sa.func.sum(_MONEY), 0), sa.BigInteger),
)
"""Tracks, seconds and money of charges."""
_NOBODY = sa.cast(sa.null(), sa.BigInteger)
_NO_NAME = sa.cast(sa.null(), sa.Text)
_NOTHING = sa.literal(0, sa.BigInteger)
_COUNTS = _c.state != ChargeState.GIVEN_BACK
_THEIRS, _OPEN, _LOADS = -1, -2, -3
"""Which part of the query a row is of; those that are not below zero are sums."""
# The very words of the partial index.
_IS_OPEN = sa.text("open")
_LISTS = frozenset({"people", "servers", "jams"})
_THESE_PEOPLE = sa.bindparam("people", expanding=True, type_=sa.BigInteger)
_THESE_SERVERS = sa.bindparam("servers", expanding=True, type_=sa.BigInteger)
_THESE_JAMS = sa.bindparam("jams", expanding=True, type_=sa.Text)
_QUERIES_KEPT = 64
_IS_UNPAID = _g.state.in_([one for one in State if one.unpaid])
_IS_RUNNING = _g.state.in_([one for one in State if one.has_slot])


def between(since: datetime, until: datetime) -> list[sa.ColumnElement[bool]]:
    """The charges of some time that count."""
    return [_c.accepted_at >= since, _c.accepted_at < until, _COUNTS]


async def counted(
    connection: AsyncConnection,
    limits: Limits,
    asked: Sequence[Asked],
    here: str,
    with_places: Callable[[], Collection[str]],
) -> Tally:
    """All that these requests, which come to the process `here`, are held against.

    `with_places` tells which generations have a place there, though their rows do not say so.
    """
    tally = Tally(limits)
    held = {hold.key for one in asked for hold in holds(limits, one)}
    groups = tuple(sorted({(scope, window) for scope, _, _, window, _ in held}, key=str))
    people = {one.requester_id for one in asked}
    with_lines = limits.max_waiting_per_user is not None
    if with_lines:
        tally.lines = Lines(limits.places, here)
    elif not groups:
        return tally
    query = _counting(groups, with_lines=with_lines)
    about = {
        "people": people,
        "servers": {one.guild_id for one in asked if one.guild_id is not None},
        "jams": {one.jam_id for one in asked if one.jam_id is not None},
    }
    named = {name: sorted(about[name]) for name in query.names}
    is_full = False
    for row in (await connection.execute(query.statement, named)).all():
        number = int(row[0])
        person, server, name, tracks, seconds, micro_usd = row[1:]
        if number >= 0:
            scope, window = groups[number]
            tally.sums[scope, person, server, window, name] = Sums(tracks, seconds, micro_usd)
        elif number == _OPEN:
            takes = sum(one.takes for one in asked)
            is_full = tracks + takes > limits.places.running
        elif tally.lines is not None:
            tally.lines.standings.setdefault(person, {})[name] = Standing(tracks, seconds)
    if is_full and tally.lines is not None:
        await _weigh(connection, tally.lines, people, with_places())
    return tally


async def _weigh(
    connection: AsyncConnection,
    lines: Lines,
    people: Collection[int],
    with_places: Collection[str],
) -> None:
    """Count also what keeps each process busy, which is a look at all that is open."""
    query = sa.union_all(_standings(people, with_places), _loads(lines.places, with_places))
    for number, person, _, process, first, second, _ in await connection.execute(query):
        if number == _THEIRS:
            lines.standings.setdefault(person, {})[process] = Standing(first, second)
        else:
            lines.loads[process] = Load(first, second)


@dataclass(frozen=True, slots=True)
class _Counting:
    """A query of all that requests are held against, and the names of the lists it is given."""

    statement: sa.CompoundSelect[*tuple[Any, ...]]
    names: frozenset[str]


@lru_cache(maxsize=_QUERIES_KEPT)
def _counting(groups: Sequence[tuple[Scope, Window]], *, with_lines: bool) -> _Counting:
    """The query; making it anew takes longer than it does, and there are few in a day."""
    parts = [_sums(number, *group) for number, group in enumerate(groups)]
    if with_lines:
        parts += [_standings(_THESE_PEOPLE), _all_open()]
    statement = sa.union_all(*parts)
    return _Counting(statement, frozenset(statement.compile().params.keys() & _LISTS))


def _sums(number: int, scope: Scope, counted: Window) -> _Query:
    """What is counted in one scope and time; for a few others as well, perhaps."""
    query = sa.select(
        sa.literal(number, sa.Integer),
        _c.requester_id if scope in {Scope.PERSON, Scope.MEMBER} else _NOBODY,
        _c.guild_id if scope in {Scope.SERVER, Scope.MEMBER} else _NOBODY,
        _c.jam_id if scope is Scope.JAM else _NO_NAME,
        *SUMS,
    ).where(*between(counted.begins_at, counted.ends_at))
    if scope in {Scope.PERSON, Scope.MEMBER}:
        query = query.where(_c.requester_id.in_(_THESE_PEOPLE)).group_by(_c.requester_id)
    if scope in {Scope.SERVER, Scope.MEMBER}:
        query = query.where(_c.guild_id.in_(_THESE_SERVERS)).group_by(_c.guild_id)
    if scope is Scope.JAM:
        query = query.where(_c.jam_id.in_(_THESE_JAMS)).group_by(_c.jam_id)
    return query


def _counts(with_places: Collection[str]) -> tuple[sa.Function[int], sa.Function[int]]:
    """How many are unpaid and without a place, and how many have one."""
    has_place, is_unpaid = _IS_RUNNING, _IS_UNPAID
    if with_places:
        # What has ended meanwhile has none any more, and what runs is not to be counted twice.
        has_place = sa.or_(_IS_RUNNING, sa.and_(_IS_UNPAID, _g.id.in_(with_places)))
        is_unpaid = sa.and_(_IS_UNPAID, _g.id.not_in(with_places))
    return sa.func.count(sa.case((is_unpaid, 1))), sa.func.count(sa.case((has_place, 1)))


def _standings(
    people: Collection[int] | sa.BindParameter[Any], with_places: Collection[str] = ()
) -> _Query:
    """How many of each person's are with each process."""
    number = sa.literal(_THEIRS, sa.Integer)
    return (
        sa.select(number, _g.requester_id, _NOBODY, _g.owner, *_counts(with_places), _NOTHING)
        .where(_IS_OPEN, _g.requester_id.in_(people))
        .group_by(_g.requester_id, _g.owner)
    )


def _all_open() -> _Query:
    """How many are under way at all."""
    count = sa.func.count()
    number = sa.literal(_OPEN, sa.Integer)
    return (
        sa.select(number, _NOBODY, _NOBODY, _NO_NAME, count, _NOTHING, _NOTHING)
        .select_from(generations)
        .where(_IS_OPEN)
    )


def _loads(places: Places, with_places: Collection[str]) -> _Query:
    """How many run in each process, and how many could for all that their people may."""
    without, having = _counts(with_places)
    standings = (
        sa.select(_g.owner, without.label("unpaid"), having.label("running"))
        .where(_IS_OPEN)
        .group_by(_g.requester_id, _g.owner)
        .subquery()
    )
    unpaid, running = standings.c.unpaid, standings.c.running
    left = sa.case((running < places.running_per_user, places.running_per_user - running), else_=0)
    could_begin = sa.case((unpaid < left, unpaid), else_=left)
    return sa.select(
        sa.literal(_LOADS, sa.Integer),
        _NOBODY,
        _NOBODY,
        standings.c.owner,
        sa.cast(sa.func.sum(could_begin), sa.BigInteger),
        sa.cast(sa.func.sum(running), sa.BigInteger),
        _NOTHING,
    ).group_by(standings.c.owner)
