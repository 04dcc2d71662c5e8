"""The generations at a place that somebody has named."""

from __future__ import annotations

import sqlalchemy as sa

from bot.domain.generation import Generation
from bot.jam.from_track import ById, ByMessage, TrackPlace
from bot.journal.rows import readable
from bot.journal.sqlalchemy_asyncio import AsyncConnection
from bot.journal.tables import generations

_c = generations.c

OLDEST_FIRST = _c.created_at, _c.id


async def tracks_at(connection: AsyncConnection, place: TrackPlace) -> list[Generation]:
    """All that are there, oldest first."""
    query = sa.select(generations).order_by(*OLDEST_FIRST)
    match place:
        case ById(generation_id):
            query = query.where(_c.id == generation_id)
        case ByMessage(channel_id, message_id):
            query = query.where(_c.message_id == message_id)
            if channel_id is not None:
                query = query.where(_c.channel_id == channel_id)
    return readable(map(dict, (await connection.execute(query)).mappings().all()))
