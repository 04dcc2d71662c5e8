from __future__ import annotations

import asyncio
import base64
import socket
import threading
from collections.abc import AsyncGenerator
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from bot.domain.errors import (
    OutputAddressBad,
    OutputExpired,
    OutputNotAudio,
    OutputTooLarge,
    OutputUnreachable,
    TrackError,
)
from bot.replicate.client import ReplicateClient
from bot.replicate.download import check_address, may_carry_token
from bot.replicate.transport import Limits
from tests.contract.replicate_kit import TOKEN, Answer, SwiftClock, hang, serve

AUDIO = bytes(range(256)) * 3000
LIMIT_BYTES = 1_000_000
IMPATIENT = Limits(connect_s=1.0, read_s=0.3, transfer_s=0.5)
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "track"


@pytest.fixture
async def client() -> AsyncGenerator[ReplicateClient]:
    clock = SwiftClock()
    async with ReplicateClient(NOWHERE, TOKEN, clock=clock, limits=IMPATIENT) as opened:
        yield opened


def holds(target: Path, body: bytes = AUDIO) -> bool:
    return target.read_bytes() == body and list(target.parent.iterdir()) == [target]


def nothing_left(target: Path) -> bool:
    return list(target.parent.iterdir()) == []


def audio(content_type: str | None = "audio/wav", body: bytes = AUDIO) -> web.Response:
    headers = {} if content_type is None else {"Content-Type": content_type}
    return web.Response(body=body, headers=headers)


def in_turn(*answers: Answer) -> Answer:
    """Each request meets the next one; the last stays."""
    left = list(answers)

    async def answer(request: web.Request) -> web.StreamResponse:
        return await (left.pop(0) if len(left) > 1 else left[0])(request)

    return answer


async def good(_: web.Request) -> web.StreamResponse:
    return audio()


def with_status(status: int, **headers: str) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers=headers)

    return answer


async def cut_short(request: web.Request) -> web.StreamResponse:
    """Promise the whole, send half, drop the connection."""
    response = web.StreamResponse(headers={"Content-Type": "audio/wav"})
    response.content_length = len(AUDIO)
    await response.prepare(request)
    await response.write(AUDIO[: len(AUDIO) // 2])
    assert request.transport is not None
    request.transport.abort()
    return response


async def unbounded(request: web.Request) -> web.StreamResponse:
    """More than the limit, without saying how much."""
    response = web.StreamResponse(headers={"Content-Type": "audio/wav"})
    response.enable_chunked_encoding()
    await response.prepare(request)
    for _ in range(2 * LIMIT_BYTES // len(AUDIO) + 1):
        await response.write(AUDIO)
    return response


async def drip(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "audio/wav"})
    await response.prepare(request)
    while True:
        await response.write(b"drop")
        await asyncio.sleep(0.05)


# ------------------------------------------------------------------ good and bad answers


@pytest.mark.parametrize(
    ("content_type", "read"),
    [
        ("audio/wav", "audio/wav"),
        ("audio/mpeg; charset=binary", "audio/mpeg"),
        ("application/octet-stream", "application/octet-stream"),
        (None, "application/octet-stream"),
    ],
)
async def test_the_whole_file_arrives(
    client: ReplicateClient, target: Path, content_type: str | None, read: str
) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return audio(content_type)

    async with serve(answer) as server:
        track = await client.download(str(server.url / "a/out.wav"), target, len(AUDIO))
    assert (track.path, track.content_type, track.size_bytes) == (target, read, len(AUDIO))
    assert holds(target)


@pytest.mark.parametrize(
    ("answer", "error", "data"),
    [
        (with_status(404), OutputExpired, {}),
        (with_status(410), OutputExpired, {}),
        (with_status(400), OutputUnreachable, {"status": 400}),
        (with_status(401), OutputUnreachable, {"status": 401}),
        (with_status(204), OutputUnreachable, {"status": 204}),
        (with_status(302), OutputUnreachable, {"status": 302}),
        (with_status(503), OutputUnreachable, {"status": 503}),
        (with_status(429), OutputUnreachable, {"status": 429}),
        (with_status(200), OutputUnreachable, {"status": None}),
        (with_status(302, Location="/again"), OutputUnreachable, {"status": None}),
        (unbounded, OutputTooLarge, {"limit_bytes": LIMIT_BYTES}),
        (cut_short, OutputUnreachable, {"status": None}),
    ],
)
async def test_each_bad_answer_has_its_error_and_leaves_no_file(
    client: ReplicateClient, target: Path, answer: Answer, error: type[TrackError], data: object
) -> None:
    async with serve(answer) as server:
        with pytest.raises(error) as caught:
            await client.download(str(server.url), target, LIMIT_BYTES)
    assert vars(caught.value) == data
    assert nothing_left(target)


@pytest.mark.parametrize(
    "content_type", ["text/html", "application/json", "image/png", "video/mp4", "text/plain"]
)
async def test_another_medium_is_no_track(
    client: ReplicateClient, target: Path, content_type: str
) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return audio(content_type)

    async with serve(answer) as server:
        with pytest.raises(OutputNotAudio) as caught:
            await client.download(str(server.url), target, LIMIT_BYTES)
    assert caught.value.content_type == content_type
    assert nothing_left(target)


async def test_a_size_beyond_the_limit_is_refused_before_the_body(
    client: ReplicateClient, target: Path
) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "audio/wav"})
        response.content_length = LIMIT_BYTES + 1
        await response.prepare(request)
        return await hang(request)

    async with serve(answer) as server:
        with pytest.raises(OutputTooLarge):
            await client.download(str(server.url), target, LIMIT_BYTES)
    assert len(server.paths) == 1


