"""No web page but its own drives the playground, nor anything else that it listens with."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from itertools import product

import aiohttp
import pytest
from aiohttp import FormData, WSServerHandshakeError
from yarl import URL

from bot.playground import launch
from bot.playground.discord import DiscordStandIn
from bot.playground.faults import Fault
from bot.playground.replicate import ReplicateStandIn
from tests.contract.discord_page_kit import opened

StandIn = DiscordStandIn | ReplicateStandIn
Headers = dict[str, str]

FOREIGN: list[Headers] = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:{another}"},
    {"Origin": "http://localhost:{port}"},
    {"Origin": "https://127.0.0.1:{port}"},
    {"Origin": "http://127.0.0.1:{port}.evil.example"},
    {"Origin": "http://127.0.0.1:{port}", "Host": "localhost:{port}"},
    {"Origin": ""},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
]
REBOUND = (
    "evil.example",
    "evil.example:{port}",
    "127.0.0.1.evil.example:{port}",
    "127.0.0.1:{another}",
    "127.0.0.1",
    "localhost.:{port}",
    "user@127.0.0.1:{port}",
    "127.0.0.1:{port}/",
    "127.0.0.1:{port}@evil.example",
    "10.0.0.1:{port}",
    "0.0.0.0:{port}",
    "[::ffff:10.0.0.1]:{port}",
    "",
)


@pytest.fixture
async def session() -> AsyncGenerator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture(params=["discord", "replicate"])
async def standin(request: pytest.FixtureRequest) -> AsyncGenerator[StandIn]:
    async with DiscordStandIn() if request.param == "discord" else ReplicateStandIn() as standin:
        yield standin


@pytest.fixture
async def discord_() -> AsyncGenerator[DiscordStandIn]:
    async with DiscordStandIn() as standin:
        yield standin


def filled(headers: Headers, base_url: str) -> Headers:
    port = URL(base_url).port or 0
    return {key: text.format(port=port, another=port + 1) for key, text in headers.items()}


def a_message(standin: DiscordStandIn, text: str = "hi") -> FormData:
    ada = standin.actor("ada").user.id
    payload = {"as": str(ada), "channel_id": str(standin.world.jam.id), "content": text}
    form = FormData(default_to_multipart=True)
    form.add_field("payload_json", json.dumps(payload))
    return form


# ------------------------------------------------------------------ where a request comes from


async def test_what_another_page_asks_is_refused(
    standin: StandIn, session: aiohttp.ClientSession
) -> None:
    paths = ("/", "/page/main.js", "/api/v10/gateway", "/v1/account")
    answered: list[object] = []
    for headers, path, method in product(FOREIGN, paths, ("GET", "POST", "DELETE", "OPTIONS")):
        url, sent = standin.base_url + path, filled(headers, standin.base_url)
        async with session.request(method, url, headers=sent) as answer:
            is_refused = answer.status == 403 and "own page only" in await answer.text()
            if not is_refused or "Access-Control-Allow-Origin" in answer.headers:
                answered.append((method, path, headers, answer.status))
    assert answered == []
    assert standin.requests == [], "it is no request of the bot's"


async def status_of(base_url: str, method: str, *lines: str) -> int:
    """Ask with just these lines of header."""
    url = URL(base_url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    head = "\r\n".join((f"{method} / HTTP/1.1", *lines, "Connection: close", "", ""))
    writer.write(head.encode())
    answer = await reader.read()
    writer.close()
    return int(answer.split()[1])


async def test_a_name_that_was_rebound_is_refused(standin: StandIn) -> None:
    port = URL(standin.base_url).port or 0
    answered: list[object] = []
    for name in REBOUND:
        host = name.format(port=port, another=port + 1)
        lines = (f"Host: {host}", f"Origin: http://{host}")
        statuses = {
            await status_of(standin.base_url, "GET", lines[0]),
            await status_of(standin.base_url, "POST", *lines),
        }
        if not statuses <= {400, 421}:
            answered.append((name, statuses))
    assert answered == []


@pytest.mark.parametrize("hosts", [(), ("{own}", "evil.example"), ("evil.example", "{own}")])
async def test_one_name_is_asked_for(standin: StandIn, hosts: tuple[str, ...]) -> None:
    own = URL(standin.base_url).authority
    lines = [f"Host: {host.format(own=own)}" for host in hosts]
    assert await status_of(standin.base_url, "GET", *lines) in {400, 421}
    assert await status_of(standin.base_url, "GET", f"Host: {own}") not in {400, 421}


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST", "127.0.0.1", "127.0.0.2", "[::1]"])
async def test_loopback_has_several_names(
    discord_: DiscordStandIn, session: aiohttp.ClientSession, name: str
) -> None:
    host = f"{name}:{URL(discord_.base_url).port}"
    async with session.get(f"{discord_.base_url}/page/main.js", headers={"Host": host}) as answer:
        assert answer.status == 200
    async with session.get(
        f"{discord_.base_url}/?as=bo", headers={"Host": host}, allow_redirects=False
    ) as answer:
        if name == "127.0.0.1":
            assert answer.status == 200
        else:
            assert answer.headers["Location"] == f"{discord_.base_url}/?as=bo", (
                "where its files are"
            )


async def test_a_link_on_another_page_leads_there(
    discord_: DiscordStandIn, session: aiohttp.ClientSession
) -> None:
    link = {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }
    async with session.get(discord_.base_url, headers=link) as answer:
        assert answer.status == 200
    url = f"{discord_.base_url}/playground/messages"
    async with session.post(url, headers=link, data=a_message(discord_)) as answer:
        assert answer.status == 403


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_another_page_says_nothing_here(
    discord_: DiscordStandIn, session: aiohttp.ClientSession, headers: Headers
) -> None:
    sent = filled(headers, discord_.base_url)
    url = f"{discord_.base_url}/playground/messages"
    async with session.post(url, headers=sent, data=a_message(discord_)) as answer:
        assert answer.status == 403
    assert not discord_.world.messages
    own = {"Origin": discord_.base_url, "Sec-Fetch-Site": "same-origin"}
    for mine in (own, {}):
        async with session.post(url, headers=mine, data=a_message(discord_)) as answer:
            assert answer.status == 200
    [message, _] = discord_.world.messages.values()
    gone = f"{url}/{message.channel.id}/{message.id}?as={message.author.id}"
    async with session.delete(gone, headers=sent) as answer:
        assert answer.status == 403
    assert not message.deleted


@pytest.mark.parametrize("path", ["/playground/live", "/gateway"])
async def test_another_page_opens_no_socket(
    discord_: DiscordStandIn, session: aiohttp.ClientSession, path: str
) -> None:
    url = discord_.base_url + path
    for headers in FOREIGN:
        with pytest.raises(WSServerHandshakeError) as caught:
            await session.ws_connect(url, headers=filled(headers, discord_.base_url))
        assert caught.value.status == 403, headers
        ws = await session.ws_connect(url, headers={"Origin": discord_.base_url})
        await ws.close()


async def test_a_name_that_was_rebound_opens_no_socket(
    discord_: DiscordStandIn, session: aiohttp.ClientSession
) -> None:
    host = f"evil.example:{URL(discord_.base_url).port}"
    with pytest.raises(WSServerHandshakeError) as caught:
        await session.ws_connect(
            f"{discord_.base_url}/playground/live",
            headers={"Host": host, "Origin": f"http://{host}"},
        )
    assert caught.value.status == 421


# ------------------------------------------------------------------ tokens


async def test_every_start_has_tokens_of_its_own() -> None:
    made = [(launch.discord_standin(0), launch.replicate_standin()) for _ in range(2)]
    tokens = {
        token
        for pair in made
        for standin in pair
        for token in (standin.token, standin.guard.control_token)
    }
    assert len(tokens) == 8
    assert min(map(len, tokens)) >= 32


@pytest.mark.parametrize("token", [None, "", "wrong", "{bot}"])
async def test_the_doors_for_tests_take_their_token(
    standin: StandIn, session: aiohttp.ClientSession, token: str | None
) -> None:
    fault = Fault(route="* /nowhere", status=500).model_dump(mode="json")
    headers = (
        {} if token is None else {"Authorization": f"Bearer {token}".format(bot=standin.token)}
    )
    for door in ("faults", "scripts"):
        url = f"{standin.base_url}/playground/{door}"
        for method in ("POST", "DELETE"):
            async with session.request(method, url, json=fault, headers=headers) as answer:
                assert answer.status == 401
    right = {"Authorization": f"Bearer {standin.guard.control_token}"}
    async with session.post(
        f"{standin.base_url}/playground/faults", json=fault, headers=right
    ) as answer:
        assert answer.status == 204
    async with session.get(f"{standin.base_url}/nowhere") as answer:
        assert answer.status == 500


# ------------------------------------------------------------------ what comes back


PAGE = b"<script>fetch('/playground/messages', {method: 'POST'})</script>"


@pytest.mark.parametrize(
    ("name", "is_shown"),
    [
        ("evil.html", False),
        ("evil.HTM", False),
        ("evil.svg", False),
        ("evil.xhtml", False),
        ("evil.xml", False),
        ("evil.pdf", False),
        ("evil.js", False),
        ("evil", False),
        ("evil.wav.html", False),
        ("song.wav", True),
        ("song.mp3", True),
        ("song.ogg", True),
        ("song.flac", True),
        ("song.m4a", True),
        ("picture.png", True),
    ],
)
async def test_an_upload_is_no_page(
    discord_: DiscordStandIn, session: aiohttp.ClientSession, name: str, is_shown: bool
) -> None:
    form = a_message(discord_)
    form.add_field("files[0]", PAGE, filename=name)
    async with session.post(f"{discord_.base_url}/playground/messages", data=form) as answer:
        assert answer.status == 200
    page = await opened(discord_, session, "ada")
    [message] = page.hello["messages"][str(discord_.world.jam.id)]  # type: ignore[index, call-overload]  # pyright: ignore[reportIndexIssue, reportArgumentType, reportCallIssue, reportOptionalSubscript] - JSON
    url = str(message["attachments"][0]["url"])  # type: ignore[index, call-overload]  # pyright: ignore[reportIndexIssue, reportArgumentType, reportCallIssue, reportOptionalSubscript] - JSON
    for part in ({}, {"Range": "bytes=0-3"}):
        async with session.get(url, headers=part) as answer:
            assert answer.status == (206 if part else 200)
            kind = answer.headers["Content-Disposition"].partition(";")[0]
            assert kind == ("inline" if is_shown else "attachment")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/", "/page/main.js", "/api/v10/nowhere", "/nowhere"])
async def test_every_answer_says_what_a_browser_may_do_with_it(
    standin: StandIn, session: aiohttp.ClientSession, path: str
) -> None:
    async with session.get(standin.base_url + path) as answer:
        headers = answer.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    policy = headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
