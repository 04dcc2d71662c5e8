"""One generation on its way: from where its row says to its end.

Each state has one step (`bot.engine.states`). A step journals before anyone sees; after a crash the
same steps go on from the rows alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Unpack

from bot.domain.errors import (
    GaveWay,
    InternalFault,
    JournalFault,
    NotFollowedHere,
    TooLateToCancel,
    UserError,
)
from bot.domain.generation import Generation, GenerationChanges, Reply, State
from bot.domain.progress import ProgressMeter, Stage
from bot.domain.waits import Wait
from bot.engine.attempts import Attempts
from bot.engine.context import Kit, Step
from bot.engine.disk_claims import count_files, discard_files
from bot.engine.disk_ledger import Standing
from bot.engine.ports import DiscordFault, NoWayNow, PredictionView
from bot.engine.queue import Place

__all__ = ["Job", "Kit", "Step", "Stopped", "retry_delays_s"]

log = logging.getLogger(__name__)

_RETRY_CAP_S = 300.0
_WAY_FIRST_S = 15.0
_WAY_CAP_S = 3600.0
"""Discord locks out who is refused 10,000 times in 10 minutes; thousands may wait."""
_RETRY_WITHIN_S = 24 * 3600.0


def retry_delays_s() -> Iterator[float]:
    """Waits between tries at what Discord has a fault with, for about a day."""
    delay_s, so_far_s = 5.0, 0.0
    while so_far_s < _RETRY_WITHIN_S:
        yield delay_s
        so_far_s += delay_s
        delay_s = min(_RETRY_CAP_S, delay_s * 2)


class Stopped(Exception):
    """The person canceled, or it is to give way, and there is nothing to wait for."""


class Job:
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
        self.gives_way = False
        """Whether its room on the disk is needed for what is paid."""
        self.delivered: Generation | None = None
        """What Discord has already: all that is left to do is to write it down."""
        self.end_told = False
        """The same, of an end without a track."""
        self._way = asyncio.Event()
        self._way_retry_s = _WAY_FIRST_S
        self._saving = asyncio.Lock()
        self.attempts = Attempts(self)
        self._stopping: asyncio.Timeout | None = None

    async def to_end(self) -> None:
        """Go on until the generation has ended and its person knows."""
        await count_files(self)
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
        if self.generation.state is State.DELIVERED and self.generation.track_path is not None:
            await self.kit.delivery.follow_up(self.generation, Path(self.generation.track_path))
        await discard_files(self)

    async def _tell_end(self) -> None:
        """Show an end without a track, for as long as nobody has."""
        delays_s = retry_delays_s()
        while not (self.end_told or self.generation.told):
            try:
                moved = await self.kit.delivery.end(self.generation)
            except NoWayNow as closed:
                await self.wait_for_way(closed)
                continue
            except DiscordFault as error:
                log.warning("the end of generation %s: %s", self.generation.id, error)
                if (delay_s := next(delays_s, None)) is not None:
                    await self.kit.clock.sleep(delay_s)
                    continue
            else:
                if moved is not None:
                    await self.save(reply=moved.reply)
                    continue
            self.end_told = True

    async def _step(self) -> None:
        generation = self.generation
        try:
            await self.kit.steps[generation.state](self)
        except (JournalFault, NotFollowedHere):
            raise
        except Stopped:
            ended_at = self.kit.clock.now()
            if self.gives_way and not self.generation.cancel_requested:
                log.warning("generation %s gives way to what is paid", generation.id)
                await self.save(State.FAILED, failure=GaveWay(), ended_at=ended_at)
            else:
                await self.save(State.CANCELED, ended_at=ended_at)
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
        self._stop_waiting()

    def give_way(self) -> None:
        """Leave the room on the disk to what is paid; not where this one is by now."""
        if self.is_unpaid:
            self.gives_way = True
            self._stop_waiting()

    def _stop_waiting(self) -> None:
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

    def look_for_way(self, guild_id: int, channel_id: int | None) -> None:
        """Something has changed there, or in all of a server: what was closed may be open."""
        reply = self.generation.reply
        if reply.guild_id == guild_id and channel_id in {None, reply.channel_id}:
            self._way.set()

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

    def give_up_seat(self) -> None:
        """Let the next in line run."""
        if self.place is not None:
            self.kit.line.leave(self.place)
            self.place = None

    # ------------------------------------------------------------------ for the steps

    async def save(self, state: State | None = None, **changes: Unpack[GenerationChanges]) -> None:
        """Journal a change.

        Raises:
            Stopped: instead of going on to something that a requested cancel forbids.
        """
        async with self._saving:
            costly = state in {State.SUBMITTING, State.DELIVERING}
            if costly and self.generation.cancel_requested:
                raise Stopped
            if state is State.SUBMITTING and self.gives_way:
                raise Stopped
            await self._write(self.generation.evolve(state, **changes))
            if state is not None and self.generation.attempts:
                self.attempts.entered()
        if state in {State.QUEUED, State.SUBMITTING}:
            standing = Standing.UNPAID if state is State.QUEUED else Standing.PAID
            self.kit.disk_space.stands(self.generation.id, standing)

    def show(self, stage: Stage | None = None) -> None:
        """Show how far it is."""
        now = self.kit.clock.now()
        if stage is not None:
            self.meter.enter(stage, now)
        self.kit.delivery.show(self.generation, self.meter.progress(now, self.wait))

    def waits_for(self, wait: Wait | None) -> None:
        """Show what keeps it, or that nothing does any more; not where its end is shown already."""
        self.wait = wait
        is_over = self.generation.state.final or self.delivered is not None
        if not is_over and self.generation.reply.known:
            self.show()

    @asynccontextmanager
    async def stoppable(self) -> AsyncGenerator[None, None]:
        """Waits in here end at once, as `Stopped`, when the person cancels."""
        if self.generation.cancel_requested or self.gives_way:
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
        self.kit.disk_space.stands(self.generation.id, Standing.KEPT)
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
            self.kit.disk_space.stands(self.generation.id, Standing.PAID)
            self._way.clear()

    async def _write(self, generation: Generation) -> None:
        await self.kit.journal.save(generation)
        self.generation = generation
