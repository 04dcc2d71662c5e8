"""The port of predictions over Cog servers: what Replicate keeps of its runs is kept here."""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
from base64 import b32encode
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
from pydantic import JsonValue

from bot.cog.answers import read_json, read_told
from bot.cog.fleet import Fleet
from bot.cog.outputs import fetch_output
from bot.cog.records import INPUT, INPUTS_MAX_BYTES, OUTPUT, Record, Records, discard_draft
from bot.cog.run import Run
from bot.cog.server import NETWORK_FAULTS, CogServer, Health, kept_alive, sent_once
from bot.domain.clock import Clock
from bot.domain.errors import DiskUnusable, ReplicateError
from bot.domain.errors.servers import RunLost, ServersDown
from bot.domain.inputs import Inputs
from bot.domain.prediction import Prediction, UploadedFile, Webhook
from bot.domain.waits import Obstacle
from bot.engine.disk_health import disk_obstacle
from bot.host.threads import HOUSEKEEPING, INTAKE, TRACKS
from bot.network.resolver import Resolver

log = logging.getLogger(__name__)

VERSION = "cog"
"""What the journal has in place of a version at Replicate."""


@dataclass(frozen=True, slots=True)
class ServedModel:
    """What a server serves: the OpenAPI description of its inputs."""

    openapi_schema: JsonValue = field(repr=False)


