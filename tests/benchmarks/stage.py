"""Stand-ins in this process, a bot in its own: what the benchmarks measure between."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from bisect import bisect_left
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from bot.playground.discord.actors import Actor
from bot.playground.discord.model import Channel, User
from bot.playground.discord.rules import Rules
from bot.playground.discord.server import DiscordStandIn
from bot.playground.replicate.limits import RateLimits
from bot.playground.replicate.standin import ReplicateStandIn
from bot.playground.replicate.timings import Timings
from tests.benchmarks.heartbeat import FILE, Lateness

BOT = ("bot",)
BEATING_BOT = ("tests.benchmarks.heartbeat",)
"""The same with a heartbeat."""
BARE = ("tests.benchmarks.bare",)


@dataclass
class Stage:
    """Both stand-ins and the process of the bot between them."""

    discord: DiscordStandIn
    replicate: ReplicateStandIn
    lateness: Lateness
    """Of a `BEATING_BOT`'s event loop."""
    _command: tuple[str, ...]
    _environment: dict[str, str]
    process: asyncio.subprocess.Process = field(init=False)
    spawned_at: float = field(init=False)
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

    async def start(self) -> None:
        """Start the bot's process."""
        self.spawned_at = self.discord.clock.now()
        self.process = await asyncio.create_subprocess_exec(*self._command, env=self._environment)

    async def stop(self) -> None:
        """Have it close, and wait for its end."""
        self.process.terminate()
        await self.process.wait()

    async def restart(self) -> None:
        """Another process goes on with what this one leaves."""
        await self.stop()
        self.lateness.forget()
        await self.start()


@asynccontextmanager
async def a_stage(
    module: tuple[str, ...], timings: Timings | None = None, has_voice: bool = False, /, **env: str
) -> AsyncGenerator[Stage, None]:
    """Start a bot by its module's name, with settings that point to the stand-ins."""
    with tempfile.TemporaryDirectory() as folder:
        heartbeat = Path(folder) / "heartbeat"
        async with (
            DiscordStandIn(rules=Rules(enforce_rate_limits=True), voice=has_voice) as discord,
            ReplicateStandIn(timings=timings, limits=RateLimits()) as replicate,
        ):
            environment = os.environ | {
                "DISCORD_TOKEN": discord.token,
                "DISCORD_BASE_URL": discord.base_url,
                "REPLICATE_API_TOKEN": replicate.token,
                "REPLICATE_BASE_URL": replicate.base_url,
                "DATA_FOLDER": folder,
                "LOG_LEVEL": "ERROR",
                "ALLOW_PRIVATE_ADDRESSES": "1",
                # Most of them have one person ask for everything.
                "MAX_WAITING_PER_USER": "100000",
                FILE: str(heartbeat),
                **env,
            }
            if has_voice:
                environment["SSL_CERT_FILE"] = str(discord.voice.certificate.trust_file)
            command = (sys.executable, "-m", *module)
            stage = Stage(discord, replicate, Lateness(heartbeat), command, environment)
            await stage.start()
            try:
                yield stage
            finally:
                await stage.stop()


def a_crowd(discord: DiscordStandIn, count: int) -> list[Actor]:
    """So many more people, who may use commands in #jam."""
    world = discord.world
    actors: list[Actor] = []
    for number in range(count):
        actor = discord.actor("ada")
        actor.user = User(world.next_id(), f"person{number}", f"Person {number}")
        actors.append(actor)
    world.jam.people = _Members((*world.jam.people, *(actor.user for actor in actors)))
    return actors


def some_channels(discord: DiscordStandIn, count: int) -> list[Channel]:
    """So many more channels of the server, for everyone who is in #jam."""
    world = discord.world
    channels: list[Channel] = []
    for number in range(count):
        channel = replace(world.jam, id=world.next_id(), name=f"room-{number}")
        world.channels[channel.id] = channel
        channels.append(channel)
    return channels


class _Members(tuple[User, ...]):
    """Many people, among whom one is found at once."""

    def __init__(self, members: Iterable[User] = (), /) -> None:
        self._ids = {member.id for member in members}

    def __contains__(self, member: object) -> bool:
        return isinstance(member, User) and member.id in self._ids


def cpu_s(process: psutil.Process) -> float:
    """The processor time that a process has used so far."""
    times = process.cpu_times()
    return times.user + times.system


def busiest_minute(service: ReplicateStandIn) -> int:
    """The most requests to the API within 60 s; the audio comes from another host."""
    at_s = [r.at.timestamp() for r in service.requests if not r.path.startswith("/delivery/")]
    return max(
        (number + 1 - bisect_left(at_s, now_s - 60.0) for number, now_s in enumerate(at_s)),
        default=0,
    )


def throttled(service: ReplicateStandIn | DiscordStandIn) -> int:
    """How many requests it refused as too many."""
    return sum(record.status == 429 for record in service.requests)
