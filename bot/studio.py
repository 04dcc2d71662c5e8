"""The service behind every command and button: submit, cancel, resume. Knows ports, no adapter."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from bot.checks import check_request
from bot.clock import Clock
from bot.errors import (
    AlreadyHere,
    BotError,
    DeliveredTwice,
    FollowedElsewhere,
    GenerationUnknown,
    InternalFault,
    JournalFault,
    NotFollowedHere,
    ShuttingDown,
    TooLateToCancel,
)
from bot.generation import Generation, Reply, State
from bot.house import House
from bot.inputs import Inputs
from bot.library import Forgotten, Library
from bot.line import CreateGate, Line
from bot.orders import Order, Origin, accepted, accepted_batch
from bot.poller import Poller
from bot.ports import Delivery, Predictions, Records, Shelf, Sound
from bot.remake import Recipe, extension, melody, remake
from bot.run import Kit, Run
from bot.steps import STEPS
from bot.tasks import Precedence, TaskOwner

__all__ = ["House", "Order", "Origin", "Recipe", "Studio"]

log = logging.getLogger(__name__)

_JOURNAL_DELAYS_S = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0)
_LEASE_S = 20.0
_RENEW_EVERY_S = 5.0
"""A process that died is noticed once its lease has run out, at the latest 25 s after."""
_PATIENCE_S = 0.5
_CREATES_AT_ONCE = 16


class Studio:
    """Takes orders and follows every generation to its end."""

    def __init__(
        self,
        house: House,
        journal: Records,
        predictions: Predictions,
        sound: Sound,
        delivery: Delivery,
        shelf: Shelf,
        clock: Clock,
    ) -> None:
        self.table = house.table
        self.library: Library = journal
        self.remake = partial(remake, now=clock.now)
        self.extension, self.melody = extension, melody
        self._house = house
        self._journal = journal
        self._clock = clock
        self._runs: dict[str, Run] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._owner = TaskOwner()
        self._keepers = TaskOwner()
        self._given_up: set[str] = set()
        self._accepting: set[str] = set()
        self._delivery = delivery
        self._shelf = shelf
        self._tracks_max_bytes = house.tracks_max_bytes
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
        """Journal an order; start on it once `acknowledged`. Raises `DeliveredTwice`."""
        [generation] = await self._accept([accepted(order, self._house, self._clock.now())])
        return generation

    async def submit_batch(self, orders: Sequence[Order]) -> list[Generation]:
        """The same for several takes that one reply shows; each has a seed of its own."""
        return await self._accept(accepted_batch(orders, self._house, self._clock.now()))

    async def _accept(self, generations: list[Generation]) -> list[Generation]:
        ids = {generation.id for generation in generations}
        if ids & (self._accepting | self._runs.keys()):
            raise DeliveredTwice
        self._accepting |= ids
        try:
            # The journal writes at once what is handed to it at once: all of a batch, or nothing.
            await asyncio.gather(*map(self._journal.add, generations))
        finally:
            self._accepting -= ids
        for generation in generations:
            log.info("generation %s accepted", generation.id)
            if not self._closing:
                self._take_up(generation, answering=not generation.reply.known)
        return generations

    def acknowledged(self, generations: Sequence[Generation], reply: Reply | None) -> None:
        """Discord shows `reply` for them; None where that is not known."""
        for generation in generations:
            if (run := self._runs.get(generation.id)) is not None:
                run.acknowledged(reply)

    async def start(self) -> None:
        """Take up what an earlier process left open, and keep an eye on the others' from now on."""
        await self.adopt()
        await self._shelf.tidy(tuple(self._runs))
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
        takes = await self._takes(generation_id)
        stopped = [await self._stop(take.id) for take in takes]
        if not any(stopped):
            raise TooLateToCancel

    async def _stop(self, generation_id: str) -> bool:
        run = self._runs.get(generation_id)
        if run is None:
            return await self._journal.request_cancel(generation_id)
        try:
            await run.request_cancel()
        except TooLateToCancel:
            return False
        return True

    async def _takes(self, generation_id: str) -> list[Generation]:
        """The generation, or all of the batch that it belongs to."""
        generation = await self.get(generation_id)
        if generation.batch_id is None:
            return [generation]
        return await self.library.batch(generation.batch_id)

    async def bring(self, generation_id: str, reply: Reply) -> None:
        """Show a generation, and its batch, from now on in `reply`, whose token is fresh.

        Raises:
            AlreadyHere: it has ended, and its person knows.
            GenerationUnknown: the journal has none with this id.
        """
        takes = await self._takes(generation_id)
        runs = [self._runs[take.id] for take in takes if take.id in self._runs]
        if not runs:
            raise FollowedElsewhere if any(take.open for take in takes) else AlreadyHere
        for run in runs:
            await run.bring(reply)

    async def forget(self, user_id: int) -> Forgotten:
        """Delete a person's generations that have ended, with their files."""
        forgotten = await self.library.forget(user_id)
        for generation in forgotten.removed:
            for path in (generation.track_path, generation.piece_path):
                if path is not None:
                    await self._kit.sound.discard(Path(path))
        return forgotten

    def waiting_for(self, user_id: int, channel_id: int) -> list[str]:
        """The generations of a person that wait for a way into this channel; one of each batch."""
        waiting = {
            run.generation.batch_id or run.generation.id: run.generation.id
            for run in self._runs.values()
            if run.parked
            and run.generation.requester_id == user_id
            and run.generation.reply.channel_id == channel_id
        }
        return list(waiting.values())

    async def idle(self) -> None:
        """Wait until every run has ended."""
        await self._owner.idle()

    async def close(self) -> None:
        """Take no more orders and let go of every run; their rows say where to go on."""
        self._closing = True
        await self._keepers.close()
        await self._owner.close()

    def _take_up(self, generation: Generation, *, answering: bool = False) -> None:
        if generation.id in self._runs or generation.id in self._given_up:
            return
        run = self._runs[generation.id] = Run(generation, self._kit, answering=answering)
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
                await self._make_room()
            except (BotError, OSError) as error:
                # What is ours stays ours until the lease ends; the next try may be in time.
                log.warning("a round of housekeeping failed: %s", error)

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
            with suppress(JournalFault):
                generation = await self._journal.get(generation_id)
                if generation is not None and generation.open:
                    self._take_up(generation)
        await self.adopt()
        self._kit.poller.members = await self._journal.live_members()

    async def _make_room(self) -> None:
        parked = [run for run in self._runs.values() if run.parked and run.generation.track_path]
        if not parked or await self._shelf.stored_bytes() <= self._tracks_max_bytes:
            return
        oldest = min(parked, key=lambda run: run.generation.created_at)
        log.warning("no more room for the track of generation %s", oldest.generation.id)
        oldest.let_go_of_track()
