"""The stand-in as tests and the launcher use it: start, look inside, order, stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from bot.domain.clock import Clock, SystemClock
from bot.domain.inputs import TABLE
from bot.domain.openapi import openapi_schema
from bot.playground.faults import Faults
from bot.playground.guard import Guard, new_token
from bot.playground.replicate.files import Files, StoredFile
from bot.playground.replicate.hosted import Hosted
from bot.playground.replicate.keeping import KeptReplicate, kept, restore
from bot.playground.replicate.limits import Meter, RateLimits
from bot.playground.replicate.predictions import Prediction
from bot.playground.replicate.problems import JsonObject
from bot.playground.replicate.routes import Api, RequestRecord
from bot.playground.replicate.runs import Runs
from bot.playground.replicate.scripts import Script, Scripts
from bot.playground.replicate.service import Predictions
from bot.playground.replicate.timings import Timings
from bot.playground.replicate.webhooks import Webhooks
from bot.settings_values import SPEC_VERSION


def _nothing(file_id: str) -> bytes:
    raise KeyError(file_id)


class ReplicateStandIn:
    """Serves a version of a model, and fine-tunes of it, on loopback while it is entered.

    Args:
        schema: the version's `openapi_schema`; made from our input table when None.
        timings: how long everything takes.
        token: the one API token that is valid; a new one when None.
        control_token: what orders over HTTP take, as `Guard` says; a new one when None.
        model: `owner/name`.
        version: the id that is hosted.
        port: 0 for any free one.
        clock: the time it lives by.
        limits: how often the account may ask; as often as it likes when None.
        fine_tunes: what is hosted beside it.
        before: what an earlier one held; its port is taken again, where that is free.
        content: the content of an upload from before, by its id.
    """

    def __init__(
        self,
        schema: JsonObject | None = None,
        timings: Timings | None = None,
        *,
        token: str | None = None,
        control_token: str | None = None,
        model: str = "meta/musicgen",
        version: str = SPEC_VERSION,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Clock | None = None,
        limits: RateLimits | None = None,
        fine_tunes: Sequence[Hosted] = (),
        before: KeptReplicate | None = None,
        content: Callable[[str], bytes] = _nothing,
    ) -> None:
        self._before, self._content = before, content
        self._files: Files | None = None
        schema = openapi_schema(TABLE) if schema is None else schema
        self._hosted = (Hosted.of(model, version, schema), *fine_tunes)
        self._timings = timings or Timings()
        self._clock = clock or SystemClock()
        self._host, self._port = host, port if before is None else before.port
        self._scripts = Scripts()
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self._runs: Runs | None = None
        self._api: Api | None = None
        self._webhooks: Webhooks | None = None
        self.token = token or f"r8_{new_token()}"
        self.guard = Guard(host, control_token)
        self.limits = limits
        self.faults = Faults()
        self.requests: list[RequestRecord] = []
        self.base_url = ""
        """Without `/v1`, as the official client's `REPLICATE_BASE_URL` wants it."""

    @property
    def predictions(self) -> list[Prediction]:
        """Every prediction created: each cost money."""
        return [] if self._api is None else self._api.predictions.all

    @property
    def stored(self) -> list[StoredFile]:
        """The uploads, as they are stored."""
        return [] if self._files is None else self._files.list()

    @property
    def webhooks(self) -> Webhooks:
        """What it pushes; it has been entered."""
        if self._webhooks is None:
            raise RuntimeError("it has not been entered")
        return self._webhooks

    def _shown(self, prediction: Prediction) -> JsonObject:
        return {} if self._api is None else self._api.shown(prediction)

    def kept(self) -> KeptReplicate:
        """All that it holds, to be written down; it has been entered."""
        if self._api is None or self._files is None:
            raise RuntimeError("it has not been entered")
        port = urlsplit(self.base_url).port or 0
        return kept(port, self._api.predictions, self._files, self._clock.now())

    @property
    def files(self) -> int:
        """How many uploads are stored."""
        return 0 if self._api is None else len(self._api.files)

    @property
    def uploads(self) -> list[bytes]:
        """What is stored of them, the newest first."""
        return [] if self._api is None else [file.content for file in self._api.files.list()]

    @property
    def version(self) -> str:
        """The id of the version that is hosted, but for the fine-tunes'."""
        return self._hosted[0].version

    async def idle(self) -> None:
        """Wait until every prediction has ended."""
        if self._api is not None:
            await self._api.predictions.idle()

    def script(self, script: Script) -> None:
        """Order what the next predictions do instead of the usual."""
        self._scripts.order(script)

    async def __aenter__(self) -> ReplicateStandIn:
        self._session = aiohttp.ClientSession()
        self._files = files = Files(self._clock, self._timings.file_retention_s)
        self._runs = Runs(
            self._clock,
            self._session,
            lambda address: files.content_at(address, self.base_url),
            self._timings,
        )
        self._webhooks = Webhooks(self._clock, self._session, self._shown)
        predictions = Predictions(self._clock, self._runs, self._scripts, self._webhooks)
        self._api = Api(
            self._hosted,
            predictions,
            self._webhooks,
            files,
            self._scripts,
            self.faults,
            self.requests,
            Meter(self.limits, self._clock),
            self._clock,
            self.token,
        )
        app = self._api.application()
        self.guard.stand_before(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError:
            if self._before is None:
                raise
            await web.TCPSite(self._runner, self._host, 0).start()
        port = self._runner.addresses[0][1]
        self.base_url = self._api.base_url = self.guard.bound(port)
        if self._before is not None:
            restore(self._before, self._hosted, predictions, files, self._content)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._api is not None:
            await self._api.predictions.close()
        if self._webhooks is not None:
            await self._webhooks.close()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._runs is not None:
            await self._runs.close()
        if self._session is not None:
            await self._session.close()
