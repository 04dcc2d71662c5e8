"""One generation on its way: from where its row says to its end.

Each state has one step. A step journals before anyone sees; after a crash the same steps go on
from the rows alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.checks import audio_prompt_s, check_audio
from bot.clock import Clock
from bot.errors import (
    ConnectionFailed,
    InternalFault,
    OutputExpired,
    OutputMissing,
    PredictionAborted,
    PredictionFailed,
    PredictionOverdue,
    ReplyBroken,
    ServiceFault,
    SubmitUncertain,
    Throttled,
    TooLateToCancel,
    UserError,
)
from bot.generation import Generation, State
from bot.inputs import InputTable
from bot.ports import Delivery, Journal, Predictions, PredictionView, Sound
from bot.progress import ProgressMeter, Stage

log = logging.getLogger(__name__)

CANCEL_AFTER_S = 30 * 60
"""Sent with every prediction, so that a forgotten one stops costing; Replicate's own run limit."""
OUTPUT_MAX_BYTES = 100 * 1024 * 1024
"""More than any 30 s of audio; what is larger is not what we asked for."""
_OVERDUE = timedelta(seconds=CANCEL_AFTER_S) + timedelta(minutes=5)
_CLOCK_SKEW = timedelta(minutes=2)
_FIND_AFTER_S = (1.0, 3.0, 6.0)
"""Waits before each look for a prediction whose create request was cut off."""
_UNREACHABLE_DELAY_S = 5.0
_PASSING = (ConnectionFailed, ServiceFault, Throttled, ReplyBroken)


@dataclass(frozen=True, slots=True)
class Kit:
    """What every run works with."""

    journal: Journal
    predictions: Predictions
    sound: Sound
    delivery: Delivery
    clock: Clock
    table: InputTable
    tracks_folder: Path
    poll_delay_s: Callable[[], float]
    """The present share of the request budget, as seconds between two polls of one prediction."""


class _Stopped(Exception):
    """The person canceled, and there is nothing to wait for."""


