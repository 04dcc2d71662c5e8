"""A track from an old message, shown again in a new one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import discord

from bot.card import strings
from bot.card.actions import WITHOUT_AUDIO
from bot.card.audio_attachments import track_attachment
from bot.card.interactions import reply_at
from bot.card.markup import jump_url
from bot.card.render import Card
from bot.client import MusicGenBot
from bot.delivery.message import OutgoingMessage
from bot.delivery.track_files import fetch
from bot.delivery.upload import TrackUpload
from bot.discord_errors import REQUEST_FAILED, Meaning, meaning_of
from bot.domain.errors import OutputTooLarge
from bot.domain.generation import Generation
from bot.engine.disk_space import with_conversion
from bot.host.log_context import about
from bot.locales import current, speaking

log = logging.getLogger(__name__)

_FETCH_WITHIN_S = 60.0


class _NotHere(Exception):
    """The audio cannot be brought here; `words` say why."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


async def repost(
    bot: MusicGenBot, interaction: discord.Interaction, generation: Generation, note: str = ""
) -> None:
    """Show it in the deferred reply, with its audio, or with what is to be done without."""
    # Where it came from is shown to those who are here, whatever they see elsewhere.
    shown = replace(generation, reply=reply_at(interaction, 0))
    # What has a note about this place is for one person alone.
    with speaking(current() if note else shown.language):
        await _show(bot, interaction, generation, shown, note)


async def _show(
    bot: MusicGenBot,
    interaction: discord.Interaction,
    generation: Generation,
    shown: Generation,
    note: str,
) -> None:
    stars = await bot.stars.count([generation.id])
    parents = await bot.service.journal.ancestry(generation.id, 1)
    parent = parents[0] if parents else None
    try:
        file = await _found(bot, generation)
        needed_bytes = with_conversion(file.size)
        async with bot.work_folders.open(interaction.user.id, needed_bytes) as folder:
            path = await _fetched(generation, file, folder)
            upload = TrackUpload(bot.sound, path, generation, interaction.filesize_limit)
            try:
                await upload.draw()
                track = await upload.track()
                notes = _lines(upload.note, note)
                card = bot.renderer.ended(shown, parent, notes, stars)
                await _put(interaction, OutgoingMessage(generation, card, track))
            except OutputTooLarge as error:
                raise _NotHere(strings.tracks.too_large_here(jump_url(generation.reply))) from error
            finally:
                await upload.clean_up()
    except _NotHere as missing:
        card = bot.renderer.ended(shown, parent, _lines(missing.words, note))
        await _put(interaction, OutgoingMessage(generation, Card(card.embed, WITHOUT_AUDIO)))


def _lines(*notes: str) -> str:
    return "\n".join(filter(None, notes))


async def _put(interaction: discord.Interaction, outgoing: OutgoingMessage) -> None:
    async with outgoing.files() as files:
        try:
            await interaction.edit_original_response(
                embed=outgoing.embed, view=outgoing.view, attachments=files
            )
        except discord.HTTPException as error:
            if meaning_of(error) is not Meaning.TOO_LARGE or not files:
                raise
            raise OutputTooLarge(interaction.filesize_limit) from error


async def _found(bot: MusicGenBot, generation: Generation) -> discord.Attachment:
    """The track's file in the message that has it: addresses signed long ago are dead."""
    reply = generation.reply
    channel = bot.get_partial_messageable(reply.channel_id, guild_id=reply.guild_id)
    async with _asking(generation):
        message = await channel.fetch_message(reply.message_id)
    file = track_attachment(message, generation)
    if file is None:
        raise _NotHere(strings.tracks.LOST())
    return next(a for a in message.attachments if str(a.id) == file.id)


async def _fetched(generation: Generation, file: discord.Attachment, folder: Path) -> Path:
    async with _asking(generation):
        [path] = await fetch([file], folder, "track")
    return path


@asynccontextmanager
async def _asking(generation: Generation) -> AsyncGenerator[None]:
    """Surrounds a request about the track's message. Raises `_NotHere`: it failed."""
    try:
        async with asyncio.timeout(_FETCH_WITHIN_S):
            yield
    except REQUEST_FAILED as error:
        with about(generation.id, generation.reply.guild_id):
            log.info("the track cannot be fetched: %r", error)
        gone = meaning_of(error) is Meaning.MESSAGE_GONE
        elsewhere = strings.tracks.elsewhere(jump_url(generation.reply))
        raise _NotHere(strings.tracks.LOST() if gone else elsewhere) from error
