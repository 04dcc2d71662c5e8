"""The Discord client: loads the cogs, syncs the commands, closes cleanly."""

from __future__ import annotations

import asyncio
import logging

import discord
from discord import app_commands
from discord.ext import commands

from bot import logs
from bot.card.action import Recent
from bot.card.buttons import CardButton, CardPicker, CardSelect
from bot.card.card_client import RunAction
from bot.card.command_words import CommandWords
from bot.card.drafts import Drafts
from bot.card.render import CardRenderer
from bot.card.report import is_worth_a_log, report
from bot.command_sync import CommandSync
from bot.community.jam_budget import JamBudget
from bot.community.ports import PriceJournal
from bot.community.presets import Presets
from bot.community.server_rules import ServerRules
from bot.community.stars import Stars
from bot.delivery import DiscordDelivery
from bot.delivery.answers import Answers
from bot.delivery.jam_display import DiscordJamDisplay
from bot.delivery.jam_files import JamFiles
from bot.delivery.request_pace import keep_pace
from bot.delivery.requests import watching_requests
from bot.delivery.track_files import WorkFolders
from bot.delivery.voice import Voice, VoiceParts, open_voice
from bot.delivery.weekly_chart import WeeklyChart
from bot.discord_internals import ReconnectingBot, hear_only_ours, quiet, speak_to_each
from bot.domain.errors import JournalFault
from bot.domain.language import Language
from bot.engine.background import BackgroundTasks
from bot.engine.service import GenerationService
from bot.invite import invite_link
from bot.jam.openings import Openings
from bot.jam.pieces import Pieces
from bot.jam.runner import JamRunner
from bot.jam.service import Jams
from bot.jam.take_delivery import TakeDelivery
from bot.parts import Parts

log = logging.getLogger(__name__)

COGS = (
    "cogs.musicgen",
    "cogs.actions",
    "cogs.tracks",
    "cogs.charts",
    "cogs.preset",
    "cogs.jam",
    "cogs.block",
    "cogs.settings",
    "cogs.usage",
    "cogs.newcomers",
    "cogs.channel_events",
    "cogs.voice",
)
INTENTS = discord.Intents(guilds=True, guild_messages=True, dm_messages=True)
"""None of them privileged: of messages in servers, Discord tells the words only where they mention
the bot, and the rest of them is dropped unread (`hear_only_ours`)."""
_IDENTIFY = "identify"
_IDENTIFY_TURN_S = 5.5
_IDENTIFY_LOOK_S = 0.5


def _heard_of(*, with_voice: bool) -> tuple[discord.Intents, discord.MemberCacheFlags]:
    """What the gateway tells of, and whom of those it names discord.py keeps in mind."""
    cached = discord.MemberCacheFlags.none()
    if not with_voice:
        return INTENTS, cached
    # Of who is in a voice channel, it has to be known whether they are bots.
    cached.voice = True
    return INTENTS | discord.Intents(voice_states=True), cached


class CommandTree(app_commands.CommandTree["MusicGenBot"]):
    """Commands for servers, DMs and user installs, whose errors end in a sentence."""

    async def on_error(
        self,
        interaction: discord.Interaction[MusicGenBot],
        error: app_commands.AppCommandError,
        /,
    ) -> None:
        """Tell the person what went wrong."""
        cause = error.__cause__ if isinstance(error, app_commands.CommandInvokeError) else None
        await report(interaction, cause or error)


