"""Sharing the work: which process follows which generation, whose turn it is, who is alive.

A generation is leased by one incarnation of one process. The lease's end only says from when on
others may take it; what keeps an earlier holder from writing is that a save names its incarnation
(`writes`). So no clock, however wrong, lets two processes write to the same row.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from bot.domain.generation import Generation, Reply, State
from bot.domain.journal_values import Renewal
from bot.journal.database import from_now_us, present_us, upsert
from bot.journal.rows import readable, wanted_reply, wish
from bot.journal.sqlalchemy_asyncio import AsyncConnection
from bot.journal.store import Store, unbroken
from bot.journal.tables import generations, locks, members

_c = generations.c
# The very words of the partial index, so that both planners recognise it.
_OPEN = sa.text("open")
CANCELABLE = [state for state in State if state.cancelable]
_WISH = (_c.wanted_reply, _c.wanted_until)
_ID_LIMIT = 1000
"""Ids in one statement; both databases take more, but not any number."""


class Leases(Store):
    """The part of the journal that lets several processes share one database."""

    _has_claimed = False

    @unbroken
    async def claim(self, lease_s: float) -> list[Generation]:
        """Take over every open generation that is free, for `lease_s` seconds; oldest first.

        Free are those with no lease or an expired one. The first claim of a process also takes
        those of an earlier start of the same owner: that one is dead, or about to be replaced.
        Only the first, so that a predecessor that still lives does not take them back. Two
        processes that claim at once never both get one. Each is in the reply it is wanted in.
        """
        free = (
            sa.select(_c.id)
            .where(_OPEN, self._is_free())
            # A no-op on SQLite, where a statement has the database to itself.
            .with_for_update(skip_locked=True, key_share=True)
        )
        take = (
            sa.update(generations)
            .where(_c.id.in_(free))
            .values(
                owner=self._me.owner,
                incarnation=self._me.incarnation,
                leased_until=from_now_us(lease_s),
            )
            .returning(generations)
        )
        async with self._writing() as connection:
            rows = (await connection.execute(take)).mappings().all()
        self._has_claimed = True
        taken = readable(map(dict, rows))
        return sorted(taken, key=lambda generation: (generation.created_at, generation.id))

    def _is_free(self) -> sa.ColumnElement[bool]:
        up_for_grabs = _c.leased_until <= present_us()
        if not self._has_claimed:
            up_for_grabs = sa.or_(up_for_grabs, _c.owner == self._me.owner)
        another = _c.incarnation != self._me.incarnation
        return sa.or_(_c.incarnation.is_(None), sa.and_(another, up_for_grabs))

    @unbroken
    async def renew(self, lease_s: float, held: Collection[str]) -> Renewal:
        """Stay alive for another `lease_s` seconds, and keep every open generation of ours.

        Args:
            lease_s: from now, by the database's clock.
            held: the ids of those that this process takes for its own.
        """
        ours = _OPEN, _c.incarnation == self._me.incarnation
        extend = sa.update(generations).where(*ours).values(leased_until=from_now_us(lease_s))
        # Of thousands, few have a wish: of the others nothing but the id is read.
        wishes = sa.select(
            *(_c.id, _c.cancel_requested, _c.canceled_by, _c.token_expires_at), *_WISH
        ).where(*ours, sa.or_(_c.cancel_requested, _c.wanted_reply.is_not(None)))
        async with self._writing() as connection:
            await self._beat(connection, lease_s)
            await connection.execute(extend)
            mine = frozenset((await connection.scalars(sa.select(_c.id).where(*ours))).all())
            rows = [dict(row) for row in (await connection.execute(wishes)).mappings()]
            missing = [generation_id for generation_id in held if generation_id not in mine]
            lost = await self._lost(connection, missing) if missing else frozenset[str]()
        wanted = {str(row["id"]): wanted_reply(row) for row in rows}
        return Renewal(
            lost=lost,
            cancel_requested={
                row["id"]: row["canceled_by"] for row in rows if row["cancel_requested"]
            },
            wanted_replies={key: reply for key, reply in wanted.items() if reply is not None},
            unfollowed=mine - frozenset(held),
        )

    async def _lost(self, connection: AsyncConnection, ids: list[str]) -> frozenset[str]:
        """Those of `ids` that have another holder, and have not just ended in our own hands."""
        found: set[str] = set()
        for start in range(0, len(ids), _ID_LIMIT):
            query = sa.select(_c.id).where(
                _c.id.in_(ids[start : start + _ID_LIMIT]),
                _c.incarnation.is_distinct_from(self._me.incarnation),
            )
            found.update((await connection.scalars(query)).all())
        return frozenset(found)

    async def _beat(self, connection: AsyncConnection, lease_s: float) -> None:
        row = {
            "owner": self._me.owner,
            "incarnation": self._me.incarnation,
            "alive_until": from_now_us(lease_s),
        }
        await connection.execute(upsert(connection, members, row))

    @unbroken
    async def release(self) -> None:
        """Give up every open generation of ours, so that others follow them at once.

        Nothing can be saved of them from here on. Locks are kept until they expire: a turn that
        was used is used.
        """
        async with self._writing() as connection:
            await self._let_go(connection)

    async def _let_go(self, connection: AsyncConnection) -> None:
        await connection.execute(
            sa.update(generations)
            .where(_OPEN, _c.incarnation == self._me.incarnation)
            .values(owner=None, incarnation=None, leased_until=None)
        )
        await connection.execute(
            sa.delete(members).where(members.c.incarnation == self._me.incarnation)
        )

    @unbroken
    async def request_cancel(self, generation_id: str, by_id: int) -> bool:
        """Note that a generation is to be stopped, whoever follows it; its holder's renewal tells.

        False where there is nothing to stop: it is too late, or there is none with this id.
        """
        flag = (
            sa.update(generations)
            .where(_c.id == generation_id, _c.state.in_(CANCELABLE))
            .values(cancel_requested=True, canceled_by=sa.func.coalesce(_c.canceled_by, by_id))
            .returning(_c.id)
        )
        async with self._writing() as connection:
            return (await connection.execute(flag)).first() is not None

    @unbroken
    async def request_bring(self, generation_id: str, reply: Reply) -> bool:
        """Note that a generation is to be shown in `reply`, whoever follows it, or will.

        Its holder's renewal tells; who reads or claims it finds it there already. The last
        request counts, unless it was given a reply with a newer token meanwhile. False where it
        has ended, or there is none with this id.
        """
        note = (
            sa.update(generations)
            .where(_c.id == generation_id, _OPEN)
            .values(wish(reply))
            .returning(_c.id)
        )
        async with self._writing() as connection:
            return (await connection.execute(note)).first() is not None

    async def live_members(self) -> int:
        """How many processes share the work, this one included.

        Alive is whoever has renewed and whose lease has not run out since.
        """
        query = (
            sa.select(sa.func.count())
            .select_from(members)
            .where(members.c.owner != self._me.owner, members.c.alive_until > present_us())
        )
        async with self._reading() as connection:
            return 1 + (await connection.scalar(query) or 0)

    @unbroken
    async def try_lock(self, name: str, ttl_s: float) -> bool:
        """Take a named lock for `ttl_s` seconds, or prolong it; False where another has it."""
        ours = locks.c.incarnation == self._me.incarnation
        return await self._lock(name, ttl_s, sa.or_(ours, _ran_out()))

    @unbroken
    async def take_turn(self, name: str, ttl_s: float) -> bool:
        """Take one of the turns that are `ttl_s` seconds apart; False before the last ran out.

        That one may have been our own. A turn shares its name with no lock.
        """
        return await self._lock(name, ttl_s, _ran_out())

    async def _lock(self, name: str, ttl_s: float, free: sa.ColumnElement[bool]) -> bool:
        async with self._writing() as connection:
            row = {
                "name": name,
                "owner": self._me.owner,
                "incarnation": self._me.incarnation,
                "locked_until": from_now_us(ttl_s),
            }
            take = upsert(connection, locks, row, where=free)
            return (await connection.execute(take.returning(locks.c.name))).first() is not None

    @unbroken
    async def unlock(self, name: str) -> None:
        """Give a named lock back; nothing happens where it is not ours."""
        mine = sa.and_(locks.c.name == name, locks.c.incarnation == self._me.incarnation)
        async with self._writing() as connection:
            await connection.execute(sa.delete(locks).where(mine))


def _ran_out() -> sa.ColumnElement[bool]:
    return locks.c.locked_until <= present_us()
