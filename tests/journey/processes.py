"""`python -m bot` as a process of its own, between stand-ins that outlive it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Self

from tests import forked_workers
from tests.evidence import show_on_failure
from tests.journey.forked import Forked, fork
from tests.journey.rig import PATIENCE_S, Rig

ROOT = Path(__file__).parents[2]
FORKS_WORKERS = True
"""Whether a forked bot has its audio workers forked too; else they are its own children."""
_START_S = 20.0
_FROM_OUTSIDE = ("PATH", "HOME", "LANG", "SYSTEMROOT", "VIRTUAL_ENV")


class BotProcess:
    """One run of `python -m bot`; what it prints is kept."""

    def __init__(self, process: asyncio.subprocess.Process | Forked, out: Path) -> None:
        self._process = process
        self._out = out

    @property
    def output(self) -> str:
        """Standard output and standard error so far, as they came."""
        return self._out.read_text()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    async def ended(self, timeout_s: float = PATIENCE_S) -> int:
        """Wait for the end; the exit code, negative for a signal.

        Raises:
            AssertionError: it did not end in time; with its output.
        """
        try:
            async with asyncio.timeout(timeout_s):
                return await self._process.wait()
        except TimeoutError:
            raise AssertionError(f"still there after {timeout_s} s:\n{self.output}") from None

    def _read(self) -> str:
        return self.output if self._out.exists() else "(it is gone with its folder)"

    def ask_to_stop(self, name: signal.Signals = signal.SIGTERM) -> None:
        """Send the signal that a service manager sends."""
        self._process.send_signal(name)

    async def kill(self) -> None:
        """Let it die between two lines, whichever they are."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    @classmethod
    async def start(
        cls, out: Path, folder: Path, *arguments: str, module: str = "bot", **env: str
    ) -> Self:
        """Start it in `folder`, which has no `.env`, with nothing of our own settings.

        Most are forked; what Python or OpenSSL read as they start takes a start of its own.
        """
        full = {name: os.environ[name] for name in _FROM_OUTSIDE if name in os.environ}
        full |= {"PYTHONPATH": str(ROOT), **env}
        process: asyncio.subprocess.Process | Forked
        if any(name.startswith(("PYTHON", "SSL_")) for name in env):
            process = await _executed(module, *arguments, cwd=folder, env=full, out=out)
        else:
            workers = forked_workers.address() if FORKS_WORKERS else None
            process = await fork(module, *arguments, cwd=folder, env=full, out=out, workers=workers)
        bot = cls(process, out)
        show_on_failure(f"what {' '.join(('python -m', module, *arguments))} printed", bot._read)
        return bot


async def _executed(
    *command: str, cwd: Path, env: dict[str, str], out: Path
) -> asyncio.subprocess.Process:
    with out.open("ab") as file:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", *command, cwd=cwd, env=env, stdout=file, stderr=file
        )


def settings_of(rig: Rig) -> dict[str, str]:
    """The rig's settings as an environment."""
    settings = rig.settings
    has_voice = rig.discord.has_voice
    trusted = {"SSL_CERT_FILE": str(rig.discord.voice.certificate.trust_file)} if has_voice else {}
    return trusted | {
        "DISCORD_TOKEN": settings.discord_token.get_secret_value(),
        "DISCORD_BASE_URL": settings.discord_base_url,
        "REPLICATE_API_TOKEN": settings.replicate_api_token.get_secret_value(),
        "REPLICATE_BASE_URL": settings.replicate_base_url,
        "ALLOW_PRIVATE_ADDRESSES": str(settings.allow_private_addresses),
        "DATA_FOLDER": str(settings.data_folder),
        "LOG_FORMAT": "text",
    }


@asynccontextmanager
async def a_process(rig: Rig, *arguments: str, **env: str) -> AsyncGenerator[BotProcess]:
    """The bot as a process between the rig's stand-ins; killed at the end if it still runs."""
    folder = rig.settings.data_folder
    bot = await BotProcess.start(
        folder / "output.txt", folder, *arguments, **settings_of(rig) | env
    )
    try:
        yield bot
    finally:
        await bot.kill()


@asynccontextmanager
async def a_running_bot(rig: Rig, **env: str) -> AsyncGenerator[BotProcess]:
    """The same, connected, and with its commands registered."""
    async with a_process(rig, **env) as bot:
        try:
            await rig.discord.world.until(
                lambda world: world.bot_online and any(world.commands.every()), _START_S
            )
        except AssertionError as error:
            error.add_note(bot.output)
            raise
        yield bot