class Run:
    """Takes one generation to its end; nobody else changes its row meanwhile."""

    def __init__(self, generation: Generation, kit: Kit) -> None:
        self.generation = generation
        self._kit = kit
        self._saving = asyncio.Lock()
        self._wake = asyncio.Event()
        self._stopping: asyncio.Timeout | None = None
        self._cancel_sent = False
        self._prediction: PredictionView | None = None
        self._meter = ProgressMeter(generation.created_at)
        self._steps: dict[State, Callable[[], Awaitable[None]]] = {
            State.ACCEPTED: self._prepare,
            State.QUEUED: self._launch,
            State.SUBMITTING: self._find_again,
            State.RUNNING: self._follow,
            State.COLLECTING: self._collect,
            State.DELIVERING: self._deliver,
        }

    async def to_end(self) -> None:
        """Go on until the generation has ended and its person knows."""
        while not self.generation.state.final:
            try:
                await self._steps[self.generation.state]()
            except _Stopped:
                await self._save(State.CANCELED, ended_at=self._kit.clock.now())
            except UserError as error:
                log.warning("generation %s failed: %r", self.generation.id, error)
                await self._save(State.FAILED, failure=error, ended_at=self._kit.clock.now())
            except Exception:
                log.exception("generation %s met a fault of ours", self.generation.id)
                failure = InternalFault()
                await self._save(State.FAILED, failure=failure, ended_at=self._kit.clock.now())
        if not self.generation.told:
            await self._kit.delivery.end(self.generation)
            await self._save(told=True)
        if self.generation.track_path is not None:
            await self._kit.sound.discard(Path(self.generation.track_path))

    async def request_cancel(self) -> None:
        """Stop as soon as possible.

        Raises:
            TooLateToCancel: the track is made, or the generation has ended.
        """
        async with self._saving:
            if not self.generation.state.cancelable:
                raise TooLateToCancel
            await self._write(self.generation.evolve(cancel_requested=True))
        self._wake.set()
        if self._stopping is not None:
            self._stopping.reschedule(asyncio.get_running_loop().time())

    # ------------------------------------------------------------------ steps, one for each state

    async def _prepare(self) -> None:
        source = self.generation.source
        if source is None:
            await self._save(State.QUEUED)
            return
        self._show(Stage.CHECKING)
        async with self._stoppable():
            audio = await self._kit.sound.take_in(source)
            try:
                check_audio(self._kit.table, self.generation.inputs, audio.duration_s)
                stored = await self._kit.predictions.upload(
                    audio.path, audio.filename, audio.content_type
                )
            finally:
                await self._kit.sound.discard(audio.path)
        inputs = replace(self.generation.inputs, input_audio=stored.url)
        await self._save(State.QUEUED, inputs=inputs, audio_s=audio.duration_s)

    async def _launch(self) -> None:
        self._show(Stage.QUEUED)
        await self._save(State.SUBMITTING, submitted_at=self._kit.clock.now())
        generation = self.generation
        try:
            prediction = await self._kit.predictions.create(
                generation.version, generation.inputs, CANCEL_AFTER_S
            )
        except (ConnectionFailed, ServiceFault, ReplyBroken) as error:
            if isinstance(error, ConnectionFailed) and not error.may_have_arrived:
                raise
            # It may have arrived, and a second one would cost a second time: look for it first.
            log.warning("create of generation %s was cut off: %r", generation.id, error)
            return
        await self._save(State.RUNNING, prediction_id=prediction.id)

    async def _find_again(self) -> None:
        submitted_at = self.generation.submitted_at or self.generation.created_at
        looked = 0
        while looked < len(_FIND_AFTER_S):
            self._wake.clear()
            await self._kit.clock.wait(self._wake, _FIND_AFTER_S[looked])
            try:
                found = await self._find_ours(submitted_at - _CLOCK_SKEW)
            except _PASSING:
                self._unreachable_since(submitted_at)
                continue
            looked += 1
            if found is not None:
                log.info("generation %s found its prediction again", self.generation.id)
                await self._save(State.RUNNING, prediction_id=found)
                return
        raise _Stopped if self.generation.cancel_requested else SubmitUncertain

    async def _follow(self) -> None:
        submitted_at = self.generation.submitted_at or self.generation.created_at
        self._meter.audio_prompt_s = audio_prompt_s(self.generation.inputs, self.generation.audio_s)
        self._show(Stage.STARTING)
        while True:
            self._wake.clear()
            delay_s = self._kit.poll_delay_s()
            try:
                prediction = await self._ask()
            except _PASSING as error:
                log.warning("generation %s: %r", self.generation.id, error)
                self._unreachable_since(submitted_at)
                asked_s = error.retry_after_s if isinstance(error, Throttled) else None
                delay_s = max(delay_s, _UNREACHABLE_DELAY_S, asked_s or 0.0)
            else:
                if await self._take(prediction):
                    return
                if self._kit.clock.now() > submitted_at + _OVERDUE:
                    raise PredictionOverdue
            await self._kit.clock.wait(self._wake, delay_s)

    async def _collect(self) -> None:
        self._show(Stage.UPLOADING)
        prediction_id = self.generation.prediction_id or ""
        async with self._stoppable():
            prediction = self._prediction or await self._kit.predictions.get(prediction_id)
            if prediction.output_url is None:
                raise OutputExpired if prediction.data_removed else OutputMissing
            extension = self._kit.table.effective(self.generation.inputs, "output_format") or "wav"
            path = self._kit.tracks_folder / f"{self.generation.id}.{extension}"
            await self._kit.predictions.download(prediction.output_url, path, OUTPUT_MAX_BYTES)
            await self._kit.sound.label(path, self.generation)
        await self._save(State.DELIVERING, track_path=str(path))

    async def _deliver(self) -> None:
        ended_at = self._kit.clock.now()
        delivered = self.generation.evolve(State.DELIVERED, ended_at=ended_at, told=True)
        try:
            await self._kit.delivery.deliver(delivered, Path(self.generation.track_path or ""))
        except FileNotFoundError:
            log.warning("generation %s: its track is gone, fetching it again", delivered.id)
            await self._save(State.COLLECTING, track_path=None)
            return
        await self._save(State.DELIVERED, ended_at=ended_at, told=True)

    # ------------------------------------------------------------------ what the steps are made of

    async def _find_ours(self, created_after: datetime) -> str | None:
        generation = self.generation
        candidates = await self._kit.predictions.find(
            generation.version,
            generation.inputs.seed or 0,
            generation.inputs.prompt,
            created_after,
        )
        for candidate in candidates:
            # The same person may have asked for the same seed and words a minute ago.
            if not await self._kit.journal.prediction_known(candidate.id):
                return candidate.id
        return None

    async def _ask(self) -> PredictionView:
        prediction_id = self.generation.prediction_id or ""
        if self.generation.cancel_requested and not self._cancel_sent:
            prediction = await self._kit.predictions.cancel(prediction_id)
            self._cancel_sent = True
            return prediction
        return await self._kit.predictions.get(prediction_id)

    async def _take(self, prediction: PredictionView) -> bool:
        """Take in one answer; True when the prediction has ended and the step with it."""
        now = self._kit.clock.now()
        self._meter.unreachable = False
        match prediction.status:
            case "succeeded":
                self._meter.read(prediction.logs, now)
                self._prediction = prediction
                await self._save(
                    State.COLLECTING,
                    predict_time_s=prediction.predict_time_s,
                    seed_used=self._meter.seed,
                )
                return True
            case "failed":
                raise PredictionFailed(prediction.error or "")
            case "aborted":
                raise PredictionAborted
            case "canceled":
                raise _Stopped if self.generation.cancel_requested else PredictionOverdue
            case "processing":
                self._meter.read(prediction.logs, now)
            case _:
                self._meter.enter(Stage.STARTING, now)
        self._kit.delivery.show(self.generation, self._meter.progress(now))
        return False

    def _show(self, stage: Stage) -> None:
        now = self._kit.clock.now()
        self._meter.enter(stage, now)
        self._kit.delivery.show(self.generation, self._meter.progress(now))

    def _unreachable_since(self, submitted_at: datetime) -> None:
        if self._kit.clock.now() > submitted_at + _OVERDUE:
            raise PredictionOverdue
        self._meter.unreachable = True
        progress = self._meter.progress(self._kit.clock.now())
        self._kit.delivery.show(self.generation, progress)

    @asynccontextmanager
    async def _stoppable(self) -> AsyncGenerator[None]:
        """Waits in here end at once when the person cancels."""
        if self.generation.cancel_requested:
            raise _Stopped
        scope = asyncio.timeout(None)
        try:
            async with scope:
                self._stopping = scope
                try:
                    yield
                finally:
                    self._stopping = None
        except TimeoutError:
            if scope.expired():
                raise _Stopped from None
            raise

    async def _save(self, state: State | None = None, **changes: Any) -> None:
        async with self._saving:
            stop = state in {State.SUBMITTING, State.DELIVERING}
            if stop and self.generation.cancel_requested:
                raise _Stopped
            await self._write(self.generation.evolve(state, **changes))

    async def _write(self, generation: Generation) -> None:
        await self._kit.journal.save(generation)
        self.generation = generation
