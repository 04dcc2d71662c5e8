"""What is left of a jam's own budget: the owner's amounts for each jam, and those of its server."""

from __future__ import annotations

from datetime import datetime

from bot.community.limits import Hold, Limits, holds_of_jam, left_of
from bot.community.server_rules import ServerRules
from bot.domain.amounts import ServerLimits
from bot.engine.ports import Journal


class JamBudget:
    """Counts what jams have used. Methods raise `JournalFault`."""

    def __init__(self, limits: Limits, rules: ServerRules, journal: Journal) -> None:
        self._limits = limits
        self._rules = rules
        self._journal = journal

    def applies(self, guild_id: int) -> bool:
        """Whether jams of this server have one."""
        return bool(self._limits.per_jam or self._rules.settings_of(guild_id).per_jam)

    async def left(self, jam_id: str, guild_id: int, now: datetime) -> list[tuple[Hold, int]]:
        """Each amount of it, and what is left of that now."""
        if not self.applies(guild_id):
            return []
        servers = ServerLimits(per_jam=self._rules.settings_of(guild_id).per_jam)
        found: list[tuple[Hold, int]] = []
        for hold in holds_of_jam(self._limits, servers, jam_id, now):
            _, _, _, counted, _ = hold.key
            spent = await self._journal.spent(counted.begins_at, counted.ends_at, jam_id=jam_id)
            found.append((hold, left_of(hold.amount, spent.sums)))
        return found
