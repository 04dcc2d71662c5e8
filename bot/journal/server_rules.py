"""The rules of servers: settings, blocks, and the log of who has changed what."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from bot.community.limits import Limits
from bot.community.settings import loaded, person_needed_since
from bot.community.weekly import ChartOutcome
from bot.domain.server_rules import Block, CanceledAll, Change, StoredRules
from bot.journal.charges import Needed
from bot.journal.database import insert, upsert
from bot.journal.leases import CANCELABLE
from bot.journal.revisions import Held, revise, revision_of
from bot.journal.rows import object_in
from bot.journal.server_tables import blocks, chart_posts, server_changes, servers
from bot.journal.sqlalchemy_asyncio import AsyncConnection
from bot.journal.store import Store, unbroken
from bot.journal.tables import generations, presets

LOGGED_MAX = 500
"""Entries kept of each server."""

_BLOCK = "block"
_CANCEL_ALL = "cancel_all"
_CHART_FAULT = "chart_fault"
_g = generations.c


class ServerRuleRows(Store):
    """The part of the journal that keeps rules.

    Every change begins with the one row that tells that there was one. So changes wait for each
    other, in all processes, and each sees what the one before has left.
    """

    async def rules_revision(self) -> str | None:
        """What tells whether the rules have changed since they were read."""
        async with self._reading() as connection:
            return await revision_of(connection, Held.RULES)

    async def rules(self) -> StoredRules:
        """All rules of all servers; those who are blocked until a time that is over, too."""
        async with self._reading() as connection:
            # First: what is read after it is as new, or newer.
            revision = await revision_of(connection, Held.RULES)
            stored = (
                await connection.execute(sa.select(servers.c.guild_id, servers.c.settings))
            ).all()
            blocked = (await connection.execute(sa.select(blocks))).mappings().all()
        settings = {guild_id: _values(text) for guild_id, text in stored}
        return StoredRules(
            revision,
            {guild_id: values for guild_id, values in settings.items() if values},
            tuple(Block(**row) for row in map(dict, blocked)),
        )

    @unbroken
    async def set_rules(
        self, guild_id: int, by_id: int, values: Mapping[str, str | None]
    ) -> list[Change]:
        """Set values by their names, None for the default; what has changed by that, in order."""
        async with self._writing() as connection:
            await revise(connection, Held.RULES, self._now())
            old = await _settings(connection, guild_id)
            changes = [
                Change(0, self._now(), by_id, name, old.get(name), value)
                for name, value in values.items()
                if old.get(name) != value
            ]
            new = {name: value for name, value in {**old, **values}.items() if value is not None}
            await connection.execute(
                upsert(connection, servers, {"guild_id": guild_id, "settings": json.dumps(new)})
            )
            return await _log(connection, guild_id, changes)

    @unbroken
    async def block(self, block: Block, by_id: int) -> list[Change]:
        """Block a person, or change their block; empty where nothing is another by that."""
        async with self._writing() as connection:
            await revise(connection, Held.RULES, self._now())
            old = await _blocked(connection, block.guild_id, block.user_id)
            if old == block:
                return []
            row = {
                "guild_id": block.guild_id,
                "user_id": block.user_id,
                "reason": block.reason,
                "until": block.until,
            }
            await connection.execute(upsert(connection, blocks, row))
            change = _change(self._now(), by_id, old, block, block.user_id)
            return await _log(connection, block.guild_id, [change])

    @unbroken
    async def unblock(self, guild_id: int, user_id: int, by_id: int) -> list[Change]:
        """End a block; empty where there is none."""
        async with self._writing() as connection:
            await revise(connection, Held.RULES, self._now())
            old = await _blocked(connection, guild_id, user_id)
            if old is None:
                return []
            await connection.execute(sa.delete(blocks).where(*_is(guild_id, user_id)))
            return await _log(
                connection, guild_id, [_change(self._now(), by_id, old, None, user_id)]
            )

    @unbroken
    async def cancel_all(self, guild_id: int, by_id: int, user_id: int) -> CanceledAll:
        """Have all of a person's be stopped that still can, whoever follows them, and note it."""
        cancelable = (
            sa.select(_g.id)
            # The very words of the partial index.
            .where(sa.text("open"), _g.requester_id == user_id, _g.guild_id == guild_id)
            .where(_g.state.in_(CANCELABLE), sa.not_(_g.cancel_requested))
            # In the same order in every process: these rows are locked until the end.
            .order_by(_g.id)
            .with_for_update()
        )
        async with self._writing() as connection:
            await revise(connection, Held.RULES, self._now())
            ids = list(await connection.scalars(cancelable))
            if not ids:
                return CanceledAll()
            flag = sa.update(generations).where(_g.id.in_(ids))
            await connection.execute(flag.values(cancel_requested=True, canceled_by=by_id))
            number = json.dumps(len(ids))
            change = Change(0, self._now(), by_id, _CANCEL_ALL, new=number, about_id=user_id)
            return CanceledAll(tuple(ids), tuple(await _log(connection, guild_id, [change])))

    @unbroken
    async def log_chart_fault(
        self, guild_id: int, by_id: int, channel_id: int, outcome: ChartOutcome
    ) -> list[Change]:
        """Note that a weekly chart could not be posted."""
        new = json.dumps({"channel": str(channel_id), "why": outcome})
        change = Change(0, self._now(), by_id, _CHART_FAULT, new=new)
        async with self._writing() as connection:
            await revise(connection, Held.RULES, self._now())
            return await _log(connection, guild_id, [change])

    async def changes_of(
        self, guild_id: int, limit: int = 10, before: int | None = None
    ) -> list[Change]:
        """A server's last changes, newest first; those with a number below `before`."""
        query = (
            sa.select(*(column for column in server_changes.c if column.name != "guild_id"))
            .where(server_changes.c.guild_id == guild_id)
            .order_by(server_changes.c.number.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(server_changes.c.number < before)
        async with self._reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [Change(**row) for row in map(dict, rows)]

    @unbroken
    async def forget_ended_blocks(self, ended_before: datetime) -> None:
        """Delete what has ended by itself."""
        async with self._writing() as connection:
            await connection.execute(sa.delete(blocks).where(blocks.c.until <= ended_before))

    @unbroken
    async def forget_server(self, guild_id: int) -> None:
        """Delete a server's settings, its blocks, its log, and its presets."""
        async with self._writing() as connection:
            await revise(connection, Held.RULES, self._now())
            for table in (servers, blocks, server_changes, chart_posts):
                await connection.execute(sa.delete(table).where(table.c.guild_id == guild_id))
            theirs = presets.c.owner_kind == "server", presets.c.owner_id == guild_id
            await connection.execute(sa.delete(presets).where(*theirs))


async def needed_by_limits(connection: AsyncConnection, limits: Limits, now: datetime) -> Needed:
    """Since when limits, the owner's and those of servers, need to know who asked for what."""
    rows = (await connection.execute(sa.select(servers.c.guild_id, servers.c.settings))).all()
    found = {guild_id: person_needed_since(loaded(_values(text)), now) for guild_id, text in rows}
    in_servers = {guild_id: since for guild_id, since in found.items() if since is not None}
    return Needed(limits.person_needed_since(now), in_servers)


async def _settings(connection: AsyncConnection, guild_id: int) -> Mapping[str, str]:
    query = sa.select(servers.c.settings).where(servers.c.guild_id == guild_id)
    return _values(await connection.scalar(query) or "{}")


async def _blocked(connection: AsyncConnection, guild_id: int, user_id: int) -> Block | None:
    query = sa.select(blocks).where(*_is(guild_id, user_id))
    row = (await connection.execute(query)).mappings().first()
    return None if row is None else Block(**dict(row))


def _is(guild_id: int, user_id: int) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return blocks.c.guild_id == guild_id, blocks.c.user_id == user_id


def _values(text: str) -> Mapping[str, str]:
    try:
        return {name: str(value) for name, value in object_in(text).items()}
    except (TypeError, ValueError):
        return {}


def _change(
    now: datetime, by_id: int, old: Block | None, new: Block | None, user_id: int
) -> Change:
    return Change(0, now, by_id, _BLOCK, _told(old), _told(new), user_id)


def _told(block: Block | None) -> str | None:
    if block is None:
        return None
    until = None if block.until is None else int(block.until.timestamp())
    return json.dumps({"reason": block.reason, "until": until})


async def _log(
    connection: AsyncConnection, guild_id: int, changes: Sequence[Change]
) -> list[Change]:
    """Give changes their numbers, and write them down."""
    if not changes:
        return []
    present = {"guild_id": guild_id, "settings": "{}", "changes": 0}
    await connection.execute(insert(connection, servers).values(present).on_conflict_do_nothing())
    count = (
        sa.update(servers)
        .where(servers.c.guild_id == guild_id)
        .values(changes=servers.c.changes + len(changes))
        .returning(servers.c.changes)
    )
    last = int(await connection.scalar(count) or 0)
    first = last - len(changes) + 1
    numbered = [
        Change(first + at, one.at, one.by_id, one.what, one.old, one.new, one.about_id)
        for at, one in enumerate(changes)
    ]
    rows = [
        {
            "guild_id": guild_id,
            "number": one.number,
            "at": one.at,
            "by_id": one.by_id,
            "what": one.what,
            "old": one.old,
            "new": one.new,
            "about_id": one.about_id,
        }
        for one in numbered
    ]
    await connection.execute(sa.insert(server_changes), rows)
    c = server_changes.c
    await connection.execute(
        sa.delete(server_changes).where(c.guild_id == guild_id, c.number <= last - LOGGED_MAX)
    )
    return numbered
