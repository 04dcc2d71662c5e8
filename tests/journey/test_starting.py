"""A start into trouble: no network, a Discord that is away, a connection beyond repair."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import sqlite3
import ssl
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from yarl import URL

from bot.playground.replicate.timings import Timings
from tests.contract.replicate_standin_kit import REAL_SCHEMA
from tests.journey.processes import ROOT, BotProcess, a_process, a_running_bot
from tests.journey.rig import Rig, a_rig, eventually, has_track

CLOSE_S = 5.0
ME = "GET /api/v10/users/@me"
APPLICATION = "GET /api/v10/oauth2/applications/@me"
GATEWAY = "GET /api/v10/gateway/bot"
BANNED_PAGE = (
    "<!DOCTYPE html><html><head><title>Access denied | discord.com used Cloudflare\n to restrict"
    " access</title></head><body>error code: 1015</body></html>"
)
LINE = re.compile(r"Discord cannot be reached: (.*); next try in \d+ s")
NOT_A_LINE = re.compile(r"Traceback|Error\b|Exception|aiohttp")
ON_WINDOWS = """
import asyncio.unix_events

def refuse(*_):
    raise NotImplementedError

asyncio.unix_events._UnixSelectorEventLoop.add_signal_handler = refuse
"""


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Rig]:
    """Both stand-ins by the real clock, and no bot yet."""
    async with a_rig(tmp_path, speed=1, start=False) as rig:
        yield rig


def a_closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@pytest.mark.parametrize(
    ("route", "fault", "why"),
    [
        (ME, {"status": 502, "body": "<html><title>502 Bad Gateway</title></html>"}, "HTTP 502"),
        (ME, {"status": 503, "body": "upstream connect error"}, "HTTP 503"),
        (ME, {"status": 429, "body": BANNED_PAGE}, "HTTP 429, Access denied"),
        (ME, {"status": 200, "body": "<html>Sign in to the hotel's network</html>"}, "HTTP 200"),
        (ME, {"reset": "before"}, "Server disconnected"),
        (ME, {"status": 200, "body": {"id": "guest"}}, "HTTP 200"),
        (APPLICATION, {"status": 403, "body": {"message": "Forbidden"}}, "HTTP 403, Forbidden"),
        (GATEWAY, {"status": 503, "body": {"message": "upstream connect error"}}, "HTTP 503"),
        (GATEWAY, {"status": 200, "body": "not JSON"}, "not JSON"),
    ],
)
async def test_a_discord_that_is_away_costs_a_line_for_each_try(
    stage: Rig, route: str, fault: dict[str, object], why: str
) -> None:
    stage.trouble_discord(route, times=3, **fault)
    async with a_running_bot(stage) as bot:
        said = LINE.findall(bot.output)
        assert said
        assert all(why in line for line in said), said
        assert not NOT_A_LINE.search(bot.output), bot.output
        bot.ask_to_stop()
        assert await bot.ended(CLOSE_S) == 0


async def test_without_a_network_it_waits_until_a_signal(stage: Rig) -> None:
    away = f"http://127.0.0.1:{a_closed_port()}"
    async with a_process(stage, DISCORD_BASE_URL=away, REPLICATE_BASE_URL=away) as bot:
        await eventually(lambda: len(LINE.findall(bot.output)) > 1)
        assert set(LINE.findall(bot.output)) == {"Connection refused"}
        assert not NOT_A_LINE.search(bot.output), bot.output
        bot.ask_to_stop()
        assert await bot.ended(CLOSE_S) == 0


@pytest.mark.parametrize("is_socket", [False, True])
async def test_a_database_that_is_away_is_waited_for(
    stage: Rig, tmp_path: Path, is_socket: bool
) -> None:
    """A machine that starts may be faster than its database, here or elsewhere."""
    address = f"postgresql:///musicgen?host={tmp_path}&user=musicgen"
    if not is_socket:
        address = f"postgresql://musicgen@127.0.0.1:{a_closed_port()}/musicgen"
    async with a_process(stage, DATABASE_URL=address) as bot:
        await eventually(lambda: bot.output.count("the bot starts over in") > 1)
        assert "cannot start" not in bot.output
        bot.ask_to_stop()
        assert await bot.ended(CLOSE_S) == 0


async def test_what_is_paid_goes_on_while_discord_lets_nobody_in(tmp_path: Path) -> None:
    timings = Timings(cold_start_s=0.5, step_rate_per_s=50, tick_s=0.2)
    async with a_rig(tmp_path, speed=1, start=False, timings=timings) as rig:
        async with a_running_bot(rig) as bot:
            used = await rig.musicgen()
            await rig.prediction()
            await bot.kill()
        rig.trouble_discord(ME, times=1000, status=502, body="<html></html>")
        async with a_process(rig) as bot:
            await used.until(has_track)
            assert LINE.findall(bot.output)
            assert "ready in" not in bot.output
            bot.ask_to_stop()
            assert await bot.ended(CLOSE_S) == 0
        assert rig.paid_once()


async def test_after_a_connection_beyond_repair_it_starts_over(tmp_path: Path) -> None:
    timings = Timings(cold_start_s=3.0, step_rate_per_s=50, tick_s=0.2)
    async with (
        a_rig(tmp_path, speed=1, start=False, timings=timings) as rig,
        a_running_bot(rig) as bot,
    ):
        used = await rig.musicgen()
        await rig.prediction()
        await rig.discord.gateway.close(4012)
        await eventually(lambda: "the bot starts over" in bot.output)
        await eventually(lambda: bot.output.count("ready in") == 2)
        await used.until(has_track)
        assert "closed the connection with code 4012" in bot.output
        assert not NOT_A_LINE.search(bot.output), bot.output
        await (await rig.musicgen("and another one")).until(has_track)
        bot.ask_to_stop()
        assert await bot.ended(CLOSE_S) == 0


async def test_a_schema_that_comes_late_is_what_is_offered(tmp_path: Path) -> None:
    async with a_rig(tmp_path, speed=1, start=False, schema=REAL_SCHEMA) as rig:
        rig.trouble_replicate("GET /v1/models/*", times=8, status=503, body={"detail": "away"})
        async with a_running_bot(rig) as bot:
            assert "the schema of meta/musicgen could not be read: " in bot.output
            await eventually(lambda: bot.output.count("ready in") == 2, 30.0)
            assert "the bot starts over in 1 s: the model's schema has come" in bot.output
            await eventually(
                lambda: (
                    "stereo-melody-large" in str(rig.discord.world.commands.named("musicgen", 1))
                )
            )
            assert not NOT_A_LINE.search(bot.output), bot.output
            bot.ask_to_stop()
            assert await bot.ended(CLOSE_S) == 0


async def test_commands_that_discord_refuses_end_a_sync_with_its_reason(stage: Rig) -> None:
    refused = {"message": "Missing Access", "code": 50001}
    stage.trouble_discord("PUT /api/v10/applications/*/commands", status=403, body=refused)
    async with a_process(stage, "sync") as bot:
        assert await bot.ended() == 2
        assert "  - Discord does not take the commands: HTTP 403, Missing Access\n" in bot.output
        assert "Traceback" not in bot.output


async def test_a_token_that_is_taken_back_while_it_connects_ends_it(stage: Rig) -> None:
    stage.trouble_discord(GATEWAY, status=401, body={"message": "401: Unauthorized", "code": 0})
    async with a_process(stage) as bot:
        assert await bot.ended(CLOSE_S + 5.0) == 2
        assert "  - DISCORD_TOKEN: Discord does not accept this token\n" in bot.output


async def test_a_token_that_is_taken_back_ends_it(stage: Rig) -> None:
    async with a_running_bot(stage) as bot:
        await stage.discord.gateway.close(4004)
        assert await bot.ended(CLOSE_S) == 2
        assert "  - DISCORD_TOKEN: Discord does not accept this token\n" in bot.output
        assert "Traceback" not in bot.output


# ------------------------------------------------------------------ folders and files


@pytest.mark.parametrize("name", ["file/data", "file"])
async def test_a_data_folder_that_cannot_be_made(stage: Rig, tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("not a folder")
    async with a_process(stage, DATA_FOLDER=str(tmp_path / name)) as bot:
        assert await bot.ended() == 2
        assert f"  - DATA_FOLDER: {tmp_path / name} cannot be written: " in bot.output
        assert not NOT_A_LINE.search(bot.output), bot.output


async def test_a_journal_that_is_no_database(stage: Rig, tmp_path: Path) -> None:
    (tmp_path / "musicgen.sqlite3").write_text("something else" * 99)
    async with a_process(stage) as bot:
        assert await bot.ended() == 2
        assert "musicgen.sqlite3: the journal could not be opened: file is not a data" in bot.output
        assert not NOT_A_LINE.search(bot.output), bot.output


async def test_a_journal_whose_rows_cannot_be_written(stage: Rig, tmp_path: Path) -> None:
    async with a_process(stage, "sync") as bot:
        assert await bot.ended() == 0
    with sqlite3.connect(tmp_path / "musicgen.sqlite3") as other:
        other.execute("ALTER TABLE generations RENAME COLUMN told TO was_told")
    other.close()
    async with a_process(stage) as bot:
        assert await bot.ended() == 2
        assert "could not be written: no such column" in bot.output
        assert "Traceback" not in bot.output


async def test_a_dotenv_file_of_powershells(stage: Rig, tmp_path: Path) -> None:
    token = stage.settings.discord_token.get_secret_value()
    (tmp_path / ".env").write_bytes(f'DISCORD_TOKEN="{token}" \r\n'.encode("utf-16"))
    async with a_running_bot(stage, DISCORD_TOKEN="") as bot:
        bot.ask_to_stop()
        assert await bot.ended(CLOSE_S) == 0


# ------------------------------------------------------------------ Windows


@pytest.mark.parametrize("command", ["run", "sync", "playground"])
@pytest.mark.skipif(sys.platform == "win32", reason="there it is so anyway")
async def test_where_loops_take_no_signal_handlers(
    stage: Rig, tmp_path: Path, command: str
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(ON_WINDOWS)
    path = f"{site}{os.pathsep}{ROOT}"
    if command == "playground":
        arguments = ("playground", "--port", "0", "--no-browser")
        bot = await BotProcess.start(tmp_path / "out.txt", tmp_path, *arguments, PYTHONPATH=path)
        try:
            await eventually(lambda: "ready in" in bot.output, 20.0)
            bot.ask_to_stop()
            assert await bot.ended(10.0) == 0
        finally:
            await bot.kill()
        return
    if command == "sync":
        stage.trouble_discord("PUT /api/v10/applications/*/commands", delay_s=60)
    async with a_process(stage, command, PYTHONPATH=path) as bot:
        if command == "sync":
            await eventually(lambda: stage.discord.faults.met)
        else:
            await eventually(lambda: "ready in" in bot.output)
        bot.ask_to_stop()
        assert await bot.ended(CLOSE_S) == 0
        assert "Traceback" not in bot.output


# ------------------------------------------------------------------ certificates


@asynccontextmanager
async def a_tls_server() -> AsyncGenerator[str]:
    """The https address of something with a certificate that nobody trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ROOT / "tests" / "fixtures" / "self_signed_for_loopback.pem")

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_a_certificate_that_is_not_trusted_is_named_at_once(stage: Rig) -> None:
    async with a_tls_server() as address:
        addresses = {"DISCORD_BASE_URL": address, "REPLICATE_BASE_URL": address}
        async with a_process(stage, **addresses) as bot:
            await eventually(lambda: LINE.findall(bot.output))
            assert "its certificate is not trusted: self-signed certificate" in bot.output
            assert "could not be read: its certificate is not" in bot.output
            assert not NOT_A_LINE.search(bot.output), bot.output
        async with a_process(stage, "check", **addresses) as bot:
            assert await bot.ended() == 1
            assert "Discord: cannot be reached: its certificate is not trusted" in bot.output
            assert (
                "Replicate: The certificate that Replicate shows is not trusted here" in bot.output
            )
            assert not NOT_A_LINE.search(bot.output), bot.output


