"""The jobs that this process follows, and the tasks that do so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection

from bot.domain.errors import InternalFault, NotFollowedHere
from bot.domain.generation import Generation, State
from bot.engine.background import BackgroundTasks, UrgentFirst
from bot.engine.context import JobContext
from bot.engine.job import Job
from bot.engine.lifecycle import take_to_end
from bot.host.log_context import about

log = logging.getLogger(__name__)


class JobRegistry:
    """Owns every job from when its generation is taken up until it has ended."""

    def __init__(self, context: JobContext, acknowledgements: UrgentFirst) -> None:
        self._context = context
        self._acknowledgements = acknowledgements
        self._jobs: dict[str, Job] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._owner = BackgroundTasks()
        self._refused: dict[str, Generation] = {}
        """Those whose end is known to their persons, and not yet to the journal."""

    def get(self, generation_id: str) -> Job | None:
        """The job of a generation; None where it has ended, or this process does not follow it."""
        return self._jobs.get(generation_id)

    @property
    def ids(self) -> Collection[str]:
        """The ids of the generations that are followed, as they are now."""
        return tuple(self._jobs)

    @property
    def jobs(self) -> Collection[Job]:
        """All of them; thousands may be under way."""
        return self._jobs.values()

    def unreachable(self) -> list[Job]:
        """Those whose persons cannot be reached now."""
        return [self._jobs[key] for key in self._context.unreachable]

    def follow(self, generation: Generation, *, answering: bool = False) -> None:
        """Take a generation to its end, unless that is under way; see `Job` for `answering`."""
        if generation.id in self._jobs:
            return
        refused = self._refused.pop(generation.id, None)
        job = Job(
            refused or generation,
            self._context,
            answering=answering,
            end_told=refused is not None,
        )
        self._jobs[generation.id] = job
        name = f"generation {generation.id}"
        self._tasks[generation.id] = self._owner.start(self._run(job), name)

    def let_go(self, generation_id: str) -> None:
        """Stop following one that another process follows now."""
        if (task := self._tasks.get(generation_id)) is not None:
            task.cancel()

    async def idle(self) -> None:
        """Wait until every job has ended."""
        await self._owner.idle()

    async def close(self) -> None:
        """Let go of every job; their rows say where to go on."""
        await self._owner.close()

    async def _run(self, job: Job) -> None:
        with about(job.generation.id, job.generation.reply.guild_id):
            await self._take_to_end(job)

    async def _take_to_end(self, job: Job) -> None:
        urgent, delivery = self._acknowledgements, self._context.delivery
        try:
            await (urgent.calm() if job.answering else urgent.turn())
            if not await take_to_end(job):
                await self._refuse(job)
        except NotFollowedHere:
            log.warning("followed by another process now")
            delivery.drop(job.generation)
        except asyncio.CancelledError:
            delivery.drop(job.generation)
            raise
        finally:
            del self._jobs[job.generation.id], self._tasks[job.generation.id]
            self._context.disk_space.release(job.generation.id)

    async def _refuse(self, job: Job) -> None:
        """Tell a person that nothing comes of it, though that cannot be written down yet.

        Once the journal is back, it names the generation as open, and its end is made up for.
        """
        failed = job.generation.evolve(
            State.FAILED, failure=InternalFault(), ended_at=self._context.clock.now()
        )
        self._refused[failed.id] = failed
        await self._context.delivery.end(failed)
