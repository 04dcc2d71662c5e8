"""The service behind every command and button: submit, cancel, resume. Knows ports, no adapter."""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from bot.checks import check_request
from bot.clock import Clock
from bot.errors import (
    AlreadyHere,
    BotError,
    FollowedElsewhere,
    GenerationUnknown,
    InternalFault,
    NotFollowedHere,
    ShuttingDown,
    TooLateToCancel,
)
from bot.generation import AudioSource, Generation, Relation, Reply, State, new_generation_id
from bot.inputs import SEED_MAX, Inputs, InputTable
from bot.line import CreateGate, Line
from bot.poller import Poller
from bot.ports import Delivery, Journal, Predictions, Sound
from bot.run import Kit, Run
from bot.steps import STEPS
from bot.tasks import Precedence, TaskOwner

log = logging.getLogger(__name__)

_JOURNAL_DELAYS_S = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0)
_LEASE_S = 20.0
_RENEW_EVERY_S = 5.0
"""A process that died is noticed once its lease has run out, at the latest 25 s after."""
_PATIENCE_S = 0.5
_CREATES_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Origin:
    """What an order was made from, for orders that a card led to."""

    parent_id: str | None
    """None for audio that is not ours."""
    relation: Relation
    batch_id: str | None = None
    """Shared by takes that one card lists."""
    more_s: int | None = None
    """For an extension: how much new music, in seconds."""


@dataclass(frozen=True, slots=True)
class Order:
    """One request, checked as far as it can be without its audio, and acknowledged."""

    requester_id: int
    reply: Reply
    inputs: Inputs
    source: AudioSource | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class House:
    """What this bot runs: the version, its inputs, its budget, its folder."""

    version: str
    table: InputTable
    requests_per_minute: int
    tracks_folder: Path
    max_running: int = 100
    max_running_per_user: int = 4


