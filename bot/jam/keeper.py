"""Keeps jams going: their deadlines, their cards, their mixes; one process at a time for each.

All that is to be done stands in the row, so whichever process comes next goes on with it. The lock
keeps two processes from posting the same; that each change counts once, the rows see to.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Protocol

from bot.domain.clock import Clock
from bot.domain.errors import BotError, JamUnknown, JournalFault, RequestRefused
from bot.domain.generation import Generation
from bot.engine.background import BackgroundTasks
from bot.engine.ports import DiscordFault, Unreachable
from bot.jam import rules, steps
from bot.jam.jam import TAKE_UNHEARD_OF, Jam
from bot.jam.openings import Openings
from bot.jam.ports import JamStore, Locks, Stage
from bot.jam.service import Jams

log = logging.getLogger(__name__)

LOOK_S = 2.0
_LEASE_S = 8.0
"""A jam whose process has died waits no longer for the next one."""
_RENEW_S = 2.5
_SPACING_S = 1.5
"""Between two edits of a card; what happens meanwhile goes into one."""
_OPENED_WITHIN = timedelta(hours=1)
"""Of its command: nobody waits for its thread any more then."""
_AGAIN_FIRST_S = 5.0
_AGAIN_CAP_S = 300.0


class KeeperJournal(JamStore, Locks, Protocol):
    """What the keeper reads and holds."""

    async def get(self, generation_id: str) -> Generation | None:
        """Read a generation."""
        ...


class Keeper:
    """Does what is to be done for jams, until it is closed."""

    def __init__(
        self,
        jams: Jams,
        journal: KeeperJournal,
        stage: Stage,
        openings: Openings,
        clock: Clock,
    ) -> None:
        self._jams = jams
        self._journal = journal
        self._stage = stage
        self._openings = openings
        self._clock = clock
        self._owner = BackgroundTasks()
        self._at_work: dict[str, bool] = {}
        """By jam: whether something has changed since it was looked at."""
        self._not_before: dict[str, tuple[float, float]] = {}
        """By jam that Discord refuses: until when it is left alone, and for how long then."""
        jams.changed = self.wake

    def start(self) -> None:
        """Look every few seconds for what other processes have left, and what time has brought."""
        self._owner.start(self._look_again_and_again(), name="jams")

    async def close(self) -> None:
        """Do no more."""
        await self._owner.close()

    def wake(self, jam_id: str) -> None:
        """Something of a jam has changed."""
        if jam_id in self._at_work:
            self._at_work[jam_id] = True
        elif not self._rests(jam_id):
            self._at_work[jam_id] = False
            self._owner.start(self._work(jam_id), name=f"jam {jam_id}")

    def try_again(self) -> None:
        """Where Discord refused something, it may not any more."""
        self._not_before.clear()

    def _rests(self, jam_id: str) -> bool:
        return self._clock.monotonic() < self._not_before.get(jam_id, (0.0, 0.0))[0]

    async def _look_again_and_again(self) -> None:
        is_well = True
        while True:
            try:
                for jam_id in await self._journal.jams_to_do(self._clock.now()):
                    self.wake(jam_id)
            except JournalFault as error:
                if is_well:
                    log.warning("what is to be done for jams is not known: %s", error)
                is_well = False
            else:
                is_well = True
            await self._clock.sleep(LOOK_S)

    async def _work(self, jam_id: str) -> None:
        lock = f"jam {jam_id}"
        try:
            if not await self._journal.try_lock(lock, _LEASE_S):
                return
            holding = self._owner.start(self._hold(lock), name=lock)
            try:
                while await self._goes_on(jam_id):
                    await self._clock.sleep(_SPACING_S)
            finally:
                holding.cancel()
                await self._journal.unlock(lock)
            self._not_before.pop(jam_id, None)
        except Unreachable as error:
            await self._cannot(jam_id, error)
        except (DiscordFault, JournalFault) as error:
            self._later(jam_id, error)
        except Exception:
            log.exception("jam %s met a fault of ours", jam_id)
            self._later(jam_id, None)
        finally:
            self._at_work.pop(jam_id, None)

    async def _hold(self, lock: str) -> None:
        while True:
            await self._clock.sleep(_RENEW_S)
            try:
                await self._journal.try_lock(lock, _LEASE_S)
            except JournalFault as error:
                log.warning("%s: the lock is not prolonged: %s", lock, error)

    async def _goes_on(self, jam_id: str) -> bool:
        """Do what is to be done now; whether there is more."""
        self._at_work[jam_id] = False
        try:
            jam = await self._jams.change(jam_id, rules.tick)
        except JamUnknown:
            return False
        await self._look_for_takes(jam)
        jam = await self._jams.get(jam_id)
        if jam.thread_id is None and not (jam := await self._opens(jam)).thread_id:
            return False
        if jam.shown is None or jam.shown.revision < jam.revision:
            jam = await self._jams.change(jam_id, steps.showed, await self._stage.show(jam))
        if jam.mixes:
            await self._stage.post_mix(jam, jam.mixes[0])
            jam = await self._jams.change(jam_id, steps.mixed, jam.mixes_posted + 1)
        return jam.wants_work or self._at_work[jam_id]

    async def _opens(self, jam: Jam) -> Jam:
        """Fetch what it begins with, and make its thread; it ends where that cannot be."""
        if self._clock.now() - jam.created_at > _OPENED_WITHIN:
            log.warning("jam %s has no thread, and gets none any more", jam.id)
            return await self._jams.change(jam.id, steps.lost)
        if (beginning := jam.beginning) is not None:
            try:
                source = beginning.source
                if source is None:
                    source = await self._stage.source_of(beginning.track_id or "")
                sound = await self._openings.fetch(jam.opening_take_id, source)
            except RequestRefused as error:
                await self._stage.refuse(jam, error)
                return await self._jams.change(jam.id, steps.lost)
            jam = await self._jams.begin_with(jam.id, sound)
        thread_id = await self._stage.open(jam)
        if thread_id is None:
            return jam
        return await self._jams.change(jam.id, steps.opened, thread_id)

    async def _look_for_takes(self, jam: Jam) -> None:
        """Find out about takes of which nothing was heard for long."""
        long_ago = self._clock.now() - TAKE_UNHEARD_OF
        for take in jam.making:
            if take.asked_at <= long_ago:
                await self._jams.found(take.id, await self._journal.get(take.id))

    async def _cannot(self, jam_id: str, error: Unreachable) -> None:
        """Nobody can see it: where it is gone for good it ends, else it waits."""
        if not error.channel_gone:
            self._later(jam_id, error)
            return
        log.info("jam %s has lost its thread and ends", jam_id)
        try:
            await self._jams.change(jam_id, steps.lost)
        except JournalFault as fault:
            self._later(jam_id, fault)

    def _later(self, jam_id: str, error: BotError | None) -> None:
        _, last_s = self._not_before.get(jam_id, (0.0, _AGAIN_FIRST_S / 2))
        wait_s = min(_AGAIN_CAP_S, last_s * 2)
        self._not_before[jam_id] = self._clock.monotonic() + wait_s, wait_s
        log.warning("jam %s goes on in %s: %r", jam_id, timedelta(seconds=wait_s), error)
