"""The real bot in simcord's simulated Discord, and the people it serves.

This and conftest.py are all that knows simcord. Time passes only in `World.pass_s`, and every wait
of the bot hangs on it.
"""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import discord
import simcord

from bot.client import MusicGenBot
from bot.domain.clock import SystemClock
from bot.domain.generation import AudioSource, Generation
from bot.domain.inputs import InputTable
from bot.domain.models import Models
from bot.domain.prediction import Prediction
from bot.engine.ports import InputAudio
from bot.engine.service import EngineConfig
from bot.parts import Parts
from tests.discord.voice_kit import Studio
from tests.fakes import (
    MUSICGEN,
    FakeJournal,
    FakePieceSound,
    FakePredictions,
    FakeSound,
    FakeTrackStore,
    step,
)
from tests.rarely import looking_rarely

TRACK = b"RIFF, and what a track is made of"
DONE = Prediction(
    "p1",
    "succeeded",
    output_url="https://replicate.delivery/x/out.wav",
    logs=step(400),
)
BY_TOKEN = "/webhooks/*"
BY_BOT = "/channels/*"
CALLBACK = ("POST", "/interactions/*/callback")
TOKEN_LIFE_S = 15 * 60
_LONG_S = 10 * 60
FINISHED = ["Again", "Extend", "Edit", "Melody", "Variations", "Star", "Info", "Delete"]
ENDED = ["Again", "Edit", "Info", "Delete"]
"""The buttons of a card with a track, and of one that ended without."""
NotOffered = simcord.OptionError
"""Discord itself does not let a person send such an option."""


class SimClock:
    """simcord's clock, behind the bot's port for it."""

    def __init__(self) -> None:
        self._world: tuple[simcord.Env, datetime] | None = None
        self._clock = SystemClock()

    def start(self, env: simcord.Env) -> None:
        """Belong to a world; a bot is made before its world, when no time has passed yet."""
        self._world = env, env.now()

    def now(self) -> datetime:
        return self._env.now()

    def monotonic(self) -> float:
        if self._world is None:
            return 0.0
        env, began_at = self._world
        return (env.now() - began_at).total_seconds()

    async def sleep(self, delay_s: float) -> None:
        await self._env.external_wait(asyncio.sleep(delay_s), reason="the bot rests")

    async def wait(self, event: asyncio.Event, timeout_s: float | None) -> bool:
        return await self._env.external_wait(
            self._clock.wait(event, timeout_s), reason="the bot waits"
        )

    @property
    def _env(self) -> simcord.Env:
        assert self._world is not None
        return self._world[0]


class SlowSound(FakeSound):
    """Input audio that takes for ever to arrive while `slow` is set; joined pieces are on disk."""

    def __init__(self, clock: SimClock) -> None:
        super().__init__()
        self.slow = False
        self._clock = clock

    async def take_in(self, source: AudioSource, limit_bytes: int) -> InputAudio:
        if self.slow:
            await self._clock.wait(asyncio.Event(), None)
        return await super().take_in(source, limit_bytes)

    async def join(self, piece: Path, output: Path, context_s: float, target: Path) -> None:
        await super().join(piece, output, context_s, target)
        await asyncio.to_thread(target.write_bytes, TRACK)


@dataclass(frozen=True)
class Request:
    """One call the bot made to Discord."""

    method: str
    path: str
    body: Any


