"""The bot, as health and metrics see it."""

from __future__ import annotations

from collections.abc import Iterable

from bot.client import MusicGenBot
from bot.community.limits import left_of, window
from bot.domain.amounts import Amount, Unit


class WatchedBot:
    """Looks at a bot from outside."""

    def __init__(self, bot: MusicGenBot) -> None:
        self._bot = bot

    @property
    def is_connected(self) -> bool:
        """Whether it is through its login, and has been ready."""
        return self._bot.is_ready()

    def shard_states(self) -> Iterable[tuple[int, bool, float]]:
        """Each shard's number, whether it is connected, and its latency in seconds."""
        for number, shard in self._bot.shards.items():
            is_closed = shard.is_closed()
            yield number, not is_closed, float("inf") if is_closed else shard.latency

    @property
    def is_polling(self) -> bool:
        """Whether what runs is asked about."""
        return self._bot.service.is_polling

    @property
    def running(self) -> int:
        """Generations with a slot."""
        return self._bot.service.running

    @property
    def waiting(self) -> int:
        """Generations in line."""
        return self._bot.service.waiting

    async def ask_database(self) -> None:
        """Have the database answer something.

        Raises:
            JournalFault: it does not.
        """
        await self._bot.service.journal.live_members()

    async def budget_left(self) -> list[tuple[Amount, float]]:
        """Each amount of LIMIT_TOTAL and what is left of it, in its unit.

        Raises:
            JournalFault: that cannot be read.
        """
        now = self._bot.clock.now()
        found = list[tuple[Amount, float]]()
        for amount in self._bot.limits.total:
            counted = window(amount.period, now)
            spent = await self._bot.service.journal.spent(
                counted.begins_at, counted.ends_at, requester_id=None, guild_id=None
            )
            left = left_of(amount, spent.sums)
            found.append((amount, left / 1e6 if amount.unit is Unit.USD else left))
        return found
