"""One Cog server over HTTP: each question once, and what its answer means. It decides nothing.

Tried with cog 0.23.1 and 0.9.5 from PyPI (2026-11):

- A PUT of an id that runs answers 202 with the logs so far, to whoever sends it and however; it
  never waits for the end. After the end the same PUT is a new run.
- coglet, the server in Rust, looks for the id before it looks at the input. So an input that cannot
  be is a question that never starts a run: 202 while it runs, 422 otherwise. It needs the schema
  file of the image. The server in Python validates first, and answers 422 always.
- A PUT without `Prefer: respond-async` is held until the end, and answers what was made. Where the
  connection breaks, coglet stops the run; the server in Python goes on, cannot be asked anything
  meanwhile, and what it makes is lost.
- The last webhook is tried 13 times, over some 400 s. It comes before or after a held PUT's answer.
  coglet's has the output as a data: address, that of the server in Python only a path over there.
- All places taken: 409. During setup: 503, or 409 from the server in Python.
"""

from __future__ import annotations

import json
import logging
import socket
from base64 import b64encode
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.abc import ResolveResult
from pydantic import JsonValue
from yarl import URL

from bot.cog.answers import (
    Answer,
    Down,
    Ended,
    Loading,
    NotRunning,
    Refused,
    Runs,
    Taken,
    read_detail,
    read_json,
    read_told,
)
from bot.cog.records import INPUT, Record
from bot.domain.errors import SourceGone
from bot.host.reasons import reason
from bot.host.threads import INTAKE, TRACKS
from bot.network.resolver import Resolver

log = logging.getLogger(__name__)

NETWORK_FAULTS = (aiohttp.ClientError, TimeoutError, OSError)
"""What a server is not reached by, or lost by."""
ANSWER_MAX_BYTES = 64 * 1024 * 1024
"""More than any 30 s of audio as a data: address."""
_CHUNK_BYTES = 3 * 64 * 1024
"""Of a file that goes out as base64: a multiple of 3."""
_CONNECT_S = 5.0
_QUESTION_S = 10.0
_SEND_S = 120.0
_CANNOT_BE: JsonValue = {"prompt": [], "duration": [], "seed": []}
"""An input that no schema takes; a number would do for a string with the server in Python."""
_KEPT_ALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}
"""Seconds of silence before the first question, seconds between them, and how many."""
_IN_BETWEEN = "(here stands the audio)"


@dataclass(frozen=True, slots=True)
class Health:
    """What a server says of itself; `status` is None where it cannot be reached."""

    status: str | None
    why: str = ""
    down: Down | None = None
    """Where nobody answers at all."""
    answers_questions: bool = False
    """Whether it is coglet."""

    @property
    def is_up(self) -> bool:
        """Whether it takes runs, now or after the present one."""
        return self.status in {"READY", "BUSY"}


@dataclass(eq=False)
class CogServer:
    """Speaks with one server; `inputs` is the folder of input audio."""

    url: str
    session: aiohttp.ClientSession
    inputs: Path
    is_coglet: bool | None = None
    """None until it has said so."""
    has_schema: bool = False
    is_down: bool = False
    """Whether it did not answer when it was last asked."""
    _local: str | None = field(default=None, repr=False)
    _resolver: Resolver = field(default_factory=lambda: Resolver(deadline_s=_CONNECT_S), repr=False)

    async def health(self) -> Health:
        """Ask the server how it is."""
        try:
            status, body = await self._ask("GET", "health-check")
        except NETWORK_FAULTS as error:
            return Health(None, reason(error), _unanswered(error))
        value = read_json(body)
        said = value.get("status") if isinstance(value, dict) else None
        if status != 200 or not isinstance(said, str):
            return Health(None, f"HTTP {status}")
        version = value.get("version") if isinstance(value, dict) else None
        self.is_coglet = isinstance(version, dict) and "coglet" in version
        return Health(said, answers_questions=self.is_coglet)

    async def schema(self) -> JsonValue:
        """Its OpenAPI description; None where it has none. Raises what aiohttp does."""
        status, body = await self._ask("GET", "openapi.json")
        value = read_json(body) if status == 200 else None
        self.has_schema = isinstance(value, dict) and "components" in value
        return value if self.has_schema else None

    @property
    def may_be_asked(self) -> bool:
        """Whether the question that starts nothing does start nothing there."""
        return bool(self.is_coglet) and self.has_schema

    async def learn(self) -> Down | None:
        """Find out what may be asked, where that is not known; why nobody answers, if so."""
        if self.is_coglet is None and (down := (await self.health()).down) is not None:
            return down
        if not self.has_schema:
            with suppress(*NETWORK_FAULTS):
                await self.schema()
        return None

    async def put(self, record: Record, *, held: bool, hook: str | None) -> Answer:
        """Start it, or meet it where it runs already; `held` waits for its end.

        Raises:
            SourceGone: its input audio is no longer kept.
        """
        headers = {"Content-Type": "application/json"}
        if not held:
            headers["Prefer"] = "respond-async"
        parts = await self._body(record, hook)
        limits = aiohttp.ClientTimeout(total=None if held else _SEND_S, sock_connect=_CONNECT_S)
        try:
            async with self.session.put(
                self._run_url(record.id), data=parts, headers=headers, timeout=limits
            ) as response:
                return await _read_put(response, held=held)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return _unanswered(error)
        except NETWORK_FAULTS as error:
            return Down(reason(error), began=True)

    async def ask(self, run_id: str) -> Answer:
        """Whether it runs, by the question that never starts anything. Ask only where it may be."""
        body = json.dumps({"input": _CANNOT_BE}).encode()
        try:
            status, answer = await self._ask("PUT", f"predictions/{run_id}", body)
        except NETWORK_FAULTS as error:
            return _unanswered(error)
        match status:
            case 202:
                told = read_told(read_json(answer))
                return Runs(told.logs if told else "", already=True)
            case 422:
                return NotRunning()
            case 503:
                return Loading()
            case _:
                return Down(f"HTTP {status}")

    async def cancel(self, run_id: str) -> bool | None:
        """Stop it; False where it does not run there, None where nobody can tell."""
        try:
            status, _ = await self._ask("POST", f"predictions/{run_id}/cancel")
        except NETWORK_FAULTS as error:
            return False if _unanswered(error).is_gone else None
        return {200: True, 404: False}.get(status)

    async def local_address(self) -> str:
        """Our own address, as this server may reach it, where nothing translates addresses."""
        if self._local is None:
            url = URL(self.url)
            found = await self._resolver.resolve(
                url.host or "", url.port or 0, socket.AddressFamily.AF_UNSPEC
            )
            self._local = _address_towards(found[0])
        return self._local

    # ------------------------------------------------------------------ the exchange

    async def _ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        limits = aiohttp.ClientTimeout(total=_QUESTION_S, sock_connect=_CONNECT_S)
        headers = {"Content-Type": "application/json"} if body else {}
        if body:
            headers["Prefer"] = "respond-async"
        async with self.session.request(
            method, URL(self.url) / path, data=body, headers=headers, timeout=limits
        ) as response:
            return response.status, await read_within(response.content)

    def _run_url(self, run_id: str) -> URL:
        return URL(self.url) / "predictions" / run_id

    async def _body(self, record: Record, hook: str | None) -> AsyncGenerator[bytes] | bytes:
        """The body of a PUT; input audio is read and encoded as it goes out."""
        inputs, name = dict(record.inputs), None
        audio = inputs.get("input_audio")
        if isinstance(audio, str) and audio.startswith(INPUT):
            name = audio[len(INPUT) :]
            inputs["input_audio"] = _IN_BETWEEN
        body: dict[str, object] = {"input": inputs}
        if hook is not None:
            body |= {"webhook": hook, "webhook_events_filter": ["start", "logs", "completed"]}
        text = json.dumps(body, allow_nan=False)
        if name is None:
            return text.encode()
        kept, _, content_type = name.partition("?")
        path = self.inputs / kept
        if not await INTAKE.run(path.is_file):
            raise SourceGone
        before, _, after = text.partition(json.dumps(_IN_BETWEEN))
        return _around(f'{before}"data:{content_type};base64,', path, f'"{after}')


