"""The real bot, over real transport, between the two stand-ins; time runs faster for the bot."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from inspect import unwrap
from pathlib import Path
from typing import TypeVar
from unittest.mock import patch

from aiohttp.connector import _SSL_CONTEXT_VERIFIED  # pyright: ignore[reportPrivateUsage] - what discord.py connects with
from pydantic import JsonValue, TypeAdapter

from bot.card.interactions import reading
from bot.client import MusicGenBot
from bot.discord_internals import find_gateway, open_session, point_at
from bot.domain.clock import Clock as BotClock
from bot.engine import lease_keeper, poller
from bot.open_parts import open_parts
from bot.operations.metrics import Metrics
from bot.playground.discord.actors import Actor, Used, Value
from bot.playground.discord.clock import Clock
from bot.playground.discord.messages import Message, MessageBody
from bot.playground.discord.model import Channel
from bot.playground.discord.rules import Rules
from bot.playground.discord.server import DiscordStandIn
from bot.playground.faults import Fault
from bot.playground.replicate.hosted import Hosted
from bot.playground.replicate.predictions import Prediction
from bot.playground.replicate.standin import ReplicateStandIn
from bot.playground.replicate.timings import Timings
from bot.replicate.webhooks import WebhookKey
from bot.settings import Settings
from tests import forked_workers
from tests.evidence import show_on_failure
from tests.journey.fast_clock import FastClock
from tests.rarely import looking_rarely

SPEED = 25.0
PATIENCE_S = 30.0
"""It only matters where a test fails."""
ANSWERS_WITHIN_S = 15.0
OBJECT: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])

CREATE = "POST /v1/predictions"
POLL = "GET /v1/predictions/*"
OUTPUT = "GET /delivery/*"
EDIT = "PATCH /api/v10/webhooks/*"

_T = TypeVar("_T")


class Rig:
    """Both stand-ins, and a bot that can be started and stopped between them."""

    def __init__(
        self,
        discord: DiscordStandIn,
        replicate: ReplicateStandIn,
        settings: Settings,
        clock: BotClock,
    ) -> None:
        self.discord = discord
        self.replicate = replicate
        self.settings = settings
        self.clock = clock
        self.metrics: Metrics | None = None
        self.webhook_key: WebhookKey | None = None
        self._bot: MusicGenBot | None = None
        self._stack = AsyncExitStack()

    @property
    def ada(self) -> Actor:
        return self.discord.actor("ada")

    @property
    def bo(self) -> Actor:
        return self.discord.actor("bo")

    @property
    def mod(self) -> Actor:
        return self.discord.actor("mod")

    @property
    def bot(self) -> MusicGenBot:
        assert self._bot is not None
        return self._bot

    async def musicgen(self, prompt: Value = "deep house bassline", **options: Value) -> Used:
        """Ada asks in #jam for a second of music, or what else is said; the bot has answered."""
        asked: dict[str, Value] = {"prompt": prompt, "duration": 1, **options}
        used = await self.ada.slash(self.discord.world.jam, "musicgen", **asked)
        return await used.answered()

    async def prediction(self, shows: Callable[[Prediction], object] = bool) -> Prediction:
        """Wait for the only prediction, until `shows` is true of it."""
        await eventually(
            lambda: self.replicate.predictions and shows(self.replicate.predictions[0])
        )
        [prediction] = self.replicate.predictions
        return prediction

    def public_messages(self) -> list[Message]:
        """What the bot has said for everyone to see, wherever, and has not taken back."""
        world = self.discord.world
        return [
            message
            for message in world.messages.values()
            if message.author is world.bot and not message.deleted and not message.ephemeral
        ]

    async def until_waiting(self, channel: Channel, *, waits: bool = True) -> None:
        """Wait until something of Ada's waits for a way into a channel; or nothing does."""
        waiting_for = self.bot.service.waiting_for
        async with asyncio.timeout(PATIENCE_S):
            while bool(await waiting_for(self.ada.user.id, channel.id)) != waits:  # noqa: ASYNC110 - no event tells of it
                await asyncio.sleep(0.005)

    def requests(self, method: str, path: str) -> int:
        """How often this was asked of Replicate."""
        return sum((r.method, r.path) == (method, path) for r in self.replicate.requests)

    def paid_once(self) -> bool:
        """Whether exactly one prediction was asked for, and made."""
        return len(self.replicate.predictions) == 1 == self.requests(*CREATE.split())

    def trouble_replicate(self, route: str, **fault: object) -> None:
        """Order a `Fault` from Replicate."""
        self.replicate.faults.order(Fault.model_validate({"route": route, **fault}))

    def trouble_discord(self, route: str, **fault: object) -> None:
        """Order a `Fault` from Discord."""
        self.discord.faults.order(Fault.model_validate({"route": route, **fault}))

    async def start(self) -> MusicGenBot:
        """Start the bot as `python -m bot` does, without its signals and its process."""
        point_at(self.settings.discord_base_url)
        parts = await self._stack.enter_async_context(
            open_parts(self.settings, self.clock, self.metrics)
        )
        self._bot = bot = MusicGenBot(parts)
        self.webhook_key = parts.webhook_key
        # Nobody is in the stand-in's server but those it announces at once.
        bot._connection.guild_ready_timeout = 0.05  # pyright: ignore[reportPrivateUsage] - fixed there
        token = self.settings.discord_token.get_secret_value()
        open_session(bot, token, self.settings.proxies, *bot.middlewares)
        await bot.login(token)
        await find_gateway(bot)
        connected = asyncio.create_task(bot.connect())

        async def leave() -> None:
            await bot.close()
            await connected

        self._stack.push_async_callback(leave)
        await bot.wait_until_ready()
        await self.discord.world.until(lambda world: any(world.commands.every()))
        return bot

    async def stop(self) -> None:
        """Stop the bot; the stand-ins live on."""
        await self._stack.aclose()
        self._bot = None


