"""One process of a pool of audio workers, as the bot sees it: its start, its limits, its end."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import bot
from bot.audio.worker import LENGTH_BYTES
from bot.domain.errors import WorkerFaulty

log = logging.getLogger(__name__)

_ANSWER_MAX_BYTES = 8 << 20
_LEAVES_WITHIN_S = 2.0
_SECRET = re.compile(r"TOKEN|SECRET|PASSWORD|KEY|URL|CREDENTIAL", re.IGNORECASE)
# One thread is all a worker needs; each further one would take its share of the address space.
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may take, and how far behind other processes it stands.

    `niceness` is that of `os.nice`. With `when_idle`, Linux lets it have a processor only while
    nothing else of its group, the bot's container, service or terminal, wants one (`SCHED_IDLE`,
    sched(7)): at a niceness of 10, what decodes held up acknowledgements by a half. Windows has
    only the limit by the clock, and macOS no limit of memory.
    """

    wall_s: float
    cpu_s: int
    memory_bytes: int
    niceness: int = 0
    when_idle: bool = False


class WorkerProcess:
    """One process; it does one job at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.jobs = 0

    @classmethod
    async def start(cls, limits: Limits) -> WorkerProcess:
        """Start one; what it prints is dropped, for the libraries print strangers' text."""
        numbers = limits.memory_bytes, limits.cpu_s, limits.niceness, int(limits.when_idle)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot.audio.worker", *map(str, numbers)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=_environment(),
        )
        log.debug("audio worker %d started", process.pid)
        return cls(process)

    async def ask(self, request: bytes) -> bytes:
        """The answer to a request. Raises EOFError or OSError where the process dies over it."""
        requests, answers = self.process.stdin, self.process.stdout
        if requests is None or answers is None:
            raise RuntimeError("started without pipes")
        self.jobs += 1
        requests.write(len(request).to_bytes(LENGTH_BYTES, "big") + request)
        await requests.drain()
        length = int.from_bytes(await answers.readexactly(LENGTH_BYTES), "big")
        if length > _ANSWER_MAX_BYTES:
            raise WorkerFaulty(f"an answer of {length} bytes")
        return await answers.readexactly(length)

    def signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, number)

    def kill(self) -> None:
        """End it now."""
        with suppress(ProcessLookupError):
            self.process.kill()

    async def leave(self) -> None:
        """Let it end, by itself if it does so soon."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            async with asyncio.timeout(_LEAVES_WITHIN_S):
                await self.process.wait()
        except TimeoutError:
            self.kill()
            await self.process.wait()
        log.debug("audio worker %d ended", self.process.pid)


def _environment() -> dict[str, str]:
    """Ours, without what a file's code would want to read; finds this very package."""
    kept = {name: text for name, text in os.environ.items() if not _SECRET.search(name)}
    folders = [str(Path(bot.__file__).parents[1]), kept.get("PYTHONPATH", "")]
    return {**kept, **_ENVIRONMENT, "PYTHONPATH": os.pathsep.join(filter(None, folders))}
