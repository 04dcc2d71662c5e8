"""Whether the parts of a running bot do their work."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from bot.domain.errors import JournalFault
from bot.operations.question import Question

OK = "ok"
_NOT_STARTED = "not started"
_WITHIN_S = 3.0
"""Who asks waits 5 s or 10 s, mostly."""


@dataclass(frozen=True, slots=True)
class Health:
    """How each part does: `ok`, or what is wrong with it."""

    gateway: str
    database: str
    poller: str

    @property
    def is_ok(self) -> bool:
        """Whether nothing is wrong."""
        return {self.gateway, self.database, self.poller} == {OK}

    def json(self) -> dict[str, str]:
        """As `/healthz` tells it."""
        return {"status": "ok" if self.is_ok else "failing", **asdict(self)}


class Watched(Protocol):
    """The bot, as far as its health goes."""

    @property
    def is_connected(self) -> bool:
        """Whether it is through its login, and has been ready."""
        ...

    def shard_states(self) -> Iterable[tuple[int, bool, float]]:
        """Each shard's number, whether it is connected, and its latency in seconds."""
        ...

    @property
    def is_polling(self) -> bool:
        """Whether what runs is asked about."""
        ...

    def ask_database(self) -> Coroutine[Any, Any, None]:
        """Have the database answer something.

        Raises:
            JournalFault: it does not.
        """
        ...


class HealthCheck:
    """Asks a bot's parts how they do."""

    def __init__(self) -> None:
        self._database = Question[None]("database's health", _WITHIN_S)

    async def of(self, bot: Watched | None) -> Health:
        """How its parts do now; None is a bot that has not got so far."""
        if bot is None:
            return Health(_NOT_STARTED, _NOT_STARTED, _NOT_STARTED)
        return Health(_gateway(bot), await self._database_of(bot), _poller(bot))

    async def _database_of(self, bot: Watched) -> str:
        try:
            await self._database.answer(bot.ask_database)
        except TimeoutError:
            return f"no answer within {_WITHIN_S:g} s"
        except JournalFault:
            return "cannot be used"
        return OK

    async def close(self) -> None:
        """Stop asking."""
        await self._database.close()


def _gateway(bot: Watched) -> str:
    if not bot.is_connected:
        return "not connected yet"
    away = [str(number) for number, is_connected, _ in bot.shard_states() if not is_connected]
    return f"not connected: shard {', '.join(away)}" if away else OK


def _poller(bot: Watched) -> str:
    return OK if bot.is_polling else "running predictions are not asked about"
