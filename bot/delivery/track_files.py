"""Tracks from their messages, in files of our own for a while."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import discord

from bot.card.interactions import reading
from bot.discord_errors import REQUEST_FAILED
from bot.domain.errors import UserError
from bot.domain.generation import Generation
from bot.host.log_context import about
from bot.host.threads import TRACKS

log = logging.getLogger(__name__)

_READ_WITHIN_S = 10.0


@asynccontextmanager
async def a_folder() -> AsyncGenerator[Path, None]:
    """A folder that goes away with all that is in it."""
    folder = await TRACKS.run(TemporaryDirectory[str], prefix="track-")
    try:
        yield Path(folder.name)
    finally:
        await TRACKS.run(folder.cleanup)


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
