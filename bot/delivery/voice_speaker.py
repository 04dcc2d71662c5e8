"""The bot's voice: voice channels as Discord tells of them, and discord.py's voice client.

The client sends from a thread of its own, a packet each 20 ms, whatever the event loop does.
Neither FFmpeg nor libopus is needed for that: the packets are Opus already.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import discord

from bot.delivery.voice_connection import VoiceConnection
from bot.discord_errors import NETWORK_FAULTS, REQUEST_FAILED
from bot.domain.errors.voice import (
    NotInVoice,
    VoiceChannelFull,
    VoiceNotHere,
    VoicePermissionsMissing,
    VoiceUnreachable,
)
from bot.voice.ports import PACKET_S, Packets, Speaker

log = logging.getLogger(__name__)

VoiceChannel = discord.VoiceChannel | discord.StageChannel

_JOINS_WITHIN_S = 12.0
_COMES_BACK_WITHIN_S = 10.0
"""Discord moves a call to another server of its own now and then."""
_LOOK_S = 0.1
_FALLS_SILENT_WITHIN_S = 1.0
_LEAVES_WITHIN_S = 3.0
_NEEDED = ("view_channel", "connect", "speak")
_NO_CONNECTION = (
    discord.ClientException,
    discord.ConnectionClosed,
    OSError,
    *NETWORK_FAULTS,
)


def is_installed() -> bool:
    """Whether what discord.py's voice needs can be loaded: the extra `voice`."""
    try:
        import davey  # noqa: F401  # pyright: ignore[reportUnusedImport] - whether it loads is asked
        import nacl.secret  # noqa: F401  # pyright: ignore[reportUnusedImport] - the same
    except ImportError:
        return False
    return True


class DiscordSpeakers:
    """Voice channels that this process's shards tell of; `bot.voice.ports.Speakers`."""

    def __init__(
        self, client: discord.Client, speaker: Callable[[discord.Client, int], Speaker]
    ) -> None:
        self._client = client
        self._speaker = speaker

    def channel_of(self, interaction: discord.Interaction) -> VoiceChannel:
        """The voice channel of whoever presses; the bot can join it, as far as is known.

        Raises:
            VoiceNotHere: this is no server that the bot is a member of.
            NotInVoice: they are in none.
            VoicePermissionsMissing, VoiceChannelFull: it cannot be joined.
        """
        guild = self._client.get_guild(interaction.guild_id or 0)
        if guild is None:
            raise VoiceNotHere
        person = interaction.user
        state = person.voice if isinstance(person, discord.Member) else None
        channel = None if state is None else state.channel
        if channel is None:
            raise NotInVoice
        missing = _missing(channel, guild.me)
        if missing:
            raise VoicePermissionsMissing(channel.id, missing)
        there = channel.voice_states
        is_full = channel.user_limit and len(there) >= channel.user_limit
        may_go_over = channel.permissions_for(guild.me).move_members
        if is_full and guild.me.id not in there and not may_go_over:
            raise VoiceChannelFull(channel.id)
        return channel

    def speaker(self, guild_id: int) -> Speaker:
        """One for a server, which has joined no channel yet."""
        return self._speaker(self._client, guild_id)

    def listeners(self, guild_id: int, channel_id: int) -> int:
        """How many people are in a channel, other than bots."""
        guild = self._client.get_guild(guild_id)
        channel = None if guild is None else guild.get_channel(channel_id)
        if guild is None or not isinstance(channel, VoiceChannel):
            return 0
        there = [(user_id, guild.get_member(user_id)) for user_id in channel.voice_states]
        own_id = guild.me.id
        # Of whom nothing is known, a person is believed.
        return sum(
            member is None or not member.bot for user_id, member in there if user_id != own_id
        )

    def is_silenced(self, guild_id: int) -> bool:
        """Whether the bot cannot be heard where it is: muted, or no speaker of a stage."""
        guild = self._client.get_guild(guild_id)
        state = None if guild is None else guild.me.voice
        return state is not None and (state.mute or state.suppress)

    def lacks(self, guild_id: int, channel_id: int) -> bool:
        """Whether the bot lacks a permission that it needs in a channel."""
        guild = self._client.get_guild(guild_id)
        channel = None if guild is None else guild.get_channel(channel_id)
        if guild is None or not isinstance(channel, VoiceChannel):
            return False
        return bool(_missing(channel, guild.me))


