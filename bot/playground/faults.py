"""Faults that anyone may order from a stand-in: statuses, resets, slow answers, broken bodies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, JsonValue

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_DRIP_CHUNKS = 10
_LOOK_S = 0.05


class Fault(BaseModel):
    """One order: what the next matching requests meet instead of, or on the way to, an answer.

    `route` is "METHOD /path" with shell wildcards, e.g. "POST /v1/predictions" or "* /v1/*".
    Without `status` and `body` the real handler answers, after `delay_s`, over `drip_s`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    route: str
    with_files: bool = False
    """Whether only requests meet it that carry files."""
    times: Annotated[int, Field(ge=1)] = 1
    status: Annotated[int, Field(ge=100, le=599)] | None = None
    body: JsonValue = None
    """What a `status` answers with: a string is sent as it is, anything else as JSON."""
    headers: dict[str, str] = {}
    delay_s: Annotated[float, Field(ge=0)] = 0.0
    """Silence before anything happens."""
    drip_s: Annotated[float, Field(ge=0)] = 0.0
    """Spread the body of the answer over so many seconds."""
    stall_after_bytes: Annotated[int, Field(ge=0)] | None = None
    """Send so much of the answer's body, and nothing more until the other side leaves."""
    cut_after_bytes: Annotated[int, Field(ge=0)] | None = None
    """Send so much of the answer's body, then drop the connection."""
    takes_effect: bool = False
    """Whether the real handler has acted before `status` answers all the same."""
    reset: Literal["before", "after"] | None = None
    """Drop the connection before the request has had its effect, or after it."""


class Faults:
    """The orders still open, first come first served."""

    def __init__(self) -> None:
        self._open: list[tuple[Fault, int]] = []
        """Each with how many requests are still to meet it."""
        self.met: list[str] = []
        """The routes at which a fault was met, in order."""
        self.in_hand = 0
        """How many requests are meeting one now."""

    def order(self, fault: Fault) -> None:
        """Let the next `fault.times` requests to `fault.route` meet it."""
        self._open.append((fault, fault.times))

    def clear(self) -> None:
        """Forget every open order."""
        self._open.clear()

    def take(self, method: str, path: str, *, with_files: bool = False) -> Fault | None:
        """The next fault for this request, used up by asking."""
        route = f"{method} {path}"
        for index, (fault, left) in enumerate(self._open):
            if fnmatchcase(route, fault.route) and with_files >= fault.with_files:
                self.met.append(route)
                self._open[index : index + 1] = [(fault, left - 1)] if left > 1 else []
                return fault
        return None

    def middleware(self) -> Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]:
        """The aiohttp middleware that carries the orders out."""

        @web.middleware
        async def meet(request: web.Request, handler: Handler) -> web.StreamResponse:
            with_files = request.content_type == "multipart/form-data"
            fault = self.take(request.method, request.path, with_files=with_files)
            if fault is None:
                return await handler(request)
            self.in_hand += 1
            try:
                return await _carry_out(fault, request, handler)
            finally:
                self.in_hand -= 1

        return meet

    def add_routes(self, app: web.Application) -> None:
        """Let other processes order: POST /playground/faults with a Fault, DELETE to clear.

        Who has the control token may (`bot.playground.guard`).
        """

        async def order(request: web.Request) -> web.Response:
            self.order(Fault.model_validate_json(await request.read()))
            return web.Response(status=204)

        async def clear(_: web.Request) -> web.Response:
            self.clear()
            return web.Response(status=204)

        app.router.add_post("/playground/faults", order)
        app.router.add_delete("/playground/faults", clear)


async def _carry_out(fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    if fault.delay_s:
        await asyncio.sleep(fault.delay_s)
    if fault.reset == "before":
        return _drop(request)
    if fault.reset == "after":
        await handler(request)
        return _drop(request)
    if fault.status is None:
        answer = await handler(request)
    else:
        if fault.takes_effect:
            await handler(request)
        answer = _answer(fault, fault.status)
    if not isinstance(answer, web.Response):
        return answer
    if fault.drip_s:
        return await _drip(request, answer, fault.drip_s)
    if fault.stall_after_bytes is not None:
        begun = await _begin(request, answer, fault.stall_after_bytes)
        while request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110 - a connection sets no event
            await asyncio.sleep(_LOOK_S)
        return begun
    if fault.cut_after_bytes is not None:
        await _begin(request, answer, fault.cut_after_bytes)
        return _drop(request)
    return answer


def _answer(fault: Fault, status: int) -> web.Response:
    text = fault.body if isinstance(fault.body, str) else json.dumps(fault.body)
    headers = {"Content-Type": "application/json"} | fault.headers
    return web.Response(status=status, body=text.encode(), headers=headers)


def _drop(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _begin(request: web.Request, answer: web.Response, size_bytes: int) -> web.StreamResponse:
    """Promise the whole body, and send its beginning."""
    body = answer.body if isinstance(answer.body, bytes) else b""
    begun = web.StreamResponse(status=answer.status, headers=answer.headers)
    begun.content_length = len(body)
    await begun.prepare(request)
    await begun.write(body[:size_bytes])
    return begun


async def _drip(request: web.Request, answer: web.Response, drip_s: float) -> web.StreamResponse:
    body = answer.body if isinstance(answer.body, bytes) else b""
    slow = web.StreamResponse(status=answer.status, headers=answer.headers)
    slow.content_length = len(body)
    await slow.prepare(request)
    step = max(1, len(body) // _DRIP_CHUNKS)
    for start in range(0, len(body), step):
        await slow.write(body[start : start + step])
        await asyncio.sleep(drip_s / _DRIP_CHUNKS)
    await slow.write_eof()
    return slow
