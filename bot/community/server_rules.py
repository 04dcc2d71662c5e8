"""The rules of servers, in memory: asked before anything is accepted, and read again when changed.

Every process looks every few seconds whether another one has changed them. So a change holds at
once where it was made, and some seconds later everywhere.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypedDict, Unpack

from bot.community.ports import RuleStore
from bot.community.settings import (
    Amounts,
    Asked,
    ServerSettings,
    blocked,
    limits_of,
    loaded,
    refusal,
    role_stored,
    stored,
)
from bot.domain.amounts import ServerLimits
from bot.domain.clock import Clock
from bot.domain.errors import JournalFault
from bot.domain.inputs import Inputs
from bot.domain.language import Language
from bot.domain.server_rules import Block, Change
from bot.engine.background import BackgroundTasks
from bot.engine.journal_watch import keep_looking

log = logging.getLogger(__name__)

_FORGET_EVERY = timedelta(hours=1)


class SettingsChanges(TypedDict, total=False):
    """What of a server's settings may be changed."""

    channels: frozenset[int]
    roles: frozenset[int]
    length_max_s: int | None
    words: tuple[str, ...]
    others_press: bool
    others_audio: bool
    log_channel: int | None
    chart_channel: int | None
    pause: str | None
    per_person: Amounts
    together: Amounts
    per_jam: Amounts
    defaults: Inputs
    language: Language | None


class ServerRules:
    """What may be made, for whom, and where."""

    def __init__(self, store: RuleStore, clock: Clock) -> None:
        self.store = store
        self._clock = clock
        self._owner = BackgroundTasks()
        self._revision: str | None = None
        self._settings: Mapping[int, ServerSettings] = {}
        self._blocks: Mapping[int, Sequence[Block]] = {}
        self._forgets_at: datetime | None = None

    async def start(self) -> None:
        """Read the rules, and read them again whenever they have changed.

        Raises:
            JournalFault: they cannot be read.
        """
        await self._read()
        looks = keep_looking(self._clock, self._look, "rules are held as read last")
        self._owner.start(looks, name="server rules")

    async def close(self) -> None:
        """Stop looking for changes."""
        await self._owner.close()

    def check(self, asked: Asked) -> None:
        """Hold what somebody wants against the rules; no I/O, so it may stand before any answer.

        Raises:
            RequestRefused: they do not allow it.
        """
        settings = self.settings_of(asked.guild_id)
        mine = self._blocks.get(asked.user_id, ())
        found = blocked(mine, asked, self._clock.now()) or refusal(settings, asked)
        if found is not None:
            raise found

    def check_block(self, asked: Asked) -> None:
        """Hold somebody against blocks alone: for what makes nothing, but decides for others.

        Raises:
            PersonBlocked: they are.
        """
        found = blocked(self._blocks.get(asked.user_id, ()), asked, self._clock.now())
        if found is not None:
            raise found

    def is_blocked(self, user_id: int, guild_id: int) -> bool:
        """Whether somebody has nothing made here."""
        asked = Asked(user_id, guild_id)
        return blocked(self._blocks.get(user_id, ()), asked, self._clock.now()) is not None

    def settings_of(self, guild_id: int | None) -> ServerSettings:
        """A server's settings; in direct messages nothing is set."""
        return ServerSettings() if guild_id is None else self._settings.get(guild_id, _DEFAULT)

    def limits_of(self, asked: Asked) -> ServerLimits | None:
        """What the server allows whoever asks, by their roles; None where it has set nothing."""
        return limits_of(self.settings_of(asked.guild_id), asked.roles)

    async def change(
        self, guild_id: int, by_id: int, **changes: Unpack[SettingsChanges]
    ) -> list[Change]:
        """Set something for a server; what has changed by that, as it was logged.

        Raises:
            JournalFault: it cannot be written down.
        """
        wanted = stored(replace(ServerSettings(), **changes))
        values = {name: wanted[name] for name in changes}
        return await self._changed(await self.store.set_rules(guild_id, by_id, values))

    async def limit_roles(
        self, guild_id: int, by_id: int, limits: Mapping[int, Amounts | None]
    ) -> list[Change]:
        """Set what those with these roles may; None for what everybody may.

        Raises:
            JournalFault: it cannot be written down.
        """
        values: dict[str, str | None] = {}
        for role_id, amounts in limits.items():
            values |= role_stored(role_id, amounts)
        return await self._changed(await self.store.set_rules(guild_id, by_id, values))

    async def block(self, block: Block, by_id: int) -> list[Change]:
        """Block a person, or change their block; empty where it is the same.

        Raises:
            JournalFault: it cannot be written down.
        """
        return await self._changed(await self.store.block(block, by_id))

    async def unblock(self, guild_id: int, user_id: int, by_id: int) -> list[Change]:
        """End a block; empty where there is none.

        Raises:
            JournalFault: it cannot be written down.
        """
        return await self._changed(await self.store.unblock(guild_id, user_id, by_id))

    async def forget_server(self, guild_id: int) -> None:
        """Delete what is kept of a server's rules.

        Raises:
            JournalFault: it cannot be deleted.
        """
        await self.store.forget_server(guild_id)
        await self._read()

    async def _changed(self, changes: list[Change]) -> list[Change]:
        try:
            await self._read()
        except JournalFault as error:
            # It is written; the next look reads it.
            log.warning("changed rules are not read yet: %s", error)
        return changes

    async def _read(self) -> None:
        rules = await self.store.rules()
        self._settings = {key: loaded(values) for key, values in rules.settings.items()}
        blocks: dict[int, list[Block]] = {}
        for block in rules.blocks:
            blocks.setdefault(block.user_id, []).append(block)
        self._blocks = blocks
        self._revision = rules.revision

    async def _look(self) -> None:
        if await self.store.rules_revision() != self._revision:
            await self._read()
        await self._forget_ended()

    async def _forget_ended(self) -> None:
        now = self._clock.now()
        if self._forgets_at is None or now >= self._forgets_at:
            await self.store.forget_ended_blocks(now)
            self._forgets_at = now + _FORGET_EVERY


_DEFAULT = ServerSettings()
