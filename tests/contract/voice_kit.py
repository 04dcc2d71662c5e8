"""A real discord.py bot that plays in the stand-in's voice channels."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import cache

import aiohttp
import discord
import numpy as np
import soundfile  # pyright: ignore[reportMissingTypeStubs] - it has none
from discord.oggparse import OggStream

from bot.delivery.voice_connection import VoiceConnection
from bot.playground.discord import Channel, DiscordStandIn
from bot.playground.discord.voice.recording import Recording
from bot.playground.discord.voice.rtp import Packet
from tests.contract.discord_kit import pointed_at

SILENCE = b"\xf8\xff\xfe"
"""What discord.py sends five times where it ends."""


@cache
def opus(seconds: float) -> tuple[bytes, ...]:
    """A tone as Opus packets of 20 ms, no two of them alike."""
    at = np.arange(int(48_000 * seconds)) / 48_000
    tone = 0.3 * np.sin(2 * np.pi * (220 + 110 * at) * at)
    file = io.BytesIO()
    soundfile.write(file, np.stack([tone, tone], 1), 48_000, format="OGG", subtype="OPUS")
    file.seek(0)
    _, _, *packets = OggStream(file).iter_packets()
    return tuple(packets)


class Clip(discord.AudioSource):
    """Packets that are sent as they are; `ended` is set when they have been."""

    def __init__(self, packets: Iterable[bytes]) -> None:
        self._left = iter(packets)

    def read(self) -> bytes:
        return next(self._left, b"")

    def is_opus(self) -> bool:
        return True


class VoiceBot(discord.Client):
    """A client that trusts the stand-in's certificate."""

    def __init__(self, standin: DiscordStandIn) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True, voice_states=True),
            connector=aiohttp.TCPConnector(ssl=standin.voice.certificate.client()),
            guild_ready_timeout=0.02,
        )

    async def join(self, channel: Channel, timeout_s: float = 30.0) -> VoiceConnection:
        """Come into a voice channel."""
        found = self.get_channel(channel.id)
        assert isinstance(found, discord.VoiceChannel | discord.StageChannel)
        return await found.connect(timeout=timeout_s, cls=VoiceConnection)


@asynccontextmanager
async def a_voice_bot(standin: DiscordStandIn) -> AsyncGenerator[VoiceBot]:
    """One that is online, and ready."""
    bot = VoiceBot(standin)
    with pointed_at(standin):
        await bot.login(standin.token)
        life = asyncio.create_task(bot.connect())
        try:
            async with asyncio.timeout(30):
                await bot.wait_until_ready()
            yield bot
        finally:
            for client in list(bot.voice_clients):
                await client.disconnect(force=True)
            await bot.close()
            await life


async def play(client: discord.VoiceClient, packets: Iterable[bytes]) -> None:
    """Play to the end."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    client.play(Clip(packets), after=lambda _: loop.call_soon_threadsafe(ended.set))
    async with asyncio.timeout(30):
        await ended.wait()


async def eventually(holds: Callable[[], object]) -> None:
    """Wait for something that no event tells of."""
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.005)


async def arrived(recording: Recording, count: int) -> list[Packet]:
    """Wait for so many packets that are no silence; they."""
    came = asyncio.Event()
    stop = recording.listen(lambda _: came.set())
    try:
        async with asyncio.timeout(30):
            while len(packets := [p for p in recording.packets if p.payload != SILENCE]) < count:
                came.clear()
                await came.wait()
    finally:
        stop()
    return packets
