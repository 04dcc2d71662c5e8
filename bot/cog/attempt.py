"""One PUT of a run at one server, and what is heard of it: held to its end, or hooked."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

from bot.cog.answers import (
    Answer,
    Down,
    Ended,
    Loading,
    NotRunning,
    Runs,
    Taken,
    Told,
)
from bot.cog.records import Record
from bot.cog.server import CogServer
from bot.domain.clock import Clock

_ASK_EVERY_S = 1.0
_LOOK_S = 0.1
_TAKEN_WITHIN_S = 3.0
"""A server that refuses does so at once; one that is silent for so long has begun."""
_SLOT_FREE_S = 0.2
_SLOT_TRIES = 5
"""A place is free a moment after the answer of who had it (cog 0.23.1)."""
_QUIET_S = 10.0
"""Webhooks come twice a second; one that has sent none for so long is asked."""
_STOP_TRIES, _STOP_LOOKS = 5, 10
"""So often it is canceled, with so many looks in between."""
_GRACE_S = 3.0
_GRACE_MAX_S = 105.0
"""The longest wait between two tries of coglet's last webhook is 102.4 s."""


class Attempt:
    """Where `is_hooked`, the outcome comes by webhook; else the PUT's answer has it."""

    def __init__(self, server: CogServer, clock: Clock, *, is_hooked: bool) -> None:
        self.server = server
        self.is_hooked = is_hooked
        self.is_seen = False
        """Whether it has been seen to run."""
        self.is_heard = False
        """Whether a webhook about it has come."""
        self.is_over = False
        """Whether its server has said that it has ended, or has taken a cancel."""
        self.logs = ""
        self.silence: Down | None = None
        """How its server does not answer, where it does not just now."""
        self.news = asyncio.Event()
        """Set when it is worth to look at once."""
        self._clock = clock
        self._seen_at_s = clock.monotonic()
        self._gone_at_s = math.inf
        self._missed_since_s = math.inf
        self._put: asyncio.Task[Answer] | None = None

    @classmethod
    def of_before(cls, server: CogServer, clock: Clock, age_s: float) -> Attempt:
        """A hooked one that another process began so long ago."""
        attempt = cls(server, clock, is_hooked=True)
        attempt.is_heard = True
        attempt._seen_at_s -= max(0.0, age_s)
        return attempt

    async def begin(self, record: Record, hook: str | None) -> Answer | None:
        """Send it; None where it has begun, `Runs` where it was running already.

        Raises:
            SourceGone: its input audio is no longer kept.
        """
        answer: Answer | None = None
        for _ in range(_SLOT_TRIES):
            answer = await (
                self._send(record, hook) if self.is_hooked else self._hold(record, hook)
            )
            if not isinstance(answer, Taken) or self.server.is_coglet is False:
                break
            await self._clock.sleep(_SLOT_FREE_S)
        self._seen_at_s = self._clock.monotonic()
        if isinstance(answer, Taken) and (await self.server.health()).status == "STARTING":
            # So says the server in Python while it sets up.
            return Loading()
        return answer

    async def step(self, run_id: str) -> Answer | None:
        """Look how it does, and wait a little; what has come of it, None where it goes on."""
        if self._put is not None and self._put.done():
            return self._put.result()
        answer = None
        if self.is_hooked or not self.is_heard or self.silent_s > _QUIET_S:
            answer = await self._asked(run_id)
        self.silence = answer if isinstance(answer, Down) else None
        if isinstance(answer, Runs):
            self.is_seen, self.logs = True, answer.logs or self.logs
            self._is_there()
        elif answer is not None:
            self._missed_since_s = min(self._missed_since_s, self._clock.monotonic())
        if self.is_hooked and (end := self._end_by(answer)) is not None:
            return end
        await self._clock.wait(self.news, _ASK_EVERY_S)
        self.news.clear()
        return None

    def hear(self, told: Told) -> None:
        """A webhook has told of it."""
        self.is_heard = self.is_seen = True
        self.is_over = told.ended
        self.logs = told.logs or self.logs
        self._is_there()

    @property
    def silent_s(self) -> float:
        """How long nothing was heard or seen of it."""
        return self._clock.monotonic() - self._seen_at_s

    @property
    def missed_s(self) -> float:
        """How long its server, whenever it was asked, has not said that it runs."""
        return max(0.0, self._clock.monotonic() - self._missed_since_s)

    def _is_there(self) -> None:
        self._seen_at_s = self._clock.monotonic()
        self._gone_at_s = self._missed_since_s = math.inf

    async def stop(self, run_id: str, is_over: Callable[[], bool]) -> None:
        """Cancel it until its server no longer knows it: what has just begun may miss the first.

        Its outcome, by which it `is_over`, comes a moment later.
        """
        for tries in range(_STOP_TRIES):
            is_known = await self.server.cancel(run_id)
            if not is_known and not tries:
                return
            for _ in range(_STOP_LOOKS):
                if is_over():
                    return
                await self._clock.sleep(_LOOK_S)
            if not is_known:
                return

    async def close(self) -> None:
        """Let go of it: a held one ends at its server, a hooked one goes on."""
        if self._put is not None:
            self._put.cancel()
            await asyncio.wait({self._put})

    async def _send(self, record: Record, hook: str | None) -> Answer | None:
        answer = await self.server.put(record, held=False, hook=hook)
        return None if isinstance(answer, Runs) and not answer.already else answer

    async def _hold(self, record: Record, hook: str | None) -> Answer | None:
        put = self._put = asyncio.create_task(self.server.put(record, held=True, hook=hook))
        put.add_done_callback(lambda _: self.news.set())
        until_s = self._clock.monotonic() + _TAKEN_WITHIN_S
        while not put.done() and self._clock.monotonic() < until_s:
            await asyncio.wait({put}, timeout=_LOOK_S)
            is_open = not put.done() and self.server.may_be_asked
            if is_open and isinstance(await self.server.ask(record.id), Runs):
                break
        if put.done() and not isinstance(put.result(), Ended):
            self._put = None
            return put.result()
        return None

    async def _asked(self, run_id: str) -> Answer | None:
        if self.server.is_coglet is False:
            return None
        # A server that was still loading had no schema yet.
        if (down := await self.server.learn()) is not None:
            return down
        return await self.server.ask(run_id) if self.server.may_be_asked else None

    def _end_by(self, answer: Answer | None) -> Answer | None:
        """What an answer says of the end of a hooked run, whose webhook may be on its way."""
        match answer:
            case NotRunning():
                now_s = self._clock.monotonic()
                self._gone_at_s = min(self._gone_at_s, now_s)
                # A webhook that found nobody waits for as long as it has waited before.
                away_s = self._gone_at_s - self._seen_at_s if self.is_heard else 0.0
                if now_s > self._gone_at_s + min(_GRACE_MAX_S, away_s + _GRACE_S):
                    return Down("the run is gone", began=self.is_heard)
            case Loading():
                return Down("it has started anew", began=True)
            case Down(is_gone=True):
                return Down(answer.why, began=True, is_gone=True)
            case _:
                self._gone_at_s = math.inf
        return None
