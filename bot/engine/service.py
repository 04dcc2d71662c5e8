"""The service behind every command and button: submit, cancel, resume. Knows ports, no adapter."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from aiolimiter import AsyncLimiter

from bot.domain.amounts import ServerLimits
from bot.domain.clock import Clock
from bot.domain.derive import lender_to
from bot.domain.errors import (
    DeliveredTwice,
    GenerationUnknown,
    JournalFault,
    ShuttingDown,
    TooLateToCancel,
)
from bot.domain.generation import Generation, Reply, interaction_generation_id
from bot.domain.journal_values import Forgotten
from bot.domain.presets import Named
from bot.domain.presses import ButtonPress
from bot.domain.request import AnyRequest, GenerationRequest
from bot.domain.validation import check_request
from bot.engine.acceptance import accepted
from bot.engine.background import BackgroundTasks, UrgentFirst
from bot.engine.config import EngineConfig
from bot.engine.context import JobContext
from bot.engine.disk_claims import check_disk, check_room, discard_files
from bot.engine.disk_health import Disk
from bot.engine.disk_ledger import Ledger
from bot.engine.disk_space import DiskSpace
from bot.engine.lease_keeper import LeaseKeeper
from bot.engine.observer import Stage
from bot.engine.poller import Poller
from bot.engine.ports import Delivery, Journal, Predictions, Sound, TrackStore
from bot.engine.positions import Positions
from bot.engine.push_router import PushRouter
from bot.engine.pushes import Pushes
from bot.engine.queue import Queue
from bot.engine.reading import READ_AT_ONCE, READ_AT_ONCE_PER_USER
from bot.engine.registry import JobRegistry
from bot.engine.relocation import Relocation
from bot.engine.submit_gate import SubmitGate
from bot.engine.troubles import Troubles
from bot.engine.work_room import WorkRoom
from bot.host.log_context import about

log = logging.getLogger(__name__)

_PATIENCE_S = 0.5
_ANSWERED_WITHIN_S = 0.8
"""Most creates are, and whoever goes on knows of them: what was cut off has to be looked for."""
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
    """Takes requests and follows every generation to its end."""

    def __init__(
        self,
        config: EngineConfig,
        journal: Journal,
        predictions: Predictions,
        sound: Sound,
        delivery: Delivery,
        track_store: TrackStore,
        clock: Clock,
    ) -> None:
        self.models = config.models
        self.journal = journal
        self._config = config
        self._clock = clock
        self._keepers = BackgroundTasks()
        self._accepting: set[str] = set()
        self._closing = False
        self.acknowledgements = UrgentFirst(clock, _PATIENCE_S)
        """Its `urgent()` surrounds every acknowledgement."""
        self.troubles = Troubles(clock)
        """What is wrong with the services at present."""
        pushes = Pushes(config.push_address, clock)
        self._context = JobContext(
            journal=journal,
            predictions=predictions,
            sound=sound,
            delivery=delivery,
            clock=clock,
            models=config.models,
            tracks_folder=config.tracks_folder,
            queue=Queue(config.max_running, config.max_running_per_user),
            reading_queue=Queue(READ_AT_ONCE, READ_AT_ONCE_PER_USER),
            submit_gate=SubmitGate(_CREATES_AT_ONCE, clock, _pace(config.requests_per_minute)),
            poller=Poller(predictions, clock, config.requests_per_minute, pushes),
            troubles=self.troubles,
            track_store=track_store,
            disk_space=DiskSpace(
                Ledger(config.tracks_max_bytes, config.tracks_max_bytes_per_user), clock
            ),
            disk=Disk(track_store, self.troubles),
            observer=config.observer,
        )
        context = self._context
        self.work_room = WorkRoom(context.disk_space, context.disk, context.reading_queue, clock)
        journal.ask_who_has_places(self._context.queue.unsent)
        self._positions = Positions(self._context.queue, self._context.submit_gate, clock)
        self._registry = JobRegistry(self._context, self.acknowledgements)
        self._relocation = Relocation(self._context, self._registry)
        self.lease_keeper = LeaseKeeper(self._context, self._registry, config.keep_rows)
        self.push_router = PushRouter(self._context, self._registry, pushes)

    async def lender_to(self, parent: Generation) -> Generation | None:
        """Whose copy of its input audio there is for what is made from it; see `derive.remake`."""
        if not parent.borrows_audio:
            return parent
        return lender_to(parent, await self.journal.ancestry(parent.id, _GENERATIONS_BACK))

    def id_for(self, token: str) -> str:
        """The id of what the interaction with this token asks for, which is one generation."""
        return interaction_generation_id(token, 0, self._config.journal_id)

    def check(self, request: GenerationRequest) -> None:
        """Hold a request against everything that can be known without its audio.

        Raises:
            RequestRefused: it cannot be run, or the bot is closing.
        """
        if self._closing:
            raise ShuttingDown
        table = self.models.named(request.fine_tune).table
        check_request(table, request.inputs, has_audio=request.has_audio, more_s=request.more_s)
        table.check(request.as_sent)

    async def submit(
        self,
        request: AnyRequest,
        requester_id: int,
        reply: Reply,
        takes: int = 1,
        limits: ServerLimits | None = None,
        press: ButtonPress | None = None,
        draft: str | None = None,
    ) -> Sequence[Generation]:
        """Journal a request, and start on its takes once `acknowledged`; several are one batch.

        One that names a preset is completed where it is journalled. `limits` are what its server
        allows this person; None where that has set nothing. `press` is the button that it was asked
        for by, `draft` what was typed, should it be refused later.

        Raises:
            DeliveredTwice: Discord has delivered its interaction twice.
            RequestRefused: there is no room for it, a limit keeps it out, or it was pressed twice.
            JournalFault: it cannot be written down.
        """
        now = self._clock.now()

        def made(whole: GenerationRequest) -> Sequence[Generation]:
            takes_of_it = accepted(whole, requester_id, reply, self._config, now, takes, draft)
            check_room(self._context, takes_of_it)
            return takes_of_it

        keys: set[str] = set() if reply.known else {self.id_for(reply.token)}
        if any(key in self._accepting or self._registry.get(key) for key in keys):
            raise DeliveredTwice
        named = request.then(made) if isinstance(request, Named) else None
        asked = () if isinstance(request, Named) else made(request)
        self._accepting |= keys
        try:
            generations = await self.journal.add(*asked, limits=limits, press=press, named=named)
        except JournalFault as error:
            await check_disk(self._context, error)
            raise
        finally:
            self._accepting -= keys
        for generation in generations:
            with about(generation.id, generation.reply.guild_id):
                log.info("accepted")
            if not self._closing:
                self._registry.follow(generation, answering=not generation.reply.known)
        return generations

    def acknowledged(self, generations: Sequence[Generation]) -> None:
        """Discord shows a reply for them by now."""
        for one in generations:
            took_s = (self._clock.now() - one.created_at).total_seconds()
            self._context.observer.took(Stage.ACKNOWLEDGE, max(0.0, took_s))

    def go_on(self, generations: Sequence[Generation], reply: Reply | None) -> None:
        """Their acknowledgement is through: make them, and show that in `reply`, where known."""
        for generation in generations:
            if (job := self._registry.get(generation.id)) is not None:
                job.acknowledged(reply)

    def let_go(self, generations: Sequence[Generation]) -> None:
        """Nothing comes of them here: Discord has not taken this process's acknowledgement."""
        for generation in generations:
            if (job := self._registry.get(generation.id)) is not None:
                job.let_go()

    async def start(self) -> None:
        """Take up what an earlier process left open, and keep an eye on the others' from now on."""
        await self.adopt()
        await self.lease_keeper.keep_disk()
        self._keepers.start(self.lease_keeper.keep_on(), name="housekeeping")
        self._keepers.start(self._context.poller.sweep(), name="sweep")
        self._keepers.start(self._positions.keep_told(), name="positions")
        if self._config.push_address is not None:
            self._keepers.start(self.push_router.keep_passing_on(), name="pushes for others")
            self._keepers.start(self.push_router.keep_looking(), name="pushes from others")

    async def adopt(self) -> int:
        """Take up every open generation that nobody follows; how many."""
        return await self.lease_keeper.adopt()

    async def get(self, generation_id: str) -> Generation:
        """One generation, running or past.

        Raises:
            GenerationUnknown: the journal has none with this id.
        """
        job = self._registry.get(generation_id)
        generation = job.generation if job else await self.journal.get(generation_id)
        if generation is None:
            raise GenerationUnknown
        return generation

    async def cancel(self, generation_id: str, by_id: int) -> None:
        """Stop a generation, as `by_id` asks; its reply tells the rest.

        Raises:
            TooLateToCancel: the track is made, or it has ended.
            GenerationUnknown: the journal has none with this id.
        """
        takes = await self.takes(await self.get(generation_id))
        stopped = [await self._stop(take.id, by_id) for take in takes]
        if not any(stopped):
            # Meanwhile they may have come farther.
            takes = await self.takes(await self.get(generation_id))
            made = any(not take.state.final for take in takes)
            raise TooLateToCancel(made)

    async def _stop(self, generation_id: str, by_id: int) -> bool:
        if (job := self._registry.get(generation_id)) is None:
            return await self.journal.request_cancel(generation_id, by_id)
        try:
            await job.request_cancel(by_id)
        except TooLateToCancel:
            return False
        return True

    async def takes(self, generation: Generation) -> list[Generation]:
        """All that its card shows, in order: itself, or every take of its batch."""
        if generation.batch_id is None:
            return [generation]
        return await self.journal.batch(generation.batch_id)

    async def bring(self, generation_id: str, reply: Reply) -> None:
        """Show a generation, and its batch, from now on in `reply`, whose token is fresh.

        Raises:
            AlreadyHere: it has ended, and its person knows.
            GenerationUnknown: the journal has none with this id.
        """
        takes = await self.takes(await self.get(generation_id))
        await self._relocation.bring(takes, reply)

    async def waiting_for(
        self, user_id: int, channel_id: int, *, in_dm: bool = False, limit_bytes: int | None = None
    ) -> list[str]:
        """The generations of a person that wait to be shown in a channel: `Relocation`."""
        return await self._relocation.waiting_for(
            user_id, channel_id, in_dm=in_dm, limit_bytes=limit_bytes
        )

    def retry_unreachable(self, *, guild_id: int, channel_id: int | None = None) -> None:
        """Try again what cannot be posted in a server, or in one channel or thread of it."""
        for job in self._registry.unreachable():
            job.retry_if_in(guild_id, channel_id)

    async def forget(self, user_id: int) -> Forgotten:
        """Delete what is stored of a person, with its files, but for what is under way."""
        forgotten = await self.journal.forget(user_id)
        for generation in forgotten.removed:
            await discard_files(self._context, generation)
        return forgotten

    async def forget_one(self, user_id: int, generation_id: str) -> bool:
        """Delete one generation of a person's, with its files; False where it has not ended."""
        generation = await self.journal.forget_one(user_id, generation_id)
        if generation is not None:
            await discard_files(self._context, generation)
        return generation is not None

    @property
    def running(self) -> int:
        """How many have a slot here: sent, or about to be."""
        return self._context.queue.taken

    @property
    def waiting(self) -> int:
        """How many are in line here."""
        return len(self._context.queue)

    @property
    def is_polling(self) -> bool:
        """Whether those that run are asked about; so too where none does."""
        return not self._context.poller.is_stuck

    async def idle(self) -> None:
        """Wait until every job has ended."""
        await self._registry.idle()

    async def close(self) -> None:
        """Take no more requests and let go of every job; their rows say where to go on."""
        self._closing = True
        await self._context.submit_gate.shut(_ANSWERED_WITHIN_S)
        await asyncio.gather(self._keepers.close(), self._registry.close())
