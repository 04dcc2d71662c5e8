"""What the journal's writer writes: new requests, and changes of generations.

A batch of them goes into one transaction. What is ruled out, by a limit or by a row, is left out of
it, and the others go through.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import sqlalchemy as sa

from bot.community.charges import Ending
from bot.domain.amounts import ServerLimits
from bot.domain.errors import BotError, PressedTwice, UserError
from bot.domain.generation import TRANSITIONS, Generation, State
from bot.domain.presets import Named
from bot.domain.presses import ButtonPress
from bot.journal.charges import Ledger, settle
from bot.journal.database import hold_still, present_us
from bot.journal.errors import JournalConflict, JournalError, LeaseLost, RowTaken
from bot.journal.insertion import Insertion, Row
from bot.journal.prepared import Prepared
from bot.journal.preset_rows import first_of, presets_by_key
from bot.journal.presses import forget_presses, second_presses
from bot.journal.sqlalchemy_asyncio import AsyncConnection
from bot.journal.tables import Moment, generation_events, generations

FIRST_LEASE_S = 20.0
"""How long a new generation is its process's own before the first renewal."""

_c = generations.c
_until = sa.literal_column(str(int(FIRST_LEASE_S * 1_000_000)), sa.BigInteger)
_generations = Insertion(generations, leased_until=present_us() + _until)
_events = Insertion(generation_events)


