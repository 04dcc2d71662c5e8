"""`python -m bot own-gpu` as a process that can be killed, and started again in its place."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import aiohttp

from tests.cog_server import a_free_port

ROOT = Path(__file__).parents[2]
_UP_WITHIN_S = 120.0


class OwnGpuProcess:
    """One with the models `melody` and `stereo-small` of a folder, on the processor."""

    def __init__(self, weights: Path, folder: Path) -> None:
        self.url = f"http://127.0.0.1:{(port := a_free_port())}"
        self._command = [sys.executable, "-m", "bot", "own-gpu", "--weights", str(weights)]
        self._command += ["--models", "melody,stereo-small", "--port", str(port)]
        self._command += ["--device", "cpu"]
        self._output = folder / "server.txt"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; `until` waits for its models."""
        env = os.environ | {"OMP_NUM_THREADS": "1", "COG_LOG_LEVEL": "warning"}
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                self._command,
                cwd=ROOT,
                env=env,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def kill(self) -> None:
        """Let it and its worker die at once."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    async def until(self, status: str) -> None:
        """Wait until its health is this."""
        ends_at = time.monotonic() + _UP_WITHIN_S
        async with aiohttp.ClientSession() as session:
            while await self._status(session) != status:
                is_there = self._process is not None and self._process.poll() is None
                in_time = is_there and time.monotonic() < ends_at
                assert in_time, self._output.read_text()
                await asyncio.sleep(0.05)

    async def _status(self, session: aiohttp.ClientSession) -> str:
        try:
            async with session.get(f"{self.url}/health-check") as answer:
                return str((await answer.json())["status"])
        except aiohttp.ClientError:
            return ""
