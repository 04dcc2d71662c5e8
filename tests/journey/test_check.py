"""`python -m bot check`: what it finds, a line each, and its exit codes."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.journey.processes import a_process, a_running_bot
from tests.journey.rig import Rig, a_rig


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Rig]:
    async with a_rig(tmp_path, speed=1, start=False) as rig:
        yield rig


async def lines_of(rig: Rig, code: int, **env: str) -> dict[str, str]:
    """What was found, by its words: how it stands."""
    async with a_process(rig, "check", **env) as bot:
        assert await bot.ended() == code, bot.output
        assert "Traceback" not in bot.output
        *lines, _ = bot.output.splitlines()
    return {line[8:]: line[:8].strip() for line in lines}


def standing(lines: dict[str, str], start: str) -> str:
    [found] = [verdict for words, verdict in lines.items() if words.startswith(start)]
    return found


async def test_all_is_well(stage: Rig) -> None:
    lines = await lines_of(stage, 0)
    assert lines["Replicate: account playground"] == "ok"
    for start in ("MUSICGEN_VERSION: meta/musicgen", "Discord: application", "invite it with",
                  "gateway: answers", "database: gets its tables", "DATA_FOLDER: can be written",
                  "clock: as the services", "audio and picture libraries", "voice: "):  # fmt: skip
        assert standing(lines, start) == "ok", start
    assert standing(lines, "limits: none is set") == "note"
    assert standing(lines, "Public Bot is on") == "note"
    assert stage.replicate.predictions == []
    assert not stage.discord.gateway.identified, "another bot with this token goes on"


async def test_limits_that_are_set(stage: Rig) -> None:
    lines = await lines_of(stage, 0, LIMIT_TOTAL="5 usd/month", ALLOW_SERVERS="1")
    told = "limits: LIMIT_TOTAL 5 usd/month; only whom ALLOW_SERVERS and ALLOW_USERS name"
    assert lines[told] == "ok"


@pytest.mark.parametrize("runs", [False, True])
async def test_a_public_address_that_leads_here(stage: Rig, runs: bool) -> None:
    """Be it that the bot answers, or the check itself."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {"PORT": str(port), "PUBLIC_URL": f"http://127.0.0.1:{port}/bot/"}
    async with AsyncExitStack() as stack:
        if runs:
            await stack.enter_async_context(a_running_bot(stage, **env))
        assert (await lines_of(stage, 0, **env))["PUBLIC_URL: leads to this bot"] == "ok"


async def test_a_public_address_that_leads_elsewhere_is_a_note(stage: Rig) -> None:
    elsewhere = {"PORT": "1", "PUBLIC_URL": stage.replicate.base_url}
    told = "PUBLIC_URL: answers HTTP 404 instead of this bot"
    assert standing(await lines_of(stage, 0, **elsewhere), told) == "note"
    nowhere = {"PORT": "1", "PUBLIC_URL": "http://127.0.0.1:9"}
    told = "PUBLIC_URL: cannot be reached from here"
    assert standing(await lines_of(stage, 0, **nowhere), told) == "note"


