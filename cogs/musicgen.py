"""/musicgen, and the buttons of a running card."""

from __future__ import annotations

from typing import Any, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.app import MusicGenBot
from bot.card import texts
from bot.card.buttons import Action
from bot.errors import NotYours, PermissionsMissing
from bot.studio import Order
from cogs.options import describe, parse
from cogs.replies import deferred_reply, reply_at

_EARLIER_AT_ONCE = 3
"""An app that is only user-installed has five followups for each interaction."""
_NEEDED = {"attach_files": "Attach Files", "embed_links": "Embed Links"}


class MusicGen(commands.Cog):
    """Makes music from words."""

    def __init__(self, bot: MusicGenBot) -> None:
        self._bot = bot
        self._studio = bot.studio
        bot.presses[Action.CANCEL] = self.cancel
        bot.presses[Action.BRING] = self.bring

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
        with self._studio.acknowledgements.urgent():
            deferred = await interaction.response.defer(thinking=True)
        reply = await deferred_reply(interaction, deferred)
        waiting = self._studio.waiting_for(interaction.user.id, interaction.channel_id or 0)
        await self._studio.submit(Order(interaction.user.id, reply, request.inputs, request.source))
        if waiting:
            await self._bring_earlier(interaction, waiting)

    async def _bring_earlier(self, interaction: discord.Interaction, waiting: list[str]) -> None:
        """Deliver what has waited for this person to come back to this channel."""
        # Discord lets a followup take the place of a deferred reply that was never edited.
        await interaction.edit_original_response(embed=discord.Embed(description=texts.QUEUED))
        for generation_id in waiting[:_EARLIER_AT_ONCE]:
            message = await interaction.followup.send(texts.EARLIER, wait=True)
            await self._studio.bring(generation_id, reply_at(interaction, message.id))

    async def bring(self, interaction: discord.Interaction, generation_id: str) -> None:
        """Show a generation from now on by the token of this click."""
        await interaction.response.defer()
        if interaction.message is not None:
            await self._studio.bring(generation_id, reply_at(interaction, interaction.message.id))

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


async def setup(bot: MusicGenBot) -> None:
    """discord.py's way to load a cog."""
    await bot.add_cog(MusicGen(bot))
