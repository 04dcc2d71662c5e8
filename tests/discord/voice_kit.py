"""A bot that plays in simcord's voice channels: what it would send is kept, and sent nowhere."""

from __future__ import annotations

import asyncio
import hashlib
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import discord

from bot.delivery.voice import VoiceParts
from bot.domain.errors import NotAudio
from bot.domain.errors.voice import VoiceUnreachable
from bot.voice.ports import PACKET_S, Packets

if TYPE_CHECKING:
    from tests.discord.world import World

UNREADABLE = b"no audio"


def ogg_of(packets: Sequence[bytes]) -> bytes:
    """An Ogg stream with a packet a page."""
    return b"".join(
        b"OggS" + struct.pack("<xBQIIIB", 0, 0, 1, number, 0, 1) + bytes([len(packet)]) + packet
        for number, packet in enumerate(packets)
    )


def packets_of(content: bytes, volume: int) -> list[bytes]:
    """What is sent of a file: ten packets that tell of which it was made, and how loud."""
    name = hashlib.sha256(content).hexdigest()[:8]
    return [f"{name} at {volume}: {number}".encode() for number in range(10)]


class FakeVoiceSound:
    """Encodes files to packets that tell which they are."""

    async def encode(self, parts: Sequence[Path], volume: int, target: Path) -> float:
        content = b"".join([await asyncio.to_thread(part.read_bytes) for part in parts])
        if content == UNREADABLE:
            raise NotAudio
        packets = [b"OpusHead", b"OpusTags", *packets_of(content, volume)]
        await asyncio.to_thread(target.write_bytes, ogg_of(packets))
        return 0.2


@dataclass
class FakeSpeaker:
    """The bot in a voice channel of simcord's, which has states and no sound."""

    studio: Studio
    guild_id: int
    played: list[list[bytes]] = field(default_factory=list[list[bytes]])
    """What was played, each as it was last heard."""
    is_paused: bool = False
    ended: Callable[[], None] | None = None

    async def join(self, channel_id: int, lost: Callable[[], None]) -> None:
        if self.studio.is_cut:
            raise VoiceUnreachable(channel_id)
        self.lost = lost
        self.be_in(channel_id)

    async def play(self, packets: Packets, ended: Callable[[], None]) -> None:
        self.played.append([*packets])
        self.ended = ended

    def turn(self, packets: Packets) -> None:
        self.played[-1] = [*packets]

    def pause(self) -> None:
        self.is_paused = True

    def resume(self) -> None:
        self.is_paused = False

    @property
    def left_s(self) -> float:
        return 0.0 if self.ended is None else len(self.played[-1]) * PACKET_S

    async def stop(self) -> None:
        self.ended = None

    async def leave(self) -> None:
        self.ended = None
        self.be_in(None)

    def be_in(self, channel_id: int | None, **flags: bool) -> None:
        """Have Discord tell where the bot is."""
        world = self.studio.world
        assert world.bot.user is not None
        world.env.backend.set_voice_state(self.guild_id, world.bot.user.id, channel_id, **flags)


class Studio:
    """All that the bot plays."""

    world: World

    def __init__(self) -> None:
        self.speakers: list[FakeSpeaker] = []
        self.is_cut = False
        """Whether no voice channel can be joined."""

    @property
    def speaker(self) -> FakeSpeaker:
        """The newest one."""
        return self.speakers[-1]

    def parts(self) -> VoiceParts:
        return VoiceParts(FakeVoiceSound(), self._speaker)

    def _speaker(self, _: discord.Client, guild_id: int) -> FakeSpeaker:
        self.speakers.append(FakeSpeaker(self, guild_id))
        return self.speaker

    def forget_cards(self) -> None:
        """The bot reads cards again before it plays from them."""
        assert self.world.bot.voice is not None
        self.world.bot.voice.sounds.cards.clear()

    async def finish(self) -> None:
        """What plays is over."""
        ended, self.speaker.ended = self.speaker.ended, None
        assert ended is not None, "nothing plays"
        ended()
        await self.world.pass_s(2)

    async def set_bot(self, channel_id: int | None, **flags: bool) -> None:
        """Somebody moves the bot, takes it out, or mutes it."""
        self.speaker.be_in(channel_id, **flags)
        await self.world.pass_s(2)
