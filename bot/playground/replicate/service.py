"""The account's predictions and what may be done with them; no HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from itertools import dropwhile, islice, takewhile

from bot.domain.clock import Clock
from bot.engine.background import BackgroundTasks
from bot.playground.replicate.bodies import CreateOrder, ListQuery
from bot.playground.replicate.hosted import Hosted
from bot.playground.replicate.predictions import OutputFile, Prediction, new_id
from bot.playground.replicate.problems import Problem
from bot.playground.replicate.runs import Runs
from bot.playground.replicate.scripts import Scripts
from bot.playground.replicate.webhooks import Webhooks

PAGE_SIZE = 100


class Predictions:
    """Creates, follows and cancels predictions."""

    def __init__(self, clock: Clock, runs: Runs, scripts: Scripts, webhooks: Webhooks) -> None:
        self._clock, self._runs, self._scripts = clock, runs, scripts
        self._webhooks = webhooks
        self._tasks = BackgroundTasks()
        self._ends: dict[str, asyncio.Event] = {}
        self._lives: dict[str, asyncio.Task[None]] = {}
        self._by_id: dict[str, Prediction] = {}

    @property
    def all(self) -> list[Prediction]:
        """Every prediction ever created, oldest first."""
        return list(self._by_id.values())

    async def close(self) -> None:
        """Stop every run."""
        await self._tasks.close()

    async def idle(self) -> None:
        """Wait until every prediction has ended."""
        await self._tasks.idle()

    def create(self, order: CreateOrder) -> Prediction:
        """Begin a paid run."""
        now, hosted = self._clock.now(), order.hosted
        prediction = Prediction(
            new_id(), hosted.model, hosted.version, order.input, now, self._scripts.take()
        )
        prediction.webhook = order.webhook
        if order.cancel_after_s is not None:
            prediction.deadline = now + timedelta(seconds=order.cancel_after_s)
        return self.begin(prediction, hosted)

    def begin(self, prediction: Prediction, hosted: Hosted) -> Prediction:
        """Run one from its start, whenever it was created."""
        self._by_id[prediction.id] = prediction
        self._ends[prediction.id] = asyncio.Event()
        life = self._tasks.start(self._live(prediction, hosted), f"prediction {prediction.id}")
        self._lives[prediction.id] = life
        self._webhooks.follow(prediction)
        life.add_done_callback(lambda _: self._forget(prediction))
        if prediction.deadline is not None:
            left_s = (prediction.deadline - self._clock.now()).total_seconds()
            watch = self._watch_deadline(prediction, max(0.0, left_s))
            watcher = self._tasks.start(watch, f"deadline {prediction.id}")
            life.add_done_callback(lambda _: watcher.cancel())
        return prediction

    def get(self, prediction_id: str) -> Prediction:
        """One prediction.

        Raises:
            Problem: 404.
        """
        try:
            return self._by_id[prediction_id]
        except KeyError:
            raise Problem.not_found() from None

    def cancel(self, prediction: Prediction) -> None:
        """Stop a run; one that has ended stays as it is."""
        self._stop(prediction, "canceled")

    async def ended(self, prediction: Prediction, timeout_s: float) -> bool:
        """Wait for the end; False when the time was up first."""
        end = self._ends.get(prediction.id)
        return end is None or await self._clock.wait(end, timeout_s)

    def page(self, query: ListQuery) -> tuple[list[Prediction], bool]:
        """At most `PAGE_SIZE` predictions, newest first, and whether older ones follow."""
        seen_by = self._clock.now() - timedelta(seconds=self._runs.timings.list_lag_s)
        listed = reversed(self._by_id.values())
        newest_first = dropwhile(lambda one: one.created_at > seen_by, listed)
        if (before := query.before) is not None:
            newest_first = dropwhile(lambda one: one.created_at >= before, newest_first)
        if (after := query.after) is not None:
            newest_first = takewhile(lambda one: one.created_at >= after, newest_first)
        found = list(islice(newest_first, query.skipped, query.skipped + PAGE_SIZE + 1))
        return found[:PAGE_SIZE], len(found) > PAGE_SIZE

    def output(self, key: str) -> tuple[Prediction, OutputFile]:
        """An output by the key in its address.

        Raises:
            Problem: 404 when there is none, or no longer.
        """
        for prediction, file in self._outputs():
            if file.key == key and not self.is_removed(prediction):
                return prediction, file
        raise Problem.not_found()

    def is_removed(self, prediction: Prediction) -> bool:
        """Whether its input, output and logs are gone."""
        return prediction.is_removed(self._clock.now(), self._runs.timings.retention_s)

    def _outputs(self) -> Iterator[tuple[Prediction, OutputFile]]:
        for prediction in self._by_id.values():
            if prediction.output_file is not None:
                yield prediction, prediction.output_file

    async def _live(self, prediction: Prediction, hosted: Hosted) -> None:
        await self._runs.live(prediction, hosted.completed(prediction.input))

    async def _watch_deadline(self, prediction: Prediction, delay_s: float) -> None:
        await self._clock.sleep(delay_s)
        self._stop(prediction, "aborted" if prediction.started_at is None else "canceled")

    def _stop(self, prediction: Prediction, status: str) -> None:
        prediction.end(status, self._clock.now())
        if (life := self._lives.get(prediction.id)) is not None:
            life.cancel()

    def _forget(self, prediction: Prediction) -> None:
        """A run that broke down without saying so failed, too."""
        prediction.end("failed", self._clock.now(), "Prediction failed. (E1000)")
        del self._lives[prediction.id]
        self._ends.pop(prediction.id).set()
