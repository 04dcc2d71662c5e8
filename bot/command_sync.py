"""Tells Discord the bot's commands: only when they have changed, and one process at a time."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

import discord
from discord import app_commands

from bot.discord_errors import NETWORK_FAULTS, words
from bot.domain.clock import Clock
from bot.domain.errors import JournalFault
from bot.engine.background import BackgroundTasks
from bot.engine.ports import Journal
from bot.locales import languages, messages

log = logging.getLogger(__name__)

_SYNCED = "synced_commands"
_TURN_S = 3.0
"""Who is killed at it keeps the others waiting for two of these, while there are no commands."""
_AGAIN_S = 300.0


class CommandMentions:
    """Commands as Discord shows them to be pressed, by the ids it has given them."""

    def __init__(self) -> None:
        self._ids: Mapping[str, int] = {}

    def learn(self, ids: Mapping[str, int]) -> None:
        """Take these ids, by the commands' names."""
        self._ids = ids

    def __call__(self, command: str) -> str:
        """`</tracks list:7>` for `tracks list`; its words alone while its id is not known."""
        command_id = self._ids.get(command.partition(" ")[0])
        return f"`/{command}`" if command_id is None else f"</{command}:{command_id}>"


class CommandSync:
    """Syncs a command tree; what was sent last is remembered in the journal, with its ids."""

    def __init__(
        self,
        tree: app_commands.CommandTree[Any],
        journal: Journal,
        clock: Clock,
        owner: BackgroundTasks,
    ) -> None:
        self.mentions = CommandMentions()
        self._tree = tree
        self._journal = journal
        self._clock = clock
        self._owner = owner

    def start(self) -> None:
        """Sync in the background; where that fails, again and again."""
        self._owner.start(self._keep_synced(), name="command sync")

    async def sync(self) -> None:
        """Send the commands to Discord now, changed or not.

        Raises:
            discord.DiscordException: Discord has not taken them.
            JournalFault: they are not remembered.
        """
        await self._send(self._digest())

    async def _keep_synced(self) -> None:
        """Try until it is done.

        No deadline cuts a try short: each request has limits of its own, the rest is the time
        that Discord asks us to wait, and discord.py (2.7.1, `HTTPClient.request`) sends nothing
        more for good when it is broken off during a global rate limit.
        """
        while True:
            delay_s = _TURN_S
            try:
                if await self._sync_if_changed():
                    return
            except (discord.DiscordException, *NETWORK_FAULTS, OSError, JournalFault) as error:
                delay_s = _AGAIN_S
                why = words(error)
                log.warning("commands not synced, the next try is in %.0f s: %s", delay_s, why)
            await self._clock.sleep(delay_s)

    async def _sync_if_changed(self) -> bool:
        """Sync if the payload differs from the last one sent; False while another process does."""
        digest = self._digest()
        if not await self._is_synced(digest):
            if not await self._journal.try_lock(_SYNCED, _TURN_S):
                log.info("commands have changed; another process syncs them")
                return False
            async with self._turn():
                # Another process may just have done it.
                if not await self._is_synced(digest):
                    await self._send(digest)
                    return True
        log.info("commands are as they were; not synced")
        return True

    def _digest(self) -> str:
        """What tells these commands from others; translating them each time takes too long."""
        payload = [command.to_dict(self._tree) for command in self._tree.get_commands()]
        spoken = languages.LANGUAGES, languages.EDITION
        text = json.dumps([self._tree.client.application_id, payload, spoken], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    async def _is_synced(self, digest: str) -> bool:
        """Whether these were sent last, by whichever process; if so, their ids are known now."""
        ids = _ids_of(digest, await self._journal.fact(_SYNCED))
        if ids is not None:
            self.mentions.learn(ids)
        return ids is not None

    async def _send(self, digest: str) -> None:
        commands = await self._tree.sync()
        messages.let_go()
        slash = discord.AppCommandType.chat_input
        ids = {command.name: command.id for command in commands if command.type is slash}
        self.mentions.learn(ids)
        await self._journal.remember(_SYNCED, json.dumps({"digest": digest, "ids": ids}))
        log.info("commands synced")

    @asynccontextmanager
    async def _turn(self) -> AsyncGenerator[None, None]:
        """Keep the lock as long as this takes: Discord may let a sync wait."""
        turn = self._owner.start(self._prolong_turn(), name="command sync turn")
        try:
            yield
        finally:
            turn.cancel()
            # Whoever starts next, with other commands, shall not take us for still at it.
            await self._journal.unlock(_SYNCED)

    async def _prolong_turn(self) -> None:
        while True:
            await self._clock.sleep(_TURN_S / 3)
            try:
                await self._journal.try_lock(_SYNCED, _TURN_S)
            except JournalFault as error:
                log.warning("the turn to sync the commands was not prolonged: %s", error)


def _ids_of(digest: str, fact: str | None) -> dict[str, int] | None:
    """The ids that are remembered of commands with this digest; None for others, or none."""
    try:
        synced = cast("dict[str, Any]", json.loads(fact or ""))
        if synced["digest"] != digest:
            return None
        return {str(name): int(number) for name, number in synced["ids"].items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        # An earlier release remembered the digest alone.
        return None
