"""Gives what the service pushes to whoever follows it: here, or in another process."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from enum import StrEnum

from bot.domain.errors import JournalFault
from bot.domain.journal_values import Push
from bot.domain.prediction import Prediction
from bot.engine.context import JobContext
from bot.engine.pushes import Pushes
from bot.engine.registry import JobRegistry

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 1.0
_AFTER_FAULT_S = 5.0
_REMEMBERED = 10_000
_WAITING_MAX = 10_000


class Given(StrEnum):
    """What became of a push."""

    TAKEN = "taken"
    """It is followed here."""
    PASSED_ON = "passed_on"
    """It is left to the other processes; one of them may follow it."""
    UNKNOWN = "unknown"


class PushRouter:
    """Nothing it is given is waited for, and all of it may be lost: polls tell the same."""

    def __init__(self, context: JobContext, registry: JobRegistry, pushes: Pushes) -> None:
        self._context = context
        self._registry = registry
        self._pushes = pushes
        self._passed_on = OrderedDict[tuple[str, int], None]()
        """Each prediction, and how far it was; the last ones."""
        self._waiting: dict[str, Push] = {}
        self._has_some = asyncio.Event()

    def give(self, generation_id: str, prediction: Prediction) -> Given:
        """Take in what was pushed for a generation."""
        self._pushes.came()
        if self._context.poller.push(prediction) or self._tell(generation_id, prediction.id):
            return Given.TAKEN
        if self._context.processes == 1:
            return Given.UNKNOWN
        self._pass_on(Push(prediction.id, generation_id), prediction.reached)
        return Given.PASSED_ON

    async def keep_passing_on(self) -> None:
        """Leave word for other processes; goes on until it is cancelled."""
        while True:
            await self._context.clock.wait(self._has_some, None)
            self._has_some.clear()
            told, self._waiting = self._waiting, {}
            try:
                await self._context.journal.pass_on(*told.values())
            except JournalFault as error:
                log.warning("other processes are not told what was pushed: %s", error)
                await self._context.clock.sleep(_AFTER_FAULT_S)

    async def keep_looking(self) -> None:
        """Take in what has come to other processes; goes on until it is cancelled."""
        clock = self._context.clock
        while True:
            await clock.sleep(_LOOK_EVERY_S)
            if self._context.processes == 1 or not self._registry.jobs:
                continue
            try:
                told = await self._context.journal.take_passed_on()
            except JournalFault as error:
                log.warning("what was pushed to other processes is not known: %s", error)
                await clock.sleep(_AFTER_FAULT_S)
                continue
            for push in told:
                self._pushes.came()
                if not self._context.poller.point_at(push.prediction_id):
                    self._tell(push.generation_id, push.prediction_id)

    def _tell(self, generation_id: str, prediction_id: str) -> bool:
        """Tell a generation whose prediction is not followed yet, or no longer; False for none."""
        if (job := self._registry.get(generation_id)) is None:
            return False
        job.create_push.tell(prediction_id)
        return True

    def _pass_on(self, push: Push, reached: int) -> None:
        """Once for each thing that has happened, not for every line of its logs."""
        key = push.prediction_id, max(1, reached)
        if key in self._passed_on or len(self._waiting) >= _WAITING_MAX:
            return
        self._passed_on[key] = None
        if len(self._passed_on) > _REMEMBERED:
            self._passed_on.popitem(last=False)
        self._waiting[push.prediction_id] = push
        self._has_some.set()
