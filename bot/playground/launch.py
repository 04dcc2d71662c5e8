"""python -m bot playground: both stand-ins, the real bot, and a page to use it from."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import webbrowser
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

from bot import logs
from bot.host.signals import on_stop
from bot.journal import sqlite_address
from bot.playground.discord.server import DiscordStandIn
from bot.playground.discord.world import Rules
from bot.playground.replicate.limits import RateLimits
from bot.playground.replicate.standin import ReplicateStandIn

MODEL = "playground/synthesiser"
NOTICE = "Playground: the music comes from a small synthesiser on this machine, not from MusicGen."
_STOP_DEADLINE_S = 8.0
_EXIT_PORT = 2
_IS_WINDOWS = sys.platform == "win32"
_APART: dict[str, Any] = (
    {"creationflags": vars(subprocess)["CREATE_NEW_PROCESS_GROUP"]}
    if _IS_WINDOWS
    else {"start_new_session": True}
)
"""Ctrl+C is for the playground, which then ends the bot."""
_ASKS_TO_END: int = vars(signal)["CTRL_BREAK_EVENT"] if _IS_WINDOWS else signal.SIGTERM
"""What Windows calls terminating would be a kill."""


async def play(*, port: int, browse: bool) -> int:
    """Run the playground until it is interrupted, or the bot ends; the exit code."""
    logs.set_up(logs.INFO, ())
    stop = asyncio.Event()
    on_stop(asyncio.get_running_loop(), stop.set)
    async with AsyncExitStack() as stack:
        try:
            discord = await stack.enter_async_context(discord_standin(port))
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else str(error)
            sys.stderr.write(
                f"The playground cannot use port {port}: {why}.\n"
                "Is one running already? Otherwise give it another port with --port; "
                "0 takes any free one.\n"
            )
            return _EXIT_PORT
        replicate = await stack.enter_async_context(replicate_standin())
        # Windows deletes no file that anybody still has open.
        with tempfile.TemporaryDirectory(
            prefix="musicgen-playground-", ignore_cleanup_errors=True
        ) as folder:
            bot = await _start_bot(discord, replicate, Path(folder))
            ended = asyncio.create_task(bot.wait(), name="bot")
            sys.stdout.write(f"\n  The playground is at {discord.base_url}\n")
            sys.stdout.write("  Type /musicgen there. Stop it here with Ctrl+C.\n\n")
            sys.stdout.flush()
            if browse:
                await asyncio.to_thread(_open_browser, discord.base_url)
            stopped = asyncio.create_task(stop.wait(), name="signal")
            await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            return 0 if stop.is_set() and await _end(bot, ended) else await ended


def discord_standin(port: int) -> DiscordStandIn:
    """As a visitor meets it: with its limits, as the real one."""
    return DiscordStandIn(port=port, notice=NOTICE, rules=Rules(enforce_rate_limits=True))


def replicate_standin() -> ReplicateStandIn:
    """As a visitor meets it: with its limits, as the real one."""
    return ReplicateStandIn(model=MODEL, limits=RateLimits())


async def _start_bot(
    discord: DiscordStandIn, replicate: ReplicateStandIn, folder: Path
) -> asyncio.subprocess.Process:
    """The bot as anyone runs it, told by its settings alone where the two services are."""
    environment = os.environ | {
        "DISCORD_TOKEN": discord.token,
        "DISCORD_BASE_URL": discord.base_url,
        "REPLICATE_API_TOKEN": replicate.token,
        "REPLICATE_BASE_URL": replicate.base_url,
        "ALLOW_PRIVATE_ADDRESSES": "1",
        "MUSICGEN_MODEL": MODEL,
        "MUSICGEN_VERSION": replicate.version,
        "DATA_FOLDER": str(folder),
        "DATABASE_URL": sqlite_address(folder / "musicgen.sqlite3"),
        # Both services are on this machine.
        "NO_PROXY": "*",
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", env=environment, **_APART
    )


async def _end(bot: asyncio.subprocess.Process, ended: asyncio.Task[int]) -> bool:
    with suppress(ProcessLookupError):
        bot.send_signal(_ASKS_TO_END)
    try:
        async with asyncio.timeout(_STOP_DEADLINE_S):
            await asyncio.shield(ended)
    except TimeoutError:
        bot.kill()
        await ended
    return True


def _open_browser(address: str) -> None:
    """Where there is a screen; elsewhere the printed address is the way."""
    if sys.platform in {"darwin", "win32"} or os.environ.get("DISPLAY"):
        webbrowser.open(address)
