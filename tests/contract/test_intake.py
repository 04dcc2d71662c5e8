"""Input audio over real connections: what is fetched, what is refused, what is left behind."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer
from yarl import URL

from bot.audio.intake import AudioIntake
from bot.domain.errors import AudioAddressBad, AudioTooLarge, AudioUnavailable
from bot.domain.generation import AudioSource

LIMIT_BYTES = 3_000_000
SOUND = bytes(range(256)) * 9_000

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Site:
    """A web server with one page, which each test writes for itself."""

    def __init__(self) -> None:
        self.handler: Handler = self.sound
        self.requests: list[web.Request] = []
        self.server: BaseTestServer

    async def sound(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(body=SOUND)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        return await self.handler(request)

    def url(self, path: str = "/sound.wav") -> str:
        return str(self.server.make_url(path))


@pytest.fixture
async def site() -> AsyncGenerator[Site]:
    site = Site()
    app = web.Application()
    app.router.add_get("/{path:.*}", site.answer)
    async with TestServer(app) as site.server:
        yield site


@pytest.fixture
async def intake(tmp_path: Path) -> AsyncGenerator[AudioIntake]:
    folder = tmp_path / "missing" / "intake"
    async with AudioIntake(folder, LIMIT_BYTES, allow_private=True, read_s=0.2) as opened:
        yield opened


def source(url: str, size_bytes: int | None = None) -> AudioSource:
    return AudioSource(url=url, filename="sound.wav", uploaded=False, size_bytes=size_bytes)


def left_behind(tmp_path: Path) -> list[Path]:
    return [path for path in tmp_path.rglob("*") if path.is_file()]


async def test_the_bytes_arrive(site: Site, intake: AudioIntake, tmp_path: Path) -> None:
    path = await intake.fetch(source(site.url()))
    assert path.read_bytes() == SOUND
    assert left_behind(tmp_path) == [path]
    headers = site.requests[0].headers
    assert headers["User-Agent"] == "musicgen-discord-bot"
    assert {"Cookie", "Authorization", "Referer"}.isdisjoint(headers)


async def test_as_large_as_allowed_is_not_too_large(site: Site, intake: AudioIntake) -> None:
    async def exactly(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=bytes(LIMIT_BYTES))

    site.handler = exactly
    path = await intake.fetch(source(site.url(), LIMIT_BYTES))
    assert path.stat().st_size == LIMIT_BYTES


async def test_a_size_known_before_is_enough_to_refuse(site: Site, intake: AudioIntake) -> None:
    with pytest.raises(AudioTooLarge) as caught:
        await intake.fetch(source(site.url(), LIMIT_BYTES + 1))
    assert caught.value.limit_bytes == LIMIT_BYTES
    assert site.requests == []


@pytest.mark.parametrize("announced", [True, False])
async def test_too_large_by_header_or_by_count(
    site: Site, intake: AudioIntake, tmp_path: Path, announced: bool
) -> None:
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        if announced:
            response.content_length = LIMIT_BYTES * 100
        await response.prepare(request)
        for _ in range(100):
            await response.write(bytes(LIMIT_BYTES))
            sent += LIMIT_BYTES
        return response

    site.handler = endless
    with pytest.raises(AudioTooLarge):
        await intake.fetch(source(site.url()))
    assert sent < 50 * LIMIT_BYTES
    assert left_behind(tmp_path) == []


async def test_a_packed_body_is_not_unpacked(site: Site, intake: AudioIntake) -> None:
    packed = gzip.compress(bytes(LIMIT_BYTES * 10))

    async def bomb(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    site.handler = bomb
    path = await intake.fetch(source(site.url()))
    assert path.read_bytes() == packed


@pytest.mark.parametrize("status", [204, 206, 304, 401, 403, 404, 410, 429, 500, 503])
async def test_any_status_but_200_is_told(
    site: Site, intake: AudioIntake, tmp_path: Path, status: int
) -> None:
    async def refuse(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status)

    site.handler = refuse
    with pytest.raises(AudioUnavailable) as caught:
        await intake.fetch(source(site.url()))
    assert caught.value.status == status
    assert left_behind(tmp_path) == []


async def _reset(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def _cut_off(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    response.content_length = len(SOUND)
    await response.prepare(request)
    await response.write(SOUND[:1000])
    return await _reset(request)


async def _silent(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(SOUND[:1000])
    await asyncio.Event().wait()
    return response


async def _gibberish(request: web.Request) -> web.StreamResponse:
    assert isinstance(request.transport, asyncio.Transport)
    request.transport.write(b"\x00\xff not http at all\r\n\r\n")
    return await _reset(request)


@pytest.mark.parametrize("handler", [_reset, _cut_off, _silent, _gibberish])
async def test_a_network_that_fails_is_told(
    site: Site, intake: AudioIntake, tmp_path: Path, handler: Handler
) -> None:
    site.handler = handler
    with pytest.raises(AudioUnavailable) as caught:
        await intake.fetch(source(site.url()))
    assert caught.value.status is None
    assert left_behind(tmp_path) == []


async def test_nobody_there_is_told(site: Site, intake: AudioIntake) -> None:
    address = site.url()
    await site.server.close()
    with pytest.raises(AudioUnavailable):
        await intake.fetch(source(address))


async def test_a_body_that_drips_for_ever_is_given_up(site: Site, tmp_path: Path) -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"drop")
            await asyncio.sleep(0.01)

    site.handler = drip
    async with AudioIntake(tmp_path, LIMIT_BYTES, allow_private=True, total_s=0.3) as intake:
        with pytest.raises(AudioUnavailable):
            await intake.fetch(source(site.url()))
    assert left_behind(tmp_path) == []


async def test_a_cancelled_fetch_leaves_nothing(
    site: Site, intake: AudioIntake, tmp_path: Path
) -> None:
    begun = asyncio.Event()

    async def begin(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(bytes(LIMIT_BYTES - 1))
        begun.set()
        await asyncio.Event().wait()
        return response

    site.handler = begin
    fetching = asyncio.create_task(intake.fetch(source(site.url())))
    await begun.wait()
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    assert left_behind(tmp_path) == []


# ------------------------------------------------------------------ redirects


def redirecting(*targets: str, status: int = 302) -> Handler:
    """Send a visitor on from target to target, and to the sound at last."""
    remaining = list(targets)

    async def handler(_request: web.Request) -> web.StreamResponse:
        if remaining:
            return web.Response(status=status, headers={"Location": remaining.pop(0)})
        return web.Response(body=SOUND)

    return handler


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed(site: Site, intake: AudioIntake, status: int) -> None:
    site.handler = redirecting("/b", "c?d=1", site.url("/e"), "/f", "/g", status=status)
    path = await intake.fetch(source(site.url("/a/a")))
    assert path.read_bytes() == SOUND
    assert [request.path_qs for request in site.requests] == [
        "/a/a",
        "/b",
        "/c?d=1",
        "/e",
        "/f",
        "/g",
    ]


async def test_not_for_ever(site: Site, intake: AudioIntake) -> None:
    site.handler = redirecting(*["/again"] * 100)
    with pytest.raises(AudioUnavailable):
        await intake.fetch(source(site.url()))
    assert len(site.requests) == 6


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://example.com/a", "http://u:p@127.0.0.1/", "http://[x/"]
)
async def test_nor_anywhere(site: Site, intake: AudioIntake, target: str) -> None:
    site.handler = redirecting(target)
    with pytest.raises(AudioAddressBad) as caught:
        await intake.fetch(source(site.url()))
    assert "u:p" not in caught.value.address
    assert len(site.requests) == 1


# ------------------------------------------------------------------ addresses


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]", "0.0.0.0"],  # noqa: S104
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_the_network_the_bot_stands_in_is_out_of_reach(
    site: Site, tmp_path: Path, host: str, scheme: str
) -> None:
    async with AudioIntake(tmp_path, LIMIT_BYTES) as intake:
        with pytest.raises(AudioAddressBad):
            await intake.fetch(
                source(f"{scheme}://{host}:{URL(site.url()).port}/sound.wav?token=1")
            )
    assert site.requests == []


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("", ""),
        ("sound.wav", "sound.wav"),
        ("file:///etc/passwd", "file:///etc/passwd"),
        ("ftp://host/a.wav", "ftp://host/a.wav"),
        ("data:audio/wav;base64,AAAA", "data:audio/wav;base64,AAAA"),
        ("https://user:secret@host/a.wav?key=secret#secret", "https://host/a.wav"),
        ("https://user:secret@host:port/a.wav", "https://host:port/a.wav"),
        ("http://" + "a" * 300 + ".com/", ("http://" + "a" * 300)[:200]),
    ],
)
async def test_bad_addresses_are_refused_without_their_secrets(
    intake: AudioIntake, address: str, shown: str
) -> None:
    with pytest.raises(AudioAddressBad) as caught:
        await intake.fetch(source(address))
    assert caught.value.address == shown
