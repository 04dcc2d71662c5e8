"""What Discord tells of places: one is open again, a card was deleted, the bot was removed."""

from __future__ import annotations

import logging
from collections.abc import Coroutine

import discord
from discord.ext import commands

from bot.client import MusicGenBot
from bot.domain.errors import JournalFault

log = logging.getLogger(__name__)


class ChannelEvents(commands.Cog):
    """Has the service look for a way where something has changed, and notes what is gone."""

    def __init__(self, bot: MusicGenBot) -> None:
        self._bot = bot

    def _retry(self, guild_id: int, channel_id: int | None = None) -> None:
        self._bot.service.retry_unreachable(guild_id=guild_id, channel_id=channel_id)
        self._bot.jam_runner.try_again(guild_id)

    @commands.Cog.listener()
    async def on_raw_thread_update(self, payload: discord.RawThreadUpdateEvent) -> None:
        """A thread was unlocked or taken out of the archive, or something else of it changed."""
        self._retry(payload.guild_id, payload.thread_id)
        await _noted(self._bot.jams.reopened(payload.thread_id))

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        """A thread was deleted, and with it what was in it."""
        await _noted(self._bot.jams.channel_gone(payload.thread_id))

    @commands.Cog.listener()
    async def on_guild_channel_update(
        self, _: discord.abc.GuildChannel, after: discord.abc.GuildChannel
    ) -> None:
        """A channel's permissions may be others, and with them its threads'."""
        self._retry(after.guild.id)

    @commands.Cog.listener()
    async def on_guild_role_update(self, _: discord.Role, after: discord.Role) -> None:
        """A role may do other things."""
        self._retry(after.guild.id)

    @commands.Cog.listener()
    async def on_member_update(self, _: discord.Member, after: discord.Member) -> None:
        """The bot may have been given a role."""
        if self._bot.user is not None and after.id == self._bot.user.id:
            self._retry(after.guild.id)

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """A message was deleted, by whomever: perhaps a card."""
        await self._note_gone(payload.channel_id, payload.message_id)

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """Several at once, by another bot."""
        await self._note_gone(payload.channel_id, *payload.message_ids)

    async def _note_gone(self, channel_id: int, *message_ids: int) -> None:
        await _noted(self._bot.service.journal.hide(channel_id, *message_ids))
        await _noted(self._bot.jams.messages_gone(channel_id, message_ids))

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """The bot's own token reaches it now."""
        self._retry(guild.id)

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """The bot was removed: what is kept of the server's rules goes with it, and its jams."""
        await _noted(self._bot.server_rules.forget_server(guild.id))
        await _noted(self._bot.jams.leave_server(guild.id))

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        """The same, after a start or an outage."""
        self._retry(guild.id)


async def _noted(noting: Coroutine[object, object, None]) -> None:
    """Nobody can be told where the journal does not take it."""
    try:
        await noting
    except JournalFault as error:
        log.warning("what has changed on Discord is not noted: %s", error)


async def setup(bot: MusicGenBot) -> None:
    """discord.py's way to load a cog."""
    await bot.add_cog(ChannelEvents(bot))
