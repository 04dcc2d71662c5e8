"""What Discord tells of voice channels: who comes and goes, and what the bot may do there."""

from __future__ import annotations

import discord
from discord.ext import commands

from bot.client import MusicGenBot
from bot.delivery.voice import Voice


class VoiceEvents(commands.Cog):
    """Passes it on to what plays there."""

    def __init__(self, bot: MusicGenBot, voice: Voice) -> None:
        self._bot = bot
        self._voice = voice

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """What an earlier process played is gone with it."""
        players = self._voice.players
        await self._voice.display.tell_of_restart(lambda guild: players.session(guild) is not None)

    @commands.Cog.listener()
    async def on_voice_state_update(
        self, member: discord.Member, _: discord.VoiceState, after: discord.VoiceState
    ) -> None:
        """Somebody has joined, left, moved, or was muted; perhaps the bot itself."""
        guild = member.guild
        if self._bot.user is not None and member.id == self._bot.user.id:
            session = self._voice.players.session(guild.id)
            if session is None:
                return
            if after.channel is None:
                is_gone = guild.get_channel(session.channel_id) is None
                self._voice.players.thrown_out(guild.id, channel_is_gone=is_gone)
                return
            if after.channel.id != session.channel_id:
                self._voice.players.moved(guild.id, after.channel.id)
        self._voice.players.look(guild.id)

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """A channel is gone, perhaps the one that it plays in."""
        session = self._voice.players.session(channel.guild.id)
        if session is not None and session.channel_id == channel.id:
            self._voice.players.thrown_out(channel.guild.id, channel_is_gone=True)

    @commands.Cog.listener()
    async def on_guild_channel_update(
        self, _: discord.abc.GuildChannel, after: discord.abc.GuildChannel
    ) -> None:
        """A channel's permissions may be others."""
        self._voice.players.look(after.guild.id)

    @commands.Cog.listener()
    async def on_guild_role_update(self, _: discord.Role, after: discord.Role) -> None:
        """A role may do other things."""
        self._voice.players.look(after.guild.id)

    @commands.Cog.listener()
    async def on_member_update(self, _: discord.Member, after: discord.Member) -> None:
        """The bot may have lost a role."""
        self._voice.players.look(after.guild.id)

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """The bot was removed from a server."""
        self._voice.players.thrown_out(guild.id, channel_is_gone=False)


async def setup(bot: MusicGenBot) -> None:
    """discord.py's way to load a cog; without voice it hears of no voice channel."""
    if bot.voice is not None:
        await bot.add_cog(VoiceEvents(bot, bot.voice))
