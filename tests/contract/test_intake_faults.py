"""Input audio from servers and name servers that do anything at all: each ends in a refusal."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.audio import intake as intake_module
from bot.audio.intake import AudioIntake
from bot.card import strings
from bot.domain.errors import (
    AudioAddressBad,
    AudioNotStored,
    AudioUnavailable,
    FetchFault,
    InternalFault,
    RequestRefused,
)
from bot.domain.generation import AudioSource
from bot.network.resolver import Resolver
from tests.examples import examples

LIMIT_BYTES = 100_000
ATTEMPTS = settings(
    max_examples=examples(150),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def source(url: str) -> AudioSource:
    return AudioSource(url=url, filename="sound.wav", uploaded=False)


async def refused(intake: AudioIntake, url: str) -> RequestRefused:
    with pytest.raises(RequestRefused) as caught:
        await intake.fetch(source(url))
    assert strings.errors.sentence(caught.value) != strings.errors.sentence(InternalFault())
    return caught.value


# ------------------------------------------------------------------ names

Answer = Callable[[], object]


@pytest.fixture
def name_server(monkeypatch: pytest.MonkeyPatch) -> dict[str, Answer]:
    """What the system answers to each name; it knows of no other."""
    answers: dict[str, Answer] = {}

    def getaddrinfo(host: str, *_: object, **__: object) -> object:
        if host in answers:
            return answers[host]()
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return answers


def found(*hosts: str, port: int = 80) -> Answer:
    def info(host: str) -> object:
        if ":" in host:
            return socket.AF_INET6, socket.SOCK_STREAM, 6, "", (host, port, 0, 0)
        return socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)

    return lambda: [info(host) for host in hosts]


def failing(error: Exception) -> Answer:
    def answer() -> object:
        raise error

    return answer


def answering(infos: object) -> Answer:
    return lambda: infos


@pytest.mark.parametrize(
    "hosts",
    [
        ("10.0.0.1", "10.0.0.2"),
        ("127.0.0.1", "::1"),
        ("fe80::1", "fec0::1", "192.168.1.1"),
        ("::ffff:127.0.0.1",),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_name_with_private_addresses_alone(
    name_server: dict[str, Answer], tmp_path: Path, hosts: tuple[str, ...], scheme: str
) -> None:
    name_server["inside.test"] = found(*hosts)
    async with AudioIntake(tmp_path, LIMIT_BYTES) as intake:
        assert isinstance(await refused(intake, f"{scheme}://inside.test/"), AudioAddressBad)


async def test_a_private_address_beside_a_public_one_is_passed_over(
    name_server: dict[str, Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name_server["both.test"] = found("127.0.0.1", "8.8.8.8", "::1")
    tried: list[object] = []

    async def sock_connect(_: object, __: object, address: object) -> None:
        tried.append(address)
        raise ConnectionRefusedError(errno.ECONNREFUSED, "refused")

    monkeypatch.setattr(asyncio.SelectorEventLoop, "sock_connect", sock_connect)
    async with AudioIntake(tmp_path, LIMIT_BYTES) as intake:
        failure = await refused(intake, "http://both.test/")
    assert tried == [("8.8.8.8", 80)]
    assert isinstance(failure, AudioUnavailable)
    assert failure.fault == "unreachable"


V4 = (socket.AF_INET, socket.SOCK_STREAM, 6, "")


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (failing(socket.gaierror(socket.EAI_NONAME, "unknown")), "unknown name"),
        (failing(socket.gaierror(socket.EAI_AGAIN, "try again")), "name server"),
        (failing(socket.gaierror(socket.EAI_FAIL, "failed")), "name server"),
        (failing(OSError(errno.EMFILE, "too many open files")), None),
        (failing(UnicodeError("label empty or too long")), None),
        (failing(ValueError("embedded null character")), None),
        (failing(OverflowError("port must be 0-65535")), None),
        (failing(MemoryError()), None),
        (answering([]), "unknown name"),
        (answering(None), None),
        (answering([None]), None),
        (answering([(socket.AF_UNIX, 1, 0, "", "/tmp/socket")]), "unknown name"),
        (answering([(*V4, ())]), None),
        (answering([(*V4, ("8.8.8.8",))]), None),
        (answering([(socket.AF_INET6, 1, 6, "", (10, b"\x00"))]), None),
        (answering([(*V4, ("not an address", 80))]), None),
        (answering([(*V4, ("\ud800", "eighty"))]), None),
    ],
)
@pytest.mark.parametrize("allow_private", [False, True])
async def test_a_name_server_that_fails_or_talks_nonsense(
    name_server: dict[str, Answer],
    tmp_path: Path,
    answer: Answer,
    fault: FetchFault | None,
    allow_private: bool,
) -> None:
    name_server["odd.test"] = answer
    async with AudioIntake(tmp_path, LIMIT_BYTES, allow_private=allow_private) as intake:
        failure = await refused(intake, "http://odd.test/")
    if fault is not None:
        assert isinstance(failure, AudioUnavailable)
        assert failure.fault == fault


@pytest.fixture
def silence() -> Generator[threading.Event]:
    """Look-ups hang until the end of the test."""
    over = threading.Event()
    yield over
    over.set()


async def test_silent_name_servers_keep_nobody_else_waiting(
    name_server: dict[str, Answer], silence: threading.Event, tmp_path: Path
) -> None:
    """Not even as many as asyncio's default threads, and more, nor once they are given up."""
    names = [f"silent-{number}.test" for number in range(50)]
    name_server |= dict.fromkeys(names, silence.wait)
    async with http_server(lambda _: WAV_ANSWER) as port:
        name_server["speaks.test"] = found("127.0.0.1", port=port)
        async with AudioIntake(tmp_path, LIMIT_BYTES, allow_private=True) as intake:
            hanging = [
                asyncio.create_task(intake.fetch(source(f"http://{name}/"))) for name in names
            ]
            while threading.active_count() < len(names):  # noqa: ASYNC110 - there is no event
                await asyncio.sleep(0)
            for task in hanging[:25]:
                task.cancel()
            async with asyncio.timeout(30):
                path = await intake.fetch(source(f"http://speaks.test:{port}/"))
                await asyncio.to_thread(path.stat)
            for task in hanging:
                task.cancel()
            await asyncio.wait(hanging)


