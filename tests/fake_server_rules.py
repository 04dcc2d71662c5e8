"""The rules of servers in memory: the part of `FakeJournal` that keeps them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.community.weekly import ChartOutcome
from bot.domain.generation import Generation
from bot.domain.server_rules import Block, CanceledAll, Change, StoredRules


@dataclass
class ServerRuleTables:
    """What processes share."""

    revision: str | None = None
    settings: dict[int, dict[str, str]] = field(default_factory=dict[int, dict[str, str]])
    blocks: dict[tuple[int, int], Block] = field(default_factory=dict[tuple[int, int], Block])
    changes: dict[int, list[Change]] = field(default_factory=dict[int, list[Change]])


class FakeServerRules:
    """Passes the contract suite of the rules."""

    rule_tables: ServerRuleTables
    rows: dict[str, Generation]

    async def rules_revision(self) -> str | None:
        return self.rule_tables.revision

    async def rules(self) -> StoredRules:
        settings = {
            key: dict(values) for key, values in self.rule_tables.settings.items() if values
        }
        return StoredRules(
            self.rule_tables.revision, settings, tuple(self.rule_tables.blocks.values())
        )

    async def set_rules(
        self, guild_id: int, by_id: int, values: Mapping[str, str | None]
    ) -> list[Change]:
        old = self.rule_tables.settings.get(guild_id, {})
        changes = [
            _change(by_id, name, old.get(name), value)
            for name, value in values.items()
            if old.get(name) != value
        ]
        new = {name: value for name, value in {**old, **values}.items() if value is not None}
        self.rule_tables.settings[guild_id] = new
        return self._log(guild_id, changes)

    async def block(self, block: Block, by_id: int) -> list[Change]:
        key = block.guild_id, block.user_id
        old = self.rule_tables.blocks.get(key)
        if old == block:
            return []
        self.rule_tables.blocks[key] = block
        change = _change(by_id, "block", _told(old), _told(block), block.user_id)
        return self._log(block.guild_id, [change])

    async def unblock(self, guild_id: int, user_id: int, by_id: int) -> list[Change]:
        old = self.rule_tables.blocks.pop((guild_id, user_id), None)
        if old is None:
            return []
        return self._log(guild_id, [_change(by_id, "block", _told(old), None, user_id)])

    async def cancel_all(self, guild_id: int, by_id: int, user_id: int) -> CanceledAll:
        ids = [
            row.id
            for row in self.rows.values()
            if (row.reply.guild_id, row.requester_id) == (guild_id, user_id)
            and row.state.cancelable
            and not row.cancel_requested
        ]
        for one in ids:
            self.rows[one] = self.rows[one].evolve(cancel_requested=True, canceled_by=by_id)
        if not ids:
            return CanceledAll()
        change = _change(by_id, "cancel_all", None, json.dumps(len(ids)), user_id)
        return CanceledAll(tuple(ids), tuple(self._log(guild_id, [change])))

    async def changes_of(
        self, guild_id: int, limit: int = 10, before: int | None = None
    ) -> list[Change]:
        changes = reversed(self.rule_tables.changes.get(guild_id, [])[-500:])
        return [one for one in changes if before is None or one.number < before][:limit]

    async def log_chart_fault(
        self, guild_id: int, by_id: int, channel_id: int, outcome: ChartOutcome
    ) -> list[Change]:
        new = json.dumps({"channel": str(channel_id), "why": outcome})
        return self._log(guild_id, [_change(by_id, "chart_fault", None, new)])

    async def forget_ended_blocks(self, ended_before: datetime) -> None:
        self.rule_tables.blocks = {
            key: block
            for key, block in self.rule_tables.blocks.items()
            if block.holds(ended_before)
        }

    async def forget_server(self, guild_id: int) -> None:
        self.rule_tables.revision = secrets.token_hex(8)
        self.rule_tables.settings.pop(guild_id, None)
        self.rule_tables.changes.pop(guild_id, None)
        self.rule_tables.blocks = {
            key: one for key, one in self.rule_tables.blocks.items() if key[0] != guild_id
        }

    def _log(self, guild_id: int, changes: Sequence[Change]) -> list[Change]:
        self.rule_tables.revision = secrets.token_hex(8)
        log = self.rule_tables.changes.setdefault(guild_id, [])
        numbered = [replace(one, number=len(log) + at) for at, one in enumerate(changes, start=1)]
        log += numbered
        return numbered


def _change(
    by_id: int, what: str, old: str | None, new: str | None, about_id: int | None = None
) -> Change:
    return Change(0, datetime.now(UTC), by_id, what, old, new, about_id)


def _told(block: Block | None) -> str | None:
    if block is None:
        return None
    until = None if block.until is None else int(block.until.timestamp())
    return json.dumps({"reason": block.reason, "until": until})
