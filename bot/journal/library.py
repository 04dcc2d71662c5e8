"""What a person has made: their tracks and prompts, where a track came from, and forgetting it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from bot.domain.generation import Generation, State
from bot.domain.journal_values import Forgotten, Kept, TrackPage
from bot.jam.from_track import ByMessage
from bot.journal.charges import forget as forget_charges
from bot.journal.charges import forget_spent
from bot.journal.jams import forget_in_jams, jams_with
from bot.journal.revisions import Held, revise
from bot.journal.rows import folded, prompt_in, readable
from bot.journal.server_rules import needed_by_limits
from bot.journal.sqlalchemy_asyncio import AsyncConnection
from bot.journal.store import Store, unbroken
from bot.journal.tables import charges, drafts, generations, presets, presses, stars, to_us
from bot.journal.tracks import OLDEST_FIRST, tracks_at

_log = logging.getLogger(__name__)

_WORD_LIMIT = 20
"""Words of a search that count; no prompt is told from another by the twenty-first."""
_CHUNK = 100

_c = generations.c
_NEWEST_FIRST = (_c.created_at.desc(), _c.id.desc())


class Library(Store):
    """The part of the journal that looks back."""

    async def tracks_of(
        self, user_id: int, words: str = "", limit: int = 10, before: str | None = None
    ) -> TrackPage:
        """A person's delivered tracks, newest first.

        Args:
            user_id: whose.
            words: the prompt has each of them somewhere, in capitals or not; all match none.
            limit: at most so many.
            before: `TrackPage.more` of the page before.

        Raises:
            ValueError: `before` is no such thing.
        """
        query = (
            sa.select(generations)
            .where(*delivered_to(user_id, words))
            .order_by(*_NEWEST_FIRST)
            # One more than asked for tells whether there are more.
            .limit(limit + 1)
        )
        if before is not None:
            query = query.where(sa.tuple_(*OLDEST_FIRST) < sa.tuple_(*_position(before)))
        async with self._reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        shown = rows[:limit]
        last = shown[-1] if len(rows) > limit else None
        more = None if last is None else f"{to_us(last['created_at'])}.{last['id']}"
        return TrackPage(tuple(readable(map(dict, shown))), more)

    async def count_tracks(self, user_id: int, words: str = "") -> int:
        """How many tracks `tracks_of` has on all its pages."""
        query = sa.select(sa.func.count()).where(*delivered_to(user_id, words))
        async with self._reading() as connection:
            return await connection.scalar(query) or 0

    async def prompts_of(self, user_id: int, words: str = "", limit: int = 25) -> list[str]:
        """A person's own earlier prompts that have these words, newest first, each once.

        Those that differ only in capitals or spaces count as one: the newest.
        """
        query = (
            sa.select(_c.words, _c.inputs)
            .where(_c.requester_id == user_id, _c.words != "", *_have(words))
            .order_by(*_NEWEST_FIRST)
            .execution_options(yield_per=_CHUNK)
        )
        found: dict[str, str] = {}
        async with self._reading() as connection, connection.stream(query) as rows:
            async for row in rows:
                if len(found) == limit:
                    break
                prompt = prompt_in(row.inputs)
                if prompt is not None:
                    found.setdefault(row.words, prompt)
        return list(found.values())

    async def ancestry(self, generation_id: str, limit: int = 20) -> list[Generation]:
        """What a generation was made from, and that from, and so on; nearest first.

        It ends where a parent is not known any more, and where it would go in a circle.
        """
        first = sa.select(_c.parent_id, sa.literal(1).label("distance"))
        chain = first.where(_c.id == generation_id).cte("chain", recursive=True)
        further = sa.select(_c.parent_id, chain.c.distance + 1).where(
            _c.id == chain.c.parent_id, chain.c.distance < limit
        )
        chain = chain.union_all(further)
        query = (
            sa.select(generations)
            .join(chain, chain.c.parent_id == _c.id)
            .order_by(chain.c.distance)
        )
        async with self._reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        # In a circle the same ones come again, and at some point the one asked for.
        line = {generation.id: generation for generation in readable(map(dict, rows))}
        line.pop(generation_id, None)
        return list(line.values())

    async def batch(self, batch_id: str) -> list[Generation]:
        """The takes that one card lists, oldest first."""
        return await self._all(_c.batch_id == batch_id)

    async def by_message(self, channel_id: int | None, message_id: int) -> list[Generation]:
        """The generations that a message shows, oldest first; None: in whichever channel."""
        async with self._reading() as connection:
            return await tracks_at(connection, ByMessage(channel_id, message_id))

    async def tracks_in(
        self, guild_id: int, channel_ids: Collection[int], words: str, limit: int
    ) -> list[Generation]:
        """The newest tracks of a server's channels that everyone there sees; see `tracks_of`."""
        query = (
            sa.select(generations)
            .where(
                _c.guild_id == guild_id,
                _c.channel_id.in_(channel_ids),
                _c.state == State.DELIVERED,
                sa.not_(_c.private),
                *_have(words),
            )
            .order_by(*_NEWEST_FIRST)
            .limit(limit)
        )
        async with self._reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return readable(map(dict, rows))

    @unbroken
    async def hide(self, channel_id: int, *message_ids: int) -> None:
        """Note that messages were deleted: what they showed is nobody's to see but its person's.

        What is under way may yet come up in another message, and is left alone.
        """
        there = _c.message_id.in_(message_ids), _c.channel_id == channel_id, sa.not_(_c.open)
        # Most messages that are deleted are none of ours, and are not worth anybody's turn.
        async with self._reading() as connection:
            if await connection.scalar(sa.select(_c.id).where(*there).limit(1)) is None:
                return
        async with self._writing() as connection:
            gone = sa.update(generations).where(*there).values(private=True, gone=True)
            await connection.execute(gone)

    async def kept_of(self, user_id: int) -> Kept:
        """How much `forget` would delete of a person's."""
        count, is_track = sa.func.count(), _c.state == State.DELIVERED
        theirs = _c.requester_id == user_id, sa.not_(_c.open)
        open_ = sa.select(count).where(_c.requester_id == user_id, _c.open)
        parts = (
            sa.select(count).where(*theirs, is_track),
            sa.select(count).where(*theirs, sa.not_(is_track)),
            sa.select(count).where(*_presets_of(user_id)),
            sa.select(count).where(stars.c.user_id == user_id),
            sa.select(count).where(*_canceled_by(user_id)),
            sa.select(count).where(drafts.c.user_id == user_id),
            open_,
            jams_with(user_id),
        )
        query = sa.select(*(part.scalar_subquery() for part in parts))
        async with self._reading() as connection:
            return Kept(*(await connection.execute(query)).one())

    @unbroken
    async def forget(self, user_id: int) -> Forgotten:
        """Delete a person's generations that have ended, with their events and stars.

        What they made in jams stays there, without their name and their words.

        The stars that they have given and their presets go too, and their name where they canceled
        somebody else's. What others made from theirs stays, and leads back to them no more. What
        they cost stays counted, and leads to the person only for as long as a limit needs it.
        """
        open_ = sa.select(sa.func.count()).where(_c.requester_id == user_id, _c.open)
        async with self._writing() as connection:
            canceled = sa.update(generations).where(*_canceled_by(user_id))
            cancels = (await connection.execute(canceled.values(canceled_by=None))).rowcount
            own = sa.delete(stars).where(stars.c.user_id == user_id)
            given = (await connection.execute(own)).rowcount
            own = sa.delete(presets).where(*_presets_of(user_id))
            saved = (await connection.execute(own)).rowcount
            await connection.execute(sa.delete(presses).where(presses.c.user_id == user_id))
            own = sa.delete(drafts).where(drafts.c.user_id == user_id)
            refused = (await connection.execute(own)).rowcount
            jams = await forget_in_jams(connection, user_id)
            rows = await delete_ended(connection, _c.requester_id == user_id)
            still_open = await connection.scalar(open_) or 0
            needed = await needed_by_limits(connection, self._terms.limits, self._now())
            await forget_charges(connection, user_id, needed)
            await revise(connection, Held.DEFAULT_PRESETS, self._now())
        # Someone may have made thousands, and others wait for their turn on the event loop.
        removed = await asyncio.to_thread(readable, rows)
        removed.sort(key=lambda generation: (generation.created_at, generation.id))
        tracks = sum(row["state"] == State.DELIVERED for row in rows)
        _log.info("forgot %d generations of user %d", len(rows), user_id)
        kept = Kept(tracks, len(rows) - tracks, saved, given, cancels, refused, still_open, jams)
        return Forgotten(tuple(removed), kept)

    @unbroken
    async def forget_one(self, user_id: int, generation_id: str) -> Generation | None:
        """Delete one generation of a person's as `forget` does; None where it has not ended."""
        it = _c.id == generation_id, _c.requester_id == user_id
        async with self._writing() as connection:
            rows = await delete_ended(connection, *it)
            if rows:
                needed = await needed_by_limits(connection, self._terms.limits, self._now())
                its = sa.update(charges).where(charges.c.generation_id == generation_id)
                await connection.execute(its.values(generation_id=None))
                await forget_spent(connection, needed)
        return next(iter(readable(rows)), None)

    async def _all(self, *conditions: sa.ColumnElement[bool]) -> list[Generation]:
        query = sa.select(generations).where(*conditions).order_by(*OLDEST_FIRST)
        async with self._reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return readable(map(dict, rows))


