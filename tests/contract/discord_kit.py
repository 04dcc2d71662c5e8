"""A small real discord.py bot, connected to the stand-in in one process."""

from __future__ import annotations

import asyncio
import io
import struct
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager

import discord
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.playground.discord import DiscordStandIn

Callback = Callable[[discord.Interaction], Awaitable[None]]


def png(width: int = 3, height: int = 2) -> bytes:
    """The smallest picture of a size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        whole = kind + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + bytes(width) for _ in range(height)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def a_file(name: str, data: bytes = b"RIFF") -> discord.File:
    """A file to upload; good for one use."""
    return discord.File(io.BytesIO(data), name)


class SmallBot(discord.AutoShardedClient):
    """A client with a command tree, whose commands a test adds before it starts."""

    def __init__(self, *, shard_count: int | None = None) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True),
            guild_ready_timeout=0.02,
            shard_count=shard_count,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self.tree = app_commands.CommandTree(
            self,
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=True
            ),
        )
        self.errors: list[Exception] = []
        self.seen: asyncio.Queue[discord.Interaction] = asyncio.Queue()
        self.resumed: asyncio.Queue[int] = asyncio.Queue()
        self.tree.error(self._failed)

    async def _failed(self, _: discord.Interaction, error: app_commands.AppCommandError) -> None:
        cause = error.__cause__
        self.errors.append(cause if isinstance(cause, Exception) else error)

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        self.seen.put_nowait(interaction)

    async def on_shard_resumed(self, shard_id: int) -> None:
        self.resumed.put_nowait(shard_id)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Do not wait 5 s between shards."""

    def slash(self, callback: Callback, name: str = "go") -> None:
        """Add a command without options."""

        async def run(interaction: discord.Interaction) -> None:
            await callback(interaction)

        self.tree.add_command(app_commands.Command(name=name, description="-", callback=run))


def bot_with(callback: Callback) -> SmallBot:
    """A bot whose one command, /go, does this."""
    bot = SmallBot()
    bot.slash(callback)
    return bot


@contextmanager
def pointed_at(discord_: DiscordStandIn) -> Generator[None]:
    """Make discord.py talk to the stand-in instead of Discord."""
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE = f"{discord_.base_url}/api/v10"
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(discord_.gateway_url)
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = before


@asynccontextmanager
async def running(discord_: DiscordStandIn, bot: SmallBot) -> AsyncGenerator[SmallBot]:
    """The bot online; whatever it raised in a command is raised at the end."""
    with pointed_at(discord_):
        life = asyncio.create_task(bot.start(discord_.token))
        online = asyncio.create_task(discord_.world.until(lambda world: world.bot_online))
        await asyncio.wait([life, online], return_when=asyncio.FIRST_COMPLETED)
        if life.done():
            online.cancel()
            await life
        await online
        try:
            yield bot
        finally:
            await bot.close()
            await life
    if bot.errors:
        raise ExceptionGroup("the bot's commands failed", bot.errors)
