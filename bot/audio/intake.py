"""Fetching the audio a person named, from wherever that is, without being led astray.

The address is a stranger's. It must not make the bot read from the network it stands in: another
machine's admin page, a cloud's metadata service. A name can resolve to one address when it is
checked and to another when it is used, so what is checked is the address of each connection as it
is made.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import secrets
import socket
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias

import aiohttp
from yarl import URL

from bot.audio.fetch_faults import refusal, shown
from bot.domain.errors import (
    AudioAddressBad,
    AudioNotStored,
    AudioTooLarge,
    AudioUnavailable,
    RequestRefused,
    SourceGone,
)
from bot.domain.generation import AudioSource
from bot.engine.audio_ports import OwnAudio
from bot.host.threads import INTAKE
from bot.host.whole_files import make_folder_of
from bot.network.http_address import http_address
from bot.network.proxies import Proxies
from bot.network.public_addresses import NotPublic, is_public
from bot.network.public_names import PublicResolver, check_name
from bot.network.resolver import Resolver

log = logging.getLogger(__name__)

_SocketAddress: TypeAlias = tuple[int, int, int, str, tuple[Any, ...]]
"""As `socket.getaddrinfo` gives it."""

_TOTAL_S = 120.0
_CONNECT_S = 10.0
_READ_S = 20.0
_LOOK_UP_S = 3.0
"""To see whether a name that a proxy will look up is one of the network's own."""
_LEFT_OVER_S = 3600.0
"""No file is needed for so long; one that is older was left by a process that died."""
_REDIRECTS = 5
_REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
_WRITE_BYTES = 1 << 20
_PREFIX = "input-"
_HEADERS = {
    "User-Agent": "musicgen-discord-bot",
    "Accept": "audio/*, */*;q=0.5",
    # A small body must not unpack into a huge one.
    "Accept-Encoding": "identity",
}
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class AudioIntake:
    """Downloads input audio into a folder. Use as an async context manager."""

    def __init__(
        self,
        folder: Path,
        limit_bytes: int,
        *,
        allow_private: bool = False,
        proxies: Proxies | None = None,
        total_s: float = _TOTAL_S,
        read_s: float = _READ_S,
    ) -> None:
        """Prepare; nothing is opened yet.

        `allow_private` also fetches from loopback and private networks: for the playground. Where
        one of `proxies` leads to an address, the connection is the proxy's to make, and it has the
        last word on what it reaches.
        `total_s` bounds one fetch from first to last, `read_s` a silence within it.
        """
        self.own: OwnAudio | None = None
        """Where sources of our own making are."""
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._allow_private = allow_private
        self._proxies = proxies or Proxies()
        self._total_s = total_s
        self._read_s = read_s
        self._session: aiohttp.ClientSession | None = None
        self._proxied: aiohttp.ClientSession | None = None
        self._names = PublicResolver(deadline_s=_LOOK_UP_S)

    async def __aenter__(self) -> Self:
        try:
            await INTAKE.run(self._tidy)
        except OSError as error:
            log.warning("what is left over in %s stays: %s", self._folder, error)
        self._session = self._opened(
            _any_connector() if self._allow_private else _public_connector()
        )
        # A proxy stands in our own network, as a rule.
        self._proxied = self._opened(_any_connector(), self._proxies)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for session in (self._session, self._proxied):
            if session is not None:
                await session.close()

    async def fetch(self, source: AudioSource, limit_bytes: int | None = None) -> Path:
        """Download a source; the file is the caller's to remove.

        `limit_bytes` may be less than the usual limit.

        Whether it is audio at all is `bot.audio.probe`'s question.

        Raises:
            AudioAddressBad: the address, or one it redirects to, is not http(s), holds a
                password, or does not lie on the public internet.
            AudioUnavailable: no answer, one that makes no sense, another status than 200, or too
                many redirects.
            AudioTooLarge: it is larger than `limit_bytes`, by its own word or by count.
            AudioNotStored: it was there, and our own disk does not take it.
            SourceGone: it was of our own making, and is not there any more.
        """
        if source.own:
            return await self._of_our_own(source)
        limit_bytes = min(self._limit_bytes, limit_bytes or self._limit_bytes)
        if source.size_bytes is not None and source.size_bytes > limit_bytes:
            raise AudioTooLarge(limit_bytes)
        path = self._folder / f"{_PREFIX}{secrets.token_hex(8)}"
        try:
            async with asyncio.timeout(self._total_s):
                await self._download(source.url, path, limit_bytes)
        except BaseException as error:
            await _remove(path)
            if isinstance(error, TimeoutError):
                raise AudioUnavailable(None, "slow") from error
            if isinstance(error, RequestRefused):
                log.info("input audio is refused: %r, %r", error, error.__cause__)
            raise
        return path

    async def _of_our_own(self, source: AudioSource) -> Path:
        if self.own is None:
            raise SourceGone
        path = self._folder / f"{_PREFIX}{secrets.token_hex(8)}"
        await self.own.write(source.url, path)
        return path

    def _opened(
        self, connector: aiohttp.TCPConnector, *middlewares: Proxies
    ) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=connector,
            middlewares=middlewares,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_HEADERS,
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=_CONNECT_S, sock_read=self._read_s
            ),
        )

    def _tidy(self) -> None:
        oldest = time.time() - _LEFT_OVER_S
        for file in self._folder.glob(f"{_PREFIX}*"):
            with suppress(FileNotFoundError):
                if file.stat().st_mtime < oldest:
                    file.unlink()

    async def _download(self, address: str, path: Path, limit_bytes: int) -> None:
        url = _checked(address)
        for _ in range(_REDIRECTS + 1):
            target = await self._get(url, path, limit_bytes)
            if target is None:
                return
            url = _checked(target, base=url)
        raise AudioUnavailable(None, "redirects")

    async def _get(self, url: URL, path: Path, limit_bytes: int) -> str | None:
        """Store what an address holds, or say where it sends us instead."""
        proxied = self._proxies.for_url(url) is not None
        session = self._proxied if proxied else self._session
        if session is None:
            raise RuntimeError("AudioIntake is used before it is entered")
        try:
            if proxied and not self._allow_private:
                await check_name(url, self._names)
            async with session.get(url, allow_redirects=False) as response:
                if response.status in _REDIRECT_STATUSES and "Location" in response.headers:
                    return response.headers["Location"]
                await _store(response, path, limit_bytes)
        except RequestRefused:
            raise
        except Exception as error:
            raise refusal(error, str(url)) from error
        return None


