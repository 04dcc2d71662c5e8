"""python -m bot [run | playground | check | migrate | sync | own-gpu]: settings, parts, go."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.errors import ConfigError
    from bot.settings import Settings

EXIT_FAULT = 1
EXIT_CONFIG = 2
_GARBAGE_THRESHOLDS = (5000, 1, 700)
"""Seven times the usual for the youngest: most live no longer than a request. Of those that outlive
that so few that a search takes 7 ms: with ten times as many it is 30, in which a packet of a voice
channel is late. The oldest are left alone: a search through all that 10,000 generations hold takes
half a second, in which nobody is answered. Idle, the bot makes up for it
(`bot.engine.lease_keeper`)."""
_SWITCH_S = 0.001
"""The journal's thread waits for the interpreter after each statement: by default for 5 ms, where
the event loop has a burst of commands to read; all of those wait for it in turn."""
LOADED_LATER = ("davey", "nacl.secret", "nacl.utils", "bot.audio.jobs")
"""What is imported at the top of modules, discord.py's among them, and takes 3 MB that only those
need who play in voice channels, or have music made."""
EXIT_INTERRUPTED = 130
"""128 and the number of SIGINT, as shells have it."""


def main() -> int:
    """Run one command; the process's exit code."""
    arguments = _arguments()
    # What takes its time to be imported is so in here, where Ctrl+C leaves no traceback.
    try:
        if arguments.command == "playground":
            return _play(arguments)
        if arguments.command == "own-gpu":
            return _serve_own_gpu(arguments)
        return _serve(arguments.command)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _play(arguments: argparse.Namespace) -> int:
    import asyncio
    from pathlib import Path

    from bot.domain.errors import ConfigError
    from bot.playground.launch import play

    try:
        cog = environment().get("COG_URL", "")
    except ConfigError as error:
        _say_problems(error)
        return EXIT_CONFIG
    keep = None if arguments.keep is None else Path(arguments.keep)
    return asyncio.run(
        play(
            port=arguments.port,
            browse=not arguments.no_browser,
            keep=keep,
            cog=cog,
            webhooks=arguments.webhooks,
        )
    )


def _serve_own_gpu(arguments: argparse.Namespace) -> int:
    from pathlib import Path

    from bot.own_gpu.measure import SIZES, measure
    from bot.own_gpu.options import OwnGpu
    from bot.own_gpu.serve import serve

    named = arguments.models or (",".join(SIZES) if arguments.measure else "melody")
    models = tuple(name.strip() for name in named.split(","))
    weights = None if arguments.weights is None else Path(arguments.weights).resolve()
    own_gpu = OwnGpu(models, weights, arguments.device)
    if arguments.measure:
        return measure(own_gpu, arguments.seconds)
    return serve(own_gpu, arguments.host, arguments.port)


def _serve(command: str | None) -> int:
    import asyncio
    import gc
    import logging

    # What is loaded here stays. Looking for garbage among it would take a tenth of the start, and
    # hold up the event loop whenever thousands are under way.
    gc.disable()
    from bot import logs
    from bot.domain.errors import ConfigError
    from bot.host.heap import share_one_heap
    from bot.host.later import load_later
    from bot.settings import Settings

    share_one_heap()
    try:
        settings = Settings.from_env(environment())
        secrets = (
            settings.discord_token.get_secret_value(),
            settings.replicate_api_token.get_secret_value(),
        )
        # A check prints all that there is to say.
        level = logs.ERROR if command == "check" else settings.log_level_number
        logs.set_up(level, secrets, settings.log_format)
        if command != "check":
            for name in LOADED_LATER:
                load_later(name)
        from bot.main import migrate, run

        gc.freeze()
        gc.set_threshold(*_GARBAGE_THRESHOLDS)
        sys.setswitchinterval(_SWITCH_S)
        gc.enable()
        if command == "check":
            from bot.operations.check import check

            return asyncio.run(check(settings))
        if command == "migrate":
            return asyncio.run(migrate(settings))
        with _reporting(settings, secrets):
            try:
                return run(settings, only_sync=command == "sync")
            except ConfigError:
                raise
            except Exception:
                logging.getLogger("bot").critical("the bot ends by a fault of ours", exc_info=True)
                return EXIT_FAULT
    except ConfigError as error:
        _say_problems(error)
        return EXIT_CONFIG


def _reporting(settings: Settings, secrets: tuple[str, ...]) -> AbstractContextManager[None]:
    """Where faults are to be sent, they are so in here."""
    if settings.sentry_dsn is None:
        return nullcontext()
    from bot.operations.fault_reports import reporting_faults

    return reporting_faults(settings.sentry_dsn, settings.owner, secrets, settings.proxies)


def environment() -> Mapping[str, str]:
    """The environment, with `.env` for what it does not set, or sets to nothing.

    Raises:
        ConfigError: there is a `.env` that cannot be read.
    """
    import os
    from pathlib import Path

    from bot.host.dotenv_file import read_dotenv

    given = {name: text for name, text in os.environ.items() if text.strip()}
    return read_dotenv(Path(".env")) | given


def _say_problems(error: ConfigError) -> None:
    lines = "\n".join(f"  - {problem}" for problem in error.problems)
    sys.stderr.write(
        f"The bot cannot start:\n{lines}\n"
        "Set these in the environment or in a .env file (see .env.example), or try it without "
        "any account: python -m bot playground\n"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bot", description="MusicGen for Discord.")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("run", help="run the bot (the default)")
    commands.add_parser("check", help="check the settings and both tokens, then exit")
    commands.add_parser("migrate", help="bring the database to its newest form, then exit")
    commands.add_parser("sync", help="register the slash commands again, then exit")
    playground = commands.add_parser("playground", help="try everything without any account")
    playground.add_argument("--port", type=int, default=8377, help="of the page (default 8377)")
    playground.add_argument(
        "--keep",
        nargs="?",
        const="playground-data",
        metavar="FOLDER",
        help="keep messages and tracks in this folder, and go on from there (playground-data)",
    )
    playground.add_argument(
        "--webhooks",
        action="store_true",
        help="have Replicate push, as with PUBLIC_URL",
    )
    playground.add_argument("--no-browser", action="store_true", help="open no browser")
    own_gpu = commands.add_parser("own-gpu", help="serve MusicGen from this machine's card")
    own_gpu.add_argument("--models", default="", help="comma-separated (default melody)")
    own_gpu.add_argument("--weights", metavar="FOLDER", help="of the models; else from the hub")
    own_gpu.add_argument("--device", default="", help="cuda, cuda:1, mps, cpu (default: the best)")
    own_gpu.add_argument("--host", default="127.0.0.1", help="who may ask (default: this machine)")
    own_gpu.add_argument("--port", type=int, default=5000, help="default 5000")
    own_gpu.add_argument(
        "--measure",
        action="store_true",
        help="measure speed and memory here with random weights (of small, medium, large), and end",
    )
    own_gpu.add_argument("--seconds", type=int, default=8, help="of what is measured (default 8)")
    return parser.parse_args()


def run_as_program() -> None:
    """What the command `musicgen-bot` of an installed package does."""
    sys.exit(main())


if __name__ == "__main__":
    run_as_program()