async def delete_ended(
    connection: AsyncConnection, *theirs: sa.ColumnElement[bool]
) -> list[dict[str, Any]]:
    """Delete those of these generations that have ended, and have nothing lead back to them."""
    ended = *theirs, sa.not_(_c.open)
    parents = sa.select(_c.id).where(*ended)
    cut = sa.update(generations).where(_c.parent_id.in_(parents)).values(parent_id=None)
    await connection.execute(cut)
    removed = await connection.execute(sa.delete(generations).where(*ended).returning(generations))
    return [dict(row) for row in removed.mappings()]


def _presets_of(user_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return presets.c.owner_kind == "person", presets.c.owner_id == user_id


def _canceled_by(user_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return _c.canceled_by == user_id, _c.requester_id != user_id


def delivered_to(user_id: int, words: str) -> list[sa.ColumnElement[bool]]:
    """That a row is a track of this person, and its prompt has every word."""
    return [_c.requester_id == user_id, _c.state == State.DELIVERED, *_have(words)]


def _have(words: str) -> list[sa.ColumnElement[bool]]:
    """That a prompt has every word somewhere; `%` and `_` are characters like others."""
    wanted = list(dict.fromkeys(folded(words).split()))[:_WORD_LIMIT]
    return [_c.words.contains(word, autoescape=True) for word in wanted]


def _position(before: str) -> tuple[int, str]:
    created_at, _, generation_id = before.partition(".")
    return int(created_at), generation_id
