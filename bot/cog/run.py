"""One run, from the PUT to its outcome: held by a connection, or brought by a webhook.

Where its server reaches us, a run goes on without us (hooked), and its outcome comes by webhook, be
it to the process after this one. Elsewhere the PUT is held; then a run ends with this process, and
the next one begins it again. Either way a run is only ever begun again under its own id and, unless
its server is gone, at the same server: there it is met, not started twice, while it runs.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from contextlib import suppress

from bot.cog.answers import Answer, Down, Ended, Refused, Runs, Told
from bot.cog.attempt import Attempt
from bot.cog.fleet import Fleet, worst_of
from bot.cog.records import Outcome, Record, Records
from bot.cog.server import CogServer
from bot.domain.clock import Clock
from bot.domain.errors import ReplicateError, RequestRefused
from bot.domain.errors.servers import RunLost, ServerRefused
from bot.domain.prediction import Prediction, Status
from bot.host.threads import TRACKS

log = logging.getLogger(__name__)

_LOOK_S = 0.1
_AGAIN_S = 2.0
_LOSSES_MAX = 1
_UNREACHABLE_S = 120.0
"""After so long of silence a run is begun at another server, whatever became of it."""
_WRITE_AGAIN_S = 5.0


class Run:
    """Follows one run."""

    def __init__(self, record: Record, fleet: Fleet, records: Records, clock: Clock) -> None:
        self.record = record
        self._fleet, self._records, self._clock = fleet, records, clock
        self._attempt: Attempt | None = None
        self._trouble: ReplicateError | None = None
        """Why it is not begun just now."""
        self._may_move = False
        """Whether nothing of it can run at its server any more."""
        self._silent_since_s = clock.monotonic()
        self._is_stopping = False
        self._news = asyncio.Event()
        self._ending = asyncio.Lock()
        self._live: asyncio.Task[None] | None = None

    # ------------------------------------------------------------------ from outside

    @property
    def has_ended(self) -> bool:
        """Whether its outcome is written down."""
        return self.record.outcome is not None

    def prediction(self) -> Prediction:
        """How it does. Raises `RunLost`, `ServersBusy` and `ServersDown`, as `CogClient.get`."""
        if (outcome := self.record.outcome) is not None:
            if outcome.is_lost:
                raise RunLost
            return self.record.prediction()
        attempt = self._attempt
        if attempt is None and self._trouble is not None:
            raise self._trouble
        if attempt is not None and attempt.silence is not None:
            raise worst_of([attempt.silence])
        is_seen = attempt is not None and attempt.is_seen
        return Prediction(
            self.record.id,
            Status.PROCESSING if is_seen else Status.STARTING,
            logs=attempt.logs if attempt else "",
            created_at=self.record.created_at,
            begun_again=self.record.begun_again,
        )

    async def begin_somewhere(self) -> None:
        """Start it at the first server that takes it.

        Raises:
            ServersBusy, ServersDown: none does.
            ServerRefused: its inputs are none for the model there.
            SourceGone: its input audio is no longer kept.
            OSError: it cannot be written down.
        """
        answers = list[Answer]()
        for server in self._fleet.in_order():
            answer = await self._begin(server)
            if isinstance(answer, Refused):
                raise ServerRefused(answer.detail)
            if answer is None or (isinstance(answer, Down) and answer.began):
                # What may have begun is met there, and sent nowhere else.
                self._follow()
                return
            answers.append(answer)
        raise worst_of(answers)

    def take_up(self) -> None:
        """Go on with what another process has begun."""
        server = self._fleet.get(self.record.server)
        is_same = server.url == self.record.server
        if self.record.is_hooked and is_same:
            age_s = (self._clock.now() - self.record.created_at).total_seconds()
            self._set_attempt(Attempt.of_before(server, self._clock, age_s))
        else:
            self.record = self.record.model_copy(update={"begun_again": True})
            self._may_move = not is_same
        self._follow()

    async def cancel(self) -> None:
        """Stop it, wherever it is; it has an outcome then."""
        if not self._is_stopping:
            self._is_stopping = True
            await self._stop()
        while not self.has_ended:
            await self._clock.sleep(_LOOK_S)

    async def hear(self, told: Told) -> None:
        """A webhook has told of it. Raises `OSError`: its outcome cannot be written now."""
        if self._attempt is not None:
            self._attempt.hear(told)
        # A held PUT answers the same, and is what tells whether the connection lived.
        if told.ended and self.record.is_hooked:
            await self._write_end(told)

    async def close(self) -> None:
        """Let go of it: a held one ends at its server, a hooked one goes on."""
        if self._live is not None:
            self._live.cancel()
            await asyncio.wait({self._live})
        if self._attempt is not None:
            await self._attempt.close()

    # ------------------------------------------------------------------ its course

    def _follow(self) -> None:
        self._live = asyncio.create_task(self._until_end(), name=f"run {self.record.id}")

    async def _until_end(self) -> None:
        try:
            while not self.has_ended:
                try:
                    await self._go_on()
                except OSError as error:
                    log.warning("a run cannot be written down: %r", error)
                    await self._clock.sleep(_WRITE_AGAIN_S)
        except RequestRefused as error:
            log.warning("a run cannot be begun again: %r", error)
            await self._end(Told(Status.FAILED), is_lost=True)
        except Exception:
            log.exception("following a run met a fault of ours")
            await self._end(Told(Status.FAILED), is_lost=True)
        finally:
            if (attempt := self._attempt) is not None:
                self._set_attempt(None)
                await attempt.close()
                if self.has_ended and attempt.is_hooked and not attempt.is_over:
                    # It was canceled just as it began.
                    await attempt.stop(self.record.id, lambda: attempt.is_over)

    async def _go_on(self) -> None:
        """Do what comes next. Raises `OSError`: that cannot be written down."""
        if self._is_over():
            await self.cancel()
        elif self._attempt is None:
            if (answer := await self._begin(self._where_again())) is not None:
                await self._bear(answer)
        elif (answer := await self._heard_of(self._attempt)) is not None:
            attempt = self._attempt
            self._silent_since_s = self._clock.monotonic() - attempt.silent_s
            self._set_attempt(None)
            await attempt.close()
            if attempt.is_hooked and await self._is_written():
                return
            if attempt.is_hooked and not attempt.is_heard:
                # It has run, and told nobody: from now on its server's runs are held.
                await self._fleet.learn(attempt.server, None)
            self._fleet.met(attempt.server, answer)
            await self._bear(answer)

    async def _heard_of(self, attempt: Attempt) -> Answer | None:
        """What has come of it, None where it goes on; who is silent for too long has lost it.

        A hooked one goes on without us, so it is only given up for another server's sake.
        """
        answer = await attempt.step(self.record.id)
        if answer is not None or attempt.missed_s <= _UNREACHABLE_S:
            return answer
        if attempt.is_hooked and not self._fleet.has_another_than(attempt.server):
            return None
        return Down(f"it has not said for {_UNREACHABLE_S:.0f} s that it runs", began=True)

    def _is_over(self) -> bool:
        """Whether it is to be stopped, and nobody has begun to."""
        if self._is_stopping:
            return False
        return self.record.cancel_requested or self._clock.now() > self.record.deadline

    def _where_again(self) -> CogServer:
        """Its own server, unless nothing can run there any more and another one is up."""
        own = self._fleet.get(self.record.server)
        silent_s = self._clock.monotonic() - self._silent_since_s
        if own.is_down and (self._may_move or silent_s > _UNREACHABLE_S):
            return self._fleet.in_order()[0]
        return own

    async def _begin(self, server: CogServer) -> Answer | None:
        """Send it to a server; None where it has begun there."""
        if (down := await server.learn()) is not None:
            self._fleet.met(server, down)
            return down
        base = await self._fleet.hook_base(server)
        token = secrets.token_urlsafe(16)
        is_hooked = (
            base is not None and bool(server.is_coglet) and self._fleet.reaches(server, base)
        )
        before = self.record
        changes = {"server": server.url, "token": token, "is_hooked": is_hooked}
        record = self.record = before.model_copy(update=changes)
        await TRACKS.run(self._records.write, record)
        hook = None if base is None else f"{base}/cog/{record.id}/{token}"
        # Its webhooks may be faster than the answer.
        attempt = Attempt(server, self._clock, is_hooked=is_hooked)
        self._set_attempt(attempt)
        self._may_move = False
        try:
            answer = await attempt.begin(record, hook)
        except RequestRefused:
            self._set_attempt(None)
            raise
        if isinstance(answer, Runs) and is_hooked and before.is_hooked:
            # A PUT whose answer was lost has begun it: its webhooks come to the address in there.
            self.record = record.model_copy(update={"token": before.token})
            await TRACKS.run(self._records.write, self.record)
            answer = None
        if answer is not None:
            self._set_attempt(None)
        self._fleet.met(server, answer)
        return answer

    async def _bear(self, answer: Answer) -> None:
        """Go on from what was not a beginning, or is an end."""
        match answer:
            case Ended(told=told):
                await self._end(told)
            case Refused(detail=detail):
                await self._end(Told(Status.FAILED, error=detail))
            case Runs():
                # From before this process: what it makes would come to nobody.
                await self._fleet.get(self.record.server).cancel(self.record.id)
                self._trouble = None
            case Down(began=True) if self.record.losses >= _LOSSES_MAX and not self._is_stopping:
                await self._end(Told(Status.FAILED), is_lost=True)
            case Down(began=began, is_gone=is_gone):
                if began:
                    changes = {"losses": self.record.losses + 1, "begun_again": True}
                    self.record = self.record.model_copy(update=changes)
                self._may_move = is_gone
                self._trouble = worst_of([answer])
            case _:
                self._trouble = worst_of([answer])
        if not self.has_ended:
            await self._clock.wait(self._news, _AGAIN_S)
            self._news.clear()

    async def _is_written(self) -> bool:
        """Whether its outcome has come to the disk by another way, such as another process."""
        known = await TRACKS.run(self._records.read, self.record.id)
        if known is None or known.outcome is None:
            return False
        self.record = known
        return True

    async def _stop(self) -> None:
        async with self._ending:
            if self.has_ended:
                return
            self.record = self.record.model_copy(update={"cancel_requested": True})
            with suppress(OSError):
                await TRACKS.run(self._records.write, self.record)
        self._news.set()
        # While a PUT is held, the server in Python answers nothing else.
        if self._attempt is not None and self._attempt.server.is_coglet is not False:
            await self._attempt.stop(self.record.id, lambda: self.has_ended)
        await self._end(Told(Status.CANCELED))

    async def _end(self, told: Told, *, is_lost: bool = False) -> None:
        """Write down how it has ended, as soon as the disk takes it."""
        while not self.has_ended:
            try:
                await self._write_end(told, is_lost=is_lost)
            except OSError as error:
                log.warning("the outcome of a run cannot be written: %r", error)
                await self._clock.sleep(_WRITE_AGAIN_S)

    async def _write_end(self, told: Told, *, is_lost: bool = False) -> None:
        async with self._ending:
            if self.has_ended:
                return
            if is_lost:
                outcome = Outcome(status=told.status, is_lost=True)
                ended = self.record.model_copy(update={"outcome": outcome})
                await TRACKS.run(self._records.write, ended)
            else:
                ended = await TRACKS.run(self._records.end, self.record, told)
            self.record = ended
        self._news.set()
        if self._attempt is not None:
            self._attempt.news.set()

    def _set_attempt(self, attempt: Attempt | None) -> None:
        if self._attempt is not None:
            self._fleet.runs[self._attempt.server.url] -= 1
        self._attempt = attempt
        if attempt is not None:
            self._fleet.runs[attempt.server.url] += 1
