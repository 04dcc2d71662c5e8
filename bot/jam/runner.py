"""Keeps jams going: their deadlines, their cards, their mixes; one process at a time for each.

All that is to be done stands in the row, so whichever process comes next goes on with it. The lock
keeps two processes from posting the same; that each change counts once, the rows see to.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import timedelta

from bot.domain.clock import Clock
from bot.domain.errors import AudioGivenUp, JamUnknown, JournalFault, RequestRefused
from bot.domain.generation import AudioSource
from bot.engine.attempts import ATTEMPTS_MAX
from bot.engine.background import BackgroundTasks
from bot.engine.journal_watch import keep_looking
from bot.engine.ports import DiscordFault, Unreachable
from bot.host.log_context import about
from bot.jam import rules, steps
from bot.jam.jam import TAKE_UNHEARD_OF, Beginning, Jam, Phase
from bot.jam.openings import Openings
from bot.jam.ports import JamDisplay, JamJournal, TakeSound
from bot.jam.service import Jams

log = logging.getLogger(__name__)

LOOK_S = 2.0
_LEASE_S = 8.0
"""A jam whose process has died waits no longer for the next one."""
_RENEW_S = 2.5
_SPACING_S = 1.5
"""Between two edits of a card; what happens meanwhile goes into one. A new piece does not wait."""
_OPENED_WITHIN = timedelta(hours=1)
"""Of its command: nobody waits for its thread any more then."""
_AGAIN_FIRST_S = 5.0
_AGAIN_CAP_S = 3600.0


@dataclass(slots=True)
class _Work:
    """What has become of a jam since it was looked at."""

    has_changed: bool = False
    at_once: asyncio.Event = field(default_factory=asyncio.Event)
    """Set where the next look does not wait for its turn."""


@dataclass(slots=True)
class _Pause:
    """How long a jam is left alone."""

    until_s: float
    wait_s: float
    guild_id: int | None


class JamRunner:
    """Does what is to be done for jams, until it is closed."""

    def __init__(
        self,
        jams: Jams,
        journal: JamJournal,
        display: JamDisplay,
        openings: Openings,
        clock: Clock,
    ) -> None:
        self._jams = jams
        self._journal = journal
        self._display = display
        self._openings = openings
        self._clock = clock
        self._owner = BackgroundTasks()
        self._at_work: dict[str, _Work] = {}
        """By jam."""
        self._paused: dict[str, _Pause] = {}
        """By jam that Discord refuses, until it is shown."""
        jams.changed = lambda jam_id, is_heard: self.wake(jam_id, at_once=is_heard)
        jams.doubted = self._doubt

    def start(self) -> None:
        """Look every few seconds for what other processes have left, and what time has brought."""
        meanwhile = "what is to be done for jams is not known"
        looks = keep_looking(self._clock, self._look, meanwhile, lambda: LOOK_S, at_once=True)
        self._owner.start(looks, name="jams")

    async def close(self) -> None:
        """Stop, whatever is being done; another start goes on with it."""
        await self._owner.close()

    def wake(self, jam_id: str, *, at_once: bool = False) -> None:
        """Something of a jam has changed, for which people wait where it is `at_once`."""
        if (work := self._at_work.get(jam_id)) is not None:
            work.has_changed = True
            if at_once:
                work.at_once.set()
        elif not self._rests(jam_id):
            self._at_work[jam_id] = _Work()
            self._owner.start(self._work(jam_id), name=f"jam {jam_id}")

    def _doubt(self, take_id: str) -> None:
        self._owner.start(self._look_for(take_id), name=f"take {take_id}")

    def try_again(self, guild_id: int) -> None:
        """Where Discord refused something in a server, it may not any more."""
        for jam_id in [key for key, pause in self._paused.items() if pause.guild_id == guild_id]:
            del self._paused[jam_id]

    def _rests(self, jam_id: str) -> bool:
        pause = self._paused.get(jam_id)
        return pause is not None and self._clock.monotonic() < pause.until_s

    async def _look(self) -> None:
        for jam_id in await self._journal.jams_to_do(self._clock.now()):
            self.wake(jam_id)

    async def _work(self, jam_id: str) -> None:
        with about(jam_id=jam_id):
            await self._work_with_lock(jam_id)

    async def _work_with_lock(self, jam_id: str) -> None:
        lock = f"jam {jam_id}"
        try:
            if not await self._journal.try_lock(lock, _LEASE_S):
                return
            holding = self._owner.start(self._hold(lock), name=lock)
            try:
                # Once the lock is lost, another process is at it.
                while not holding.done() and await self._goes_on(jam_id):
                    await self._clock.wait(self._at_work[jam_id].at_once, _SPACING_S)
            finally:
                holding.cancel()
                # Else what it is just writing would hold the lock that is given back.
                await asyncio.wait({holding})
                await self._journal.unlock(lock)
            self._paused.pop(jam_id, None)
        except JamUnknown:
            # Its server has gone meanwhile, and it with that.
            self._paused.pop(jam_id, None)
        except (Unreachable, DiscordFault, JournalFault, OSError) as error:
            await self._cannot(jam_id, error)
        except Exception as error:
            log.exception("met a fault of ours")
            await self._cannot(jam_id, error)
        finally:
            # What has changed while the lock was given back waits for no other look.
            if self._at_work.pop(jam_id, _Work()).has_changed:
                self.wake(jam_id)

    async def _hold(self, lock: str) -> None:
        """Prolong a lock, until another process has it: this one was held up for too long."""
        is_ours = True
        while is_ours:
            await self._clock.sleep(_RENEW_S)
            try:
                is_ours = await self._journal.try_lock(lock, _LEASE_S)
            except JournalFault as error:
                log.warning("the lock is not prolonged: %s", error)
        log.warning("another process has the lock")

    async def _goes_on(self, jam_id: str) -> bool:
        """Do what is to be done now; whether there is more."""
        work = self._at_work[jam_id]
        work.has_changed = False
        work.at_once.clear()
        jam = await self._jams.change(jam_id, rules.tick)
        await self._look_for_takes(jam)
        jam = await self._jams.get(jam_id)
        if not jam.wants_work:
            return work.has_changed
        if jam.gone:
            await self._display.tell(jam)
            await self._jams.change(jam_id, steps.told_end)
            return False
        if jam.thread_id is None and not (jam := await self._opens(jam)).thread_id:
            return False
        if jam.shown is None or jam.shown.revision < jam.revision:
            jam = await self._jams.change(jam_id, steps.showed, await self._display.show(jam))
        if jam.mixes:
            await self._display.post_mix(jam, jam.mixes[0])
            jam = await self._jams.change(jam_id, steps.mixed, jam.mixes_posted + 1)
        if jam.phase is Phase.CLOSED and not jam.end_told:
            await self._display.tell(jam)
            jam = await self._jams.change(jam_id, steps.told_end)
        if jam.hindered is not None:
            was_told = jam.hindered.is_told
            jam = await self._jams.change(jam_id, steps.unhindered)
            if was_told:
                await self._display.tell(jam)
        return jam.wants_work or work.has_changed

    async def _opens(self, jam: Jam) -> Jam:
        """Fetch what it begins with, and make its thread; it ends where that cannot be."""
        if self._clock.now() - jam.created_at > _OPENED_WITHIN:
            log.warning("there is no thread, and will be none any more")
            return await self._jams.change(jam.id, steps.lost)
        if (beginning := jam.beginning) is not None:
            try:
                source = beginning.source
                if source is None:
                    source = await self._display.source_of(beginning.track_id or "")
                sound = await self._fetched(jam, beginning, source)
            except RequestRefused as error:
                await self._display.refuse(jam, error)
                await self._jams.change(jam.id, steps.lost)
                return await self._jams.change(jam.id, steps.told_end)
            jam = await self._jams.begin_with(jam.id, sound)
        thread_id = await self._display.open(jam)
        if thread_id is None:
            return jam
        return await self._jams.change(jam.id, steps.opened, thread_id)

    async def _fetched(self, jam: Jam, beginning: Beginning, source: AudioSource) -> TakeSound:
        """Read what it begins with; that is counted, as it might be what processes die of."""
        if beginning.attempts >= ATTEMPTS_MAX:
            raise AudioGivenUp
        await self._jams.change(jam.id, steps.fetches, beginning.attempts + 1)
        bpm = jam.terms.music.tempo_bpm
        try:
            return await self._openings.fetch(jam.opening_take_id, jam.host_id, source, bpm)
        finally:
            # Who is still there has not died of it.
            await self._jams.change(jam.id, steps.fetches, beginning.attempts)

    async def _look_for_takes(self, jam: Jam) -> None:
        """Find out about takes of which nothing was heard for long."""
        long_ago = self._clock.now() - TAKE_UNHEARD_OF
        for take in jam.making:
            if take.asked_at <= long_ago:
                await self._jams.found(take.id, await self._journal.get(take.id))

    async def _look_for(self, take_id: str) -> None:
        """Find out about a take whose person was told that nothing was started."""
        with about(take_id):
            try:
                await self._jams.found(take_id, await self._journal.get(take_id))
            except (JamUnknown, JournalFault) as error:
                log.warning("looked for later: %r", error)

    async def _cannot(self, jam_id: str, error: Exception) -> None:
        """It cannot be shown: where its thread is gone it ends, else it waits, but not for ever.

        What keeps it from people is told where it was begun, once.
        """
        is_unreachable = isinstance(error, Unreachable)
        is_gone = is_unreachable and error.channel_gone
        if not is_gone:
            self._later(jam_id, error)
        try:
            jam = await self._jams.change(jam_id, steps.lost if is_gone else steps.hindered)
            self._pause_ends(jam)
            if is_gone:
                log.info("the thread is lost, and the jam ends")
            elif is_unreachable and jam.hindered and not jam.hindered.is_told:
                await self._display.tell(jam)
                await self._jams.change(jam_id, steps.told)
        except (JamUnknown, JournalFault) as fault:
            self._later(jam_id, fault)

    def _later(self, jam_id: str, error: Exception) -> None:
        last = self._paused.get(jam_id)
        wait_s = _AGAIN_FIRST_S if last is None else min(_AGAIN_CAP_S, last.wait_s * 2)
        guild_id = None if last is None else last.guild_id
        self._paused[jam_id] = _Pause(self._clock.monotonic() + wait_s, wait_s, guild_id)
        log.warning("goes on in %s: %r", timedelta(seconds=wait_s), error)

    def _pause_ends(self, jam: Jam) -> None:
        """Note whose pause it is; one that nobody tries any more needs none."""
        if jam.wants_work:
            if jam.id in self._paused:
                self._paused[jam.id].guild_id = jam.guild_id
            return
        self._paused.pop(jam.id, None)
        if not jam.gone:
            log.warning("cannot be shown, and is left alone until it changes")
