"""One generation on its way: its row, what is known of it beside that, and what may change of it.

What is done in each state is in `bot.engine.states`; what leads to the next, in `lifecycle`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Unpack

from bot.domain.errors import TooLateToCancel
from bot.domain.generation import LATE, Generation, GenerationChanges, Reply, State
from bot.domain.models import Model
from bot.domain.prediction import Prediction
from bot.domain.progress import ProgressMeter, Stage
from bot.domain.waits import Wait
from bot.engine.attempts import Attempts
from bot.engine.context import JobContext
from bot.engine.disk_ledger import Standing
from bot.engine.ports import Unreachable
from bot.engine.pushes import CreatePush
from bot.engine.queue_slot import Slot
from bot.engine.stages import stages_done

log = logging.getLogger(__name__)

_REACH_AGAIN_FIRST_S = 15.0
_REACH_AGAIN_CAP_S = 3600.0
"""Discord locks out who is refused 10,000 times in 10 minutes; thousands may wait."""
_LATE_AGAIN = timedelta(seconds=30)
"""A card that is late is shown so seldom for that alone: its edit may have failed."""


class Stopped(Exception):
    """The person canceled, or it is to give way, and there is nothing to wait for."""


class Job:
    """One generation that this process follows; no other job changes its row meanwhile."""

    def __init__(
        self,
        generation: Generation,
        context: JobContext,
        *,
        answering: bool = False,
        end_told: bool = False,
    ) -> None:
        """`answering`: its command is just being acknowledged. `end_told`: Discord has its end."""
        self.context = context
        self.meter = ProgressMeter(generation.created_at)
        self.attempts = Attempts(self)
        self.slot = Slot(context.queue, generation.requester_id, generation.id)
        self.wake = asyncio.Event()
        """Set when there is news of the prediction, or of what the person wants."""
        self.create_push = CreatePush()
        self._generation = generation
        self._answering = answering
        self._is_ours = True
        self._prediction: Prediction | None = None
        self._cancel_sent = False
        self._wait: Wait | None = None
        self._is_homeless = False
        self._gives_way = False
        self._delivered: Generation | None = None
        self._end_told = end_told
        self._late_again_at = generation.created_at
        self._reachable = asyncio.Event()
        self._reach_again_s = _REACH_AGAIN_FIRST_S
        self._saving = asyncio.Lock()
        self._in_state_since_s: float | None = None
        """By the clock's count; None while it is in the state that it was taken up in."""
        self._stopping: asyncio.Timeout | None = None

    # ------------------------------------------------------------------ what is known

    @property
    def generation(self) -> Generation:
        """Its row, as last written."""
        return self._generation

    @property
    def model(self) -> Model:
        """The model that it runs on."""
        return self.context.models.shown(self._generation.fine_tune)

    @property
    def answering(self) -> bool:
        """Whether its command is just being acknowledged here."""
        return self._answering

    @property
    def is_ours(self) -> bool:
        """False where Discord has said that another process, or nobody, has acknowledged it."""
        return self._is_ours

    @property
    def prediction(self) -> Prediction | None:
        """How its prediction ended well; None where that is to be asked."""
        return self._prediction

    @property
    def wants_cancel_sent(self) -> bool:
        """Whether the service is still to be told that its person canceled."""
        return self._generation.cancel_requested and not self._cancel_sent

    @property
    def wait(self) -> Wait | None:
        """Why it does not go on just now; the card tells it."""
        return self._wait

    @property
    def is_homeless(self) -> bool:
        """Whether the channel that it was asked in is gone."""
        return self._is_homeless

    @property
    def gives_way(self) -> bool:
        """Whether its room on the disk is needed for what is paid."""
        return self._gives_way

    @property
    def is_unpaid(self) -> bool:
        """Whether nothing was sent for it that costs money."""
        return self._generation.state.unpaid

    @property
    def delivered(self) -> Generation | None:
        """What Discord has already: all that is left to do is to write it down."""
        return self._delivered

    @property
    def end_told(self) -> bool:
        """Whether Discord has its end, which is one without a track."""
        return self._end_told

    # ------------------------------------------------------------------ from outside

    async def request_cancel(self, by_id: int | None) -> None:
        """Stop as soon as possible; `by_id` is who asks for it.

        Raises:
            TooLateToCancel: the track is made, or the generation has ended.
        """
        async with self._saving:
            if not self._generation.state.cancelable:
                raise TooLateToCancel
            if self._generation.cancel_requested:
                return
            await self._write(self._generation.evolve(cancel_requested=True, canceled_by=by_id))
        self.wake.set()
        self._stop_waiting()

    def give_way(self) -> None:
        """Leave the room on the disk to what is paid; not where this one is by now."""
        if self.is_unpaid:
            self._gives_way = True
            self._stop_waiting()

    def acknowledged(self, reply: Reply | None) -> None:
        """Its command is through; a reply that is known is journalled with the next change."""
        if reply is not None:
            self._generation = self._generation.evolve(reply=reply)
        self._answering = False
        self.wake.set()

    def let_go(self) -> None:
        """It is not this process that has acknowledged its command."""
        self._is_ours = False

    async def bring(self, reply: Reply) -> None:
        """Show it from now on in `reply`, whose token is fresh."""
        async with self._saving:
            await self._write(self._generation.evolve(reply=reply))
        self._reach_again_s = _REACH_AGAIN_FIRST_S
        self._reachable.set()
        self.wake.set()

    def retry_if_in(self, guild_id: int, channel_id: int | None) -> None:
        """Something has changed there, or in all of a server: what was closed may be open."""
        reply = self._generation.reply
        if reply.guild_id == guild_id and channel_id in {None, reply.channel_id}:
            self._reachable.set()

    def show_if_late(self, now: datetime) -> None:
        """Have its card offer a button for a fresh token before its own dies, news or not."""
        if now < self._late_again_at:
            return
        reply = self._generation.reply
        is_late = now > reply.token_expires_at - LATE and reply.token_lives(now)
        # What is being delivered has had its last edit but one.
        if is_late and reply.known and self._generation.state.cancelable:
            self._late_again_at = now + _LATE_AGAIN
            self.show()

    # ------------------------------------------------------------------ for the states

    async def save(self, state: State | None = None, **changes: Unpack[GenerationChanges]) -> None:
        """Journal a change.

        Raises:
            Stopped: instead of going on to something that a requested cancel forbids.
        """
        async with self._saving:
            costly = state in {State.SUBMITTING, State.DELIVERING}
            if costly and self._generation.cancel_requested:
                raise Stopped
            if state is State.SUBMITTING and self._gives_way:
                raise Stopped
            await self._write(self._generation.evolve(state, **changes))
            if state is not None and self._generation.attempts:
                self.attempts.entered()
        if state in {State.QUEUED, State.SUBMITTING}:
            standing = Standing.UNPAID if state is State.QUEUED else Standing.PAID
            self.context.disk_space.stands(self._generation.id, standing)

    async def reload(self) -> None:
        """Go on from the row: where the answer to a commit got lost, it is ahead."""
        row = await self.context.journal.get(self._generation.id)
        if row is not None:
            known = row.reply.known or not self._generation.reply.known
            self._generation = row if known else row.evolve(reply=self._generation.reply)

    def enter(self, stage: Stage) -> None:
        """Go on to a stage; the card shows it with what comes next."""
        self.meter.enter(stage, self.context.clock.now())

    def show(self, stage: Stage | None = None) -> None:
        """Show how far it is."""
        if stage is not None:
            self.enter(stage)
        progress = self.meter.progress(self.context.clock.now(), self._wait)
        self.context.delivery.show(self._generation, progress)

    def waits_for(self, wait: Wait | None) -> None:
        """Show what keeps it, or that nothing does any more; not where its end is shown already."""
        self._wait = wait
        is_over = self._generation.state.final or self._delivered is not None
        if not is_over and self._generation.reply.known:
            self.show()

    def goes_on(self, wait: Wait | None = None) -> None:
        """Nothing keeps it any more, or only `wait`: the card tells so with what comes next."""
        self._wait = wait

    @asynccontextmanager
    async def stoppable(self) -> AsyncGenerator[None, None]:
        """Waits in here end at once, as `Stopped`, when the person cancels."""
        if self._generation.cancel_requested or self._gives_way:
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

    def cancel_was_sent(self) -> None:
        """The service knows that its person canceled."""
        self._cancel_sent = True

    def remember(self, prediction: Prediction | None) -> None:
        """Its prediction ended well, like this; None where that is to be asked again."""
        self._prediction = prediction

    def was_delivered(self, generation: Generation) -> None:
        """Discord has its track."""
        self._delivered = generation

    def end_was_told(self, told: bool = True) -> None:
        """Discord has its end, or what seemed to be it was not."""
        self._end_told = told

    async def wait_until_reachable(self, error: Unreachable) -> None:
        """Wait until what Discord lets us post nowhere now may be deliverable.

        A click or a command of the person's changes that. Where it may change by itself, it is
        tried again: when Discord tells of a change there, and at growing waits of up to an hour.
        """
        context, generation_id = self.context, self._generation.id
        context.unreachable.add(generation_id)
        context.disk_space.stands(generation_id, Standing.KEPT)
        self._is_homeless = error.channel_gone
        retry_s = self._reach_again_s if error.may_reopen else None
        self._reach_again_s = min(_REACH_AGAIN_CAP_S, self._reach_again_s * 2)
        log.info("waits for its person")
        try:
            async with self._saving:
                reply = self._generation.reply
                if is_spent := bool(reply.token) and not error.token_lives:
                    # Other processes see by the row that it waits, whenever the token has died.
                    reply = replace(reply, token="")
                # Whatever ends this process meanwhile, it is not work on the files.
                if (is_spent or self._generation.attempts) and not self._reachable.is_set():
                    await self._write(self._generation.evolve(reply=reply, attempts=0))
            await context.clock.wait(self._reachable, retry_s)
        finally:
            context.unreachable.discard(generation_id)
            context.disk_space.stands(generation_id, Standing.PAID)
            self._reachable.clear()

    def _stop_waiting(self) -> None:
        if self._stopping is not None:
            self._stopping.reschedule(asyncio.get_running_loop().time())

    async def _write(self, generation: Generation) -> None:
        await self.context.journal.save(generation)
        before, self._generation = self._generation, generation
        if before.state is not generation.state:
            self._observe(before)

    def _observe(self, before: Generation) -> None:
        clock, observer, since_s = self.context.clock, self.context.observer, self._in_state_since_s
        now_s = self._in_state_since_s = clock.monotonic()
        here_s = None if since_s is None else now_s - since_s
        for stage, took_s in stages_done(before, self._generation, clock.now(), here_s):
            observer.took(stage, took_s)
        if self._generation.state.final:
            observer.ended(self._generation)