# ------------------------------------------------------------------ proxies


class ForwardProxy:
    """A proxy that opens tunnels and passes plain requests on, as Squid does; it notes both."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
        self.asked.append(f"{method} {target}")
        is_tunnel = method == "CONNECT"
        url = URL(f"https://{target}" if is_tunnel else target)
        there = await asyncio.open_connection(url.host, url.port)
        if is_tunnel:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            head = head.replace(target.encode(), url.raw_path_qs.encode(), 1)
            if b"upgrade" not in head.lower():
                # The next request comes over another connection, and is noted too.
                head = head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
            there[1].write(head)
        await asyncio.gather(_pass_on(reader, there[1]), _pass_on(there[0], writer))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while some := await reader.read(65536):
            writer.write(some)
            await writer.drain()
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


@asynccontextmanager
async def a_proxy() -> AsyncGenerator[tuple[ForwardProxy, str]]:
    proxy = ForwardProxy()
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    async with server:
        yield proxy, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_everything_goes_through_the_proxy(stage: Rig) -> None:
    async with (
        a_proxy() as (proxy, address),
        a_running_bot(stage, HTTP_PROXY=address) as bot,
    ):
        await (await stage.musicgen()).until(has_track)
        bot.ask_to_stop()
        assert await bot.ended(CLOSE_S) == 0
    for part in ("/api/v10/users/@me", "/v1/predictions", "/delivery/", "/api/v10/webhooks/"):
        assert any(part in asked for asked in proxy.asked), part
    assert any("compress=" in asked for asked in proxy.asked), "the gateway's websocket"


async def test_hosts_without_a_proxy_are_reached_without_it(stage: Rig) -> None:
    nowhere = f"http://127.0.0.1:{a_closed_port()}"
    async with a_running_bot(stage, HTTP_PROXY=nowhere, NO_PROXY="127.0.0.1") as bot:
        await (await stage.musicgen()).until(has_track)
        bot.ask_to_stop()
        assert await bot.ended(CLOSE_S) == 0


async def test_https_goes_through_a_tunnel(stage: Rig) -> None:
    async with (
        a_proxy() as (proxy, address),
        a_tls_server() as discord,
        a_process(stage, DISCORD_BASE_URL=discord, HTTPS_PROXY=address) as bot,
    ):
        await eventually(lambda: LINE.findall(bot.output))
        assert "certificate is not trusted" in bot.output
    assert f"CONNECT {URL(discord).host}:{URL(discord).port}" in proxy.asked
