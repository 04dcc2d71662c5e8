"""/musicgen."""

from __future__ import annotations

from typing import Any, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.card import strings
from bot.card.actions.change import completed
from bot.card.drafts import DRAFT
from bot.client import MusicGenBot
from bot.community.presets import NAME_MAX_CHARS
from cogs.autocomplete import presets_for, prompts_for
from cogs.options import OtherOption, describe, draft_of, parse
from cogs.start import start

_PRESET_NAME = app_commands.Range[str, 1, NAME_MAX_CHARS]


class MusicGen(commands.Cog):
    """Makes music from words."""

    def __init__(self, bot: MusicGenBot) -> None:
        self._bot = bot
        self._service = bot.service

        async def musicgen(interaction: discord.Interaction, **options: Any) -> None:
            await self.musicgen(interaction, options)

        async def suggest(
            interaction: discord.Interaction, typed: str
        ) -> list[app_commands.Choice[str]]:
            return await prompts_for(self._service.journal, interaction.user.id, typed)

        async def presets(
            interaction: discord.Interaction, typed: str
        ) -> list[app_commands.Choice[str]]:
            return await presets_for(bot.presets, interaction, typed)

        preset = OtherOption("preset", _PRESET_NAME, strings.presets.OPTION.message)
        callback = app_commands.autocomplete(prompt=suggest, preset=presets)(
            cast("Any", describe(musicgen, bot.service.models.main.table, after=(preset,)))
        )
        self._command = app_commands.Command[Any, Any, None](
            name="musicgen",
            description=strings.commands.MUSICGEN.message,
            callback=callback,
        )

    async def cog_load(self) -> None:
        """Add the command, whose options are known only now."""
        self._bot.tree.add_command(self._command)

    async def musicgen(self, interaction: discord.Interaction, options: dict[str, Any]) -> None:
        """Make what was typed."""
        interaction.extras[DRAFT] = draft_of(options)
        request = completed(interaction, parse(options), options.get("preset"))
        await start(self._bot, interaction, request)


async def setup(bot: MusicGenBot) -> None:
    """discord.py's way to load a cog."""
    await bot.add_cog(MusicGen(bot))