class MusicGenBot(ReconnectingBot):
    """The bot: discord.py's client with the engine behind it."""

    def __init__(
        self,
        parts: Parts,
        *,
        force_sync: bool = False,
    ) -> None:
        quiet(is_worth_a_log)
        intents, cached = _heard_of(with_voice=parts.voice is not None)
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=cached,
            chunk_guilds_at_startup=False,
            shard_ids=parts.shards.ids and list(parts.shards.ids),  # pyright: ignore[reportArgumentType] - None is its default
            shard_count=parts.shards.count,
            tree_cls=CommandTree,
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=True
            ),
        )
        self.middlewares = (watching_requests(parts.clock), *parts.middlewares)
        """What its session is to send requests through."""
        self.run_action: RunAction
        """Set by the cog of actions."""
        self.clock = parts.clock
        self.shares_token = parts.shards.ids is not None
        self._journal = parts.journal
        self._beginning = asyncio.Lock()
        self._begun = False
        self._force_sync = force_sync
        self._owner = BackgroundTasks()
        self._command_sync = CommandSync(self.tree, parts.journal, parts.clock, self._owner)
        self.command_mentions = self._command_sync.mentions
        keep_pace(self)
        hear_only_ours(self)
        self.languages = Recent[Language]()
        """What those read who have used it last, by their ids: a message does not tell."""
        speak_to_each(self, self.languages.__setitem__)
        pieces = Pieces(parts.journal, parts.piece_sound, parts.config.tracks_folder)
        self._open_community(parts)
        self._open_jams(parts, pieces)
        self._open_engine(parts)
        self.jam_runner = self._jam_runner(parts, pieces)
        self.voice = None if parts.voice is None else self._open_voice(parts, parts.voice, pieces)

    def _open_community(self, parts: Parts) -> None:
        self.limits, self.allowed = parts.limits, parts.allowed
        self.prices: PriceJournal = parts.journal
        self.drafts = Drafts(parts.journal, parts.clock)
        self.answers = Answers(self, parts.journal, parts.clock)
        self.stars = Stars(parts.journal, parts.clock)
        self.presets = Presets(parts.journal, parts.config.models, parts.clock)
        self.server_rules = ServerRules(parts.journal, parts.clock)
        self.weekly_chart = WeeklyChart(
            self,
            parts.journal,
            self.server_rules,
            self.stars,
            parts.config.models,
            parts.clock,
        )

    def _open_jams(self, parts: Parts, pieces: Pieces) -> None:
        self.sound = parts.sound
        self.take_limits = parts.take_limits
        parts.sound.comes_from(pieces)
        self.jams = Jams(parts.journal, pieces, parts.clock, self.server_rules.is_blocked)
        self.jam_files = JamFiles(
            pieces, parts.piece_sound, parts.sound, parts.config.models.main.name
        )
        self.jam_budget = JamBudget(parts.limits, self.server_rules, parts.journal)

    def _open_engine(self, parts: Parts) -> None:
        self.renderer = CardRenderer(parts.config.models, with_voice=parts.voice is not None)
        self.delivery = DiscordDelivery(
            self, self.renderer, parts.journal, parts.sound, parts.clock, self.jams
        )
        self.service = GenerationService(
            parts.config,
            parts.journal,
            parts.predictions,
            parts.sound,
            TakeDelivery(self.delivery, self.jams),
            parts.track_store,
            parts.clock,
        )
        for pause in parts.pauses:
            self.service.acknowledgements.stop_meanwhile(pause)
        self.work_folders = WorkFolders(parts.config.work_folder, self.service.work_room)

    def _jam_runner(self, parts: Parts, pieces: Pieces) -> JamRunner:
        display = DiscordJamDisplay(
            self,
            parts.journal,
            self.jam_files,
            self.jam_budget,
            parts.clock,
            with_voice=parts.voice is not None,
        )
        openings = Openings(parts.sound, pieces, self.service.work_room)
        return JamRunner(self.jams, parts.journal, display, openings, parts.clock)

    def _open_voice(self, parts: Parts, voice_parts: VoiceParts, pieces: Pieces) -> Voice:
        voice = open_voice(
            self,
            parts.journal,
            pieces,
            self.work_folders,
            voice_parts,
            parts.clock,
            parts.shards.ids,
        )
        self.service.lease_keeper.is_sounding = voice.players.is_sounding
        return voice

    async def setup_hook(self) -> None:
        """Before the gateway: commands, buttons, and what an earlier process left open."""
        self.add_dynamic_items(CardButton, CardSelect, CardPicker)
        await self.tree.set_translator(CommandWords())
        for name in COGS:
            # A login that failed half way is tried again.
            if name not in self.extensions:
                await self.load_extension(name)
        if self._force_sync:
            # Who only syncs must not take a running process's generations.
            await self._command_sync.sync()
            return
        await self.begin()
        # What is paid for does not wait for Discord to take the commands.
        self._command_sync.start()

    async def begin(self) -> None:
        """Take up what an earlier process left open, once; that needs no Discord.

        Raises:
            JournalFault: the journal cannot be used.
        """
        async with self._beginning:
            if not self._begun:
                await self.server_rules.start()
                await self.presets.start()
                await self.service.start()
                self.jam_runner.start()
                self._begun = True

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Take turns: Discord allows one IDENTIFY in 5 s, whichever process it comes from."""
        if not self.shares_token:
            await super().before_identify_hook(shard_id, initial=initial)
            return
        while not await self._may_identify():
            await self.clock.sleep(_IDENTIFY_LOOK_S)

    async def _may_identify(self) -> bool:
        try:
            return await self._journal.take_turn(_IDENTIFY, _IDENTIFY_TURN_S)
        except JournalFault as error:
            # discord.py would end the process.
            log.warning("shards cannot take turns now: %s", error)
            return False

    async def on_message(self, _: discord.Message, /) -> None:
        """There are no commands in messages; `cogs.newcomers` answers them."""

    async def on_ready(self) -> None:
        """Say how to get the bot into a server, and post the charts that are due."""
        logs.know_shards(self.shard_count)
        if self.application_id is not None:
            link = invite_link(self.application_id, with_voice=self.voice is not None)
            log.info("ready in %d servers; invite me with %s", len(self.guilds), link)
        self.weekly_chart.start()
        self.answers.start()

    async def close(self) -> None:
        """Let go of the runs, whose rows say where to go on, then of Discord."""
        await asyncio.gather(
            self.service.close(),
            self.jam_runner.close(),
            self.delivery.close(),
            self.server_rules.close(),
            self.presets.close(),
            self.weekly_chart.close(),
            self.answers.close(),
            self._owner.close(),
            *([self.voice.players.close()] if self.voice is not None else ()),
        )
        await super().close()