async def test_every_failure_is_told_at_once_and_no_secret(stage: Rig, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    stage.trouble_discord("GET /gateway", status=503)
    async with a_process(
        stage, "check", REPLICATE_API_TOKEN="r8_wrong",
        DATABASE_URL=f"sqlite:///{tmp_path}/file/journal.sqlite3",
    ) as bot:  # fmt: skip
        assert await bot.ended() == 1
        failed = [line for line in bot.output.splitlines() if line.startswith("FAILED")]
        for start in ("REPLICATE_API_TOKEN: ", "gateway: ", "DATABASE_URL: "):
            assert any(line[8:].startswith(start) for line in failed), start
        assert "Traceback" not in bot.output
        assert "r8_wrong" not in bot.output


async def test_a_discord_token_that_is_refused(stage: Rig) -> None:
    lines = await lines_of(stage, 1, DISCORD_TOKEN="not.the.token")
    assert lines["DISCORD_TOKEN: Discord does not accept this token"] == "FAILED"
    assert lines["Replicate: account playground"] == "ok"


@pytest.mark.parametrize(
    ("route", "status", "body", "told"),
    [
        ("/oauth2/applications/@me", 403, {"message": "Forbidden"}, "cannot be reached: HTTP 403"),
        ("/gateway/bot", 401, {"message": "401: Unauthorized"}, "does not accept this token"),
        ("/gateway/bot", 200, {"shards": 1}, "answer does not say where it is"),
    ],
)
async def test_an_answer_of_discords_that_is_of_no_use_is_a_line(
    stage: Rig, route: str, status: int, body: dict[str, object], told: str
) -> None:
    stage.trouble_discord(f"GET /api/v10{route}", times=9, status=status, body=body)
    async with a_process(stage, "check") as bot:
        assert await bot.ended() == 1
        assert any(told in line for line in bot.output.splitlines() if line.startswith("FAILED"))
        assert "Traceback" not in bot.output


async def test_bad_settings_are_another_exit_code(stage: Rig) -> None:
    async with a_process(stage, "check", PORT="many") as bot:
        assert await bot.ended() == 2
        assert "PORT: " in bot.output


async def test_without_a_network_it_takes_seconds(stage: Rig) -> None:
    nowhere = "http://127.0.0.1:9"
    began_s = time.monotonic()
    lines = await lines_of(stage, 1, DISCORD_BASE_URL=nowhere, REPLICATE_BASE_URL=nowhere)
    assert time.monotonic() - began_s < 25
    assert standing(lines, "Discord: cannot be reached") == "FAILED"
    assert "FAILED" in {v for words, v in lines.items() if words.startswith(("REPL", "Replicate"))}


async def test_a_service_that_is_silent(stage: Rig) -> None:
    stage.trouble_replicate("GET /v1/account", delay_s=60)
    began_s = time.monotonic()
    lines = await lines_of(stage, 1)
    assert time.monotonic() - began_s < 25
    told = "Replicate: no answer within 10 s; is it reachable from this machine?"
    assert lines[told] == "FAILED"


async def test_a_database_that_is_silent(stage: Rig) -> None:
    hung_up = asyncio.Event()

    async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hung_up.wait()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        began_s = time.monotonic()
        lines = await lines_of(stage, 1, DATABASE_URL=f"postgresql://bot@127.0.0.1:{port}/bot")
        assert time.monotonic() - began_s < 25
        hung_up.set()
    assert standing(lines, "database: no answer within 10 s") == "FAILED"


async def test_a_clock_that_is_wrong(tmp_path: Path) -> None:
    async with a_rig(tmp_path, speed=1, start=False, services_ahead_s=90) as rig:
        lines = await lines_of(rig, 0)
    [told] = [words for words in lines if words.startswith("clock: ")]
    assert lines[told] == "note"
    assert "s behind" in told


async def test_a_host_whose_disk_vanishes(stage: Rig) -> None:
    lines = await lines_of(stage, 0, DYNO="web.1")
    [told] = [words for words in lines if "Heroku" in words]
    assert lines[told] == "note"
    assert told.endswith("set DATABASE_URL to a PostgreSQL")
    async with a_running_bot(stage, DYNO="web.1") as bot:
        assert told in bot.output


async def test_a_database_of_another_release(stage: Rig, tmp_path: Path) -> None:
    async with a_process(stage, "migrate") as bot:
        assert await bot.ended() == 0
        assert "the database has its newest form" in bot.output
    assert standing(await lines_of(stage, 0), "database: answers") == "ok"
    file = tmp_path / "musicgen.sqlite3"
    with sqlite3.connect(file) as journal:
        [[head]] = journal.execute("SELECT version_num FROM alembic_version")
        # As it would be after a migration that is to come: so nothing has to be undone for it.
        journal.execute("UPDATE alembic_version SET version_num = 'from the future'")
    journal.close()
    assert standing(await lines_of(stage, 0), "database: another release's; the next") == "note"
    lines = await lines_of(stage, 1, AUTO_MIGRATE="0")
    assert standing(lines, "database: another release's; run") == "FAILED"
    async with a_process(stage, AUTO_MIGRATE="0") as bot:
        assert await bot.ended() == 2
        assert "Run: python -m bot migrate" in bot.output
    with sqlite3.connect(file) as journal:
        [[left]] = journal.execute("SELECT version_num FROM alembic_version")
        assert left == "from the future"
        journal.execute("UPDATE alembic_version SET version_num = ?", [head])
    journal.close()
    async with a_running_bot(stage, AUTO_MIGRATE="0"):
        pass
