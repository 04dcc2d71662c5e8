"""Speaks plain HTTP to the Replicate stand-in, for the contract tests."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
from pydantic import JsonValue, TypeAdapter

from bot.playground.replicate import ReplicateStandIn
from bot.playground.synth import SynthRequest, render

Json = dict[str, JsonValue]
OBJECT: TypeAdapter[Json] = TypeAdapter(Json)
FIXTURES = Path(__file__).parents[1] / "fixtures"
REAL_SCHEMA = OBJECT.validate_json((FIXTURES / "musicgen_671ac645_openapi.json").read_bytes())


def clip(seconds: float) -> bytes:
    """So much music as a WAV file."""
    return render(SynthRequest("house", seed=4, duration_s=seconds))


class PushedClock:
    """A clock that stands still until it is pushed."""

    def __init__(self) -> None:
        self._now_s = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self._now_s)

    def monotonic(self) -> float:
        return self._now_s

    async def sleep(self, delay_s: float) -> None:
        if delay_s > 0:
            future = asyncio.get_running_loop().create_future()
            self._sleepers.append((self._now_s + delay_s, future))
            await future

    async def wait(self, event: asyncio.Event, timeout_s: float | None) -> bool:
        assert timeout_s is not None
        waiting, sleeping = (
            asyncio.ensure_future(work) for work in (event.wait(), self.sleep(timeout_s))
        )
        await asyncio.wait((waiting, sleeping), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        sleeping.cancel()
        return event.is_set()

    @property
    def sleeping(self) -> int:
        """How many wait for it to be pushed."""
        return sum(not future.done() for _, future in self._sleepers)

    async def push(self, delay_s: float) -> None:
        """Let time pass, then let everything that woke run until it sleeps again."""
        self._now_s += delay_s
        for due_s, future in self._sleepers:
            if due_s <= self._now_s + 1e-9 and not future.done():
                future.set_result(None)
        self._sleepers = [each for each in self._sleepers if not each[1].done()]
        for _ in range(10):
            await asyncio.sleep(0)


class Caller:
    """Speaks plain HTTP to the stand-in."""

    def __init__(self, replicate: ReplicateStandIn, session: aiohttp.ClientSession) -> None:
        self.replicate, self._session = replicate, session
        self.headers: dict[str, str] = {}
        self.raw = b""

    async def __call__(
        self,
        method: str,
        path: str,
        body: JsonValue = None,
        *,
        status: int = 200,
        token: str | None = "",
        headers: dict[str, str] | None = None,
    ) -> Json:
        """Ask, hold the status against `status`, give the parsed object."""
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = token or f"Token {self.replicate.token}"
        url = path if path.startswith("http") else self.replicate.base_url + path
        data = None if body is None else json.dumps(body).encode()
        async with self._session.request(method, url, data=data, headers=sent) as answer:
            self.raw = await answer.read()
            self.headers = {name.lower(): value for name, value in answer.headers.items()}
            assert answer.status == status, self.raw[:500]
        return OBJECT.validate_json(self.raw) if self.raw[:1] == b"{" else {}

    async def create(self, status: int = 201, /, **given: JsonValue) -> Json:
        """POST a prediction with this input."""
        body: Json = {"version": self.replicate.version, "input": given}
        return await self("POST", "/v1/predictions", body, status=status)

    async def finished(self, **given: JsonValue) -> Json:
        """POST a prediction, wait for its end, GET it."""
        created = await self.create(**given)
        await self.replicate.idle()
        return await self("GET", f"/v1/predictions/{created['id']}")

    async def upload(self, content: bytes, name: str = "clip.wav") -> str:
        """POST a file; its address."""
        form = aiohttp.FormData()
        form.add_field("content", content, filename=name, content_type="audio/wav")
        headers = {"Authorization": f"Token {self.replicate.token}"}
        url = f"{self.replicate.base_url}/v1/files"
        async with self._session.post(url, data=form, headers=headers) as answer:
            assert answer.status == 201
            urls = OBJECT.validate_json(await answer.read())["urls"]
        assert isinstance(urls, dict)
        return str(urls["get"])
