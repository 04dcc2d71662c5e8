"""One budget of requests for all running predictions, spent where news is likely.

A few predictions are each asked about once a second. When many run, the service's list tells for a
hundred at the price of one request which of them have ended; who has is asked about at once, and
the rest of the budget goes round for progress.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.errors import ReplicateError
from bot.ports import Predictions

log = logging.getLogger(__name__)

_ALONE_S = 1.0
_SWEEP_FROM = 10
"""So many running predictions make the list cheaper than asking for each."""
_SWEEP_EVERY_S = 0.75
_SWEEP_SHARE = 0.5
"""Of the budget, at the most; progress has the rest, less what creates and cancels take."""
_PROGRESS_SHARE = 0.35
_PAGE = 100
_CLOCK_SKEW = timedelta(minutes=2)
_AFTER_FAULT_S = 5.0


@dataclass(eq=False, slots=True)
class _Watch:
    prediction_id: str
    created_at: datetime
    news: asyncio.Event


class Poller:
    """Tells runs when to ask, and wakes those whose prediction has ended."""

    def __init__(self, predictions: Predictions, clock: Clock, requests_per_minute: int) -> None:
        self.members = 1
        """Processes that share the budget."""
        self._predictions = predictions
        self._clock = clock
        self._requests_per_s = requests_per_minute / 60
        self._watches: set[_Watch] = set()
        self._many = asyncio.Event()

    @contextmanager
    def watching(
        self, prediction_id: str, created_at: datetime, news: asyncio.Event
    ) -> Generator[None, None, None]:
        """Set `news` when this prediction has ended, for as long as it matters."""
        watch = _Watch(prediction_id, created_at, news)
        self._watches.add(watch)
        self._count()
        try:
            yield
        finally:
            self._watches.discard(watch)
            self._count()

    def delay_s(self) -> float:
        """The wait between two questions about the same prediction."""
        running = len(self._watches)
        if running <= _SWEEP_FROM:
            return _ALONE_S
        return max(_ALONE_S, running / (self._share(_PROGRESS_SHARE)))

    async def sweep(self) -> None:
        """Look at the list whenever many predictions run; goes on until it is cancelled."""
        while True:
            await self._clock.wait(self._many, None)
            try:
                delay_s = await self._look()
            except ReplicateError as error:
                log.warning("the list of predictions could not be read: %r", error)
                delay_s = _AFTER_FAULT_S
            await self._clock.sleep(delay_s)

    async def _look(self) -> float:
        """Wake whose prediction has ended; how long to wait until the next look."""
        oldest = min(watch.created_at for watch in self._watches)
        ended = await self._predictions.ended(oldest - _CLOCK_SKEW)
        for watch in tuple(self._watches):
            if watch.prediction_id in ended:
                watch.news.set()
        pages = 1 + len(self._watches) // _PAGE
        return max(_SWEEP_EVERY_S, pages / self._share(_SWEEP_SHARE))

    def _share(self, share: float) -> float:
        return self._requests_per_s * share / max(1, self.members)

    def _count(self) -> None:
        if len(self._watches) > _SWEEP_FROM:
            self._many.set()
        else:
            self._many.clear()
