"""Input audio behind a proxy, which stands in our own network and must not open it to strangers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from bot.audio.intake import AudioIntake
from bot.domain.errors import AudioAddressBad, AudioUnavailable
from bot.domain.generation import AudioSource
from bot.network.proxies import Proxies

LIMIT_BYTES = 100_000
SOUND = b"RIFF and so on"
NAMES = {"public.example.com": "8.8.8.8", "inside.example.com": "10.0.0.7"}


class Proxy:
    """Answers every request itself, and keeps what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.redirect: str | None = None
        self.address = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked.append(head.split("\r\n")[0].removesuffix(" HTTP/1.1"))
        if head.startswith("CONNECT"):
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        elif self.redirect is not None:
            to = self.redirect.encode()
            writer.write(
                b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + to + b"\r\n\r\n"
            )
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(SOUND) + SOUND)
        await writer.drain()
        writer.close()


@pytest.fixture
async def proxy(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Proxy]:
    """A proxy on loopback, where only some names can be looked up."""

    def getaddrinfo(host: str, port: int, *_: object) -> object:
        if host not in NAMES:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (NAMES[host], port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    proxy = Proxy()
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield proxy
    server.close()


@pytest.fixture
async def intake(proxy: Proxy, tmp_path: Path) -> AsyncGenerator[AudioIntake]:
    proxies = Proxies(proxy.address, proxy.address)
    async with AudioIntake(tmp_path, LIMIT_BYTES, proxies=proxies) as intake:
        yield intake


def source(url: str) -> AudioSource:
    return AudioSource(url=url, filename="sound.wav", uploaded=False)


@pytest.mark.parametrize("host", ["public.example.com", "unknown.example.com", "8.8.8.8"])
async def test_the_proxy_is_asked(proxy: Proxy, intake: AudioIntake, host: str) -> None:
    path = await intake.fetch(source(f"http://{host}/a.wav"))
    assert path.read_bytes() == SOUND
    assert proxy.asked == [f"GET http://{host}/a.wav"]


async def test_what_it_does_not_let_through_could_not_be_reached(
    proxy: Proxy, intake: AudioIntake
) -> None:
    with pytest.raises(AudioUnavailable) as caught:
        await intake.fetch(source("https://public.example.com/a.wav"))
    assert caught.value.fault == "unreachable"
    assert proxy.asked == ["CONNECT public.example.com:443"]


INSIDE = [
    "inside.example.com",
    "10.0.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "[::1]",
    "[::ffff:10.0.0.1]",
    "127.1",
    "2130706433",
    "0x7f.1",
    "1.0x7f",
    "router",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "nas.local",
    "metadata.google.internal",
]


@pytest.mark.parametrize("host", INSIDE)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_it_is_not_asked_for_what_lies_inside(
    proxy: Proxy, intake: AudioIntake, host: str, scheme: str
) -> None:
    with pytest.raises(AudioAddressBad):
        await intake.fetch(source(f"{scheme}://{host}/a.wav"))
    assert proxy.asked == []


async def test_nor_by_a_redirect(proxy: Proxy, intake: AudioIntake) -> None:
    proxy.redirect = "http://inside.example.com/"
    with pytest.raises(AudioAddressBad):
        await intake.fetch(source("http://public.example.com/a.wav"))
    assert len(proxy.asked) == 1


async def test_hosts_that_are_reached_without_it_are_judged_as_ever(
    proxy: Proxy, tmp_path: Path
) -> None:
    proxies = Proxies(proxy.address, proxy.address, bypass="inside.example.com")
    async with AudioIntake(tmp_path, LIMIT_BYTES, proxies=proxies) as intake:
        with pytest.raises(AudioAddressBad):
            await intake.fetch(source("http://inside.example.com/a.wav"))
    assert proxy.asked == []


async def test_where_private_addresses_are_allowed_the_proxy_decides(
    proxy: Proxy, tmp_path: Path
) -> None:
    proxies = Proxies(proxy.address, proxy.address)
    async with AudioIntake(tmp_path, LIMIT_BYTES, proxies=proxies, allow_private=True) as intake:
        await intake.fetch(source("http://inside.example.com/a.wav"))
    assert proxy.asked == ["GET http://inside.example.com/a.wav"]
