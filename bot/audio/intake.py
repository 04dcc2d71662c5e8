"""Fetching the audio a person named, from wherever that is, without being led astray.

The address is a stranger's. It must not make the bot read from the network it stands in: another
machine's admin page, a cloud's metadata service. A name can resolve to one address when it is
checked and to another when it is used, so what is checked is the address of each connection as it
is made.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias

import aiohttp
from yarl import URL

from bot.audio.threads import in_thread
from bot.errors import AudioAddressBad, AudioTooLarge, AudioUnavailable
from bot.generation import AudioSource

_SocketAddress: TypeAlias = tuple[int, int, int, str, tuple[Any, ...]]
"""As `socket.getaddrinfo` gives it."""

_TOTAL_S = 120.0
_CONNECT_S = 10.0
_READ_S = 20.0
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
_ADDRESS_SHOWN_CHARS = 200
_NAT64 = IPv6Network("64:ff9b::/96")


class AudioIntake:
    """Downloads input audio into a folder. Use as an async context manager."""

    def __init__(
        self,
        folder: Path,
        limit_bytes: int,
        *,
        allow_private: bool = False,
        total_s: float = _TOTAL_S,
        read_s: float = _READ_S,
    ) -> None:
        """Prepare; nothing is opened yet.

        `allow_private` also fetches from loopback and private networks: for the playground.
        `total_s` bounds one fetch from first to last, `read_s` a silence within it.
        """
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._allow_private = allow_private
        self._total_s = total_s
        self._read_s = read_s
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        await in_thread(self._tidy)
        factory: Callable[[_SocketAddress], socket.socket]
        factory = _any_socket if self._allow_private else _public_socket
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(socket_factory=factory, force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_HEADERS,
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=_CONNECT_S, sock_read=self._read_s
            ),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def fetch(self, source: AudioSource) -> Path:
        """Download a source; the file is the caller's to remove.

        Whether it is audio at all is `bot.audio.probe`'s question.

        Raises:
            AudioAddressBad: the address, or one it redirects to, is not http(s), holds a
                password, or does not lie on the public internet.
            AudioUnavailable: no answer, another status than 200, or too many redirects.
            AudioTooLarge: it is larger than `limit_bytes`, by its own word or by count.
        """
        if source.size_bytes is not None and source.size_bytes > self._limit_bytes:
            raise AudioTooLarge(self._limit_bytes)
        path = self._folder / f"{_PREFIX}{secrets.token_hex(8)}"
        try:
            async with asyncio.timeout(self._total_s):
                await self._download(source.url, path)
        except BaseException as error:
            await in_thread(path.unlink, missing_ok=True)
            if isinstance(error, (aiohttp.ClientError, TimeoutError)):
                raise AudioUnavailable(None) from error
            raise
        return path

    def _tidy(self) -> None:
        oldest = time.time() - _LEFT_OVER_S
        for file in self._folder.glob(f"{_PREFIX}*"):
            with suppress(FileNotFoundError):
                if file.stat().st_mtime < oldest:
                    file.unlink()

    async def _download(self, address: str, path: Path) -> None:
        url = _checked(address)
        for _ in range(_REDIRECTS + 1):
            target = await self._get(url, path)
            if target is None:
                return
            url = _checked(target, base=url)
        raise AudioUnavailable(None)

    async def _get(self, url: URL, path: Path) -> str | None:
        """Store what an address holds, or say where it sends us instead."""
        if self._session is None:
            raise RuntimeError("AudioIntake is used before it is entered")
        try:
            async with self._session.get(url, allow_redirects=False) as response:
                if response.status in _REDIRECT_STATUSES and "Location" in response.headers:
                    return response.headers["Location"]
                if response.status != 200:
                    raise AudioUnavailable(response.status)
                if (response.content_length or 0) > self._limit_bytes:
                    raise AudioTooLarge(self._limit_bytes)
                await self._store(response.content, path)
        except (_NotPublic, aiohttp.InvalidURL, UnicodeError) as error:
            # A UnicodeError comes from names that cannot be asked for, such as very long ones.
            raise AudioAddressBad(_shown(str(url))) from error
        return None

    async def _store(self, content: aiohttp.StreamReader, path: Path) -> None:
        waiting = bytearray()
        received = 0
        async for chunk in content.iter_any():
            received += len(chunk)
            if received > self._limit_bytes:
                raise AudioTooLarge(self._limit_bytes)
            waiting += chunk
            if len(waiting) >= _WRITE_BYTES:
                await in_thread(_append, path, bytes(waiting))
                waiting.clear()
        await in_thread(_append, path, bytes(waiting))


class _NotPublic(Exception):
    """A connection that would leave the public internet.

    Not an OSError: of those, aiohttp makes its own, and one that says less.
    """


def _public_socket(address: _SocketAddress) -> socket.socket:
    host = str(address[4][0])
    if not _is_public(host):
        raise _NotPublic(host)
    return _any_socket(address)


def _any_socket(address: _SocketAddress) -> socket.socket:
    family, kind, protocol, _, _ = address
    return socket.socket(family, kind, protocol)


def _is_public(host: str) -> bool:
    address: IPv4Address | IPv6Address | None = ip_address(host.partition("%")[0])
    if isinstance(address, IPv6Address):
        address = _embedded(address) or address
    return address.is_global and not address.is_multicast


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that packets to this one end up at, where there is one."""
    if address in _NAT64:
        return IPv4Address(address.packed[-4:])
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo and teredo[1])


def _checked(address: str, base: URL | None = None) -> URL:
    try:
        url = URL(address) if base is None else base.join(URL(address))
    except ValueError as error:
        raise AudioAddressBad(_shown(address)) from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise AudioAddressBad(_shown(address))
    if url.raw_user is not None or url.raw_password is not None:
        raise AudioAddressBad(_shown(address))
    return url


def _shown(address: str) -> str:
    """An address fit to be shown: without the parts where secrets are kept."""
    path = re.split(r"[?#]", address, maxsplit=1)[0]
    return re.sub(r"//[^/]*@", "//", path)[:_ADDRESS_SHOWN_CHARS]


def _append(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(data)
