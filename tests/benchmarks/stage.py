"""Stand-ins in this process, a bot in its own: what the benchmarks measure between."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.playground.discord.server import DiscordStandIn
from bot.playground.discord.world import Rules
from bot.playground.replicate.limits import RateLimits
from bot.playground.replicate.standin import ReplicateStandIn
from bot.playground.replicate.timings import Timings

BOT = ("bot",)
BARE = ("tests.benchmarks.bare",)


@dataclass(frozen=True)
class Stage:
    """Both stand-ins and the process of the bot between them."""

    discord: DiscordStandIn
    replicate: ReplicateStandIn
    process: asyncio.subprocess.Process
    spawned_at: float
    """By the clock of the Discord stand-in."""

    def synced_at(self) -> float | None:
        """When Discord had received the commands."""
        for request in self.discord.requests:
            if request.method == "PUT" and request.path.endswith("/commands"):
                return request.at
        return None

    async def ready(self) -> None:
        """Wait until the commands are there and the gateway is connected."""
        await self.discord.world.until(lambda world: any(world.commands.every()), timeout_s=20)
        await self.discord.world.until(lambda world: world.bot_online, timeout_s=20)


@asynccontextmanager
async def a_stage(
    module: tuple[str, ...], timings: Timings | None = None, **env: str
) -> AsyncGenerator[Stage, None]:
    """Start a bot by its module's name, with settings that point to the stand-ins."""
    with tempfile.TemporaryDirectory() as folder:
        async with (
            DiscordStandIn(rules=Rules(enforce_rate_limits=True)) as discord,
            ReplicateStandIn(timings=timings, limits=RateLimits()) as replicate,
        ):
            environment = os.environ | {
                "DISCORD_TOKEN": discord.token,
                "DISCORD_BASE_URL": discord.base_url,
                "REPLICATE_API_TOKEN": replicate.token,
                "REPLICATE_BASE_URL": replicate.base_url,
                "ALLOW_PRIVATE_ADDRESSES": "1",
                "DATA_FOLDER": folder,
                "LOG_LEVEL": "ERROR",
                **env,
            }
            spawned_at = discord.clock.now()
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", *module, env=environment
            )
            try:
                yield Stage(discord, replicate, process, spawned_at)
            finally:
                process.terminate()
                await process.wait()
