"""The client of Replicate's HTTP API: all its I/O except downloads."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import aiohttp
from aiolimiter import AsyncLimiter
from pydantic import JsonValue
from yarl import URL

from bot.domain.clock import Clock, SystemClock
from bot.domain.errors import InputRefused, ReplyBroken, ServiceFault, ThingUnknown
from bot.domain.inputs import Inputs
from bot.domain.prediction import Prediction, UploadedFile, Webhook
from bot.host.service_time import Heard, ServiceTime
from bot.host.threads import INTAKE, TRACKS
from bot.network.resolver import Resolver
from bot.replicate.download import Downloaded, Downloader
from bot.replicate.models import (
    Account,
    ModelVersion,
    PredictionPage,
    WebhookSecret,
    read_file,
    read_prediction,
)
from bot.replicate.partial import PartialFile
from bot.replicate.protocol import (
    api_root,
    create_body,
    create_headers,
    decipher,
    next_page,
    request_headers,
)
from bot.replicate.retry import CREATE, POLL, READ, TWICE_SAFE, UPLOAD, RetryPolicy
from bot.replicate.transport import Limits, Persistence

T = TypeVar("T")

_ANSWER_MAX_BYTES = 64 * 1024 * 1024
"""Far more than a page of predictions, outputs as data: addresses included."""
_PAGES_MAX = 1000
_CHUNK_BYTES = 256 * 1024


class ReplicateClient:
    """Speaks with Replicate, or with an API like it, over one session.

    Use it as an async context manager; a session handed in stays open afterwards. Every method
    but `download` raises `bot.domain.errors.ReplicateError`, after as many tries as are harmless.
    `budget` is spent by every API request, tries again included, as often as there are `members`
    to share it. Creates spend nothing: their sender keeps a pace of its own, since by then they
    may no longer wait. Downloads are free. `middlewares` are those of its own session.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        session: aiohttp.ClientSession | None = None,
        clock: Clock | None = None,
        budget: AsyncLimiter | None = None,
        limits: Limits | None = None,
        heard: Heard | None = None,
        middlewares: Sequence[aiohttp.ClientMiddlewareType] = (),
    ) -> None:
        self.members = 1
        self.finds_all = False
        """Processes that share the budget."""
        self._root = api_root(base_url)
        self._token = token.encode()
        self._headers = request_headers(token)
        self._clock = clock or SystemClock()
        self._budget = budget
        self._heard = heard
        self._time = ServiceTime(self._clock)
        self._limits = limits or Limits()
        self._persistence = Persistence(self._clock)
        self._middlewares = tuple(middlewares)
        self._session_given = session
        self._session_own: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the session, unless one was handed in."""
        if self._session_given is None:
            self._session_own = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=Resolver()),
                cookie_jar=aiohttp.DummyCookieJar(),
                middlewares=self._middlewares,
            )
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the session, if it is our own."""
        if self._session_own is not None:
            await self._session_own.close()
            self._session_own = None

    # ------------------------------------------------------------------ predictions

    async def create(
        self, version: str, inputs: Inputs, cancel_after_s: int, webhook: Webhook | None = None
    ) -> Prediction:
        """Start a prediction, which costs money; Replicate stops it `cancel_after_s` from now.

        It is sent again only when it surely did not take effect. After an error for which
        `may_have_started` holds, look for it with `find`.
        """
        return await self._request(
            "POST",
            self._root / "predictions",
            CREATE,
            read_prediction,
            headers=create_headers(cancel_after_s),
            body=create_body(version, inputs, webhook),
        )

    async def get(self, prediction_id: str) -> Prediction:
        """Read a prediction; gives up soon, for who polls will ask again."""
        return await self._request(
            "GET", self._prediction_url(prediction_id), POLL, read_prediction
        )

    async def cancel(self, prediction_id: str) -> Prediction:
        """Stop a prediction; answers what became of it, be it that it had ended before."""
        url = self._prediction_url(prediction_id) / "cancel"
        try:
            return await self._request("POST", url, TWICE_SAFE, read_prediction)
        except (ThingUnknown, InputRefused, ReplyBroken):
            # What a cancel of an ended prediction is answered with is not documented (2026-04).
            return await self.get(prediction_id)
        except ServiceFault as error:
            if error.status >= 500:
                raise
            return await self.get(prediction_id)

    async def find(
        self, version: str, inputs: Inputs, created_after: datetime
    ) -> tuple[Prediction, ...]:
        """All predictions of this version with just these inputs since then, newest first.

        `created_after` is by our clock, and told to Replicate by its own, as far as that is known
        from its answers: leave a margin. An empty answer means
        that there surely are none. Replicate forgets a prediction's input after about an hour.

        Raises:
            ReplyBroken: also where the list does not end.
        """
        found: list[Prediction] = []
        async for page in self.pages(created_after):
            found += [one for one in page if one.is_of(version, inputs)]
        return tuple(found)

    async def pages(self, created_after: datetime) -> AsyncGenerator[tuple[Prediction, ...], None]:
        """The predictions since then, newest first: a hundred for each request."""
        since = created_after.astimezone(UTC) + self._ahead()
        url = (self._root / "predictions").with_query(created_after=since.isoformat())
        for _ in range(_PAGES_MAX):
            page = await self._request("GET", url, READ, PredictionPage.from_json)
            recent = tuple(
                prediction
                for prediction in page.results
                if prediction.created_at is None or prediction.created_at >= since
            )
            yield recent
            if not page.next or len(recent) < len(page.results):
                return
            url = next_page(self._root, page.next)
        raise ReplyBroken("a list of predictions without end")

    # ------------------------------------------------------------------ files

    async def upload(self, path: Path, filename: str, content_type: str) -> UploadedFile:
        """Keep a file at Replicate, at most 100 MB, where its models can read it for a day."""

        async def once(_: float) -> UploadedFile:
            file = await INTAKE.run(path.open, "rb")
            try:
                form = aiohttp.FormData()
                form.add_field("content", file, filename=filename, content_type=content_type)
                timeout = self._limits.timeout(self._limits.transfer_s, math.inf)
                await self._spend()
                answer = await self._exchange("POST", self._root / "files", timeout, form)
                return read_file(answer)
            finally:
                await INTAKE.run(file.close)

        return await self._persistence.insist("upload", UPLOAD, once)

    async def download(
        self, url: str, target: Path, limit_bytes: int, news: Callable[[], None] = lambda: None
    ) -> Downloaded:
        """Fetch an output, streamed to `target`, whose folder exists; data: addresses too.

        The address and each it redirects to must be https, or http where the API's is http too.
        The token goes to the API's own origin alone, or to Replicate's output hosts once they
        ask for it. `target` appears only when it is whole; what there is of it before stays
        beside it when the network or a cancellation breaks this off, and is gone on from where
        the server can (`discard_part` removes it). `news` is called whenever something has
        arrived, and whenever a try has failed.

        Raises:
            OutputExpired: 404 or 410.
            OutputTooLarge: more than `limit_bytes`.
            OutputNotAudio: the content type is another medium's.
            OutputAddressBad: the address is not one to fetch from.
            OutputUnreachable: anything else, after several tries.
            OSError: `target` cannot be written.
        """
        downloader = Downloader(
            self._session, self._root, self._headers, self._limits, self._persistence
        )
        return await downloader.download(url, target, limit_bytes, news)

    async def discard_part(self, target: Path) -> None:
        """Remove what a download that was broken off has left beside `target`."""
        await TRACKS.run(PartialFile(target).discard)

    # ------------------------------------------------------------------ models, account

    async def version_schema(self, model: str, version: str) -> ModelVersion:
        """A version of a model (`owner/name`) with the OpenAPI description of its inputs."""
        owner, _, name = model.partition("/")
        url = self._root / "models" / owner / name / "versions" / version
        return await self._request("GET", url, READ, ModelVersion.from_json)

    async def account(self) -> Account:
        """Whose token this is: a check that costs nothing."""
        return await self._request("GET", self._root / "account", READ, Account.from_json)

    async def webhook_secret(self) -> str:
        """What the account's webhooks are signed with: one for all of them."""
        url = self._root / "webhooks" / "default" / "secret"
        return (await self._request("GET", url, READ, WebhookSecret.from_json)).key

    # ------------------------------------------------------------------ the one door

    async def _request(
        self,
        method: str,
        url: URL,
        policy: RetryPolicy,
        read: Callable[[JsonValue], T],
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> T:
        async def once(left_s: float) -> T:
            if policy is CREATE:
                timeout = self._limits.create_timeout()
            else:
                timeout = self._limits.timeout(self._limits.request_s, left_s)
                await self._spend()
            return read(await self._exchange(method, url, timeout, body, headers))

        return await self._persistence.insist(f"{method} {url.path}", policy, once)

    def _ahead(self) -> timedelta:
        """By how much Replicate's clock is ahead of ours."""
        return self._time.now() - self._clock.now() if self._time.known else timedelta()

    async def _spend(self) -> None:
        if self._budget is not None:
            for _ in range(self.members):
                await self._budget.acquire()

    async def _exchange(
        self,
        method: str,
        url: URL,
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's own limits, kept by it
        body: bytes | aiohttp.FormData | None,
        headers: Mapping[str, str] | None = None,
    ) -> JsonValue:
        asked_s = self._clock.monotonic()
        async with self._session.request(
            method,
            url,
            data=body,
            headers={**self._headers, **(headers or {})},
            timeout=timeout,
            allow_redirects=False,
        ) as response:
            self._time.heard(response.headers, asked_s)
            if self._heard is not None:
                self._heard(response.headers, asked_s)
            answer = bytearray()
            async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                answer += chunk
                if len(answer) > _ANSWER_MAX_BYTES:
                    raise ReplyBroken(f"more than {_ANSWER_MAX_BYTES} bytes")
            said = bytes(answer)
            if not response.ok and self._token:
                # Should the service repeat the token in an error, nobody is to read it.
                said = said.replace(self._token, b"(token)")
            return decipher(response.status, response.headers, said, self._clock.now())

    @property
    def _session(self) -> aiohttp.ClientSession:
        session = self._session_given or self._session_own
        if session is None:
            raise RuntimeError("ReplicateClient is used outside of its `async with`")
        return session

    def _prediction_url(self, prediction_id: str) -> URL:
        return self._root / "predictions" / prediction_id
