"""One budget of requests for all running predictions, spent where news is likely.

A few predictions are each asked about once a second. When many are watched, the service's list
tells for a hundred at the price of one request which of them have begun to run, which have ended,
and how; only what it leaves out is asked for. The rest of the budget goes round for the progress of
those that run: of thousands, most wait at the service.

So an end is known within a look at the list: 0.25 s where up to some 500 run, and as long as it
takes to read a page for each hundred where more do. With the default budget that is 20 pages a
second: 5 s for 10,000.

Where the service pushes what happens (`pushes`), it is asked only about what has been silent for a
while.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
from collections.abc import Generator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.clock import Clock
from bot.domain.errors import ReplicateError
from bot.domain.prediction import Prediction, Webhook
from bot.engine.ports import Predictions
from bot.engine.pushes import Pushes

log = logging.getLogger(__name__)

_ALONE_S = 1.0
_RUNNING = "processing"
_SWEEP_FROM = 10
"""So many running predictions make the list cheaper than asking for each."""
_SWEEP_EVERY_S = 0.25
_SWEEP_SHARE = 0.5
"""Of the budget, at the most; progress has the rest, less what creates and cancels take."""
_PROGRESS_SHARE = 0.3
_REST_SHARE = 0.05
"""For those that do not run by the list, which is not the only witness."""
_PAGE = 100
_PAGES_SPARE = 2
"""What others have created meanwhile may push ours so many pages back, not further."""
_CLOCK_SKEW = timedelta(minutes=2)
_AFTER_FAULT_S = 5.0
_STUCK_S = 300.0
_LIST_TRUSTED_S = 60.0
"""So long after the last look at the list it is still what tells of ends."""
_SILENT_S = 10.0
"""A prediction whose pushes come is asked about after such a silence: one may get lost."""


@dataclass(eq=False, slots=True)
class Watch:
    """Who waits for the end of a prediction."""

    prediction_id: str
    created_at: datetime
    news: asyncio.Event
    ended: Prediction | None = None
    """How it has ended by the list, which has no logs; None where that has not told, or not all."""
    has_ended: bool = False
    """Whether it has ended by the list."""
    is_running: bool = False
    """Whether it has begun to run by the list."""
    is_far: bool = False
    """So far back in the list that its own polls are cheaper."""
    is_pushed: bool = False
    """Whether the service was asked to push what becomes of it."""
    pushed: Prediction | None = None
    """What was pushed last, and is not yet taken in."""
    is_pointed_at: bool = False
    """Whether something has happened to it that only the service can tell."""
    _reached: int = 0
    _reached_by_push: int = 0

    @property
    def is_owed(self) -> bool:
        """Whether it is farther than was pushed."""
        return self._reached > self._reached_by_push

    def push(self, prediction: Prediction) -> None:
        """Take in what is pushed, unless more is known: pushes may overtake each other."""
        self.is_pushed = True
        # Whether the first push says "starting" or "processing" is not documented (2026-04).
        self._reached_by_push = max(self._reached_by_push, 1, prediction.reached)
        is_new = self.pushed is None or not self.pushed.ended
        if is_new and prediction.reached >= self._reached:
            self._reached = prediction.reached
            self.pushed = prediction
            self.news.set()

    def take_pushed(self) -> Prediction | None:
        """What is pushed, once."""
        pushed, self.pushed = self.pushed, None
        return pushed

    def learn(self, reached: int) -> bool:
        """Note how far it is by an answer; whether that should have been pushed, and was not."""
        self._reached = max(self._reached, reached)
        return self.is_pushed and self.is_owed


class Poller:
    """Tells jobs when to ask, and wakes those whose prediction has ended."""

    def __init__(
        self,
        predictions: Predictions,
        clock: Clock,
        requests_per_minute: int,
        pushes: Pushes | None = None,
    ) -> None:
        self._predictions = predictions
        self._pushes = pushes or Pushes(None, clock)
        self._clock = clock
        self._requests_per_s = requests_per_minute / 60
        self._watches: set[Watch] = set()
        self._by_id: dict[str, Watch] = {}
        self._running = 0
        """Of those that are watched."""
        self._many = asyncio.Event()
        self._looked_at_s = -math.inf
        self._heard_at_s = -math.inf
        """When something came of a question last, if only that nobody answers."""

    @property
    def members(self) -> int:
        """Processes that share the budget."""
        return self._predictions.members

    @members.setter
    def members(self, members: int) -> None:
        self._predictions.members = members

    @contextmanager
    def watching(
        self, prediction_id: str, created_at: datetime, news: asyncio.Event
    ) -> Generator[Watch, None, None]:
        """Set `news` when this prediction has ended, for as long as it matters."""
        watch = Watch(prediction_id, created_at, news)
        if not self._watches:
            self.heard()
        self._watches.add(watch)
        self._by_id[prediction_id] = watch
        self._count()
        try:
            yield watch
        finally:
            self._watches.discard(watch)
            if self._by_id.get(prediction_id) is watch:
                del self._by_id[prediction_id]
            self._running -= watch.is_running
            self._count()

    def order(self, generation_id: str) -> Webhook | None:
        """What is to be pushed of a prediction that is created now."""
        return self._pushes.order(generation_id, len(self._watches))

    def push(self, prediction: Prediction) -> bool:
        """Tell who follows a prediction what was pushed of it; False where nobody does here."""
        if (watch := self._by_id.get(prediction.id)) is None:
            return False
        watch.push(prediction)
        return True

    def point_at(self, prediction_id: str) -> bool:
        """Have who follows a prediction ask about it now; False where nobody does here."""
        if (watch := self._by_id.get(prediction_id)) is None:
            return False
        watch.is_pointed_at = True
        watch.news.set()
        return True

    def answered(self, watch: Watch, prediction: Prediction) -> None:
        """A poll has told how far a prediction is."""
        if watch.learn(prediction.reached):
            self._pushes.owed()
        self._look_at_pushes()

    def _look_at_pushes(self) -> None:
        if self._pushes.have_failed():
            # They may have long waits.
            for watch in self._watches:
                watch.news.set()

    def heard(self) -> None:
        """Something has come of a question about a prediction, if only that nobody answers."""
        self._heard_at_s = self._clock.monotonic()

    @property
    def is_stuck(self) -> bool:
        """Whether predictions are watched, and nothing comes of asking, nor of not being answered.

        Every question has its deadline, so no silence of the service lasts so long.
        """
        silent_s = self._clock.monotonic() - self._heard_at_s
        return bool(self._watches) and silent_s > _STUCK_S + self._even_delay_s()

    def first_delay_s(self, watch: Watch) -> float:
        """The wait before the first question: thousands that are taken up at once are spread."""
        if self._is_told(watch):
            return self.delay_s(watch)
        return random.random() * self._even_delay_s() if self._many.is_set() else 0.0

    def delay_s(self, watch: Watch) -> float:
        """The wait between two questions about the same prediction."""
        delay_s = self._own_delay_s(watch)
        return max(_SILENT_S, delay_s) if self._is_told(watch) else delay_s

    def _is_told(self, watch: Watch) -> bool:
        return self._pushes.come and watch.is_pushed and not watch.is_owed

    def _own_delay_s(self, watch: Watch) -> float:
        is_listed = self._clock.monotonic() < self._looked_at_s + _LIST_TRUSTED_S
        if not self._many.is_set() or not is_listed or watch.is_far:
            return self._even_delay_s()
        if watch.is_running:
            return max(_ALONE_S, self._running / self._share(_PROGRESS_SHARE))
        return max(_ALONE_S, len(self._watches) / self._share(_REST_SHARE))

    def _even_delay_s(self) -> float:
        share = _PROGRESS_SHARE + _REST_SHARE
        if not self._many.is_set():
            share += _SWEEP_SHARE
        return max(_ALONE_S, len(self._watches) / self._share(share))

    async def sweep(self) -> None:
        """Look at the list whenever many predictions run; goes on until it is cancelled."""
        while True:
            await self._clock.wait(self._many, None)
            try:
                delay_s = await self._look()
            except ReplicateError as error:
                log.warning("the list of predictions could not be read: %r", error)
                delay_s = _AFTER_FAULT_S
            except Exception:
                log.exception("the list of predictions met a fault of ours")
                delay_s = _AFTER_FAULT_S
            await self._clock.sleep(delay_s)

    async def _look(self) -> float:
        """Wake whose prediction has ended; how long to wait until the next look."""
        unseen = {watch.prediction_id: watch for watch in self._watches if not watch.is_far}
        if not unseen:
            return _SWEEP_EVERY_S
        oldest = min(watch.created_at for watch in unseen.values())
        most = math.ceil(len(unseen) * self.members / _PAGE) + _PAGES_SPARE
        pages = 0
        async with aclosing(self._predictions.pages(oldest - _CLOCK_SKEW)) as listing:
            async for page in listing:
                pages += 1
                self._tell(page, unseen)
                if not unseen or pages >= most:
                    break
        if pages >= most:
            for watch in unseen.values():
                watch.is_far = True
        self._looked_at_s = self._clock.monotonic()
        self.heard()
        self._look_at_pushes()
        every_s = _SILENT_S if all(map(self._is_told, self._watches)) else _SWEEP_EVERY_S
        return max(every_s, pages / self._share(_SWEEP_SHARE))

    def _share(self, share: float) -> float:
        return self._requests_per_s * share / max(1, self.members)

    def _count(self) -> None:
        if len(self._watches) > _SWEEP_FROM:
            self._many.set()
        elif self._many.is_set():
            self._many.clear()
            # Nobody looks at the list for them from now on, and they may have long waits.
            for watch in self._watches:
                watch.news.set()

    def _tell(self, page: Sequence[Prediction], unseen: dict[str, Watch]) -> None:
        """Strike out what stands on a page, and wake whose prediction runs now, or has ended."""
        for prediction in page:
            watch = unseen.pop(prediction.id, None)
            if watch is None or watch not in self._watches:
                continue
            if watch.learn(prediction.reached):
                self._pushes.owed()
            if prediction.ended and not watch.has_ended:
                watch.has_ended = True
                watch.ended = prediction if _tells_all(prediction) else None
                watch.news.set()
            elif prediction.status == _RUNNING and not watch.is_running:
                watch.is_running = True
                self._running += 1
                watch.news.set()


def _tells_all(prediction: Prediction) -> bool:
    """Whether an item of the list says as much of its end as the prediction itself would."""
    match prediction.status:
        case "succeeded":
            return prediction.output_url is not None
        case "failed":
            return bool(prediction.error)
        case _:
            return True