class World:
    """A server with three people and the bot, all of it fresh."""

    def __init__(self, folder: Path, studio: Studio | None = None) -> None:
        self.studio = studio
        """Where it plays in voice channels; None where that is not installed."""
        if studio is not None:
            studio.world = self
        self.clock = SimClock()
        self.journal = FakeJournal()
        self.journal.tables.community.now = self.clock.now
        self.predictions = FakePredictions(answers=(Prediction("p1", "starting"),), track=TRACK)
        self.sound = SlowSound(self.clock)
        self.piece_sound = FakePieceSound()
        self.config = EngineConfig(MUSICGEN, 1500, folder)
        self.bug_expected = False
        """Whether the test makes the bot fail on purpose; else an error in the log fails it."""
        self.cuts: list[tuple[str, str]] = []
        """Requests, as method and path, whose connection will break before they arrive."""
        self.lost: list[tuple[str, str]] = []
        """Those whose answer gets lost."""
        self.bot = self._a_bot()
        # An hour of the bot's takes a second of a processor; how long that is others decide.
        self.env = simcord.Env(self.bot, shard_count=1, check_errors=False, settle_timeout=60.0)
        self.clock.start(self.env)

    async def start(self) -> None:
        await self.env.start()
        self.guild = self.env.create_guild("Jam")
        self.channel = self.guild.create_text_channel("jam")
        self.ada, self.bo = (
            self.guild.add_member(self.env.create_user(name)) for name in ("ada", "bo")
        )
        moderators = self.guild.create_role(
            "moderators", permissions=discord.Permissions(manage_messages=True)
        )
        self.mod = self.guild.add_member(self.env.create_user("mod"), roles=[moderators])

    async def restart(
        self,
        *,
        journal: FakeJournal | None = None,
        table: InputTable | None = None,
        models: Models | None = None,
        force_sync: bool = False,
    ) -> None:
        """Another process of the bot takes over, from the journal alone."""
        self.journal = FakeJournal(beside=journal or self.journal)
        if table is not None:
            models = Models(replace(self.config.models.main, table=table))
        self.config = replace(self.config, models=models or self.config.models)
        self.bot = self._a_bot(force_sync=force_sync)
        await self.env.restart_bot(self.bot)

    async def die(self, **changes: object) -> None:
        """The bot is gone, and the only row it left behind says this."""
        row = self.generation
        await self.restart(journal=FakeJournal())
        self.journal = FakeJournal()
        self.journal.rows[row.id] = replace(row, **changes)  # pyright: ignore[reportArgumentType] - fields by name

    async def outage(self, seconds: float) -> None:
        """The bot is down for so long; in its place stands one that knows nothing."""
        journal = self.journal
        with looking_rarely():
            await self.restart(journal=FakeJournal())
            await self.pass_s(seconds)
        await self.restart(journal=journal)

    async def musicgen(
        self,
        prompt: str = "lofi",
        *,
        channel: simcord.ChannelHandle | None = None,
        **options: Any,
    ) -> Asked:
        """Ada asks; the bot has done what it can do at once."""
        result = await self.ada.slash(channel or self.channel, "musicgen", prompt=prompt, **options)
        return Asked(self, result)

    async def musicgen_in_dm(self, prompt: str = "lofi", **options: Any) -> Asked:
        """Ada asks in her direct messages with the bot."""
        return Asked(self, await self.ada.user.slash("musicgen", prompt=prompt, **options))

    async def done(self, seconds: float = 1.0) -> None:
        """The model is done, and the bot has had the time to see it."""
        self.predictions.answers = (DONE,)
        await self.pass_s(seconds)

    def generates(self, done: int, total: int = 400) -> None:
        """From now on the model's log stands at this step."""
        self.predictions.answers = (Prediction("p1", "processing", logs=step(done, total)),)

    async def pass_s(self, seconds: float) -> None:
        with looking_rarely() if seconds >= _LONG_S else nullcontext():
            await self.env.advance_time(seconds)

    async def edits_within(self, seconds: float) -> list[float]:
        """Let time pass in half seconds; when the bot edited a card, counted from now."""
        seen, times = len(self.edits), list[float]()
        for half in range(1, round(seconds * 2) + 1):
            await self.pass_s(0.5)
            times += [half / 2] * (len(self.edits) - seen)
            seen = len(self.edits)
        return times

    def requests(self, method: str = "*", path: str = "*") -> list[Request]:
        return [
            Request(entry.method, entry.path, entry.json)
            for entry in self.env.http_requests
            if fnmatch(entry.method, method) and fnmatch(entry.path, path)
        ]

    @property
    def edits(self) -> list[Request]:
        return self.requests("PATCH", "*/messages/*")

    @property
    def syncs(self) -> list[Request]:
        return self.requests("PUT", "/applications/*/commands")

    @property
    def generation(self) -> Generation:
        """The only generation there is, as it is journalled."""
        [generation] = self.journal.rows.values()
        return generation

    def source_of(self, generation: Generation) -> AudioSource:
        """The audio that it was asked for with, which its row does not keep."""
        asked = next(row for row in self.journal.history if row.id == generation.id)
        assert asked.source is not None
        return asked.source

    @property
    def messages(self) -> list[discord.Message]:
        """What everybody sees in the channel."""
        return [m for m in self.channel.history() if not m.flags.ephemeral]

    def fail(
        self, method: str, path: str, status: int, code: int = 0, times: int | None = 1
    ) -> None:
        """Discord answers matching requests with an error: so often, or for good."""
        self.env.inject_error(method, path, status=status, code=code, times=times)

    def _a_bot(self, *, force_sync: bool = False) -> MusicGenBot:
        parts = Parts(
            self.config,
            self.journal,
            self.predictions,
            self.sound,
            FakeTrackStore(),
            self.piece_sound,
            self.clock,
            voice=None if self.studio is None else self.studio.parts(),
        )
        return MusicGenBot(parts, force_sync=force_sync)