async def test_a_silent_name_server_is_named(
    name_server: dict[str, Answer],
    silence: threading.Event,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    impatient = {"deadline_s": 0.05, "at_once": 1}
    monkeypatch.setattr(Resolver.__init__, "__kwdefaults__", impatient)
    name_server["silent.test"] = silence.wait
    async with AudioIntake(tmp_path, LIMIT_BYTES) as intake:
        for _ in range(2):
            failure = await refused(intake, "http://silent.test/")
            assert isinstance(failure, AudioUnavailable)
            assert failure.fault == "name server"


@pytest.mark.parametrize(
    "url",
    [
        "http://xn--/x",
        "http://xn--a/",
        "http://xn--\udcff/",
        "http://" + "a" * 64 + ".test/",
        "http://" + "a." * 200 + "test/",
        "http://a..b/",
        "http://.test/",
        "http://./",
        "http://../",
        "http://\u2100.test/",
        "http://a\u0000b/",
        "http://[::1%25lo]/",
        "http://[v1.x]/",
        "http://test:0/",
        "http://test:65536/",
        "http://test:-1/",
        "http://test:٣/",
        "http://%/",
        "http://%zz/",
        "http://a b/",
        "http://a\r\nHost: b/",
        "http://0/",
        "http://0x7f000001/",
        "http://127.1/",
        "http://2130706433/",
        "https://[::]/",
        "http://ⓛocalhost/",
        "http://127。0。0。1/",
        "http://[]@/",
    ],
)
async def test_odd_addresses(url: str, tmp_path: Path) -> None:
    async with AudioIntake(tmp_path, LIMIT_BYTES) as intake:
        await refused(intake, url)


@ATTEMPTS
@given(st.text(max_size=70) | st.text("xn-.a:@[]%0٣ß。", max_size=20))
@example("xn--")
async def test_any_host_at_all(name_server: dict[str, Answer], tmp_path: Path, host: str) -> None:
    async with AudioIntake(tmp_path, LIMIT_BYTES) as intake:
        await refused(intake, f"http://{host}/x")
        await refused(intake, f"https://{host}")


# ------------------------------------------------------------------ servers

WAV_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nRIFF"
Bytes = Callable[[bytes], bytes]


@asynccontextmanager
async def http_server(answer: Bytes) -> AsyncGenerator[int]:
    """A port where a request is answered with some bytes, and the connection closed."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(answer(await reader.read(4096)))
            await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def ok(*lines: str, body: bytes = b"") -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode() + body


CHUNKED = "Transfer-Encoding: chunked"


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (b"", "broken off"),
        (b"\x00", None),
        (b"\x16\x03\x01\x02\x00", None),
        (b"HTTP/9.9 200 OK\r\n\r\n", None),
        (b"HTTP/1.1 2000 OK\r\n\r\n", None),
        (b"HTTP/1.1 -1 OK\r\n\r\n", None),
        (b"HTTP/1.1 200", None),
        (b"HTTP/1.1 " + b"2" * 20_000, "nonsense"),
        (ok("X: " + "y" * 20_000), "nonsense"),
        (ok(*[f"X{number}: y" for number in range(40_000)]), None),
        (ok("no colon"), "nonsense"),
        (ok("X: \x00"), "nonsense"),
        (ok("Content-Length: -1"), "nonsense"),
        (ok("Content-Length: 1e3"), "nonsense"),
        (ok("Content-Length: 5", "Content-Length: 6", body=b"abcdef"), "nonsense"),
        (ok("Content-Length: 9" + "9" * 30), None),
        (ok("Content-Length: 10", body=b"abc"), "broken off"),
        (ok("Content-Length: 10", CHUNKED, body=b"abc"), None),
        (ok(CHUNKED, body=b"zz\r\nabc\r\n0\r\n\r\n"), None),
        (ok(CHUNKED, body=b"-1\r\nabc\r\n0\r\n\r\n"), None),
        (ok(CHUNKED, body=b"5\r\nabc"), "broken off"),
        (ok(CHUNKED, body=b"3\r\nabcdef\r\n0\r\n\r\n"), None),
        (ok(CHUNKED, body=b"F" * 400 + b"\r\n"), None),
        (ok(CHUNKED, body=b"3;" + b"x" * 20_000 + b"\r\nabc\r\n0\r\n\r\n"), None),
        (ok(CHUNKED, body=b"0\r\nbad trailer\r\n\r\n"), None),
        (ok("Transfer-Encoding: gzip, wrong"), None),
    ],
    ids=lambda value: repr(value[:40]) if isinstance(value, bytes) else None,
)
async def test_answers_that_break(answer: bytes, fault: FetchFault | None, tmp_path: Path) -> None:
    async with (
        http_server(lambda _: answer) as port,
        AudioIntake(tmp_path, LIMIT_BYTES, allow_private=True, read_s=0.5) as intake,
    ):
        try:
            await intake.fetch(source(f"http://127.0.0.1:{port}/"))
        except RequestRefused as error:
            failure = error
        else:
            # Some may be let pass.
            assert fault is None
            return
    assert strings.errors.sentence(failure) != strings.errors.sentence(InternalFault())
    if fault is not None:
        assert isinstance(failure, AudioUnavailable)
        assert failure.fault == fault


@pytest.mark.parametrize(
    "target",
    [
        b"",
        b" ",
        b"#",
        b"//",
        b"///",
        b"http:",
        b"http://",
        b"http:///x",
        b"http://xn--/",
        b"https://[",
        b"javascript:alert(1)",
        b"http://\xff\xfe/",
        b"http://\xc3\x28/",
        b"http://user@host/",
        b"http://127.0.0.1:0/",
        b"http://127.0.0.1:99999/",
        b"data:audio/wav;base64,AAAA",
        b"\\\\host\\share",
        b"http://" + b"a" * 5000 + b"/",
        b"http://nowhere.invalid./",
    ],
)
async def test_redirects_to_odd_places(target: bytes, tmp_path: Path) -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: " + target + b"\r\nContent-Length: 0\r\n\r\n"
    async with (
        http_server(lambda _: answer) as port,
        AudioIntake(tmp_path, LIMIT_BYTES, allow_private=True) as intake,
    ):
        await refused(intake, f"http://127.0.0.1:{port}/")


async def test_a_server_that_speaks_no_tls_or_is_not_to_be_trusted(tmp_path: Path) -> None:
    async with (
        http_server(lambda _: WAV_ANSWER) as port,
        AudioIntake(tmp_path, LIMIT_BYTES, allow_private=True) as intake,
    ):
        failure = await refused(intake, f"https://127.0.0.1:{port}/")
    assert isinstance(failure, AudioUnavailable)
    assert failure.fault == "insecure"


PARTS = [
    *(b"HTTP/1.1 ", b"200 OK", b"302 Found", b"\r\n", b"\r\n\r\n", b"Location: ", b"http://"),
    *(b"Content-Length: ", b"5", b"-1", b"Transfer-Encoding: chunked", b"5\r\nhello\r\n"),
    *(b"0\r\n\r\n", b"\x00", b"\xff", b": ", b"Content-Encoding: gzip", b"Set-Cookie: a=b"),
]


@ATTEMPTS
@given(st.binary(max_size=200) | st.lists(st.sampled_from(PARTS), max_size=16).map(b"".join))
async def test_any_answer_at_all(tmp_path: Path, answer: bytes) -> None:
    async with (
        http_server(lambda _: answer) as port,
        AudioIntake(tmp_path, LIMIT_BYTES, allow_private=True, read_s=0.3) as intake,
    ):
        try:
            path = await intake.fetch(source(f"http://127.0.0.1:{port}/"))
        except RequestRefused:
            pass
        else:
            assert await asyncio.to_thread(path.is_file)


@pytest.mark.parametrize(
    ("error", "refusal"),
    [
        (RuntimeError("Session is closed"), AudioUnavailable),
        (AssertionError(), AudioUnavailable),
        (IndexError("list index out of range"), AudioUnavailable),
        (ssl.SSLError(1, "alert"), AudioUnavailable),
        (ssl.CertificateError("no such host"), AudioUnavailable),
        (ConnectionResetError(), AudioUnavailable),
        (EOFError(), AudioUnavailable),
        (ValueError("anything"), AudioUnavailable),
        (UnicodeError("anything"), AudioAddressBad),
    ],
    ids=repr,
)
async def test_whatever_the_library_raises(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    refusal: type[RequestRefused],
) -> None:
    def get(*_: object, **__: object) -> object:
        raise error

    async with AudioIntake(tmp_path, LIMIT_BYTES) as intake:
        monkeypatch.setattr(intake_module.aiohttp.ClientSession, "get", get)
        assert isinstance(await refused(intake, "http://example.com/"), refusal)


# ------------------------------------------------------------------ our own disk


@pytest.mark.parametrize(
    ("code", "full"), [(errno.ENOSPC, True), (errno.EDQUOT, True), (errno.EIO, False)]
)
async def test_a_disk_that_takes_no_more_is_not_the_addresss_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, full: bool
) -> None:
    def append(path: Path, _: bytes) -> None:
        path.write_bytes(b"the first part")
        raise OSError(code, "no")

    monkeypatch.setattr(intake_module, "_append", append)
    async with (
        http_server(lambda _: WAV_ANSWER) as port,
        AudioIntake(tmp_path, LIMIT_BYTES, allow_private=True) as intake,
    ):
        failure = await refused(intake, f"http://127.0.0.1:{port}/")
    assert isinstance(failure, AudioNotStored)
    assert failure.full is full
    assert "my disk" in strings.errors.sentence(failure)
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240 - an empty folder


async def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    async with (
        http_server(lambda _: WAV_ANSWER) as port,
        AudioIntake(tmp_path / "file" / "intake", LIMIT_BYTES, allow_private=True) as intake,
    ):
        failure = await refused(intake, f"http://127.0.0.1:{port}/")
    assert isinstance(failure, AudioNotStored)
    assert not failure.full