@pytest.mark.parametrize("trouble", [cut_short, with_status(503), with_status(429), hang, drip])
async def test_after_trouble_the_file_is_fetched_again_from_its_beginning(
    client: ReplicateClient, target: Path, trouble: Answer
) -> None:
    async with serve(in_turn(trouble, good)) as server:
        await client.download(str(server.url), target, LIMIT_BYTES)
    assert holds(target)


async def test_canceling_removes_the_part_and_blocks_nothing(
    client: ReplicateClient, target: Path
) -> None:
    part = target.with_name("track.part")
    async with serve(drip) as server:
        fetching = asyncio.create_task(client.download(str(server.url), target, LIMIT_BYTES))
        while not part.exists():  # noqa: ASYNC110 - the file system sets no event
            await asyncio.sleep(0.005)
        fetching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fetching
    assert nothing_left(target)


async def test_the_disk_is_written_off_the_event_loop(
    client: ReplicateClient, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened_in: list[threading.Thread] = []
    open_path = Path.open

    def note(path: Path, mode: str = "r") -> object:
        opened_in.append(threading.current_thread())
        return open_path(path, mode)

    monkeypatch.setattr(Path, "open", note)
    async with serve(good) as server:
        await client.download(str(server.url), target, LIMIT_BYTES)
    assert opened_in
    assert threading.main_thread() not in opened_in


async def test_a_disk_that_takes_nothing_is_no_fault_of_the_network(
    client: ReplicateClient, target: Path
) -> None:
    await asyncio.to_thread(target.write_bytes, b"no folder")
    async with serve(good) as server:
        with pytest.raises(OSError, match=r"track"):
            await client.download(str(server.url), target / "track", LIMIT_BYTES)
    assert len(server.paths) <= 1


async def test_a_folder_that_is_gone_is_made_again(client: ReplicateClient, tmp_path: Path) -> None:
    async with serve(good) as server:
        await client.download(str(server.url), tmp_path / "gone" / "track", LIMIT_BYTES)
    assert holds(tmp_path / "gone" / "track")


# ------------------------------------------------------------------ addresses


@pytest.mark.parametrize(
    "address",
    [
        "http://replicate.delivery/out.wav",
        "ftp://replicate.delivery/out.wav",
        "file:///etc/passwd",
        "//replicate.delivery/out.wav",
        "out.wav",
        "https:///out.wav",
        "https://user:word@replicate.delivery/out.wav",
        "https://host:port/out.wav",
        "data:audio/wav",
        "data:audio/wav;base64,%%%",
        "",
    ],
)
async def test_only_plain_https_addresses_are_fetched(address: str, target: Path) -> None:
    async with ReplicateClient("https://api.replicate.com", TOKEN) as client:
        with pytest.raises(OutputAddressBad) as caught:
            await client.download(address, target, LIMIT_BYTES)
    assert address == "" or address not in str(caught.value)
    assert nothing_left(target)


@pytest.mark.parametrize(
    ("root", "base", "location", "joined"),
    [
        ("https://api/v1", "https://host/a/b", "c", "https://host/a/c"),
        ("https://api/v1", "https://host/a", "https://other/c", "https://other/c"),
        ("https://api/v1", "https://host/a", "http://host/c", None),
        ("https://api/v1", "https://host/a", "file:///c", None),
        ("http://api/v1", "https://host/a", "http://host/c", "http://host/c"),
    ],
)
def test_a_redirect_is_checked_like_the_first_address(
    root: str, base: str, location: str, joined: str | None
) -> None:
    if joined is None:
        with pytest.raises(OutputAddressBad):
            check_address(URL(root), location, URL(base))
    else:
        assert str(check_address(URL(root), location, URL(base))) == joined


async def test_a_redirect_out_of_http_is_not_followed(
    client: ReplicateClient, target: Path
) -> None:
    async with serve(with_status(302, Location="ftp://127.0.0.1/out.wav")) as server:
        with pytest.raises(OutputAddressBad):
            await client.download(str(server.url), target, LIMIT_BYTES)
    assert len(server.paths) == 1


@pytest.mark.parametrize(
    ("head", "payload", "content_type"),
    [
        ("data:audio/wav;base64", base64.b64encode(AUDIO).decode(), "audio/wav"),
        ("DATA:;base64", base64.b64encode(AUDIO).decode(), "application/octet-stream"),
        ("data:audio/mpeg", quote(AUDIO), "audio/mpeg"),
    ],
    ids=["base64", "untyped", "percent"],
)
async def test_a_data_address_is_unpacked(
    client: ReplicateClient, target: Path, head: str, payload: str, content_type: str
) -> None:
    address = f"{head},{payload}"
    track = await client.download(address, target, len(AUDIO))
    assert (track.content_type, track.size_bytes) == (content_type, len(AUDIO))
    assert holds(target)
    with pytest.raises(OutputTooLarge):
        await client.download(address, target, len(AUDIO) - 1)


async def test_a_data_address_of_another_medium_is_no_track(
    client: ReplicateClient, target: Path
) -> None:
    with pytest.raises(OutputNotAudio):
        await client.download("data:text/html,hello", target, LIMIT_BYTES)
    assert nothing_left(target)


# ------------------------------------------------------------------ the token


async def test_the_apis_own_host_gets_the_token_and_a_stranger_never(target: Path) -> None:
    async with serve(in_turn(with_status(401), good)) as stranger:
        to_stranger = with_status(302, Location=str(stranger.url / "out.wav"))
        async with (
            serve(to_stranger) as own,
            ReplicateClient(str(own.url), TOKEN, clock=SwiftClock()) as client,
        ):
            with pytest.raises(OutputUnreachable):
                await client.download(str(own.url / "f"), target, LIMIT_BYTES)
            await client.download(str(own.url / "f"), target, LIMIT_BYTES)
    assert own.authorizations == [f"Token {TOKEN}"] * 2
    assert stranger.authorizations == [None, None]
    assert holds(target)


class Loopback(AbstractResolver):
    """Every name is this machine."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=0
            )
        ]

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("host", "asked_again"),
    [
        ("pbxt.replicate.delivery", True),
        ("replicate.delivery", True),
        ("replicate.com", True),
        ("replicate.delivery.example", False),
        ("notreplicate.delivery", False),
        ("storage.example", False),
    ],
)
async def test_replicates_output_hosts_get_the_token_once_they_ask(
    target: Path, host: str, asked_again: bool
) -> None:
    async def guarded(request: web.Request) -> web.StreamResponse:
        return audio() if "Authorization" in request.headers else web.Response(status=403)

    assert may_carry_token(URL(f"https://{host}/out.wav")) is asked_again
    connector = aiohttp.TCPConnector(resolver=Loopback())
    async with serve(guarded) as server, aiohttp.ClientSession(connector=connector) as session:
        address = server.url.with_host(host) / "out.wav"
        client = ReplicateClient(NOWHERE, TOKEN, session=session, clock=SwiftClock())
        if asked_again:
            await client.download(str(address), target, LIMIT_BYTES)
        else:
            with pytest.raises(OutputUnreachable):
                await client.download(str(address), target, LIMIT_BYTES)
    assert server.authorizations == ([None, f"Token {TOKEN}"] if asked_again else [None])
