"""Jams as rows: each is one row with its state, which changes by compare-and-set."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from bot.domain.presets import Named
from bot.host.log_context import about
from bot.jam import steps
from bot.jam.from_track import FromTrack, NewJam
from bot.jam.jam import Jam
from bot.jam.ports import StoredJam, TakeRow, TakeSound
from bot.journal.database import insert
from bot.journal.jam_tables import jam_takes, jams
from bot.journal.preset_rows import completed
from bot.journal.sqlalchemy_asyncio import AsyncConnection
from bot.journal.store import Store, unbroken
from bot.journal.tracks import tracks_at

_log = logging.getLogger(__name__)

_j, _t = jams.c, jam_takes.c


class JamRows(Store):
    """The part of the journal that knows jams."""

    @unbroken
    async def add_jam(self, jam: NewJam) -> bool:
        """Write a new jam; False where it is there already.

        One that names a track or a preset is completed here; raises `RequestRefused`, then, too.
        """
        async with self._writing() as connection:
            if isinstance(jam, FromTrack):
                jam = jam.complete(await tracks_at(connection, jam.place))
            if isinstance(jam, Named):
                jam = await completed(connection, jam)
            new = {"id": jam.id, "version": 1, **_values(jam)}
            put = insert(connection, jams).values(new)
            added = await connection.execute(put.on_conflict_do_nothing().returning(_j.id))
            return added.first() is not None

    @unbroken
    async def change_jam(
        self,
        version: int,
        jam: Jam,
        take: TakeRow | None = None,
        sound: TakeSound | None = None,
    ) -> bool:
        """Write what has become of a jam, and a new take of it; False where its row has changed.

        `sound` is the take's audio, where it is there already.

        The audio of takes whose round is over, and that have not joined a piece, is let go.
        """
        change = (
            sa.update(jams)
            .where(_j.id == jam.id, _j.version == version)
            .values(version=version + 1, **_values(jam))
        )
        async with self._writing() as connection:
            if (await connection.execute(change)).rowcount != 1:
                return False
            if take is not None:
                row = _take_values(take) | ({} if sound is None else _sound_values(sound))
                await connection.execute(sa.insert(jam_takes).values(row))
            await self._settle(connection, jam)
        return True

    async def _settle(self, connection: AsyncConnection, jam: Jam) -> None:
        mine = _t.jam_id == jam.id
        joined = [section.take_id for section in jam.sections]
        if joined:
            await connection.execute(
                sa.update(jam_takes)
                .where(mine, _t.id.in_(joined), sa.not_(_t.joined))
                .values(joined=True)
            )
        is_over = _t.round_number < jam.round.number
        await connection.execute(
            sa.update(jam_takes)
            .where(mine, is_over, sa.not_(_t.joined), _t.flac.is_not(None))
            .values(flac=None)
        )

    async def jam(self, jam_id: str) -> StoredJam | None:
        """Read a jam; None where there is none of this id."""
        return await self._one(_j.id == jam_id)

    async def jam_in(self, thread_id: int) -> StoredJam | None:
        """Read the jam of a thread."""
        return await self._one(_j.thread_id == thread_id)

    async def jams_of(self, guild_id: int, limit: int = 100) -> list[Jam]:
        """Those of a server, the newest first."""
        query = (
            sa.select(_j.id, _j.version, _j.state)
            .where(_j.guild_id == guild_id)
            .order_by(_j.created_at.desc(), _j.id.desc())
            .limit(limit)
        )
        async with self._reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [stored.jam for stored in _readable(map(dict, rows))]

    @unbroken
    async def forget_jams_of(self, guild_id: int, at_most: int) -> int:
        """Delete some of a server's, with their takes and all audio; how many."""
        some = sa.select(_j.id).where(_j.guild_id == guild_id).order_by(_j.id).limit(at_most)
        async with self._writing() as connection:
            # Takes go with their jam (`ON DELETE CASCADE`).
            return (await connection.execute(sa.delete(jams).where(_j.id.in_(some)))).rowcount

    async def jams_to_do(self, now: datetime) -> list[str]:
        """The ids of those with something to show, to make, or to end by now."""
        query = sa.select(_j.id).where(sa.or_(_j.wants_work, _j.look_at <= now))
        async with self._reading() as connection:
            return list((await connection.scalars(query.order_by(_j.id))).all())

    async def jam_take(self, take_id: str) -> TakeRow | None:
        """Read a take."""
        return next(iter(await self._takes(_t.id == take_id)), None)

    async def takes_in(self, jam_id: str, round_number: int) -> list[TakeRow]:
        """The takes of a round."""
        return await self._takes(_t.jam_id == jam_id, _t.round_number == round_number)

    async def _takes(self, *conditions: sa.ColumnElement[bool]) -> list[TakeRow]:
        columns = (_t.id, _t.jam_id, _t.author_id, _t.words, _t.round_number, _t.previous)
        query = sa.select(*columns).where(*conditions).order_by(_t.id)
        async with self._reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [TakeRow(**dict(row)) for row in rows]

    @unbroken
    async def keep_sound(self, sound: TakeSound) -> None:
        """Keep a take's audio, in place of what was kept before."""
        keep = sa.update(jam_takes).where(_t.id == sound.take_id)
        async with self._writing() as connection:
            await connection.execute(keep.values(_sound_values(sound)))

    async def sounds_up_to(self, take_id: str, last_s: float | None = None) -> list[TakeSound]:
        """The audio of the piece that ends with this take, in order; or of its last seconds.

        Those are the last before its tail. Without what is lost.
        """
        columns = (_t.id, _t.previous, _t.given_s, _t.track_s, _t.flac, _t.tail_s)
        found: list[TakeSound] = []
        wanted: str | None = take_id
        held_s = 0.0
        async with self._reading() as connection:
            while wanted is not None and (last_s is None or held_s < last_s):
                query = sa.select(*columns).where(_t.id == wanted)
                row = (await connection.execute(query)).mappings().first()
                if row is None or row["flac"] is None:
                    break
                sound = TakeSound(
                    row["id"],
                    row["given_s"],
                    row["track_s"],
                    bytes(row["flac"]),
                    row["tail_s"] or 0.0,
                )
                found.append(sound)
                # With the first of them comes the end of what was there before it.
                held_s = sum(one.added_s - one.tail_s for one in found) + sound.given_s
                wanted = row["previous"]
        return found[::-1]

    async def _one(self, condition: sa.ColumnElement[bool]) -> StoredJam | None:
        query = sa.select(_j.id, _j.version, _j.state).where(condition)
        async with self._reading() as connection:
            row = (await connection.execute(query)).mappings().first()
        return None if row is None else next(iter(_readable([dict(row)])), None)