class DiscordSpeaker:
    """The bot in one server's voice channel; a `bot.voice.ports.Speaker`."""

    def __init__(self, client: discord.Client, guild_id: int) -> None:
        self._client = client
        self._guild_id = guild_id
        self._voice: discord.VoiceClient | None = None
        self._channel: VoiceChannel | None = None
        """The one that it was asked to join."""
        self._lost: Callable[[], None] = lambda: None
        self._playing: _Playing | None = None

    async def join(self, channel_id: int, lost: Callable[[], None]) -> None:
        """Join a channel, and ask for the word on a stage.

        Raises:
            VoiceUnreachable: it cannot be joined in time.
        """
        self._lost = lost
        self._channel = None
        guild = self._client.get_guild(self._guild_id)
        channel = None if guild is None else guild.get_channel(channel_id)
        if guild is None or not isinstance(channel, VoiceChannel):
            raise VoiceUnreachable(channel_id)
        try:
            if guild.voice_client is not None:
                await guild.voice_client.disconnect(force=True)
            # It hears nobody: what it is not sent it can't be blamed for.
            self._voice = await channel.connect(
                timeout=_JOINS_WITHIN_S, cls=VoiceConnection, self_deaf=True
            )
        except (*_NO_CONNECTION, ImportError) as error:
            # What it takes is loaded only now.
            log.warning("voice channel %d cannot be joined: %r", channel_id, error)
            raise VoiceUnreachable(channel_id) from error
        self._channel = channel
        if isinstance(channel, discord.StageChannel):
            await _take_the_stage(channel)

    async def play(self, packets: Packets, ended: Callable[[], None]) -> None:
        """Play in place of what plays; `ended` is told once all of it was sent.

        Raises:
            VoiceUnreachable: the connection is gone, and does not come back.
        """
        await self.stop()
        voice = self._voice
        if voice is None:
            raise VoiceUnreachable(0)
        playing = _Playing(packets, ended)
        loop = asyncio.get_running_loop()

        def after(error: Exception | None) -> None:
            # In the client's thread, which may outlive the loop.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(partial(self._after, playing, error))

        try:
            await _until_connected(voice)
            self._playing = playing
            voice.play(playing.source, after=after)
        except (discord.ClientException, TimeoutError) as error:
            self._playing = None
            raise VoiceUnreachable(voice.channel.id) from error

    def _after(self, playing: _Playing, error: Exception | None) -> None:
        playing.is_over.set()
        if error is not None:
            log.error("what plays was broken off", exc_info=error)
        if playing is not self._playing:
            return
        self._playing = None
        if playing.source.left:
            self._lost()
        else:
            playing.ended()

    def turn(self, packets: Packets) -> None:
        """Go on with the same music in another volume."""
        if self._playing is not None:
            self._playing.source.packets = packets

    def pause(self) -> None:
        """Pause what plays."""
        if self._voice is not None:
            self._voice.pause()

    def resume(self) -> None:
        """Go on from there."""
        if self._voice is not None:
            self._voice.resume()

    @property
    def left_s(self) -> float:
        """How many seconds of what plays are still to be heard."""
        return 0.0 if self._playing is None else self._playing.source.left * PACKET_S

    async def stop(self) -> None:
        """End what plays, and wait until its thread sends nothing any more: there is one count."""
        playing, self._playing = self._playing, None
        if playing is None or self._voice is None:
            return
        self._voice.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(_FALLS_SILENT_WITHIN_S):
                await playing.is_over.wait()

    async def leave(self) -> None:
        """Leave the channel; whatever goes wrong in that is logged."""
        await self.stop()
        voice, self._voice = self._voice, None
        if voice is None:
            return
        if self._channel is not None:
            # Moved where it sees no channel, it would have none to leave (discord.py 2.7.1).
            voice.channel = voice.channel or self._channel
        try:
            async with asyncio.timeout(_LEAVES_WITHIN_S):
                await voice.disconnect(force=True)
        except _NO_CONNECTION as error:
            log.warning("a voice channel was not left in order: %r", error)


async def _until_connected(voice: discord.VoiceClient) -> None:
    """Raises `TimeoutError`. The client tells of it in a way that would block a thread."""
    async with asyncio.timeout(_COMES_BACK_WITHIN_S):
        while not voice.is_connected():  # noqa: ASYNC110 - there is no event of asyncio's
            await asyncio.sleep(_LOOK_S)


class _Playing:
    """What plays, and who is told of its end."""

    def __init__(self, packets: Packets, ended: Callable[[], None]) -> None:
        self.source = _PacketSource(packets)
        self.ended = ended
        self.is_over = asyncio.Event()


class _PacketSource(discord.AudioSource):
    """Packets as they are; read in the client's thread."""

    def __init__(self, packets: Packets) -> None:
        self.packets = packets
        self._position = 0

    @property
    def left(self) -> int:
        """How many packets are still to be sent."""
        return max(0, len(self.packets) - self._position)

    def read(self) -> bytes:
        """The next one; nothing after the last."""
        packets, at = self.packets, self._position
        if at >= len(packets):
            return b""
        self._position = at + 1
        return packets[at]

    def is_opus(self) -> bool:
        """They are."""
        return True


def _missing(channel: VoiceChannel, me: discord.Member) -> tuple[str, ...]:
    """What the bot needs in a channel and may not do there, by the names of the flags."""
    may = channel.permissions_for(me)
    if isinstance(channel, discord.VoiceChannel):
        return tuple(flag for flag in _NEEDED if not getattr(may, flag))
    needed = {
        "view_channel": may.view_channel,
        "connect": may.connect,
        "request_to_speak": may.request_to_speak or may.mute_members,
    }
    return tuple(flag for flag, is_given in needed.items() if not is_given)


async def _take_the_stage(channel: discord.StageChannel) -> None:
    """Become a speaker where the bot may make somebody one, and ask to be made one elsewhere."""
    me = channel.guild.me
    try:
        if channel.permissions_for(me).mute_members:
            await me.edit(suppress=False)
        else:
            await me.request_to_speak()
    except (*REQUEST_FAILED, discord.ClientException) as error:
        log.info("on the stage %d the bot waits to be a speaker: %r", channel.id, error)