async def _store(response: aiohttp.ClientResponse, path: Path, limit_bytes: int) -> None:
    if response.status != 200:
        raise AudioUnavailable(response.status)
    if (response.content_length or 0) > limit_bytes:
        raise AudioTooLarge(limit_bytes)
    waiting = bytearray()
    received = 0
    async for chunk in response.content.iter_any():
        received += len(chunk)
        if received > limit_bytes:
            raise AudioTooLarge(limit_bytes)
        waiting += chunk
        if len(waiting) >= _WRITE_BYTES:
            await _write(path, bytes(waiting))
            waiting.clear()
    await _write(path, bytes(waiting))


def _any_connector() -> aiohttp.TCPConnector:
    return aiohttp.TCPConnector(resolver=Resolver(), force_close=True)


def _public_connector() -> aiohttp.TCPConnector:
    return aiohttp.TCPConnector(
        resolver=PublicResolver(), socket_factory=_public_socket, force_close=True
    )


def _public_socket(address: _SocketAddress) -> socket.socket:
    """A socket for one connection, be its address from a resolver or the very one asked for."""
    family, kind, protocol, _, target = address
    if not is_public(str(target[0])):
        raise NotPublic(errno.EACCES, "not a public address")
    return socket.socket(family, kind, protocol)


def _checked(address: str, base: URL | None = None) -> URL:
    try:
        return http_address(address, base)
    except ValueError as error:
        raise AudioAddressBad(shown(address)) from error


async def _write(path: Path, data: bytes) -> None:
    try:
        await INTAKE.run(_append, path, data)
    except OSError as error:
        log.warning("input audio cannot be stored in %s: %s", path.parent, error)
        raise AudioNotStored(full=error.errno in _NO_ROOM) from error


def _append(path: Path, data: bytes) -> None:
    make_folder_of(path)
    with path.open("ab") as file:
        file.write(data)


async def _remove(path: Path) -> None:
    try:
        await INTAKE.run(path.unlink, missing_ok=True)
    except OSError as error:
        log.warning("%s is left over: %s", path, error)