@asynccontextmanager
async def a_rig(
    folder: Path,
    *,
    env: Mapping[str, str] | None = None,
    rules: Rules | None = None,
    timings: Timings | None = None,
    schema: dict[str, JsonValue] | None = None,
    speed: float = SPEED,
    start: bool = True,
    notice: str | None = None,
    discord_clock: Clock | None = None,
    services_ahead_s: float = 0.0,
    bot_clock: BotClock | None = None,
    fine_tunes: Sequence[Hosted] = (),
    voice: bool = False,
) -> AsyncGenerator[Rig, None]:
    """Everything up, the bot ready unless `start` is False; closed at the end.

    The bot and "Replicate" share one fast clock, so `timings` are in its seconds; unless the bot
    has a clock of its own. Both services may be ahead of this machine.

    A bot of this process has more patience than Discord has, and so has the person: it shares a
    processor with the stand-ins and other tests. That it answers in time is measured elsewhere
    (`tests/benchmarks/acknowledge.py`).
    """
    if start:
        rules = replace(rules or Rules(), first_response_s=ANSWERS_WITHIN_S)
    clock = FastClock(speed, services_ahead_s)
    if services_ahead_s:
        discord_clock = Clock(lambda: time.time() + services_ahead_s)
    model = (env or {}).get("MUSICGEN_MODEL", "meta/musicgen")
    async with (
        DiscordStandIn(rules=rules, notice=notice, clock=discord_clock, voice=voice) as discord,
        ReplicateStandIn(
            schema, timings or Timings.instant(), clock=clock, model=model, fine_tunes=fine_tunes
        ) as replicate,
    ):
        settings = Settings.from_env(
            {
                "DISCORD_TOKEN": discord.token,
                "DISCORD_BASE_URL": discord.base_url,
                "REPLICATE_API_TOKEN": replicate.token,
                "REPLICATE_BASE_URL": replicate.base_url,
                "ALLOW_PRIVATE_ADDRESSES": "1",
                "DATA_FOLDER": str(folder),
                **(env or {}),
            }
        )
        if voice:
            _trust(discord)
        rig = Rig(discord, replicate, settings, bot_clock or clock)
        show_on_failure("what the channels hold", discord.world.transcript)
        with (
            clock.watching(discord.faults, replicate.faults),
            _looking_rarely(speed),
            patch.object(unwrap(reading), "__defaults__", (ANSWERS_WITHIN_S,)),
            forked_workers.forking(forked_workers.address()),
        ):
            try:
                if start:
                    await rig.start()
                yield rig
            finally:
                await rig.stop()


def _trust(discord: DiscordStandIn) -> None:
    """Have the bot in this process take its voice server's certificate, which lives no longer."""
    _SSL_CONTEXT_VERIFIED.load_verify_locations(cadata=discord.voice.certificate.pem)


@contextmanager
def _looking_rarely(speed: float) -> Generator[None]:
    """Where an hour passes in seconds, do what is done again and again less often."""
    if speed <= SPEED:
        yield
        return
    rarely = max(1.0, speed / 200)
    with (
        looking_rarely(rarely),
        patch.object(lease_keeper, "_FORGET_EVERY_S", 300.0 * rarely),
        patch.object(lease_keeper, "_TIDY_EVERY_S", 300.0 * rarely),
        patch.object(poller, "_ALONE_S", 5.0 * max(1.0, speed / 500)),
    ):
        yield


async def eventually(holds: Callable[[], _T], timeout_s: float = PATIENCE_S) -> _T:
    """Wait for something that no event tells of."""
    async with asyncio.timeout(timeout_s):
        while not (result := holds()):  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.005)
    return result


def words(shown: Message | MessageBody) -> str:
    """All that a message says: its content, and its embed with every field."""
    body = shown.body if isinstance(shown, Message) else shown
    lines = [body.content]
    for embed in body.embeds:
        lines += [embed.title or "", embed.description or ""]
        lines += [f"{field.name}: {field.value}" for field in embed.fields]
        lines += [embed.footer.text if embed.footer else ""]
    return "\n".join(line for line in lines if line)


def buttons(message: Message) -> list[str | None]:
    """What there is to press below it."""
    return [item.label for item in message.body.items if item.type == 2]


def has_track(message: Message) -> bool:
    """Whether it carries a file."""
    return bool(message.attachments)


def has_ended(shown: Message | MessageBody) -> bool:
    """Whether it is a card that has ended, well or badly."""
    return "· took " in words(shown)


def sentence_of(message: Message) -> str:
    """What a card says above its small print, whose last line is whose it is."""
    lines = (message.embeds[0].description or "").splitlines()
    assert lines[-1].startswith("-# Asked for by <@")
    return "\n".join(line for line in lines if not line.startswith("-# "))
