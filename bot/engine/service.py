"""The service behind every command and button: submit, cancel, resume. Knows ports, no adapter."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Unpack

from aiolimiter import AsyncLimiter

from bot.domain.clock import Clock
from bot.domain.derive import Changes, lender_to, remake
from bot.domain.errors import (
    DeliveredTwice,
    GenerationUnknown,
    InternalFault,
    JournalFault,
    NotFollowedHere,
    ShuttingDown,
    TooLateToCancel,
)
from bot.domain.generation import Generation, Reply, State
from bot.domain.history import Forgotten, Library
from bot.domain.request import GenerationRequest
from bot.domain.validation import check_request
from bot.engine.acceptance import accepted
from bot.engine.background import BackgroundTasks, UrgentFirst
from bot.engine.config import EngineConfig
from bot.engine.disk_claims import check_disk, check_room, tell_of_journal, wait_for_journal
from bot.engine.disk_health import Disk
from bot.engine.disk_ledger import Ledger
from bot.engine.disk_space import DiskSpace
from bot.engine.job import Job, Kit
from bot.engine.lease_keeper import LeaseKeeper
from bot.engine.poller import Poller
from bot.engine.ports import Delivery, Predictions, Records, Sound, TrackStore
from bot.engine.positions import Positions
from bot.engine.queue import Queue
from bot.engine.relocation import Relocation
from bot.engine.states import STEPS, turns
from bot.engine.submit_gate import SubmitGate
from bot.engine.troubles import Task, Troubles

log = logging.getLogger(__name__)

_JOURNAL_DELAYS_S = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0)
_PATIENCE_S = 0.5
_GENERATIONS_BACK = 100
"""How often something is made again within the day that input audio is there for it."""
_CREATES_AT_ONCE = 16
_CREATES_PER_MINUTE = 540
"""Replicate takes 600 of an account (docs, predictions/rate-limits, 2026-04)."""


def _pace(requests_per_minute: int) -> AsyncLimiter:
    """A third of a minute's creates in one burst, and the other two in the rest of it."""
    burst = min(_CREATES_PER_MINUTE, requests_per_minute) / 3
    return AsyncLimiter(burst, 30.0)


