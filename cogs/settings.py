"""/settings: the rules of a server, and the log of who has changed them."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.card import strings
from bot.card.actions.settings import panel
from bot.card.actions.settings_log import log_page
from bot.client import MusicGenBot
from bot.domain.errors import NoServerHere


@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.default_permissions(manage_guild=True)
class ServerSettingsCog(
    commands.GroupCog, group_name="settings", group_description=strings.commands.SETTINGS
):
    """What those who manage a server set for it."""

    def __init__(self, bot: MusicGenBot) -> None:
        self._bot = bot
        super().__init__()

    @app_commands.command(name="panel", description=strings.commands.SETTINGS_PANEL)
    async def show_panel(self, interaction: discord.Interaction) -> None:
        """All of them, for their eyes only."""
        settings = self._bot.house_rules.settings_of(interaction.guild_id)
        embed, view = panel(settings, interaction.guild)
        await interaction.response.send_message(embed=embed, view=view, ephemeral=True)

    @app_commands.command(name="log", description=strings.commands.SETTINGS_LOG)
    async def show_log(self, interaction: discord.Interaction) -> None:
        """The last changes, for their eyes only."""
        if interaction.guild_id is None:
            raise NoServerHere
        embed, view = await log_page(self._bot.house_rules.store, interaction.guild_id)
        await interaction.response.send_message(embed=embed, view=view, ephemeral=True)


async def setup(bot: MusicGenBot) -> None:
    """discord.py's way to load a cog."""
    await bot.add_cog(ServerSettingsCog(bot))
