"""A download that stopped is gone on with where the server can, and never mixes two versions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from bot.domain.errors import OutputExpired, OutputTooLarge, OutputUnreachable
from bot.replicate.client import ReplicateClient
from bot.replicate.partial import ContentRange, PartialFile, Version, version_of
from bot.replicate.transport import Limits
from tests.contract.replicate_kit import TOKEN, SwiftClock, serve

AUDIO = bytes(range(256)) * 3000
OTHER = AUDIO[::-1]
HALF = len(AUDIO) // 2
LIMIT_BYTES = 1_000_000
NOWHERE = "http://127.0.0.1:9"
DATE = "Mon, 23 Nov 2026 12:00:00 GMT"
BEFORE = "Mon, 23 Nov 2026 11:58:00 GMT"
ETAG = {"ETag": '"one"'}
MODIFIED = {"Last-Modified": BEFORE, "Date": DATE}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "track"


@pytest.fixture
async def client() -> AsyncGenerator[ReplicateClient]:
    limits = Limits(connect_s=1.0, read_s=0.3, transfer_s=5.0)
    async with ReplicateClient(NOWHERE, TOKEN, clock=SwiftClock(), limits=limits) as opened:
        yield opened


async def send(
    request: web.Request,
    body: bytes,
    headers: Mapping[str, str],
    *,
    status: int = 200,
    promised: int | None = None,
    hangs: bool = False,
) -> web.StreamResponse:
    """Send a body; where more is promised than it holds, break off, or fall silent."""
    response = web.StreamResponse(status=status, headers={"Content-Type": "audio/wav", **headers})
    response.content_length = len(body) if promised is None else promised
    await response.prepare(request)
    await response.write(body)
    if promised is not None and promised > len(body):
        if hangs:
            await asyncio.sleep(1)
        assert request.transport is not None
        request.transport.abort()
    return response


@dataclass
class Server:
    """Breaks off half way through its first answers, and keeps the headers that were asked with."""

    headers: Mapping[str, str]
    breaks: int = 1
    hangs: bool = False
    ranges: bool = True
    answers_again: Callable[[web.Request], Mapping[str, object]] | None = None
    """What it answers instead, once it is asked for the rest."""
    asked: list[Mapping[str, str]] = field(default_factory=list[Mapping[str, str]])

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(dict(request.headers))
        start = 0
        if "Range" in request.headers and self.ranges:
            if self.answers_again is not None:
                return await send(request, **self.answers_again(request))  # type: ignore[arg-type]
            assert request.headers["If-Range"] in self.headers.values()
            start = int(request.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        headers, status = dict(self.headers), 200
        if start:
            status = 206
            headers["Content-Range"] = f"bytes {start}-{len(AUDIO) - 1}/{len(AUDIO)}"
        rest = AUDIO[start:]
        if len(self.asked) <= self.breaks:
            return await send(
                request,
                rest[: len(rest) // 2],
                headers,
                status=status,
                promised=len(rest),
                hangs=self.hangs,
            )
        return await send(request, rest, headers, status=status)

    @property
    def ranges_asked(self) -> list[str | None]:
        return [headers.get("Range") for headers in self.asked]


async def fetched(client: ReplicateClient, server: Server, target: Path) -> None:
    async with serve(server) as running:
        await client.download(str(running.url / "a/out.wav"), target, LIMIT_BYTES)


def is_whole(target: Path, body: bytes = AUDIO) -> bool:
    return target.read_bytes() == body and list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("headers", [ETAG, MODIFIED, ETAG | MODIFIED], ids=str)
@pytest.mark.parametrize("hangs", [False, True])
async def test_it_goes_on_where_it_stopped(
    client: ReplicateClient, target: Path, headers: Mapping[str, str], hangs: bool
) -> None:
    server = Server(headers, breaks=3, hangs=hangs)
    await fetched(client, server, target)
    assert is_whole(target)
    first, *again = server.ranges_asked
    starts = [int((asked or "bytes=0-")[len("bytes=") : -1]) for asked in again]
    assert first is None
    # What had arrived and was not read yet is lost with a connection that breaks.
    assert 0 < starts[0] < starts[1] < starts[2] < len(AUDIO)


UNSURE: list[dict[str, str]] = [
    {},
    {"ETag": 'W/"one"'},
    {"ETag": '"'},
    {"ETag": "one"},
    {"Last-Modified": BEFORE, "Date": BEFORE},
    {"Last-Modified": "yesterday", "Date": DATE},
    ETAG | {"Accept-Ranges": "none"},
]


@pytest.mark.parametrize("headers", UNSURE, ids=str)
async def test_what_might_be_another_version_is_fetched_from_its_beginning(
    client: ReplicateClient, target: Path, headers: Mapping[str, str]
) -> None:
    server = Server(headers, breaks=2)
    await fetched(client, server, target)
    assert is_whole(target)
    assert server.ranges_asked == [None, None, None]


async def test_a_server_without_ranges_answers_with_all_of_it(
    client: ReplicateClient, target: Path
) -> None:
    server = Server(ETAG, breaks=2, ranges=False)
    await fetched(client, server, target)
    assert is_whole(target)
    assert None not in server.ranges_asked[1:]


def rest(start: int = HALF, total: object = len(AUDIO), **headers: str) -> dict[str, object]:
    """The end of another version, under a Content-Range."""
    body = OTHER[start:]
    content_range = f"bytes {start}-{start + len(body) - 1}/{total}"
    return {"status": 206, "body": body, "headers": {"Content-Range": content_range, **headers}}


PACKED = {
    "Content-Range": f"bytes {HALF}-{len(AUDIO) - 1}/{len(AUDIO)}",
    "ETag": '"one"',
    "Content-Encoding": "identity, gzip",
}
ANOTHER: dict[str, dict[str, object]] = {
    "200 with another version": {"status": 200, "body": OTHER, "headers": {"ETag": '"two"'}},
    "206 with another ETag": rest(ETag='"two"'),
    "206 without an ETag": rest(),
    "206 with a weak ETag": rest(ETag='W/"one"'),
    "206 from another place": rest(HALF - 1, ETag='"one"'),
    "206 of another length": rest(total=len(AUDIO) + 1, ETag='"one"'),
    "206 without a Content-Range": {"status": 206, "body": OTHER[HALF:], "headers": ETAG},
    "206 with many ranges": {
        "status": 206,
        "body": OTHER[HALF:],
        "headers": ETAG | {"Content-Type": "multipart/byteranges; boundary=x"},
    },
    "206 packed": rest() | {"headers": PACKED},
    "416": {"status": 416, "body": b"", "headers": {"Content-Range": f"bytes */{HALF}"}},
    "416 as the whole": {"status": 416, "body": b"", "headers": {}},
}


@pytest.mark.parametrize("answer", ANOTHER.values(), ids=ANOTHER.keys())
async def test_two_versions_are_never_mixed(
    client: ReplicateClient, target: Path, answer: dict[str, object]
) -> None:
    async def whole(request: web.Request) -> web.StreamResponse:
        if server.asked and "Range" not in request.headers:
            return await send(request, OTHER, {"ETag": '"two"'})
        return await server(request)

    server = Server(ETAG, answers_again=lambda _: answer)
    async with serve(whole) as running:
        await client.download(str(running.url), target, LIMIT_BYTES)
    assert is_whole(target, OTHER)


async def test_a_redirect_to_another_file_of_the_same_name_for_its_version_is_another_file(
    client: ReplicateClient, target: Path
) -> None:
    places = ["/first", "/second"]

    async def moving(request: web.Request) -> web.StreamResponse:
        if request.path == "/out.wav":
            return web.Response(status=302, headers={"Location": places.pop(0) + "?signed=now"})
        body = AUDIO if request.path == "/first" else OTHER
        if "Range" in request.headers:
            content_range = f"bytes {HALF}-{len(body) - 1}/{len(body)}"
            places.append("/second")
            return await send(
                request, body[HALF:], ETAG | {"Content-Range": content_range}, status=206
            )
        if request.path == "/first":
            return await send(request, body[:HALF], ETAG, promised=len(body))
        return await send(request, body, ETAG)

    async with serve(moving) as running:
        await client.download(str(running.url / "out.wav"), target, LIMIT_BYTES)
    assert is_whole(target, OTHER)


async def test_a_part_that_grows_too_large_is_refused(
    client: ReplicateClient, target: Path
) -> None:
    server = Server(ETAG, breaks=1)
    async with serve(server) as running:
        with pytest.raises(OutputTooLarge):
            await client.download(str(running.url), target, len(AUDIO) - 1)
    assert list(target.parent.iterdir()) == []


# ------------------------------------------------------------------ from one download to the next


async def test_a_download_that_was_given_up_is_gone_on_with_by_the_next(
    client: ReplicateClient, target: Path
) -> None:
    server = Server(ETAG, breaks=99)
    async with serve(server) as running:
        with pytest.raises(OutputUnreachable):
            await client.download(str(running.url), target, LIMIT_BYTES)
        assert not target.exists()  # noqa: ASYNC240 - a look
        asked = len(server.asked)
        server.breaks = 0
        await client.download(str(running.url), target, LIMIT_BYTES)
    assert server.ranges_asked[asked:] != [None]
    assert is_whole(target)


@pytest.mark.parametrize("changed", ["part", "note", "no note", "address"])
async def test_one_that_was_canceled_too_unless_something_is_not_as_it_was(
    client: ReplicateClient, target: Path, changed: str
) -> None:
    part, note = target.with_name("track.part"), target.with_name("track.part.json")
    server = Server(ETAG, hangs=True)
    server_again = Server(ETAG, breaks=0)
    async with serve(server) as running:
        fetching = asyncio.create_task(client.download(str(running.url), target, LIMIT_BYTES))
        while not (part.exists() and part.stat().st_size):  # noqa: ASYNC110 - the file system sets no event
            await asyncio.sleep(0.005)
        fetching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fetching
        size = part.stat().st_size
        assert note.exists()
        if changed == "part":
            part.write_bytes(part.read_bytes() + b"x")
        elif changed == "note":
            note.write_text('{"version": null}')
        elif changed == "no note":
            note.unlink()
        else:
            async with serve(server_again) as elsewhere:
                await client.download(str(elsewhere.url), target, LIMIT_BYTES)
            assert server_again.ranges_asked == [f"bytes={size}-", None]
            assert is_whole(target)
            return
        server.breaks, server.hangs = 0, False
        await client.download(str(running.url), target, LIMIT_BYTES)
    assert server.ranges_asked == [None, None]
    assert is_whole(target)


async def test_a_restart_goes_on_with_what_is_there(client: ReplicateClient, target: Path) -> None:
    server = Server(ETAG, hangs=True)
    async with serve(server) as running:
        fetching = asyncio.create_task(client.download(str(running.url), target, LIMIT_BYTES))
        part = target.with_name("track.part")
        while not (part.exists() and part.stat().st_size):  # noqa: ASYNC110 - the file system sets no event
            await asyncio.sleep(0.005)
        fetching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fetching
        limits = Limits(read_s=0.3)
        async with ReplicateClient(NOWHERE, TOKEN, clock=SwiftClock(), limits=limits) as later:
            await later.download(str(running.url), target, LIMIT_BYTES)
    assert len(server.asked) == 2
    assert server.ranges_asked[1] is not None
    assert is_whole(target)


async def test_an_end_leaves_nothing(client: ReplicateClient, target: Path) -> None:
    server = Server(ETAG, breaks=99)
    async with serve(server) as running:
        with pytest.raises(OutputUnreachable):
            await client.download(str(running.url), target, LIMIT_BYTES)
    assert list(target.parent.iterdir())
    await client.discard_part(target)
    assert list(target.parent.iterdir()) == []
    await client.discard_part(target)


async def test_gone_meanwhile_leaves_nothing(client: ReplicateClient, target: Path) -> None:
    async def gone(request: web.Request) -> web.StreamResponse:
        if "Range" in request.headers:
            return web.Response(status=404)
        return await send(request, AUDIO[:HALF], ETAG, promised=len(AUDIO))

    async with serve(gone) as running:
        with pytest.raises(OutputExpired):
            await client.download(str(running.url), target, LIMIT_BYTES)
    assert list(target.parent.iterdir()) == []


async def test_news_come_with_all_that_arrives_and_with_each_failed_try(
    client: ReplicateClient, target: Path
) -> None:
    server, news = Server(ETAG, breaks=2), list[int]()
    async with serve(server) as running:
        await client.download(
            str(running.url), target, LIMIT_BYTES, lambda: news.append(len(server.asked))
        )
    assert set(news) == {1, 2, 3}


# ------------------------------------------------------------------ reading headers


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("bytes 5-9/10", ContentRange(5, 10)),
        ("Bytes 0-0/1", ContentRange(0, 1)),
        ("bytes 5-9/*", ContentRange(5, None)),
        ("bytes 5-4/10", None),
        ("bytes 5-10/10", None),
        ("bytes */10", None),
        ("bytes 5-9", None),
        ("items 5-9/10", None),
        ("bytes -5-9/10", None),
        ("bytes 5-9/10, 11-12/20", None),
        ("", None),
    ],
)
def test_a_content_range_is_read(text: str, read: ContentRange | None) -> None:
    assert ContentRange.read(text) == read


@given(st.text())
def test_any_content_range_can_be_read(text: str) -> None:
    part = ContentRange.read(text)
    assert part is None or part.total_bytes is None or part.start < part.total_bytes


@given(st.dictionaries(st.sampled_from(["ETag", "Last-Modified", "Date"]), st.text()))
def test_any_headers_tell_a_version_or_none(headers: dict[str, str]) -> None:
    version = version_of(URL("https://replicate.delivery/x"), headers, 5)
    assert version is None or version.validator in headers.values()


def test_a_signature_in_the_address_does_not_make_it_another_file() -> None:
    url = URL("https://replicate.delivery/x/out.wav")
    assert version_of(url, ETAG, 5) == version_of(url.with_query(sig="a"), ETAG, 5)
    assert version_of(url, ETAG, 5) != version_of(url / "y", ETAG, 5)


def test_the_note_holds_no_address(tmp_path: Path) -> None:
    part = PartialFile(tmp_path / "track")
    url = URL("https://replicate.delivery/secret/out.wav?sig=secret")
    part.begin(version_of(url, ETAG, 10))
    part.write(b"12345")
    part.pause()
    assert "secret" not in (tmp_path / "track.part.json").read_text()
    again = PartialFile(tmp_path / "track")
    again.take_up()
    assert isinstance(again.version, Version)
    assert again.range_headers == {"Range": "bytes=5-", "If-Range": '"one"'}


@pytest.mark.parametrize(
    ("content_range", "headers", "continues"),
    [
        ("bytes 5-9/10", ETAG, True),
        ("bytes 5-7/10", ETAG, True),
        ("bytes 5-9/*", ETAG, True),
        ("bytes 4-9/10", ETAG, False),
        ("bytes 6-9/10", ETAG, False),
        ("bytes 0-9/10", ETAG, False),
        ("bytes 5-9/11", ETAG, False),
        ("bytes 5-9/10", {"ETag": '"two"'}, False),
        ("bytes 5-9/10", MODIFIED, False),
        ("bytes 5-9/10", {}, False),
        ("", ETAG, False),
    ],
)
def test_only_the_rest_of_the_same_goes_on(
    tmp_path: Path, content_range: str, headers: Mapping[str, str], continues: bool
) -> None:
    url, part = URL("https://replicate.delivery/x/out.wav"), PartialFile(tmp_path / "track")
    part.begin(version_of(url, ETAG, 10))
    part.write(b"12345")
    assert part.is_continued_by(url, {"Content-Range": content_range, **headers}) is continues
    part.discard()
