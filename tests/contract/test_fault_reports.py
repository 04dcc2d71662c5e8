"""Faults sent by Sentry's own client to a stand-in: what arrives there, and what never does."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import sys
import time
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from aiohttp import web

from bot import __main__ as program
from bot import logs
from bot.host.log_context import about
from bot.network.proxies import Proxies
from bot.operations import fault_reports
from bot.operations.check import Verdict, probe_sentry
from bot.operations.fault_reports import reporting_faults
from bot.settings import Settings

TOKEN = "MTIz.the.discord-token"
PROMPT = "ein Lied für Mara, die nachts nicht schläft"
SIGNED = "https://cdn.example/x.wav?ex=1&hm=abcdef0123456789"
ADDRESS = "192.0.2.7"
NEVER = (TOKEN, "ein Lied", "Mara", "abcdef0123456789", ADDRESS, socket.gethostname())
SERVER = (6 << 22) + 123
DIRECT = Proxies()


class Ingest:
    """What Sentry's client posts to, on loopback."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.heads: list[str] = []
        self.status = 200
        self.answers = asyncio.Event()
        self.answers.set()
        self.dsn = ""

    async def take(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        self.heads.append(str(sorted(request.headers.items())))
        await self.answers.wait()
        return web.json_response({"id": "1"}, status=self.status)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The event of each envelope, whose third line it is."""
        return [json.loads(body.split(b"\n")[2]) for body in self.bodies]


@pytest.fixture
async def ingest() -> AsyncGenerator[Ingest]:
    ingest = Ingest()
    app = web.Application()
    app.router.add_post("/api/7/envelope/", ingest.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    [(_, port)] = runner.addresses
    ingest.dsn = f"http://publickey@127.0.0.1:{port}/7"
    yield ingest
    ingest.answers.set()
    await runner.cleanup()


@pytest.fixture(autouse=True)
def same_log_after() -> Generator[None]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)


class Bug(Exception):
    """Something nobody thought of."""


def met_a_bug(prompt: str) -> NoReturn:
    fetched = SIGNED
    try:
        raise ValueError(f"{prompt} from {fetched}")  # noqa: TRY301 - what it is for
    except ValueError as error:
        raise Bug(f"{prompt} with {TOKEN} of {ADDRESS}") from error


async def log_a_bug(dsn: str, **changes: object) -> None:
    """As the bot does, in a thread, for the stand-in's sake."""

    def work() -> None:
        with reporting_faults(dsn, "shards 0 of 4", (TOKEN,), DIRECT):
            logs.know_shards(4)
            try:
                met_a_bug(PROMPT)
            except Bug:
                with about("gen-eration1", SERVER):
                    logging.getLogger("bot.card.report").exception(
                        "interaction failed, reference %s", PROMPT, extra={"reference": "a1b2c3"}
                    )

    await asyncio.to_thread(work)


async def test_a_fault_arrives_with_its_reference_and_nothing_that_is_secret(
    ingest: Ingest,
) -> None:
    await log_a_bug(ingest.dsn)
    [event] = ingest.events
    assert event["tags"] == {
        "reference": "a1b2c3",
        "generation": "gen-eration1",
        "server": str(SERVER),
        "shard": "2",
    }
    assert (event["level"], event["server_name"]) == ("error", "shards 0 of 4")
    assert event["logentry"] == {"message": "interaction failed, reference %s"}
    cause, bug = event["exception"]["values"]
    assert (cause["type"], bug["type"]) == ("ValueError", "Bug")
    frame = bug["stacktrace"]["frames"][-1]
    assert frame["function"] == "met_a_bug"
    assert "raise Bug(" in frame["context_line"]
    text = ingest.bodies[0].decode() + ingest.heads[0]
    assert [secret for secret in NEVER if secret in text] == []
    assert str(Path.home()) not in text
    assert str(Path(__file__).parents[2]) not in text
    assert not {"user", "request", "breadcrumbs", "contexts", "extra", "modules"} & set(event)
    assert "vars" not in text


async def test_only_faults_of_ours_are_sent(ingest: Ingest) -> None:
    def work() -> None:
        log = logging.getLogger("asyncio")
        with reporting_faults(ingest.dsn, "all", (TOKEN,), DIRECT):
            logs.shorten(lambda error: isinstance(error, OSError), str)
            log.error("no fault at all")
            for fault in (OSError("Discord is away"), KeyError(PROMPT)):
                try:
                    raise fault
                except (OSError, KeyError):
                    log.exception(f"Exception in callback with {PROMPT}")  # noqa: G004 - as asyncio writes it

    await asyncio.to_thread(work)
    [event] = ingest.events
    assert [one["type"] for one in event["exception"]["values"]][-1] == "KeyError"
    assert event["logentry"] == {"message": "a fault that asyncio has met"}
    assert PROMPT not in ingest.bodies[0].decode()
    assert event["tags"] == {}


async def test_an_ingest_that_hangs_holds_up_neither_the_bot_nor_its_end(
    ingest: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fault_reports, "_LEFT_WITHIN_S", 0.3)
    ingest.answers.clear()
    slowest_s = 0.0

    def work() -> float:
        nonlocal slowest_s
        with reporting_faults(ingest.dsn, "all", (), DIRECT):
            for _ in range(300):
                began_s = time.thread_time()
                logging.getLogger("bot").error("met a fault", exc_info=Bug())
                slowest_s = max(slowest_s, time.thread_time() - began_s)
            ends_s = time.monotonic()
        return time.monotonic() - ends_s

    async with asyncio.timeout(20):
        await asyncio.to_thread(work)
    assert slowest_s < 0.05, "it only puts them in line"


def settings_of(dsn: str) -> Settings:
    values = {"DISCORD_TOKEN": TOKEN, "REPLICATE_API_TOKEN": "r8_x", "SENTRY_DSN": dsn}
    return Settings.from_env(values)


async def test_what_ends_the_bot_arrives_before_it_is_gone(
    ingest: Ingest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def run(*_: object, **__: object) -> NoReturn:
        met_a_bug(PROMPT)

    env = {"DISCORD_TOKEN": TOKEN, "REPLICATE_API_TOKEN": "r8_x", "SENTRY_DSN": ingest.dsn}
    monkeypatch.setattr(program, "environment", lambda: env)
    monkeypatch.setattr("bot.main.run", run)
    monkeypatch.setattr(sys, "argv", ["bot"])
    assert await asyncio.to_thread(program.main) == 1
    [event] = ingest.events
    assert event["exception"]["values"][-1]["type"] == "Bug"
    assert (event["level"], event["server_name"]) == ("fatal", "all")


@pytest.mark.parametrize(
    ("status", "verdict", "words"),
    [
        (200, Verdict.OK, "127.0.0.1 has taken an event to try it out"),
        (403, Verdict.NOTE, "answers with status 403; faults are in the log alone"),
    ],
)
async def test_the_check_tries_it(
    ingest: Ingest, status: int, verdict: Verdict, words: str
) -> None:
    ingest.status = status
    [found] = await probe_sentry(settings_of(ingest.dsn))
    assert found.verdict is verdict
    assert words in found.words
    assert "publickey" not in found.words
    assert [event["level"] for event in ingest.events] == ["info"]


async def test_the_check_says_where_nobody_is_there() -> None:
    [found] = await probe_sentry(settings_of("http://k@127.0.0.1:9/1"))
    assert (found.verdict, "cannot be reached" in found.words) == (Verdict.NOTE, True)
    assert await probe_sentry(settings_of("")) == []


async def test_without_the_extra_it_is_said_once_and_the_bot_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    [found] = await probe_sentry(settings_of("https://k@sentry.example/1"))
    assert found.verdict is Verdict.NOTE
    with reporting_faults("https://k@sentry.example/1", "all", (), DIRECT):
        logging.getLogger("bot").error("met a fault", exc_info=Bug())
    told = [one.getMessage() for one in caplog.records if "SENTRY_DSN" in one.getMessage()]
    assert told == [found.words]
    assert "pip install -r bot/operations/requirements.txt" in found.words
