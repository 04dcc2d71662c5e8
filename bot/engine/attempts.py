"""How often work on a generation's files was begun: what kills the process must not do so for ever.

The count is in the row before the work begins, so that it is there whoever dies. It is kept for one
state at a time.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Protocol
from weakref import ref

from bot.domain.errors import JournalFault, NotFollowedHere
from bot.domain.generation import Generation, State

log = logging.getLogger(__name__)

ATTEMPTS_MAX = 2
"""So often may a process die of it before it is left undone."""


class _Counted(Protocol):
    @property
    def generation(self) -> Generation: ...

    async def save(self, state: State | None = None, *, attempts: int) -> None: ...


class Attempts:
    """The count of one job."""

    def __init__(self, job: _Counted) -> None:
        # Weakly: of thousands, none is to wait for a search for garbage once it has ended.
        self._job = ref(job)
        self._counted_in: State | None = None
        """The state whose work this process has counted."""

    async def begin(self) -> bool:
        """Count that work on the files begins; False where processes have died over it before.

        Whether they died of it nobody knows: who might is dead. It is counted once for each state
        and process. The next state begins at 0; so does what follows `done`, and a process that is
        closed takes its own back.
        """
        generation = self._generation()
        if self._counted_in is not generation.state:
            if generation.attempts >= ATTEMPTS_MAX:
                log.error("work on its files was cut off twice")
                return False
            await self._save(attempts=generation.attempts + 1)
            self._counted_in = generation.state
        return True

    def _generation(self) -> Generation:
        return self._living().generation

    async def _save(self, attempts: int) -> None:
        await self._living().save(attempts=attempts)

    def _living(self) -> _Counted:
        job = self._job()
        if job is None:
            raise RuntimeError("a count without its job")
        return job

    def entered(self) -> None:
        """The present state was saved with an attempt counted already: one write, not two."""
        self._counted_in = self._generation().state

    async def done(self) -> None:
        """The work is done, and something else follows that may take long."""
        self._counted_in = None
        await self._save(attempts=0)

    async def take_back(self) -> None:
        """The process is closed while it works: that is no death."""
        generation = self._generation()
        if self._counted_in is generation.state and generation.attempts:
            with suppress(JournalFault, NotFollowedHere):
                await self._save(attempts=generation.attempts - 1)
