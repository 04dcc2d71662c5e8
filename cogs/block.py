"""/block and /unblock: who gets nothing made, in a server or everywhere."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta

import discord
from discord import app_commands
from discord.ext import commands

from bot.card import strings
from bot.client import MusicGenBot
from bot.community.settings import REASON_MAX_CHARS
from bot.domain.errors import JournalFault, NoServerHere, NotBlocked, OwnerOnly
from bot.domain.plain_text import one_line
from bot.domain.server_rules import EVERYWHERE, Block, Change
from cogs.announce import announce

log = logging.getLogger(__name__)

_HOURS_MAX = 10_000
_DAYS_MAX = 1_000
_in_servers = (
    app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False),
    # As an app of one's own it would ask nobody's permission.
    app_commands.allowed_installs(guilds=True, users=False),
    app_commands.default_permissions(manage_guild=True),
)


class Blocks(commands.Cog):
    """Keeps people out."""

    def __init__(self, bot: MusicGenBot) -> None:
        self._bot = bot

    async def cog_load(self) -> None:
        """Say who may use the commands, unless the server's own settings say otherwise."""
        for command in self.get_app_commands():
            for rule in _in_servers:
                rule(command)

    @app_commands.command(description=strings.commands.BLOCK.message)
    @app_commands.describe(
        person=strings.commands.BLOCK_WHO.message,
        reason=strings.commands.BLOCK_REASON.message,
        hours=strings.commands.BLOCK_HOURS.message,
        days=strings.commands.BLOCK_DAYS.message,
        everywhere=strings.commands.BLOCK_EVERYWHERE.message,
    )
    async def block(
        self,
        interaction: discord.Interaction,
        person: discord.User,
        reason: app_commands.Range[str, 1, REASON_MAX_CHARS],
        hours: app_commands.Range[int, 1, _HOURS_MAX] = 0,
        days: app_commands.Range[int, 1, _DAYS_MAX] = 0,
        everywhere: bool = False,
    ) -> None:
        """Block a person, or change their block."""
        async with self._bot.answers.thinking(interaction, ephemeral=True):
            guild_id = await self._where(interaction, everywhere=everywhere)
            life = timedelta(hours=hours, days=days)
            until = self._bot.clock.now() + life if life else None
            block = Block(guild_id, person.id, one_line(reason) or "–", until)
            changes = await self._bot.server_rules.block(block, interaction.user.id)
            told = (
                strings.server_rules.blocked(person.id, block.reason, until, everywhere=everywhere)
                if changes
                else strings.server_rules.blocked_already(person.id)
            )
            await interaction.edit_original_response(content=told)
            await self._announce(interaction, guild_id, changes)
            try:
                await self._bot.jams.blocked(guild_id, person.id)
            except JournalFault as error:
                # It holds from the next thing on that happens there, as it does elsewhere.
                log.warning("in jams the votes of somebody who is blocked stay: %s", error)

    @app_commands.command(description=strings.commands.UNBLOCK.message)
    @app_commands.describe(
        person=strings.commands.BLOCK_WHO.message,
        everywhere=strings.commands.BLOCK_EVERYWHERE.message,
    )
    async def unblock(
        self, interaction: discord.Interaction, person: discord.User, everywhere: bool = False
    ) -> None:
        """End a person's block."""
        async with self._bot.answers.thinking(interaction, ephemeral=True):
            guild_id = await self._where(interaction, everywhere=everywhere)
            changes = await self._bot.server_rules.unblock(guild_id, person.id, interaction.user.id)
            if not changes:
                raise NotBlocked(person.id)
            told = strings.server_rules.unblocked(person.id, everywhere=everywhere)
            await interaction.edit_original_response(content=told)
            await self._announce(interaction, guild_id, changes)

    async def _announce(
        self, interaction: discord.Interaction, guild_id: int, changes: Sequence[Change]
    ) -> None:
        # What the bot's owner does everywhere is no server's business.
        if guild_id != EVERYWHERE:
            await announce(self._bot, interaction, changes)

    async def _where(self, interaction: discord.Interaction, *, everywhere: bool) -> int:
        if not everywhere:
            if interaction.guild_id is None:
                raise NoServerHere
            return interaction.guild_id
        if not await self._bot.is_owner(interaction.user):
            raise OwnerOnly
        return EVERYWHERE


async def setup(bot: MusicGenBot) -> None:
    """discord.py's way to load a cog."""
    await bot.add_cog(Blocks(bot))
