"""What commands and buttons share: reading in time, acknowledging, handing over to the studio."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import discord

from bot.card import strings
from bot.client import MusicGenBot
from bot.discord_errors import REQUEST_FAILED
from bot.domain.errors import BotError, PermissionsMissing, TookTooLong
from bot.domain.generation import Generation
from bot.domain.request import GenerationRequest
from cogs.acknowledging import open_reply
from cogs.addressing import reply_at, reply_in

log = logging.getLogger(__name__)

_NEEDED = {
    "attach_files": strings.commands.ATTACH_FILES,
    "embed_links": strings.commands.EMBED_LINKS,
}
_READ_WITHIN_S = 1.2
"""Of the 3 s that Discord waits for an answer; some read, and then write."""
_FOLLOWUPS_MAX = 4
"""Of the five that Discord allows where only the person has installed the bot (40094); the card
of the command itself may need one."""


@asynccontextmanager
async def reading(within_s: float = _READ_WITHIN_S) -> AsyncGenerator[None, None]:
    """Surrounds all that has to be read before there is an answer.

    Raises:
        TookTooLong: Discord would not wait for it.
    """
    deadline = asyncio.timeout(within_s)
    try:
        async with deadline:
            yield
    except TimeoutError:
        if deadline.expired():
            raise TookTooLong from None
        raise


async def takes_of(bot: MusicGenBot, generation: Generation) -> list[Generation]:
    """All that its card shows, in order: itself, or every take of its batch."""
    if generation.batch_id is None:
        return [generation]
    return await bot.service.library.batch(generation.batch_id)


def check_permissions(interaction: discord.Interaction) -> None:
    """Hold what the bot may do here against what its reply needs, before anything is paid.

    Raises:
        PermissionsMissing: it may not.
    """
    may = interaction.app_permissions
    missing = tuple(name for flag, name in _NEEDED.items() if not getattr(may, flag))
    if missing:
        raise PermissionsMissing(missing)


async def start(
    bot: MusicGenBot, interaction: discord.Interaction, request: GenerationRequest, takes: int = 1
) -> None:
    """Check, journal, acknowledge; from then on the studio keeps the reply up to date.

    The row is a millisecond's work and comes first, with a deadline: a process that dies between
    an acknowledgement and its row leaves a person waiting whom nobody knows of.

    Raises:
        RequestRefused: it cannot be run, or not here, or not be journalled in time.
    """
    bot.service.check(request)
    check_permissions(interaction)
    reply = None
    with bot.service.acknowledgements.urgent():
        async with reading():
            generations = await bot.service.submit(
                request, interaction.user.id, reply_at(interaction, 0), takes
            )
        try:
            reply = await open_reply(bot, interaction, generations)
            waiting = [] if reply is None else await _waiting_behind(bot, interaction)
        finally:
            bot.service.acknowledged(generations, reply)
    await _bring(bot, interaction, waiting)


async def bring_waiting(bot: MusicGenBot, interaction: discord.Interaction) -> None:
    """After a command's answer: show what has waited for its person to come back to this channel.

    At best effort: what cannot be brought waits for their next command.
    """
    await _bring(bot, interaction, await _waiting_here(bot, interaction))


async def _waiting_here(bot: MusicGenBot, interaction: discord.Interaction) -> list[str]:
    try:
        # What may not be posted here would only leave another message behind.
        check_permissions(interaction)
        waiting = await bot.service.waiting_for(
            interaction.user.id,
            interaction.channel_id or 0,
            in_dm=interaction.context.dm_channel,
            limit_bytes=interaction.filesize_limit,
        )
    except BotError as error:
        log.info("nothing is brought to user %d here: %r", interaction.user.id, error)
        return []
    alone = interaction.is_user_integration() and not interaction.is_guild_integration()
    return waiting[:_FOLLOWUPS_MAX] if alone else waiting


async def _waiting_behind(bot: MusicGenBot, interaction: discord.Interaction) -> list[str]:
    """What waits to be shown behind a deferred reply, which then has its first content.

    Discord lets a followup take the place of a deferred reply never edited.
    """
    waiting = await _waiting_here(bot, interaction)
    if waiting:
        try:
            await interaction.edit_original_response(
                embed=discord.Embed(description=strings.card.QUEUED)
            )
        except REQUEST_FAILED as error:
            log.warning("nothing is brought to user %d: %r", interaction.user.id, error)
            return []
    return waiting


async def _bring(bot: MusicGenBot, interaction: discord.Interaction, waiting: list[str]) -> None:
    """Move each into a message of its own."""
    opened = list[tuple[str, discord.WebhookMessage]]()
    for generation_id in waiting:
        # All of them first: a track that has arrived mentions its person in another followup.
        try:
            message = await interaction.followup.send(strings.card.EARLIER, wait=True)
        except REQUEST_FAILED as error:
            log.warning("no more is brought to user %d: %r", interaction.user.id, error)
            break
        opened.append((generation_id, message))
    for generation_id, message in opened:
        try:
            await bot.service.bring(generation_id, reply_in(interaction, message))
        except BotError as error:
            log.warning("generation %s is not brought: %r", generation_id, error)
            await _take_back(message)


async def _take_back(message: discord.WebhookMessage) -> None:
    try:
        await message.delete()
    except REQUEST_FAILED as error:
        log.warning("message %d cannot be taken back: %r", message.id, error)
