"""Downloads of outputs: streamed to disk, within limits, from addresses that are checked."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import IO
from urllib.parse import unquote_to_bytes

import aiohttp
from yarl import URL

from bot.errors import (
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
from bot.http_address import http_address
from bot.replicate.retry import DOWNLOAD, passes
from bot.replicate.transport import Limits, Persistence
from bot.threads import TRACKS

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

    async def download(self, url: str, target: Path, limit_bytes: int) -> Downloaded:
        """Fetch an output into `target`, whose folder exists; see `ReplicateClient.download`."""
        if url[:5].lower() == "data:":
            return await TRACKS.run(_unpack, url, target, limit_bytes)
        start = check_address(self.root, url)

        async def once(left_s: float) -> Downloaded:
            return await self._fetch(start, target, limit_bytes, left_s)

        try:
            return await self.persistence.insist(f"download to {target.name}", DOWNLOAD, once)
        except ReplicateError as error:
            raise OutputUnreachable(_status(error)) from error

    async def _fetch(self, url: URL, target: Path, limit_bytes: int, left_s: float) -> Downloaded:
        """One try: through redirects, each checked like the first address, to the file."""
        with_token = self._is_own(url)
        for _ in range(_REQUESTS_MAX):
            async with self.session.get(
                url,
                headers=self._headers(with_token=with_token),
                timeout=self.limits.timeout(self.limits.transfer_s, left_s),
                allow_redirects=False,
            ) as response:
                if response.status in _REDIRECTS and "Location" in response.headers:
                    url = check_address(self.root, response.headers["Location"], url)
                    with_token = self._is_own(url)
                elif response.status in {401, 403} and not with_token and may_carry_token(url):
                    with_token = True
                else:
                    _check_answer(response, limit_bytes)
                    return await _save(response, target, limit_bytes)
        raise OutputUnreachable(None)

    def _headers(self, *, with_token: bool) -> dict[str, str]:
        return {
            "User-Agent": self.headers["User-Agent"],
            # What arrives is then what Content-Length counts.
            "Accept-Encoding": "identity",
        } | ({"Authorization": self.headers["Authorization"]} if with_token else {})

    def _is_own(self, url: URL) -> bool:
        return url.origin() == self.root.origin()


def _status(error: ReplicateError) -> int | None:
    match error:
        case ServiceFault(status=status):
            return status
        case Throttled():
            return 429
        case _:
            return None


def _check_answer(response: aiohttp.ClientResponse, limit_bytes: int) -> None:
    if response.status in _GONE:
        raise OutputExpired
    if response.status == 429:
        raise Throttled(None)
    if response.status != 200:
        fault = ServiceFault(response.status)
        raise fault if passes(fault) else OutputUnreachable(response.status)
    _check_type(response.content_type)
    if (response.content_length or 0) > limit_bytes:
        raise OutputTooLarge(limit_bytes)


def _check_type(content_type: str) -> None:
    if not content_type.startswith("audio/") and content_type not in _FITTING_TYPES:
        raise OutputNotAudio(content_type)


async def _save(response: aiohttp.ClientResponse, target: Path, limit_bytes: int) -> Downloaded:
    part = _Part(target)
    try:
        size_bytes = await _stream(response, part, limit_bytes)
        await TRACKS.run(part.finish)
    except BaseException:
        await TRACKS.run(part.discard)
        raise
    return Downloaded(target, response.content_type, size_bytes)


async def _stream(response: aiohttp.ClientResponse, part: _Part, limit_bytes: int) -> int:
    size_bytes = 0
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        size_bytes += len(chunk)
        if size_bytes > limit_bytes:
            raise OutputTooLarge(limit_bytes)
        await TRACKS.run(part.write, chunk)
    if size_bytes == 0:
        raise ReplyBroken("an empty file")
    return size_bytes


class _Part:
    """A file being written beside its target, which appears only when it is whole.

    The methods block, and may run in several threads at once: canceling a download does not stop
    the write that is under way.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        self._path = target.with_name(f"{target.name}.part")
        self._file: IO[bytes] | None = None
        self._ended = False
        self._lock = Lock()

    def write(self, chunk: bytes) -> None:
        with self._lock:
            if self._ended:
                return
            if self._file is None:
                # Somebody may have removed the folder while the bot runs.
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._file = self._path.open("wb")
            self._file.write(chunk)

    def finish(self) -> None:
        with self._lock:
            self._close()
            self._path.replace(self._target)

    def discard(self) -> None:
        with self._lock:
            self._close()
            self._path.unlink(missing_ok=True)

    def _close(self) -> None:
        self._ended = True
        if self._file is not None:
            self._file.close()


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
    part = _Part(target)
    try:
        part.write(body)
        part.finish()
    except BaseException:
        part.discard()
        raise
    return Downloaded(target, content_type or _UNKNOWN_TYPE, len(body))