def jams_with(user_id: int) -> sa.Select[int]:
    """How many jams know a person's name."""
    theirs = sa.select(_t.jam_id).where(_t.author_id == user_id)
    named = sa.or_(_j.state.contains(str(user_id)), _j.id.in_(theirs))
    return sa.select(sa.func.count()).select_from(jams).where(named)


async def forget_in_jams(connection: AsyncConnection, user_id: int) -> int:
    """Forget a person in all jams; what they made stays, without their name and their words.

    The answer is how many those were.
    """
    known = await connection.scalar(jams_with(user_id)) or 0
    theirs = sa.update(jam_takes).where(_t.author_id == user_id)
    await connection.execute(theirs.values(author_id=steps.NOBODY, words=""))
    # An id is too long to stand in a state by chance; and if it does, nothing changes.
    query = sa.select(_j.id, _j.version, _j.state).where(_j.state.contains(str(user_id)))
    rows = (await connection.execute(query.with_for_update())).mappings().all()
    for stored in _readable(map(dict, rows)):
        after = steps.forgot(stored.jam, user_id)
        if after != stored.jam:
            change = sa.update(jams).where(_j.id == after.id)
            await connection.execute(change.values(version=stored.version + 1, **_values(after)))
    return known


async def forget_dead_openings(connection: AsyncConnection, died_before: datetime) -> None:
    """Clear the interaction tokens of jams that were never opened, once they were dead by then."""
    waiting = _j.thread_id.is_(None), _j.state.contains('"opening":{')
    query = sa.select(_j.id, _j.version, _j.state).where(*waiting)
    rows = (await connection.execute(query.with_for_update(skip_locked=True))).mappings().all()
    for stored in _readable(map(dict, rows)):
        after = steps.token_died(stored.jam, died_before)
        if after != stored.jam:
            change = sa.update(jams).where(_j.id == after.id)
            await connection.execute(change.values(version=stored.version + 1, **_values(after)))


@cache
def _json_of_jams() -> TypeAdapter[Jam]:
    # Where nobody jams, it is not needed.
    return TypeAdapter(Jam)


def dumped(jam: Jam) -> str:
    """A jam as it is kept."""
    return _json_of_jams().dump_json(jam).decode()


def loaded(text: str) -> Jam:
    """The jam that `dumped` wrote.

    Raises:
        ValueError: it is none.
    """
    return _json_of_jams().validate_json(text)


def _readable(rows: Iterable[Mapping[str, Any]]) -> Iterable[StoredJam]:
    """The jams of many rows; one that cannot be read hides no other."""
    for row in rows:
        try:
            jam = loaded(row["state"])
        except ValueError as error:
            with about(jam_id=row["id"]):
                _log.error("cannot be read: %r", error)
            continue
        yield StoredJam(jam, row["version"])


def _values(jam: Jam) -> dict[str, object]:
    return {
        "guild_id": jam.guild_id,
        "thread_id": jam.thread_id,
        "created_at": jam.created_at,
        "state": dumped(jam),
        "wants_work": jam.wants_work,
        "look_at": jam.look_at,
    }


def _take_values(take: TakeRow) -> dict[str, object]:
    return {
        "id": take.id,
        "jam_id": take.jam_id,
        "author_id": take.author_id,
        "words": take.words,
        "round_number": take.round_number,
        "previous": take.previous,
    }


def _sound_values(sound: TakeSound) -> dict[str, object]:
    return {
        "given_s": sound.given_s,
        "track_s": sound.track_s,
        "flac": sound.flac,
        "tail_s": sound.tail_s,
    }
