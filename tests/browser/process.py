"""`python -m bot playground` as a process of its own."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.evidence import show_on_failure

ROOT = Path(__file__).parents[2]
_ADDRESS = re.compile(r"The playground is at (http://127\.0\.0\.1:\d+)$")
_START_S = 30.0
_STOP_S = 15.0


@dataclass(eq=False, slots=True)
class Playground:
    """A running playground, and every line it has printed."""

    process: asyncio.subprocess.Process
    address: str = ""
    lines: list[str] = field(default_factory=list[str])
    family: list[psutil.Process] = field(default_factory=list[psutil.Process])
    """The processes it had started, and theirs, when it was interrupted."""

    def interrupt(self) -> None:
        """What Ctrl+C in its terminal does: the signal goes to the whole process group."""
        self.family = psutil.Process(self.process.pid).children(recursive=True)
        os.killpg(self.process.pid, signal.SIGINT)

    def orphans(self) -> list[psutil.Process]:
        """Those of its family that still run."""
        alive = [member for member in self.family if member.is_running()]
        return [member for member in alive if member.status() != psutil.STATUS_ZOMBIE]

    async def ended(self) -> int:
        """Wait for its end; the exit code."""
        async with asyncio.timeout(_STOP_S):
            return await self.process.wait()


async def launched(*options: str, port: int = 0) -> asyncio.subprocess.Process:
    """The playground just started, with everything it prints in one pipe."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "playground", "--no-browser", "--port", str(port)),
        *options,
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )


@asynccontextmanager
async def a_playground(*options: str) -> AsyncGenerator[Playground]:
    """The playground once it has printed its address; gone afterwards in any case."""
    process = await launched(*options)
    playground = Playground(process)
    show_on_failure("what the playground printed", lambda: "\n".join(playground.lines))
    known = asyncio.Event()
    reading = asyncio.create_task(_read(playground, known))
    try:
        async with asyncio.timeout(_START_S):
            await known.wait()
        assert playground.address, "\n".join(playground.lines)
        yield playground
    finally:
        if process.returncode is None:
            playground.interrupt()
            with suppress(TimeoutError):
                await playground.ended()
        if process.returncode is None:
            process.kill()
            await process.wait()
        await _let_go(playground, reading)


async def _let_go(playground: Playground, reading: asyncio.Task[None]) -> None:
    """Read to the end of the output; what a broken playground leaves behind goes as well."""
    for child in playground.family:
        with suppress(psutil.NoSuchProcess):
            child.kill()
    with suppress(TimeoutError):
        async with asyncio.timeout(1.0):
            await reading


async def _read(playground: Playground, known: asyncio.Event) -> None:
    output = playground.process.stdout
    assert output is not None
    async for raw in output:
        line = raw.decode().rstrip()
        playground.lines.append(line)
        if found := _ADDRESS.search(line):
            playground.address = found[1]
            known.set()
    known.set()
