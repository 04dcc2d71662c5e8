"""/musicgen, and the buttons of a running card."""

from __future__ import annotations

from typing import Any, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.app import MusicGenBot
from bot.card.buttons import Action
from bot.errors import NotYours
from bot.generation import Generation, Reply
from bot.studio import Order
from cogs.options import describe, parse
from cogs.replies import reply_at, start
from cogs.suggestions import prompts_for


class MusicGen(commands.Cog):
    """Makes music from words."""

    def __init__(self, bot: MusicGenBot) -> None:
        self._bot = bot
        self._studio = bot.studio
        bot.presses[Action.CANCEL] = self.cancel
        bot.presses[Action.BRING] = self.bring

        async def musicgen(interaction: discord.Interaction, **options: Any) -> None:
            await self.musicgen(interaction, options)

        async def suggest(
            interaction: discord.Interaction, typed: str
        ) -> list[app_commands.Choice[str]]:
            return await prompts_for(self._studio.library, interaction.user.id, typed)

        callback = app_commands.autocomplete(prompt=suggest)(
            cast("Any", describe(musicgen, bot.studio.table))
        )
        self._command = app_commands.Command[Any, Any, None](
            name="musicgen",
            description="Make music from words with MusicGen.",
            callback=callback,
        )

    async def cog_load(self) -> None:
        """Add the command, whose options are known only now."""
        self._bot.tree.add_command(self._command)

    async def musicgen(self, interaction: discord.Interaction, options: dict[str, Any]) -> None:
        """Make what was typed."""
        request = parse(options)
        has_audio = request.source is not None

        async def submit(reply: Reply) -> list[Generation]:
            order = Order(interaction.user.id, reply, request.inputs, request.source)
            return [await self._studio.submit(order)]

        await start(self._bot, interaction, request.inputs, submit, has_audio=has_audio)

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


async def setup(bot: MusicGenBot) -> None:
    """discord.py's way to load a cog."""
    await bot.add_cog(MusicGen(bot))
