"""A server's end of a WebSocket that code without await may write to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from aiohttp import web


class Outbox:
    """Frames leave in the order they were put in."""

    def __init__(self, ws: web.WebSocketResponse) -> None:
        self.ws = ws
        self._frames: asyncio.Queue[str] = asyncio.Queue()

    def put(self, frame: str) -> None:
        """Queue a frame."""
        self._frames.put_nowait(frame)

    @asynccontextmanager
    async def sending(self) -> AsyncGenerator[None]:
        """Send what is queued, for as long as this is open."""
        writer = asyncio.create_task(self._write())
        try:
            yield
        finally:
            writer.cancel()

    async def _write(self) -> None:
        while True:
            frame = await self._frames.get()
            try:
                await self.ws.send_str(frame)
            except ConnectionError:
                return