class Asked:
    """One interaction, and what its person sees of the answer."""

    def __init__(self, world: World, result: simcord.InteractionResult) -> None:
        self.result = result
        self._world = world

    @property
    def reply(self) -> simcord.ResponseMessage:
        assert self.result.response is not None, "the reply is gone"
        return self.result.response

    @property
    def embed(self) -> discord.Embed:
        [embed] = self.reply.embeds
        return embed

    @property
    def text(self) -> str:
        return text_of(self.embed)

    @property
    def buttons(self) -> list[str]:
        return [button["label"] for row in self.reply.components for button in row["components"]]

    @property
    def refusal(self) -> str:
        """The only answer, which its person alone sees."""
        assert self.result.acknowledged
        assert self.result.ephemeral
        assert not self.result.followups
        return self.reply.content

    async def press(self, who: simcord.MemberActor | simcord.UserHandle) -> Pressed:
        """`who` presses Cancel."""
        return Pressed(await who.click(self.reply, label="Cancel"))


@dataclass(frozen=True)
class Pressed:
    """A pressed button."""

    result: simcord.InteractionResult

    @property
    def told(self) -> list[str]:
        """What was said to the one who pressed it, and to nobody else."""
        assert self.result.acknowledged, "Discord would say: This interaction failed"
        answers = list(self.result.followups)
        if self.result.response is not None:
            answers.insert(0, self.result.response)
        return [answer.content for answer in answers if answer.ephemeral]


def text_of(embed: discord.Embed) -> str:
    """All the words of an embed."""
    fields = "\n".join(f"{field.name}: {field.value}" for field in embed.fields)
    return f"{embed.title}\n{embed.description}\n{fields}"


def has_track(message: discord.Message | None) -> bool:
    """Whether a message is the finished card with its track."""
    assert message is not None
    [embed] = message.embeds
    sizes = [attachment.size for attachment in message.attachments]
    return "· took " in text_of(embed) and sizes == [len(TRACK)]


def mentions_ada(world: World, message: discord.Message) -> bool:
    """Whether a message notifies the one who asked, and nobody else."""
    assert world.ada.mention in message.content
    return [user.id for user in message.mentions] == [world.ada.id]


def delivered(asked: Asked) -> bool:
    """Whether the one reply shows the track."""
    return has_track(asked.reply.message)