def _while_wanted(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """A wish's column, null once a reply as new as that is saved, or the generation is closed."""
    newer = _c.wanted_until > sa.bindparam("expires", type_=Moment)
    open_ = sa.bindparam("still_open", type_=sa.Boolean)
    return sa.case((sa.and_(open_, newer), column), else_=None)


def _update(*following: State) -> Prepared:
    """An update of a generation of ours that is in one of these states, and not closed for good."""
    return Prepared(
        sa.update(generations)
        .where(
            _c.id == sa.bindparam("key"),
            _c.incarnation == sa.bindparam("holder"),
            # Not `in_`, which is put together anew each time.
            sa.or_(sa.false(), *(_c.state == state for state in following)),
            sa.or_(sa.not_(_c.told), sa.bindparam("still_told", type_=sa.Boolean)),
        )
        # Whoever saves an older copy does not take back what a person asked for meanwhile.
        .values(
            cancel_requested=sa.or_(_c.cancel_requested, sa.bindparam("cancel")),
            canceled_by=sa.func.coalesce(
                _c.canceled_by, sa.bindparam("canceler", type_=sa.BigInteger)
            ),
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


@dataclass(frozen=True, slots=True)
class Written:
    """The takes of a new request, as they are written down."""

    takes: Sequence[Generation] = ()
    rows: Sequence[Row] = ()
    events: Sequence[Row] = ()


@dataclass(slots=True, eq=False)
class Addition:
    """A new request: all of its takes are written, or none."""

    written: Written
    named: Named[Written] | None
    """Of a request that names a preset: what is written then, once that is read."""
    limits: ServerLimits | None
    """What its server allows; None where it has set nothing."""
    press: ButtonPress | None
    """What it was asked for by, where a press of the same button may follow by accident."""
    done: asyncio.Future[None]

    @property
    def takes(self) -> Sequence[Generation]:
        """The generations that it adds."""
        return self.written.takes


@dataclass(frozen=True, slots=True, eq=False)
class Save:
    """One change of one generation, with the event that goes with it.

    `event` is written where the state changes, and with any note. `ending` is what becomes of its
    reservation.
    """

    row: Row
    event: Row
    ending: Ending | None
    done: asyncio.Future[None]

    @property
    def generation_id(self) -> str:
        """The generation it changes."""
        return str(self.row["id"])

    @property
    def state(self) -> State:
        """The state it brings the generation to."""
        return State(str(self.row["state"]))


Write: TypeAlias = Addition | Save


async def apply(
    connection: AsyncConnection, batch: Sequence[Write], holder: Holder, ledger: Ledger
) -> dict[Write, BotError]:
    """Write a batch; the answer holds what keeps some of it out."""
    additions = [write for write in batch if isinstance(write, Addition)]
    refusals, events = await _add_all(connection, additions, holder, ledger)
    endings: dict[str, Ending] = {}
    saves = [write for write in batch if isinstance(write, Save)]
    in_one = frozenset[Save]()
    if not additions:
        in_one = await _enter_together(connection, saves, holder)
    for write in saves:
        entered = write in in_one or await _save(connection, write, holder, _enter)
        kept = entered or await _save(connection, write, holder, _stay)
        if not kept:
            refusals[write] = await _conflict(connection, write, holder)
        elif write.ending is not None:
            endings[write.generation_id] = write.ending
        if entered or (kept and write.event["note"]):
            events.append(write.event)
    if events:
        await _events.insert(connection, events)
    await settle(connection, endings)
    return refusals


async def _add_all(
    connection: AsyncConnection, additions: Sequence[Addition], holder: Holder, ledger: Ledger
) -> tuple[dict[Write, BotError], list[Row]]:
    """Add what there is room for; what keeps the others out, and the events of what was added."""
    refusals: dict[Write, BotError] = {}
    if not additions:
        return refusals, []
    await ledger.take_turn(connection, [(one.takes, one.limits) for one in additions])
    refusals |= await _complete(connection, additions)
    pressed = [one for one in additions if one.press and one not in refusals]
    second = await second_presses(connection, [one.press for one in pressed if one.press])
    refusals |= {one: PressedTwice() for one in pressed if one.press in second}
    asked = [one for one in additions if one not in refusals]
    requests = [(one.takes, one.limits) for one in asked]
    decided = await ledger.reserve(connection, requests, holder.owner)
    no_room = {one: no for one, no in zip(asked, decided, strict=True) if no is not None}
    await forget_presses(connection, [one.press for one in no_room if one.press])
    refusals |= no_room
    if refusals:
        # Another process may have added the very same, delivered twice.
        refusals |= await taken(connection, [one for one in additions if one in refusals])
    granted = [addition for addition in additions if addition not in refusals]
    lease = {"owner": holder.owner, "incarnation": holder.incarnation}
    added = [{**row, **lease} for addition in granted for row in addition.written.rows]
    # Processes that add the same rows at the same time wait for each other in the same order.
    added.sort(key=lambda row: str(row["id"]))
    if added:
        await _generations.insert(connection, added)
    return refusals, [event for addition in granted for event in addition.written.events]


async def _complete(
    connection: AsyncConnection, additions: Sequence[Addition]
) -> dict[Write, BotError]:
    """Read the presets that requests name; what keeps some of these out with them."""
    named = [one.named for one in additions if one.named is not None]
    if not named:
        return {}
    found = await presets_by_key(connection, [(one.owners, one.key) for one in named])
    refusals: dict[Write, BotError] = {}
    for addition in additions:
        if (one := addition.named) is None:
            continue
        try:
            addition.written = one.complete(first_of(found, one))
        except UserError as error:
            refusals[addition] = error
    return refusals


async def taken(
    connection: AsyncConnection, additions: Sequence[Addition]
) -> dict[Write, JournalError]:
    """Those of them that have a row already."""
    ids = [take.id for addition in additions for take in addition.takes]
    found = set(await connection.scalars(sa.select(_c.id).where(_c.id.in_(ids))))
    return {
        addition: RowTaken(take.id)
        for addition in additions
        for take in addition.takes[:1]
        if not found.isdisjoint(one.id for one in addition.takes)
    }


async def _enter_together(
    connection: AsyncConnection, saves: Sequence[Save], holder: Holder
) -> frozenset[Save]:
    """Save in one statement those that come to the same state; the ones that is done for.

    In a burst each statement waits for a turn of the event loop. Where not all of them enter it, or
    the driver does not tell, nothing is done. To be called first in a transaction.
    """
    states = Counter(write.state for write in saves)
    is_told = connection.dialect.supports_sane_multi_rowcount
    # Two changes of one generation stay in their order.
    is_each_once = len({write.generation_id for write in saves}) == len(saves)
    if not is_told or not is_each_once or states.total() == len(states):
        return frozenset()
    # SQLite takes a savepoint outside of a transaction for one, and commits at its end.
    await hold_still(connection)
    done = set[Save]()
    for state in (state for state, count in states.items() if count > 1):
        alike = [write for write in saves if write.state is state]
        before = await connection.begin_nested()
        values = [_values(write, holder) for write in alike]
        if await _enter[state].execute(connection, values) == len(alike):
            await before.commit()
            done.update(alike)
        else:
            await before.rollback()
    return frozenset(done)


async def _save(
    connection: AsyncConnection, write: Save, holder: Holder, updates: Mapping[State, Prepared]
) -> bool:
    return await updates[write.state].execute(connection, [_values(write, holder)]) == 1


def _values(write: Save, holder: Holder) -> Row:
    values = {name: value for name, value in write.row.items() if name not in _FIXED}
    return {
        **values,
        "key": write.row["id"],
        "holder": holder.incarnation,
        "still_told": write.row["told"],
        "cancel": write.row["cancel_requested"],
        "canceler": write.row["canceled_by"],
        "still_open": write.row["open"],
        "expires": write.row["token_expires_at"],
    }


_FIXED = {"id", "created_at", "cancel_requested", "canceled_by", "parent_id"}
"""What a save does not touch: it never changes, or others change it as well."""


async def _conflict(connection: AsyncConnection, write: Save, holder: Holder) -> JournalConflict:
    query = sa.select(_c.state, _c.owner, _c.incarnation).where(_c.id == write.generation_id)
    row = (await connection.execute(query)).first()
    if row is None:
        return JournalConflict(write.generation_id, None, write.state)
    state, owner, incarnation = row
    if incarnation != holder.incarnation:
        return LeaseLost(write.generation_id, State(state), write.state, owner)
    return JournalConflict(write.generation_id, State(state), write.state)
