"""/settings: the rules of a server, and the log of who has changed them."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.card import strings
from bot.card.actions.settings import panel
from bot.card.actions.settings_log import log_page
from bot.card.interactions import reading
from bot.client import MusicGenBot
from bot.domain.errors import NoServerHere, OwnerOnly
from bot.domain.server_rules import EVERYWHERE


@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.default_permissions(manage_guild=True)
class ServerSettingsCog(
    commands.GroupCog, group_name="settings", group_description=strings.commands.SETTINGS.message
):
    """What those who manage a server set for it."""

    def __init__(self, bot: MusicGenBot) -> None:
        self._bot = bot
        super().__init__()

    @app_commands.command(name="panel", description=strings.commands.SETTINGS_PANEL.message)
    async def show_panel(self, interaction: discord.Interaction) -> None:
        """All of them, for their eyes only."""
        settings = self._bot.server_rules.settings_of(interaction.guild_id)
        embed, view = panel(settings, interaction.guild)
        await interaction.response.send_message(embed=embed, view=view, ephemeral=True)

    @app_commands.command(name="log", description=strings.commands.SETTINGS_LOG.message)
    @app_commands.describe(everywhere=strings.commands.SETTINGS_LOG_EVERYWHERE.message)
    async def show_log(self, interaction: discord.Interaction, everywhere: bool = False) -> None:
        """The last changes, for their eyes only."""
        if everywhere:
            async with reading():
                is_owner = await self._bot.is_owner(interaction.user)
            if not is_owner:
                raise OwnerOnly
        guild_id = EVERYWHERE if everywhere else interaction.guild_id
        if guild_id is None:
            raise NoServerHere
        embed, view = await log_page(self._bot.server_rules.store, guild_id)
        await interaction.response.send_message(embed=embed, view=view, ephemeral=True)


async def setup(bot: MusicGenBot) -> None:
    """discord.py's way to load a cog."""
    await bot.add_cog(ServerSettingsCog(bot))