class CogClient:
    """Speaks with Cog servers as if they were one service. Use it as an async context manager.

    `folder` is where runs are written down, and at most `inputs_max_bytes` of input audio kept;
    `port` and `webhook_url` are where webhooks may come to (`Fleet`). Methods raise
    `ReplicateError` as the port says; the servers cost nobody anything, so what one has lost is
    begun again, once.
    """

    def __init__(
        self,
        urls: Sequence[str],
        folder: Path,
        clock: Clock,
        *,
        inputs_max_bytes: int = INPUTS_MAX_BYTES,
        port: int | None = None,
        webhook_url: str | None = None,
        middlewares: Sequence[aiohttp.ClientMiddlewareType] = (),
    ) -> None:
        self.members = 1
        self.finds_all = True
        self._urls, self._folder, self._clock = urls, folder, clock
        self._port, self._webhook_url = port, webhook_url
        self._middlewares = tuple(middlewares)
        self._records = Records(folder, inputs_max_bytes)
        self._runs: dict[str, Run] = {}
        self._taking_up = asyncio.Lock()
        self._session: aiohttp.ClientSession | None = None
        self._fleet = Fleet((), clock, folder)
        self._watching: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Open the session."""
        self._session = session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=Resolver(), limit=0, socket_factory=kept_alive),
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(*self._middlewares, sent_once),
        )
        inputs = self._folder / "inputs"
        servers = [CogServer(url, session, inputs) for url in self._urls]
        self._fleet = Fleet(servers, self._clock, self._folder, self._port, self._webhook_url)
        await self._fleet.load()
        await self._tidy()
        self._watching = asyncio.create_task(self._fleet.watch(), name="servers that are down")
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let go of all runs, and close the session."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait({self._watching})
        await asyncio.gather(*(run.close() for run in self._runs.values()))
        self._runs.clear()
        if self._session is not None:
            await self._session.close()

    # ------------------------------------------------------------------ the port

    async def create(
        self, version: str, inputs: Inputs, cancel_after_s: int, webhook: Webhook | None = None
    ) -> Prediction:
        """Start a run at a server that is free; it is stopped `cancel_after_s` from now.

        Raises:
            ServersBusy, ServersDown, ServerRefused: nothing was started.
            RequestRefused: its input audio is gone, or the disk takes nothing.
        """
        record = Record(
            # As Cog's documentation advises; nobody can guess it.
            id=b32encode(secrets.token_bytes(16)).decode().lower().rstrip("="),
            version=version,
            inputs=inputs.set_values(),
            created_at=self._clock.now(),
            cancel_after_s=cancel_after_s,
            server="",
            token="",
        )
        await self._tidy()
        run = self._runs[record.id] = self._run(record)
        try:
            await run.begin_somewhere()
        except BaseException as error:
            del self._runs[record.id]
            await run.close()
            if isinstance(error, asyncio.CancelledError):
                # It may have begun: whoever comes next finds it.
                raise
            if isinstance(error, OSError):
                full = disk_obstacle(error) is Obstacle.DISK_FULL
                raise DiskUnusable(full) from error
            await TRACKS.run(self._records.discard, record.id)
            raise
        return run.prediction() if run.has_ended else Prediction(record.id, "starting")

    async def get(self, prediction_id: str) -> Prediction:
        """How a run does.

        Raises:
            RunLost: it is gone, or was never known here.
            ServersBusy, ServersDown: it does not go on just now, for this reason.
        """
        return (await self._known(prediction_id)).prediction()

    async def cancel(self, prediction_id: str) -> Prediction:
        """Stop a run, which frees its server at once; what became of it."""
        run = await self._known(prediction_id)
        if not run.has_ended:
            await run.cancel()
        return run.prediction()

    async def find(
        self, version: str, inputs: Inputs, created_after: datetime
    ) -> tuple[Prediction, ...]:
        """The runs with just these inputs, newest first."""
        sent = inputs.set_values()
        return tuple(
            record.prediction()
            for record in await self._since(created_after)
            if record.inputs == sent and record.version == version
        )

    async def pages(self, created_after: datetime) -> AsyncGenerator[Sequence[Prediction], None]:
        """The runs since then, newest first."""
        known = list[Prediction]()
        for record in await self._since(created_after):
            run = self._runs.get(record.id)
            try:
                known.append(record.prediction() if run is None else run.prediction())
            except ReplicateError:
                # Whoever asks for it is told.
                continue
        yield known

    async def upload(self, path: Path, filename: str, content_type: str) -> UploadedFile:
        """Keep input audio for a day; it goes to a server within the request that uses it."""
        name = f"{secrets.token_hex(16)}{Path(filename).suffix[:8]}"
        await INTAKE.run(self._records.keep_input, path, name)
        return UploadedFile(name, f"{INPUT}{name}?{content_type}")

    async def download(
        self, url: str, target: Path, limit_bytes: int, news: Callable[[], None] = lambda: None
    ) -> object:
        """Bring what a run has made into `target`, which appears only when it is whole.

        Raises:
            TrackError: it is no longer kept, too large, or cannot be fetched.
            OSError: `target` cannot be written.
        """
        if url.startswith(OUTPUT):
            copy = partial(self._records.copy_audio, url[len(OUTPUT) :], target, limit_bytes)
            return await TRACKS.run(copy)
        if self._session is None:
            raise RuntimeError("CogClient is used outside of its `async with`")
        return await fetch_output(self._session, url, target, limit_bytes, news)

    async def discard_part(self, target: Path) -> None:
        """Remove what a download that was broken off has left beside `target`."""
        await TRACKS.run(discard_draft, target)

    # ------------------------------------------------------------------ servers

    async def version_schema(self, model: str, version: str) -> ServedModel:
        """What the first server that answers serves; the names are of no matter.

        Raises:
            ServersDown: none tells.
        """
        asked = [asyncio.create_task(server.schema()) for server in self._fleet.servers]
        try:
            for answer in asyncio.as_completed(asked):
                with suppress(*NETWORK_FAULTS):
                    if (schema := await answer) is not None:
                        return ServedModel(schema)
        finally:
            for task in asked:
                task.cancel()
        raise ServersDown

    async def healths(self) -> list[tuple[str, Health]]:
        """How each server does, by its address."""
        servers = self._fleet.servers
        found = await asyncio.gather(*(server.health() for server in servers))
        return [(server.url, health) for server, health in zip(servers, found, strict=True)]

    def servers_told(self) -> str:
        """How the servers do, by what was last heard of them."""
        return self._fleet.told()

    async def hear(self, run_id: str, token: str, read: Callable[[], Awaitable[bytes]]) -> int:
        """A webhook has come about a run; the HTTP status to answer with.

        Its body is only `read` where the token is the run's. 204 is said once its outcome is on the
        disk: a server tries again after 503.
        """
        run = self._runs.get(run_id)
        try:
            record = await TRACKS.run(self._records.read, run_id) if run is None else run.record
        except OSError as error:
            log.warning("what a webhook is about cannot be read: %r", error)
            return 503
        if record is None or not hmac.compare_digest(record.token.encode(), token.encode()):
            return 404
        told = read_told(await TRACKS.run(read_json, await read()))
        if told is None:
            return 400
        try:
            server = self._fleet.get(record.server)
            if (base := await self._fleet.hook_base(server)) is not None:
                await self._fleet.learn(server, base)
            if run is not None:
                await run.hear(told)
            elif told.ended and record.is_hooked and record.outcome is None:
                await TRACKS.run(self._records.end, record, told)
        except OSError as error:
            log.warning("what a webhook brought cannot be written: %r", error)
            return 503
        return 204

    # ------------------------------------------------------------------ what is known

    def _run(self, record: Record) -> Run:
        return Run(record, self._fleet, self._records, self._clock)

    async def _known(self, run_id: str) -> Run:
        async with self._taking_up:
            if (run := self._runs.get(run_id)) is not None:
                return run
            with self._reading():
                record = await TRACKS.run(self._records.read, run_id)
            if record is None:
                raise RunLost
            run = self._runs[run_id] = self._run(record)
            if not run.has_ended:
                run.take_up()
            return run

    async def _since(self, created_after: datetime) -> list[Record]:
        with self._reading():
            records = await TRACKS.run(lambda: list(self._records.every()))
        recent = [record for record in records if record.created_at >= created_after]
        return sorted(recent, key=lambda record: record.created_at, reverse=True)

    @contextmanager
    def _reading(self) -> Generator[None]:
        """What cannot be read now is asked for again; it is not unknown."""
        try:
            yield
        except OSError as error:
            log.warning("what is known of runs cannot be read: %r", error)
            raise ServersDown from error

    async def _tidy(self) -> None:
        ended = [run_id for run_id, run in self._runs.items() if run.has_ended]
        for run_id in ended:
            # From here on its record tells.
            del self._runs[run_id]
        try:
            await HOUSEKEEPING.run(self._records.tidy)
        except OSError as error:
            log.warning("what is no longer needed cannot be removed: %r", error)
