"""/musicgen, and the buttons of a running card."""

from __future__ import annotations

import logging
from typing import Any, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.app import MusicGenBot
from bot.card.buttons import Action
from bot.errors import NotYours, PermissionsMissing
from bot.generation import Reply
from bot.studio import Order
from cogs.options import describe, parse

log = logging.getLogger(__name__)

_NEEDED = {"attach_files": "Attach Files", "embed_links": "Embed Links"}


class MusicGen(commands.Cog):
    """Makes music from words."""

    def __init__(self, bot: MusicGenBot) -> None:
        self._bot = bot
        self._studio = bot.studio
        bot.presses[Action.CANCEL] = self.cancel

        async def musicgen(interaction: discord.Interaction, **options: Any) -> None:
            await self.musicgen(interaction, options)

        self._command = app_commands.Command[Any, Any, None](
            name="musicgen",
            description="Make music from words with MusicGen.",
            callback=cast("Any", describe(musicgen, bot.studio.table)),
        )

    async def cog_load(self) -> None:
        """Add the command, whose options are known only now."""
        self._bot.tree.add_command(self._command)

    async def musicgen(self, interaction: discord.Interaction, options: dict[str, Any]) -> None:
        """Check, acknowledge, and hand over to the studio, which keeps the reply up to date."""
        request = parse(options)
        self._studio.check(request.inputs, has_audio=request.source is not None)
        _check_permissions(interaction.app_permissions)
        try:
            with self._studio.acknowledgements.urgent():
                deferred = await interaction.response.defer(thinking=True)
        except (discord.NotFound, discord.InteractionResponded) as error:
            # Delivered twice, or too late: there is nobody here to make this track for.
            log.warning("a /musicgen could not be acknowledged: %s", error)
            return
        reply = await _reply(interaction, deferred)
        await self._studio.submit(Order(interaction.user.id, reply, request.inputs, request.source))

    async def cancel(self, interaction: discord.Interaction, generation_id: str) -> None:
        """Stop a generation for its requester, or for who manages messages here."""
        await interaction.response.defer()
        generation = await self._studio.get(generation_id)
        manages = interaction.permissions.manage_messages
        if interaction.user.id != generation.requester_id and not manages:
            raise NotYours
        await self._studio.cancel(generation_id)


def _check_permissions(permissions: discord.Permissions) -> None:
    missing = tuple(name for flag, name in _NEEDED.items() if not getattr(permissions, flag))
    if missing:
        raise PermissionsMissing(missing)


async def _reply(
    interaction: discord.Interaction,
    deferred: discord.InteractionCallbackResponse[Any] | None,
) -> Reply:
    message_id = deferred.message_id if deferred is not None else None
    if message_id is None:
        message_id = (await interaction.original_response()).id
    return Reply(
        application_id=interaction.application_id,
        channel_id=interaction.channel_id or 0,
        message_id=message_id,
        token=interaction.token,
        token_expires_at=interaction.expires_at,
        filesize_limit_bytes=interaction.filesize_limit,
        guild_id=interaction.guild_id,
    )


async def setup(bot: MusicGenBot) -> None:
    """discord.py's way to load a cog."""
    await bot.add_cog(MusicGen(bot))
