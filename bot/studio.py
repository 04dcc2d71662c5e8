"""The service behind every command and button: submit, cancel, resume. Knows ports, no adapter."""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import dataclass, replace
from pathlib import Path

from bot.checks import check_request
from bot.clock import Clock
from bot.errors import AlreadyHere, GenerationUnknown, InternalFault, ShuttingDown, TooLateToCancel
from bot.generation import AudioSource, Generation, Reply, State, new_generation_id
from bot.inputs import SEED_MAX, Inputs, InputTable
from bot.line import CreateGate, Line
from bot.ports import Delivery, Journal, Predictions, Sound
from bot.run import Kit, Run
from bot.steps import STEPS
from bot.tasks import Precedence, TaskOwner

log = logging.getLogger(__name__)

_POLL_ALONE_S = 1.0
_PATIENCE_S = 0.5
_CREATES_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Order:
    """One request, checked as far as it can be without its audio, and acknowledged."""

    requester_id: int
    reply: Reply
    inputs: Inputs
    source: AudioSource | None = None


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
        self._requests_per_minute = house.requests_per_minute
        self._journal = journal
        self._clock = clock
        self._runs: dict[str, Run] = {}
        self._owner = TaskOwner()
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
            poll_delay_s=self._poll_delay_s,
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
        )
        await self._journal.add(generation)
        log.info("generation %s accepted", generation.id)
        if not self._closing:
            self._take_up(generation)
        return generation

    async def resume(self) -> int:
        """Take up every open generation of the journal where its row stands; how many."""
        generations = await self._journal.open_generations()
        for generation in generations:
            if generation.id not in self._runs:
                self._take_up(generation)
        return len(generations)

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
        if run is None:
            await self.get(generation_id)
            raise TooLateToCancel
        await run.request_cancel()

    async def bring(self, generation_id: str, reply: Reply) -> None:
        """Show a generation from now on in `reply`, whose token is fresh.

        Raises:
            AlreadyHere: it has ended, and its person knows.
            GenerationUnknown: the journal has none with this id.
        """
        run = self._runs.get(generation_id)
        if run is None:
            await self.get(generation_id)
            raise AlreadyHere
        await run.bring(reply)

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
        await self._owner.close()

    def _take_up(self, generation: Generation) -> None:
        run = Run(generation, self._kit)
        self._runs[generation.id] = run
        self._owner.start(self._follow(run), name=f"generation {generation.id}")

    async def _follow(self, run: Run) -> None:
        try:
            await self.acknowledgements.calm()
            await run.to_end()
        except asyncio.CancelledError:
            raise
        except Exception:
            # The journal itself failed: the row stays open, the person is told all the same.
            log.exception("generation %s could not be carried on", run.generation.id)
            if not run.generation.state.final:
                failed = run.generation.evolve(State.FAILED, failure=InternalFault())
                await self._delivery.end(failed)
        finally:
            del self._runs[run.generation.id]

    def _poll_delay_s(self) -> float:
        return max(_POLL_ALONE_S, len(self._runs) * 60 / self._requests_per_minute)
