"""python -m bot playground: both stand-ins, the real bot, and a page to use it from."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import tempfile
import webbrowser
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from bot import logs
from bot.domain.inputs import TABLE
from bot.domain.openapi import openapi_schema
from bot.host.signals import on_stop
from bot.journal import sqlite_address
from bot.playground.bot_process import SupervisedBot
from bot.playground.discord import voice
from bot.playground.discord.rules import Rules
from bot.playground.discord.server import DiscordStandIn
from bot.playground.keep import Keep, KeepUnusable
from bot.playground.replicate.hosted import Hosted
from bot.playground.replicate.limits import RateLimits
from bot.playground.replicate.standin import ReplicateStandIn

MODEL = "playground/synthesizer"
LOFI = Hosted.of(
    "playground/lofi",
    "10f1" * 16,
    # A fine-tune is of one model.
    openapi_schema(spec for spec in TABLE if spec.name != "model_version"),
    "lo-fi",
)
NOTICE = "Playground: the music comes from a small synthesizer on this machine, not from MusicGen."
NOTICE_OWN = "Playground: the music comes from {}."
_EXIT_PORT = _EXIT_KEEP = 2


async def play(
    *,
    port: int,
    browse: bool,
    keep: Path | None = None,
    cog: str = "",
    webhooks: bool = False,
) -> int:
    """Run the playground until it is interrupted, or the bot cannot start; the exit code.

    What happens in it is kept in the folder `keep`, and gone on with from there; or nowhere. The
    music comes from the Cog servers `cog`, where any are named. With `webhooks` its Replicate
    pushes what happens to the bot.
    """
    logs.set_up(logs.INFO, (), logs.LogFormat.TEXT)
    stop = asyncio.Event()
    on_stop(asyncio.get_running_loop(), stop.set)
    async with AsyncExitStack() as stack:
        try:
            kept = None if keep is None else await asyncio.to_thread(Keep, keep)
            discord = await stack.enter_async_context(discord_standin(port, kept, cog))
            replicate = await stack.enter_async_context(replicate_standin(kept))
        except KeepUnusable as error:
            sys.stderr.write(f"{error}\n")
            return _EXIT_KEEP
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else str(error)
            sys.stderr.write(
                f"The playground cannot use port {port}: {why}.\n"
                "Is one running already? Otherwise give it another port with --port; "
                "0 takes any free one.\n"
            )
            return _EXIT_PORT
        folder = stack.enter_context(_folder(kept))
        # Left last: what the bot does at its end is kept as well.
        await stack.enter_async_context(_following(kept, discord, replicate))
        bot = await SupervisedBot.start(
            environment(discord, replicate, folder, cog)
            | (_public_address() if webhooks and not cog else {}),
            discord.tell_of_bot,
        )
        discord.pull_the_plug = bot.pull_the_plug
        running = asyncio.create_task(bot.keep_running(), name="bot")
        sys.stdout.write(f"\n  The playground is at {discord.base_url}\n")
        sys.stdout.write("  Type /musicgen there. Stop it here with Ctrl+C.\n\n")
        sys.stdout.flush()
        if browse:
            await asyncio.to_thread(_open_browser, discord.base_url)
        stopped = asyncio.create_task(stop.wait(), name="signal")
        await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if running.done():
            return running.result()
        running.cancel()
        await asyncio.wait({running})
        await bot.stop()
        return 0


@contextmanager
def _folder(kept: Keep | None) -> Generator[Path]:
    """Where the bot keeps its journal and tracks."""
    if kept is not None:
        yield kept.bot_folder
        return
    # Windows deletes no file that anybody still has open.
    with tempfile.TemporaryDirectory(
        prefix="musicgen-playground-", ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


@asynccontextmanager
async def _following(
    kept: Keep | None, discord: DiscordStandIn, replicate: ReplicateStandIn
) -> AsyncGenerator[None]:
    if kept is None:
        yield
        return
    following = asyncio.create_task(kept.follow(discord, replicate), name="keep")
    try:
        yield
    finally:
        following.cancel()
        await asyncio.wait({following})


def discord_standin(port: int, kept: Keep | None = None, cog: str = "") -> DiscordStandIn:
    """As a visitor meets it: with its limits, as the real one."""
    rules, has_voice = Rules(enforce_rate_limits=True), voice.is_installed()
    notice = NOTICE_OWN.format(cog) if cog else NOTICE
    if kept is None:
        return DiscordStandIn(port=port, notice=notice, rules=rules, voice=has_voice)
    return DiscordStandIn(
        port=port,
        notice=notice,
        rules=rules,
        before=kept.discord,
        content=kept.discord_file,
        voice=has_voice,
    )


def replicate_standin(kept: Keep | None = None) -> ReplicateStandIn:
    """As a visitor meets it: with its limits, as the real one."""
    if kept is None:
        return ReplicateStandIn(model=MODEL, limits=RateLimits(), fine_tunes=[LOFI])
    return ReplicateStandIn(
        model=MODEL,
        limits=RateLimits(),
        fine_tunes=[LOFI],
        before=kept.replicate,
        content=kept.upload,
    )


def environment(
    discord: DiscordStandIn, replicate: ReplicateStandIn, folder: Path, cog: str = ""
) -> dict[str, str]:
    """The bot as anyone runs it, told by its settings alone where the two services are."""
    trusted: dict[str, str] = {}
    if discord.has_voice:
        # What OpenSSL reads instead of its own list of whom to trust, which is in it as well.
        trusted["SSL_CERT_FILE"] = str(discord.voice.certificate.trust_file)
    return (
        os.environ
        | trusted
        | {
            "DISCORD_TOKEN": discord.token,
            "DISCORD_BASE_URL": discord.base_url,
            "REPLICATE_API_TOKEN": replicate.token,
            "REPLICATE_BASE_URL": replicate.base_url,
            "ALLOW_PRIVATE_ADDRESSES": "1",
            "MUSICGEN_MODEL": MODEL,
            "MUSICGEN_VERSION": replicate.version,
            "FINE_TUNES": "" if cog else f"lofi={LOFI.model}:{LOFI.version}",
            "COG_URL": cog,
            "DATA_FOLDER": str(folder),
            # Whoever tries it reads what it prints, wherever that goes.
            "LOG_FORMAT": "text",
            "DATABASE_URL": sqlite_address(folder / "musicgen.sqlite3"),
            # Both services are on this machine.
            "NO_PROXY": "*",
        }
    )


def _public_address() -> dict[str, str]:
    """Where the bot is to be reached, as far as anything on this machine can."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return {"PORT": str(port), "PUBLIC_URL": f"http://127.0.0.1:{port}"}


def _open_browser(address: str) -> None:
    """Where there is a screen; elsewhere the printed address is the way."""
    if sys.platform in {"darwin", "win32"} or os.environ.get("DISPLAY"):
        webbrowser.open(address)
