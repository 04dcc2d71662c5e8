"""The Discord client: loads the cogs, syncs the commands, closes cleanly."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from typing import Protocol

import discord
from discord import app_commands
from discord.ext import commands

from bot.card.buttons import CardButton, CardSelect, Press
from bot.card.render import CardRenderer
from bot.card.report import report
from bot.clock import Clock
from bot.delivery import DiscordDelivery, Rows
from bot.ports import Predictions, Records, Shelf, Sound
from bot.studio import House, Studio
from bot.tasks import TaskOwner

log = logging.getLogger(__name__)

COGS = ("cogs.musicgen", "cogs.make", "cogs.forms", "cogs.card", "cogs.tracks")
_SYNCED = "synced_commands"
_SYNC_TURN_S = 15.0
_IDENTIFY = "identify"
_IDENTIFY_TURN_S = 5.5
_IDENTIFY_LOOK_S = 0.5
_INVITE_PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    embed_links=True,
    attach_files=True,
    read_message_history=True,
)


@dataclass(frozen=True, slots=True)
class Shards:
    """Which of how many shards this process runs; None leaves it to Discord, all in one."""

    ids: tuple[int, ...] | None = None
    count: int | None = None


class Facts(Protocol):
    """Small things worth remembering from one start to the next, and turns to take."""

    async def fact(self, key: str) -> str | None:
        """What was remembered."""
        ...

    async def remember(self, key: str, value: str) -> None:
        """Remember it."""
        ...

    async def try_lock(self, name: str, ttl_s: float) -> bool:
        """Take a turn for so long; False while another process has it."""
        ...

    async def unlock(self, name: str) -> None:
        """Give a turn back before its time."""
        ...


class JournalWithFacts(Records, Facts, Rows, Protocol):
    """The journal as the bot needs it."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The adapters and settings a bot is made of."""

    house: House
    model_name: str
    """What the card says the music comes from."""
    journal: JournalWithFacts
    predictions: Predictions
    sound: Sound
    shelf: Shelf
    clock: Clock
    shards: Shards = Shards()


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


class MusicGenBot(commands.AutoShardedBot):
    """The bot: discord.py's client with the studio behind it."""

    def __init__(self, parts: Parts, *, force_sync: bool = False) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            shard_ids=parts.shards.ids and list(parts.shards.ids),  # pyright: ignore[reportArgumentType] - None is its default
            shard_count=parts.shards.count,
            tree_cls=CommandTree,
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=True
            ),
        )
        self.presses: dict[str, Press] = {}
        self._journal = parts.journal
        self._clock = parts.clock
        self._shares_token = parts.shards.ids is not None
        self._force_sync = force_sync
        self._owner = TaskOwner()
        self.renderer = CardRenderer(parts.house.table, parts.model_name)
        self._delivery = DiscordDelivery(self, self.renderer, parts.journal, parts.clock)
        self.studio = Studio(
            parts.house,
            parts.journal,
            parts.predictions,
            parts.sound,
            self._delivery,
            parts.shelf,
            parts.clock,
        )

    async def setup_hook(self) -> None:
        """Before the gateway: commands, buttons, and what an earlier process left open."""
        self.add_dynamic_items(CardButton, CardSelect)
        for name in COGS:
            await self.load_extension(name)
        await self.sync_if_changed()
        if not self._force_sync:
            # Who only syncs must not take a running process's generations.
            await self.studio.start()

    async def sync_if_changed(self) -> None:
        """Register the commands at Discord when their payload differs from the last one sent."""
        payload = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        text = json.dumps([self.application_id, payload], sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        if not self._force_sync and await self._journal.fact(_SYNCED) == digest:
            log.info("commands are as they were; not synced")
            return
        if not self._force_sync and not await self._journal.try_lock(_SYNCED, _SYNC_TURN_S):
            log.info("commands have changed; another process syncs them")
            return
        try:
            await self.tree.sync()
            await self._journal.remember(_SYNCED, digest)
        finally:
            # Whoever starts next, with other commands, shall not take us for still at it.
            await self._journal.unlock(_SYNCED)
        log.info("commands synced")

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Take turns: Discord allows one IDENTIFY in 5 s, whichever process it comes from."""
        if not self._shares_token:
            await super().before_identify_hook(shard_id, initial=initial)
            return
        while not await self._journal.try_lock(_IDENTIFY, _IDENTIFY_TURN_S):
            await self._clock.sleep(_IDENTIFY_LOOK_S)

    async def on_ready(self) -> None:
        """Say how to get the bot into a server."""
        if self.application_id is not None:
            link = discord.utils.oauth_url(
                self.application_id,
                permissions=_INVITE_PERMISSIONS,
                scopes=("bot", "applications.commands"),
            )
            log.info("ready in %d servers; invite me with %s", len(self.guilds), link)

    async def close(self) -> None:
        """Let go of the runs, whose rows say where to go on, then of Discord."""
        await self.studio.close()
        await self._delivery.close()
        await super().close()