async def sent_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp (3.14) from sending a PUT again by itself where its connection breaks."""
    try:
        return await handler(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientPayloadError(reason(error)) from error


async def _around(before: str, path: Path, after: str) -> AsyncGenerator[bytes]:
    yield before.encode()
    file = await INTAKE.run(path.open, "rb")
    try:
        while chunk := await INTAKE.run(file.read, _CHUNK_BYTES):
            yield b64encode(chunk)
    finally:
        await INTAKE.run(file.close)
    yield after.encode()


async def read_within(content: aiohttp.StreamReader) -> bytes:
    """A body, whose length is bounded.

    Raises:
        aiohttp.ClientPayloadError: it is longer.
    """
    body = bytearray()
    async for chunk in content.iter_chunked(_CHUNK_BYTES):
        body += chunk
        if len(body) > ANSWER_MAX_BYTES:
            raise aiohttp.ClientPayloadError(f"more than {ANSWER_MAX_BYTES} bytes")
    return bytes(body)


async def _read_put(response: aiohttp.ClientResponse, *, held: bool) -> Answer:
    body = await read_within(response.content)
    # Some megabytes of base64, where it has ended.
    value = await TRACKS.run(read_json, body)
    match response.status:
        case 200:
            told = read_told(value)
            return Ended(told) if told and told.ended else Down("no outcome", began=True)
        case 202:
            told = read_told(value)
            # Who has only just been started is told without the input (cog 0.23.1).
            is_echo = isinstance(value, dict) and value.get("input") is not None
            return Runs(told.logs if told else "", already=held or is_echo)
        case 409:
            return Taken()
        case 503:
            return Loading()
        case 400 | 413 | 422:
            return Refused(read_detail(value))
        case _:
            return Down(f"HTTP {response.status}", began=response.status >= 500)


def _unanswered(error: aiohttp.ClientError | OSError) -> Down:
    """Who did not answer what starts nothing; a port where nobody listens has lost its server."""
    at_connect = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else None
    return Down(reason(error), is_gone=isinstance(at_connect, ConnectionRefusedError))


def kept_alive(address: tuple[Any, ...]) -> socket.socket:
    """A socket that notices within a minute and half where the machine at its other end is gone.

    A held PUT says nothing for minutes, and the server in Python cannot be asked meanwhile.
    `address` is as `socket.getaddrinfo` gives it.
    """
    made = socket.socket(*address[:3])
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEPT_ALIVE.items():
        # Not every system has each of them.
        if (option := getattr(socket, name, None)) is not None:
            made.setsockopt(socket.IPPROTO_TCP, option, value)
    return made


def _address_towards(there: ResolveResult) -> str:
    """The address that a packet to there would leave from; nothing is sent."""
    with socket.socket(there["family"], socket.SOCK_DGRAM) as probe:
        probe.connect((there["host"], there["port"]))
        address = str(probe.getsockname()[0])
    return f"[{address}]" if ":" in address else address