class GenerationService:
    """Takes orders and follows every generation to its end."""

    def __init__(
        self,
        config: EngineConfig,
        journal: Records,
        predictions: Predictions,
        sound: Sound,
        delivery: Delivery,
        track_store: TrackStore,
        clock: Clock,
    ) -> None:
        self.table = config.table
        self.library: Library = journal
        self._config = config
        self._journal = journal
        self._clock = clock
        self._jobs: dict[str, Job] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._owner = BackgroundTasks()
        self._keepers = BackgroundTasks()
        self._refused: dict[str, Generation] = {}
        """Those whose end is known to their persons, and not yet to the journal."""
        self._accepting: set[str] = set()
        self._delivery = delivery
        self._closing = False
        self.acknowledgements = UrgentFirst(clock, _PATIENCE_S)
        """Its `urgent()` surrounds every acknowledgement."""
        self.troubles = Troubles(clock)
        """What is wrong with the services at present."""
        self._kit = Kit(
            journal=journal,
            predictions=predictions,
            sound=sound,
            delivery=delivery,
            clock=clock,
            table=config.table,
            tracks_folder=config.tracks_folder,
            line=Queue(config.max_running, config.max_running_per_user),
            reading_line=Queue(turns.READ_AT_ONCE, turns.READ_AT_ONCE_PER_USER),
            submit_gate=SubmitGate(_CREATES_AT_ONCE, clock, _pace(config.requests_per_minute)),
            poller=Poller(predictions, clock, config.requests_per_minute),
            troubles=self.troubles,
            track_store=track_store,
            disk_space=DiskSpace(
                Ledger(config.tracks_max_bytes, config.tracks_max_bytes_per_user), clock
            ),
            disk=Disk(track_store, self.troubles),
            steps=STEPS,
        )
        self._positions = Positions(self._kit.line, self._kit.submit_gate, clock)
        self.lease_keeper = LeaseKeeper(
            self._kit, self._jobs, take_up=self._take_up, give_up=self._give_up
        )
        self.adopt = self.lease_keeper.adopt
        self._bringing = Relocation(
            journal, clock, self._jobs, self._kit.parked, lambda: self._kit.poller.members
        )
        self.waiting_for = self._bringing.waiting_for

    async def remake(self, parent: Generation, **changes: Unpack[Changes]) -> GenerationRequest:
        """See `bot.domain.derive.remake`; finds out by itself whose copy of the input there is."""
        lender = parent
        if parent.borrows_audio:
            lender = lender_to(parent, await self.library.ancestry(parent.id, _GENERATIONS_BACK))
        return remake(parent, now=self._clock.now(), lender=lender, **changes)

    def check(self, request: GenerationRequest) -> None:
        """Hold a request against everything that can be known without its audio.

        Raises:
            RequestRefused: it cannot be run, or the bot is closing.
        """
        if self._closing:
            raise ShuttingDown
        check_request(self.table, request.inputs, has_audio=request.has_audio)

    async def submit(
        self, request: GenerationRequest, requester_id: int, reply: Reply, takes: int = 1
    ) -> list[Generation]:
        """Journal a request, and start on its takes once `acknowledged`; several are one batch.

        Raises:
            DeliveredTwice: Discord has delivered its interaction twice.
            RequestRefused: there is no room for it.
            JournalFault: it cannot be written down.
        """
        generations = accepted(request, requester_id, reply, self._config, self._clock.now(), takes)
        ids = {generation.id for generation in generations}
        if any(key in self._accepting or key in self._jobs for key in ids):
            raise DeliveredTwice
        check_room(self._kit, generations)
        self._accepting |= ids
        try:
            # Whose the first one is, theirs is the batch: two processes may be told of it at once.
            for part in (generations[:1], generations[1:]):
                # The journal writes at once what is handed to it at once: all of it, or nothing.
                await asyncio.gather(*map(self._journal.add, part))
        except JournalFault as error:
            await check_disk(self._kit, error)
            raise
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
            if (job := self._jobs.get(generation.id)) is not None:
                job.acknowledged(reply)

    def let_go(self, generations: Sequence[Generation]) -> None:
        """Nothing comes of them here: Discord has not taken this process's acknowledgement."""
        for generation in generations:
            if (job := self._jobs.get(generation.id)) is not None:
                job.let_go()

    async def start(self) -> None:
        """Take up what an earlier process left open, and keep an eye on the others' from now on."""
        await self.adopt()
        await self.lease_keeper.keep_disk()
        self._keepers.start(self.lease_keeper.keep_on(), name="housekeeping")
        self._keepers.start(self._kit.poller.sweep(), name="sweep")
        self._keepers.start(self._positions.keep_told(), name="positions")

    async def get(self, generation_id: str) -> Generation:
        """One generation, running or past.

        Raises:
            GenerationUnknown: the journal has none with this id.
        """
        job = self._jobs.get(generation_id)
        generation = job.generation if job else await self._journal.get(generation_id)
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
            made = any(not take.state.final for take in await self._takes(generation_id))
            raise TooLateToCancel(made)

    async def _stop(self, generation_id: str) -> bool:
        if (job := self._jobs.get(generation_id)) is None:
            return await self._journal.request_cancel(generation_id)
        try:
            await job.request_cancel()
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
        await self._bringing.bring(await self._takes(generation_id), reply)

    def look_for_ways(self, *, guild_id: int, channel_id: int | None = None) -> None:
        """Try again what waits for a way into a server, or into one channel or thread of it."""
        for job in self._kit.parked:
            job.look_for_way(guild_id, channel_id)

    async def forget(self, user_id: int) -> Forgotten:
        """Delete a person's generations that have ended, with their files."""
        forgotten = await self.library.forget(user_id)
        for generation in forgotten.removed:
            for path in (generation.track_path, generation.piece_path):
                if path is not None:
                    await self._kit.sound.discard(Path(path))
        return forgotten

    async def idle(self) -> None:
        """Wait until every run has ended."""
        await self._owner.idle()

    async def close(self) -> None:
        """Take no more orders and let go of every run; their rows say where to go on."""
        self._closing = True
        await asyncio.gather(self._keepers.close(), self._owner.close())

    def _take_up(self, generation: Generation, *, answering: bool = False) -> None:
        if generation.id in self._jobs:
            return
        refused = self._refused.pop(generation.id, None)
        job = Job(refused or generation, self._kit, answering=answering)
        job.end_told = refused is not None
        self._jobs[generation.id] = job
        name = f"generation {generation.id}"
        self._tasks[generation.id] = self._owner.start(self._follow(job), name)

    def _give_up(self, generation_id: str) -> None:
        """Another process follows it now."""
        if (task := self._tasks.get(generation_id)) is not None:
            task.cancel()

    async def _follow(self, job: Job) -> None:
        try:
            await (self.acknowledgements.calm() if job.answering else self.acknowledgements.turn())
            await self._carry_on(job)
        except NotFollowedHere:
            log.warning("generation %s is followed by another process now", job.generation.id)
            self._delivery.drop(job.generation)
        except asyncio.CancelledError:
            self._delivery.drop(job.generation)
            raise
        finally:
            del self._jobs[job.generation.id], self._tasks[job.generation.id]
            self._kit.disk_space.release(job.generation.id)

    async def _carry_on(self, job: Job) -> None:
        """Take a run to its end, through faults of the journal too, however long they last."""
        for faults in count(1):
            try:
                await job.to_end()
            except NotFollowedHere:
                raise
            except Exception as error:  # noqa: BLE001 - logged there
                delay_s = _JOURNAL_DELAYS_S[min(faults, len(_JOURNAL_DELAYS_S)) - 1]
                await tell_of_journal(job, error, delay_s)
                if faults > len(_JOURNAL_DELAYS_S) and job.is_unpaid:
                    await self._refuse(job)
                    return
                await wait_for_journal(job, delay_s)
            else:
                self.troubles.over(Task.JOURNAL)
                return

    async def _refuse(self, job: Job) -> None:
        """Tell a person that nothing comes of it, though that cannot be written down yet.

        Once the journal is back, it names the generation as open, and its end is made up for.
        """
        failed = job.generation.evolve(
            State.FAILED, failure=InternalFault(), ended_at=self._clock.now()
        )
        self._refused[failed.id] = failed
        await self._delivery.end(failed)
