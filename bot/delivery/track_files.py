"""Tracks from their messages, in files of our own for a while, within the data folder's budget."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import discord

from bot.card.interactions import reading
from bot.discord_errors import NETWORK_FAULTS, REQUEST_FAILED
from bot.domain.errors import RoomTaken, UserError
from bot.domain.generation import Generation
from bot.engine.work_room import WorkRoom
from bot.host.log_context import about
from bot.host.threads import TRACKS

log = logging.getLogger(__name__)

_READ_WITHIN_S = 10.0
_ROOM_WITHIN_S = 60.0
"""Somebody waits for what comes of it."""


class WorkFolders:
    """Gives folders for what is made of tracks."""

    def __init__(self, folder: Path, room: WorkRoom) -> None:
        self._folder = folder
        self._room = room

    @asynccontextmanager
    async def open(self, user_id: int, size_bytes: int) -> AsyncGenerator[Path, None]:
        """One with room for so much, as soon as there is some; it goes away with all that is in it.

        Raises:
            DiskUnusable: the disk does not take what is written there.
            OwnRoomTaken, RoomTaken: there is no room.
        """
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(_ROOM_WITHIN_S):
                    await stack.enter_async_context(self._room.taken(user_id, size_bytes))
            except TimeoutError as error:
                raise RoomTaken from error
            try:
                folder = await TRACKS.run(self._made)
                try:
                    yield Path(folder.name)
                finally:
                    await TRACKS.run(folder.cleanup)
            except NETWORK_FAULTS:
                raise
            except OSError as error:
                log.warning("what is made of a track cannot be written: %r", error)
                raise self._room.failed(error) from error

    def _made(self) -> TemporaryDirectory[str]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return TemporaryDirectory(dir=self._folder)


def size_of(attachments: Sequence[discord.Attachment]) -> int:
    """How many bytes these files have."""
    return sum(attachment.size for attachment in attachments)


async def fetch(attachments: Sequence[discord.Attachment], folder: Path, name: str) -> list[Path]:
    """The files of one track, in order, on disk; their names begin with `name`.

    Raises:
        discord.HTTPException, OSError: one of them cannot be had, or written.
    """
    paths: list[Path] = []
    for number, attachment in enumerate(attachments):
        path = folder / f"{name}.{number}{Path(attachment.filename).suffix}"
        await TRACKS.run(path.write_bytes, await attachment.read())
        paths.append(path)
    return paths


async def message_of(client: discord.Client, track: Generation) -> discord.Message | None:
    """The message that shows a track, as the bot itself can read it; None where it can't."""
    reply = track.reply
    channel = client.get_partial_messageable(reply.channel_id, guild_id=reply.guild_id)
    try:
        async with reading(_READ_WITHIN_S):
            return await channel.fetch_message(reply.message_id)
    except (*REQUEST_FAILED, UserError) as error:
        with about(track.id):
            log.info("the track cannot be fetched: %r", error)
        return None
