"""What people want brought to them: by a press, or by their next command in a channel.

A generation that another process follows is brought by that one: the journal tells it to.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from bot.domain.errors import AlreadyHere, JournalFault, NotFollowedHere
from bot.domain.generation import Generation, Reply, State
from bot.domain.waits import NotPostable
from bot.engine.context import JobContext
from bot.engine.job import Job
from bot.engine.registry import JobRegistry

log = logging.getLogger(__name__)

_LOOK_S = 1.2
"""A command's answer waits no longer to learn what else waits for its person."""


class Relocation:
    """Moves generations to where their persons are, whichever process follows them."""

    def __init__(self, context: JobContext, registry: JobRegistry) -> None:
        self._context = context
        self._registry = registry
        self._looking = asyncio.Semaphore(1)
        """One look at a time: in a burst of commands, writing what they ask for goes first."""

    async def bring(self, takes: Iterable[Generation], reply: Reply) -> None:
        """Show the takes of one card from now on in `reply`, whose token is fresh.

        The card keeps its language.

        Raises:
            AlreadyHere: they have ended, and their person knows.
        """
        brought = [
            await self._bring(take.id, replace(reply, language=take.reply.language))
            for take in takes
            if take.open
        ]
        if not any(brought):
            raise AlreadyHere

    async def waiting_for(
        self, user_id: int, channel_id: int, *, in_dm: bool = False, limit_bytes: int | None = None
    ) -> list[str]:
        """The generations of a person that wait to be shown in this channel; one of each batch.

        Those whose own channel was deleted come to the direct messages with the bot, `in_dm`. Those
        that were too large for `limit_bytes` before are left alone.
        """
        # Every command asks this, and thousands may be under way: few of them are unreachable.
        waiting = [
            job.generation
            for job in self._registry.unreachable()
            if job.generation.requester_id == user_id
            and not _is_too_large(job, limit_bytes)
            and (job.generation.reply.channel_id == channel_id or (job.is_homeless and in_dm))
        ]
        waiting.sort(key=lambda generation: (generation.created_at, generation.id))
        if self._context.processes > 1:
            waiting += await self._waiting_elsewhere(user_id, channel_id)
        return list({take.batch_id or take.id: take.id for take in waiting}.values())

    async def _bring(self, generation_id: str, reply: Reply) -> bool:
        if (job := self._registry.get(generation_id)) is not None:
            # Another process may have taken it over, which is not known here yet.
            with suppress(NotFollowedHere):
                await job.bring(reply)
                return True
        return await self._context.journal.request_bring(generation_id, reply)

    async def _waiting_elsewhere(self, user_id: int, channel_id: int) -> list[Generation]:
        """Those that other processes follow, by their rows; none where that cannot be read soon.

        A row does not tell of a token that Discord refused before its time.
        """
        try:
            async with asyncio.timeout(_LOOK_S), self._looking:
                rows = await self._context.journal.open_of(user_id, channel_id)
        except (JournalFault, TimeoutError) as error:
            log.warning("what waits elsewhere for user %d is not known: %r", user_id, error)
            return []
        now = self._context.clock.now()
        return [
            row
            for row in rows
            if self._registry.get(row.id) is None
            and (row.state is State.DELIVERING or row.state.final)
            and not row.reply.token_lives(now)
        ]


def _is_too_large(job: Job, limit_bytes: int | None) -> bool:
    known = job.wait.limit_bytes if isinstance(job.wait, NotPostable) else None
    return known is not None and limit_bytes is not None and limit_bytes <= known
