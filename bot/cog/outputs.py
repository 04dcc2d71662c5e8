"""Outputs that a server has uploaded somewhere (`--upload-url`), fetched from there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import aiohttp

from bot.domain.errors import (
    OutputAddressBad,
    OutputExpired,
    OutputTooLarge,
    OutputUnreachable,
)
from bot.host.threads import TRACKS
from bot.host.whole_files import draft_of, make_folder_of
from bot.network.http_address import http_address

_WITHIN_S = 150.0
_CHUNK_BYTES = 256 * 1024


async def fetch_output(
    session: aiohttp.ClientSession,
    address: str,
    target: Path,
    limit_bytes: int,
    news: Callable[[], None],
) -> int:
    """Fetch it into `target`, which appears only when it is whole; its bytes.

    Raises:
        OutputAddressBad: it is no http(s) address, as the path on an older server's disk.
        OutputExpired: 404 or 410.
        OutputTooLarge: more than `limit_bytes`.
        OutputUnreachable: anything else.
        OSError: `target` cannot be written.
    """
    try:
        url = http_address(address)
    except ValueError as error:
        raise OutputAddressBad(str(error)) from error
    draft = draft_of(target)
    await TRACKS.run(make_folder_of, draft)
    size_bytes = 0
    limits = aiohttp.ClientTimeout(total=_WITHIN_S)
    try:
        async with session.get(url, timeout=limits) as response:
            if response.status in {404, 410}:
                raise OutputExpired
            if response.status != 200:
                raise OutputUnreachable(response.status)
            file = await TRACKS.run(draft.open, "wb")
            try:
                async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                    size_bytes += len(chunk)
                    if size_bytes > limit_bytes:
                        raise OutputTooLarge(limit_bytes)
                    await TRACKS.run(file.write, chunk)
                    news()
            finally:
                await TRACKS.run(file.close)
        await TRACKS.run(draft.replace, target)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise OutputUnreachable(None) from error
    finally:
        await TRACKS.run(lambda: draft.unlink(missing_ok=True))
    return size_bytes
