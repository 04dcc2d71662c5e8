"""One generation on its way: from where its row says to its end.

Each state has one step (`bot.steps`). A step journals before anyone sees; after a crash the same
steps go on from the rows alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from bot.attempts import Attempts
from bot.clock import Clock
from bot.errors import InternalFault, JournalFault, NotFollowedHere, TooLateToCancel, UserError
from bot.gate import CreateGate
from bot.generation import Generation, Reply, State
from bot.inputs import InputTable
from bot.line import Line, Place
from bot.poller import Poller
from bot.ports import (
    Delivery,
    DiscordFault,
    Journal,
    Moved,
    NoWayNow,
    Predictions,
    PredictionView,
    Sound,
)
from bot.progress import ProgressMeter, Stage
from bot.troubles import Troubles
from bot.waits import Wait

log = logging.getLogger(__name__)

_RETRY_CAP_S = 300.0
_WAY_FIRST_S = 15.0
_WAY_CAP_S = 3600.0
"""Discord locks out who is refused 10,000 times in 10 minutes; thousands may wait."""
_RETRY_WITHIN_S = 24 * 3600.0

Step: TypeAlias = "Callable[[Run], Awaitable[None]]"


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
    line: Line
    reading_line: Line
    """Turns at fetching and reading input audio."""
    gate: CreateGate
    poller: Poller
    troubles: Troubles
    steps: Mapping[State, Step]
    parked: set[Run] = field(default_factory=set["Run"])
    """Those that wait for a way to their persons."""


def retry_delays_s() -> Iterator[float]:
    """Waits between tries at what Discord has a fault with, for about a day."""
    delay_s, so_far_s = 5.0, 0.0
    while so_far_s < _RETRY_WITHIN_S:
        yield delay_s
        so_far_s += delay_s
        delay_s = min(_RETRY_CAP_S, delay_s * 2)


class Stopped(Exception):
    """The person canceled, and there is nothing to wait for."""


class Run:
    """Takes one generation to its end; no other run changes its row meanwhile."""

    def __init__(self, generation: Generation, kit: Kit, *, answering: bool = False) -> None:
        self.generation = generation
        self.kit = kit
        self.meter = ProgressMeter(generation.created_at)
        self.wake = asyncio.Event()
        """Set when there is news of the prediction, or of what the person wants."""
        self.prediction: PredictionView | None = None
        self.cancel_sent = False
        self.answering = answering
        """Whether its command is just being acknowledged here."""
        self.is_ours = True
        """False where Discord has said that another process, or nobody, has acknowledged it."""
        self.place: Place | None = None
        self.wait: Wait | None = None
        """Why it does not go on just now; the card tells it."""
        self.is_homeless = False
        """Whether the channel that it was asked in is gone."""
        self.late_again_at = generation.created_at
        """From when on its card is to offer a way to a fresh token, if its own dies soon."""
        self.track_kept = True
        self.delivered: Generation | None = None
        """What Discord has already: all that is left to do is to write it down."""
        self.end_told = False
        """The same, of an end without a track."""
        self._way = asyncio.Event()
        self._way_retry_s = _WAY_FIRST_S
        self._saving = asyncio.Lock()
        self.attempts = Attempts(lambda: self.generation, self.save)
        self._stopping: asyncio.Timeout | None = None

    async def to_end(self) -> None:
        """Go on until the generation has ended and its person knows."""
        while not self.generation.told:
            try:
                while not self.generation.state.final:
                    await self._step()
            except asyncio.CancelledError:
                await self.attempts.take_back()
                raise
            finally:
                self.give_up_seat()
            await self._tell_end()
            if not self.generation.told:
                # What turns up late brings it back to life, or is stopped.
                await self.kit.steps[self.generation.state](self)
            if not self.generation.state.final:
                self.end_told = False
            elif not self.generation.told:
                await self.save(told=True)
        for path in (self.generation.track_path, self.generation.piece_path):
            if path is not None:
                await self.kit.sound.discard(Path(path))

    async def _tell_end(self) -> None:
        """Show an end without a track, for as long as nobody has."""
        delays_s = retry_delays_s()
        while not (self.end_told or self.generation.told):
            try:
                await self.kit.delivery.end(self.generation)
            except Moved as moved:
                await self.save(reply=moved.reply)
                continue
            except NoWayNow as closed:
                await self.wait_for_way(closed)
                continue
            except DiscordFault as error:
                log.warning("the end of generation %s: %s", self.generation.id, error)
                if (delay_s := next(delays_s, None)) is not None:
                    await self.kit.clock.sleep(delay_s)
                    continue
            self.end_told = True

    async def _step(self) -> None:
        generation = self.generation
        try:
            await self.kit.steps[generation.state](self)
        except (JournalFault, NotFollowedHere):
            raise
        except Stopped:
            await self.save(State.CANCELED, ended_at=self.kit.clock.now())
        except UserError as error:
            log.warning("generation %s failed: %r", generation.id, error)
            await self.save(State.FAILED, failure=error, ended_at=self.kit.clock.now())
        except Exception:
            log.exception("generation %s met a fault of ours", generation.id)
            failure = InternalFault()
            await self.save(State.FAILED, failure=failure, ended_at=self.kit.clock.now())

    # ------------------------------------------------------------------ from outside

    async def request_cancel(self) -> None:
        """Stop as soon as possible.

        Raises:
            TooLateToCancel: the track is made, or the generation has ended.
        """
        async with self._saving:
            if not self.generation.state.cancelable:
                raise TooLateToCancel
            if self.generation.cancel_requested:
                return
            await self._write(self.generation.evolve(cancel_requested=True))
        self.wake.set()
        if self._stopping is not None:
            self._stopping.reschedule(asyncio.get_running_loop().time())

    def acknowledged(self, reply: Reply | None) -> None:
        """Its command is through; a reply that is known is journalled with the next change."""
        if reply is not None:
            self.generation = self.generation.evolve(reply=reply)
        self.answering = False
        self.wake.set()

    def let_go(self) -> None:
        """It is not this process that has acknowledged its command."""
        self.is_ours = False

    async def bring(self, reply: Reply) -> None:
        """Show it from now on in `reply`, whose token is fresh."""
        async with self._saving:
            await self._write(self.generation.evolve(reply=reply))
        self._way_retry_s = _WAY_FIRST_S
        self._way.set()
        self.wake.set()

    @property
    def parked(self) -> bool:
        """Whether it waits for a way to its person."""
        return self in self.kit.parked

    def look_for_way(self) -> None:
        """Something has changed at Discord: what was closed may be open."""
        if self.parked:
            self._way.set()

    @property
    def keeps_track(self) -> bool:
        """Whether there is a track on disk whose place could be given to another's."""
        return self.track_kept and self.generation.track_path is not None

    @property
    def is_unpaid(self) -> bool:
        """Whether nothing was sent for it that costs money."""
        return self.generation.state in {State.ACCEPTED, State.QUEUED}

    async def reload(self) -> None:
        """Go on from the row: where the answer to a commit got lost, it is ahead."""
        row = await self.kit.journal.get(self.generation.id)
        if row is not None:
            known = row.reply.known or not self.generation.reply.known
            self.generation = row if known else row.evolve(reply=self.generation.reply)

    def let_go_of_track(self) -> None:
        """Keep the file no longer that waits for its person."""
        self.track_kept = False
        self._way.set()

    def give_up_seat(self) -> None:
        """Let the next in line run."""
        if self.place is not None:
            self.kit.line.leave(self.place)
            self.place = None

    # ------------------------------------------------------------------ for the steps

    async def save(self, state: State | None = None, **changes: Any) -> None:
        """Journal a change.

        Raises:
            Stopped: instead of going on to something that a requested cancel forbids.
        """
        async with self._saving:
            costly = state in {State.SUBMITTING, State.DELIVERING}
            if costly and self.generation.cancel_requested:
                raise Stopped
            await self._write(self.generation.evolve(state, **changes))
            if state is not None and self.generation.attempts:
                self.attempts.entered()

    def show(self, stage: Stage | None = None) -> None:
        """Show how far it is."""
        now = self.kit.clock.now()
        if stage is not None:
            self.meter.enter(stage, now)
        self.kit.delivery.show(self.generation, self.meter.progress(now, self.wait))

    @asynccontextmanager
    async def stoppable(self) -> AsyncGenerator[None, None]:
        """Waits in here end at once, as `Stopped`, when the person cancels."""
        if self.generation.cancel_requested:
            raise Stopped
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
                raise Stopped from None
            raise

    async def wait_for_way(self, closed: NoWayNow) -> None:
        """Wait until there may be a way to deliver what Discord lets us post nowhere now.

        The person opens one with a click or a command. Where one may open by itself, it is tried
        again: when Discord tells of a change there, and at growing waits of up to an hour.
        """
        self.kit.parked.add(self)
        self.is_homeless = closed.place_gone
        retry_s = self._way_retry_s if closed.may_open else None
        self._way_retry_s = min(_WAY_CAP_S, self._way_retry_s * 2)
        log.info("generation %s waits for its person", self.generation.id)
        try:
            async with self._saving:
                reply = self.generation.reply
                if is_spent := bool(reply.token) and not closed.token_lives:
                    # Other processes see by the row that it waits, whenever the token has died.
                    reply = replace(reply, token="")
                # Whatever ends this process meanwhile, it is not work on the files.
                if (is_spent or self.generation.attempts) and not self._way.is_set():
                    await self._write(self.generation.evolve(reply=reply, attempts=0))
            await self.kit.clock.wait(self._way, retry_s)
        finally:
            self.kit.parked.discard(self)
            self._way.clear()

    async def _write(self, generation: Generation) -> None:
        await self.kit.journal.save(generation)
        self.generation = generation
