"""Downloads of outputs: streamed to disk, within limits, from addresses that are checked."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes

import aiohttp
from yarl import URL

from bot.domain.errors import (
    OutputAddressBad,
    OutputExpired,
    OutputNotAudio,
    OutputTooLarge,
    OutputUnreachable,
    ReplicateError,
    ReplyBroken,
    ServiceFault,
    Throttled,
)
from bot.host.threads import TRACKS
from bot.network.http_address import http_address
from bot.replicate.partial import PartialFile, version_of
from bot.replicate.retry import DOWNLOAD
from bot.replicate.transport import Limits, Persistence

News = Callable[[], None]
"""Called whenever something has arrived, and whenever a try has failed."""

_CHUNK_BYTES = 256 * 1024
_REQUESTS_MAX = 6
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GONE = frozenset({404, 410})
_UNKNOWN_TYPE = "application/octet-stream"
_FITTING_TYPES = frozenset({_UNKNOWN_TYPE, "binary/octet-stream", "application/ogg"})


@dataclass(frozen=True, slots=True)
class Downloaded:
    """An output on disk."""

    path: Path
    content_type: str
    size_bytes: int


def check_address(root: URL, address: str, base: URL | None = None) -> URL:
    """The address of an output, relative to `base`: https, or http where the API's `root` is so.

    Raises:
        OutputAddressBad: it is another, or names a user.
    """
    try:
        url = http_address(address, base)
    except ValueError as error:
        raise OutputAddressBad(str(error)) from error
    if url.scheme == "http" and root.scheme != "http":
        raise OutputAddressBad("http scheme")
    return url


def may_carry_token(url: URL) -> bool:
    """Whether this is a host of Replicate's outputs, which may ask for the token.

    Its API description says so; its clients and recordings fetch without (2026-04).
    """
    host = url.host or ""
    return host in {"replicate.com", "replicate.delivery"} or host.endswith(".replicate.delivery")


@dataclass(frozen=True, slots=True)
class Downloader:
    """Fetches outputs for a client whose API is at `root`; `headers` hold its token."""

    session: aiohttp.ClientSession
    root: URL
    headers: Mapping[str, str]
    limits: Limits
    persistence: Persistence

    async def download(
        self, url: str, target: Path, limit_bytes: int, news: News = lambda: None
    ) -> Downloaded:
        """Fetch an output into `target`, whose folder exists; see `ReplicateClient.download`."""
        if url[:5].lower() == "data:":
            return await TRACKS.run(_unpack, url, target, limit_bytes)
        start = check_address(self.root, url)
        part = PartialFile(target)

        async def once(left_s: float) -> Downloaded:
            try:
                content_type = await self._fetch(start, part, limit_bytes, left_s, news)
            except (ReplicateError, aiohttp.ClientError, TimeoutError):
                news()
                raise
            await TRACKS.run(part.finish)
            return Downloaded(target, content_type, part.size_bytes)

        try:
            await TRACKS.run(part.take_up)
            return await self.persistence.insist(f"download to {target.name}", DOWNLOAD, once)
        except ReplicateError as error:
            await _leave(part.pause)
            raise OutputUnreachable(_status(error)) from error
        except asyncio.CancelledError:
            await _leave(part.pause)
            raise
        except BaseException:
            await _leave(part.discard)
            raise

    async def _fetch(
        self, url: URL, part: PartialFile, limit_bytes: int, left_s: float, news: News
    ) -> str:
        """One try: through redirects, each checked like the first address; the content type."""
        with_token = self._is_own(url)
        for _ in range(_REQUESTS_MAX):
            async with self.session.get(
                url,
                headers=self._headers(with_token=with_token) | part.range_headers,
                timeout=self.limits.timeout(self.limits.transfer_s, left_s),
                allow_redirects=False,
            ) as response:
                if response.status in _REDIRECTS and "Location" in response.headers:
                    url = check_address(self.root, response.headers["Location"], url)
                    with_token = self._is_own(url)
                elif response.status in {401, 403} and not with_token and may_carry_token(url):
                    with_token = True
                elif response.status == 416 and part.size_bytes:
                    # There is no more of it than we have, or it is shorter now: all of it, then.
                    part.begin(None)
                else:
                    _check_answer(response, limit_bytes, part)
                    await _receive(response, part, limit_bytes, news)
                    return response.content_type
        raise OutputUnreachable(None)

    def _headers(self, *, with_token: bool) -> dict[str, str]:
        return {
            "User-Agent": self.headers["User-Agent"],
            # What arrives is then what Content-Length counts.
            "Accept-Encoding": "identity",
        } | ({"Authorization": self.headers["Authorization"]} if with_token else {})

    def _is_own(self, url: URL) -> bool:
        return url.origin() == self.root.origin()


async def _leave(tidy: Callable[[], None]) -> None:
    """Tidy up behind what went wrong, which is what is told, whatever the disk says to this."""
    with suppress(OSError):
        await TRACKS.run(tidy)


def _status(error: ReplicateError) -> int | None:
    match error:
        case ServiceFault(status=status):
            return status
        case Throttled():
            return 429
        case _:
            return None


def _check_answer(response: aiohttp.ClientResponse, limit_bytes: int, part: PartialFile) -> None:
    if response.status in _GONE:
        raise OutputExpired
    if response.status == 429:
        raise Throttled(None)
    if response.status != 200 and not (response.status == 206 and part.range_headers):
        fault = ServiceFault(response.status)
        raise fault if fault.passes else OutputUnreachable(response.status)
    if response.status == 200:
        _check_type(response.content_type)
    already_bytes = part.size_bytes if response.status == 206 else 0
    if already_bytes + (response.content_length or 0) > limit_bytes:
        raise OutputTooLarge(limit_bytes)


def _check_type(content_type: str) -> None:
    if not content_type.startswith("audio/") and content_type not in _FITTING_TYPES:
        raise OutputNotAudio(content_type)


async def _receive(
    response: aiohttp.ClientResponse, part: PartialFile, limit_bytes: int, news: News
) -> None:
    """Take in a body: all of the file, or the rest of what is there.

    Raises:
        ReplyBroken: it is another version's, or not all.
        OutputTooLarge: more than `limit_bytes`.
    """
    if response.status == 200:
        version = version_of(response.url, response.headers, response.content_length)
        part.begin(version)
    elif not part.is_continued_by(response.url, response.headers):
        part.begin(None)
        raise ReplyBroken("a part of another file, or of another place in it")
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        if part.size_bytes + len(chunk) > limit_bytes:
            raise OutputTooLarge(limit_bytes)
        await TRACKS.run(part.write, chunk)
        news()
    if part.size_bytes == 0:
        raise ReplyBroken("an empty file")
    total_bytes = None if part.version is None else part.version.total_bytes
    if total_bytes is not None and part.size_bytes != total_bytes:
        if part.size_bytes > total_bytes:
            part.begin(None)
        raise ReplyBroken(f"{part.size_bytes} of {total_bytes} bytes")


def _unpack(url: str, target: Path, limit_bytes: int) -> Downloaded:
    """Write a data: address (RFC 2397) out; one without a type counts as of unknown type."""
    head, comma, payload = url[len("data:") :].partition(",")
    if not comma:
        raise OutputAddressBad("broken data address")
    content_type, *parameters = (part.strip().lower() for part in head.split(";"))
    _check_type(content_type or _UNKNOWN_TYPE)
    body = unquote_to_bytes(payload)
    if "base64" in parameters:
        try:
            body = base64.b64decode(body, validate=True)
        except binascii.Error as error:
            raise OutputAddressBad("broken data address") from error
    if len(body) > limit_bytes:
        raise OutputTooLarge(limit_bytes)
    part = PartialFile(target)
    try:
        part.begin(None)
        part.write(body)
        part.finish()
    except BaseException:
        part.discard()
        raise
    return Downloaded(target, content_type or _UNKNOWN_TYPE, len(body))