class Studio:
    """Takes orders and follows every generation to its end."""

    def __init__(
        self,
        house: House,
        journal: Journal,
        predictions: Predictions,
        sound: Sound,
        delivery: Delivery,
        clock: Clock,
    ) -> None:
        self.table = house.table
        self._version = house.version
        self._journal = journal
        self._clock = clock
        self._runs: dict[str, Run] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._owner = TaskOwner()
        self._keepers = TaskOwner()
        self._given_up: set[str] = set()
        self._delivery = delivery
        self._closing = False
        self.acknowledgements = Precedence(clock, _PATIENCE_S)
        """Its `urgent()` surrounds every acknowledgement."""
        self._kit = Kit(
            journal=journal,
            predictions=predictions,
            sound=sound,
            delivery=delivery,
            clock=clock,
            table=house.table,
            tracks_folder=house.tracks_folder,
            line=Line(house.max_running, house.max_running_per_user),
            gate=CreateGate(_CREATES_AT_ONCE, clock),
            poller=Poller(predictions, clock, house.requests_per_minute),
            steps=STEPS,
        )

    def check(self, inputs: Inputs, *, has_audio: bool) -> None:
        """Hold a request against everything that can be known without its audio.

        Raises:
            RequestRefused: it cannot be run, or the bot is closing.
        """
        if self._closing:
            raise ShuttingDown
        check_request(self.table, inputs, has_audio=has_audio)

    async def submit(self, order: Order) -> Generation:
        """Journal an acknowledged order and start on it.

        The seed is drawn here where none is set: it makes the track reproducible, and the
        request findable after a create whose outcome is unknown.
        """
        inputs = self.table.supported(order.inputs)
        if inputs.seed is None:
            inputs = replace(inputs, seed=random.randint(1, SEED_MAX))
        generation = Generation(
            id=new_generation_id(),
            requester_id=order.requester_id,
            reply=order.reply,
            inputs=inputs,
            version=self._version,
            created_at=self._clock.now(),
            source=order.source,
            parent_id=order.origin.parent_id if order.origin else None,
            relation=order.origin.relation if order.origin else None,
            batch_id=order.origin.batch_id if order.origin else None,
            more_s=order.origin.more_s if order.origin else None,
        )
        await self._journal.add(generation)
        log.info("generation %s accepted", generation.id)
        if not self._closing:
            self._take_up(generation)
        return generation

    async def start(self) -> None:
        """Take up what an earlier process left open, and keep an eye on the others' from now on."""
        await self.adopt()
        self._keepers.start(self._keep_leases(), name="leases")
        self._keepers.start(self._kit.poller.sweep(), name="sweep")

    async def adopt(self) -> int:
        """Take up every open generation that nobody follows, where its row stands; how many."""
        found = await self._journal.claim(_LEASE_S)
        for generation in found:
            log.info("generation %s is taken up as %s", generation.id, generation.state)
            self._take_up(generation)
        return len(found)

    async def get(self, generation_id: str) -> Generation:
        """One generation, running or past.

        Raises:
            GenerationUnknown: the journal has none with this id.
        """
        run = self._runs.get(generation_id)
        generation = run.generation if run else await self._journal.get(generation_id)
        if generation is None:
            raise GenerationUnknown
        return generation

    async def cancel(self, generation_id: str) -> None:
        """Stop a generation; its reply tells the rest.

        Raises:
            TooLateToCancel: the track is made, or it has ended.
            GenerationUnknown: the journal has none with this id.
        """
        run = self._runs.get(generation_id)
        if run is not None:
            await run.request_cancel()
            return
        await self.get(generation_id)
        if not await self._journal.request_cancel(generation_id):
            raise TooLateToCancel

    async def bring(self, generation_id: str, reply: Reply) -> None:
        """Show a generation from now on in `reply`, whose token is fresh.

        Raises:
            AlreadyHere: it has ended, and its person knows.
            GenerationUnknown: the journal has none with this id.
        """
        run = self._runs.get(generation_id)
        if run is not None:
            await run.bring(reply)
            return
        generation = await self.get(generation_id)
        raise FollowedElsewhere if generation.open else AlreadyHere

    def waiting_for(self, user_id: int, channel_id: int) -> list[str]:
        """The generations of a person that wait for a way into this channel."""
        return [
            run.generation.id
            for run in self._runs.values()
            if run.parked
            and run.generation.requester_id == user_id
            and run.generation.reply.channel_id == channel_id
        ]

    async def idle(self) -> None:
        """Wait until every run has ended."""
        await self._owner.idle()

    async def close(self) -> None:
        """Take no more orders and let go of every run; their rows say where to go on."""
        self._closing = True
        await self._keepers.close()
        await self._owner.close()

    def _take_up(self, generation: Generation) -> None:
        if generation.id in self._runs or generation.id in self._given_up:
            return
        run = self._runs[generation.id] = Run(generation, self._kit)
        name = f"generation {generation.id}"
        self._tasks[generation.id] = self._owner.start(self._follow(run), name)

    async def _follow(self, run: Run) -> None:
        try:
            await self.acknowledgements.calm()
            await self._carry_on(run)
        except NotFollowedHere:
            log.warning("generation %s is followed by another process now", run.generation.id)
        finally:
            del self._runs[run.generation.id], self._tasks[run.generation.id]

    async def _carry_on(self, run: Run) -> None:
        """Take a run to its end, through faults of the journal too."""
        for delay_s in _JOURNAL_DELAYS_S:
            try:
                await run.to_end()
            except NotFollowedHere:
                raise
            except Exception:
                log.exception("generation %s cannot be journalled", run.generation.id)
                await self._clock.sleep(delay_s)
            else:
                return
        # Nothing can be written down any more. The person is told all the same.
        self._given_up.add(run.generation.id)
        if not run.generation.state.final:
            failed = run.generation.evolve(State.FAILED, failure=InternalFault())
            await self._delivery.end(failed)

    async def _keep_leases(self) -> None:
        while True:
            await self._clock.sleep(_RENEW_EVERY_S)
            try:
                await self._renew()
            except BotError as error:
                # What is ours stays ours until the lease ends; the next try may be in time.
                log.warning("the leases could not be renewed: %s", error)

    async def _renew(self) -> None:
        renewal = await self._journal.renew(_LEASE_S, tuple(self._runs))
        for generation_id in renewal.lost:
            if (task := self._tasks.get(generation_id)) is not None:
                task.cancel()
        for generation_id in renewal.cancel_requested:
            run = self._runs.get(generation_id)
            if run is not None and not run.generation.cancel_requested:
                with suppress(TooLateToCancel):
                    await run.request_cancel()
        for generation_id in renewal.unfollowed:
            generation = await self._journal.get(generation_id)
            if generation is not None and generation.open:
                self._take_up(generation)
        await self.adopt()
        self._kit.poller.members = await self._journal.live_members()
