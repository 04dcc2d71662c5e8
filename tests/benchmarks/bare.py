"""The least a discord.py bot can do: a command that only defers. The yardstick.

Everything else is as discord.py and Python have it. So a full search of the garbage collector falls
into each burst: 13 to 29 ms of it, where the bot's own process has put off all but small ones.
"""

from __future__ import annotations

import os

import discord
from discord import app_commands
from discord.http import Route


class Bare(discord.AutoShardedClient):
    async def setup_hook(self) -> None:
        tree = app_commands.CommandTree(self)

        @tree.command(name="musicgen", description="Defer.")
        async def musicgen(  # pyright: ignore[reportUnusedFunction] - registered by its decorator
            interaction: discord.Interaction, prompt: str
        ) -> None:
            await interaction.response.defer(thinking=True)

        await tree.sync()


Route.BASE = os.environ["DISCORD_BASE_URL"] + "/api/v10"
Bare(intents=discord.Intents(guilds=True)).run(os.environ["DISCORD_TOKEN"], log_handler=None)
