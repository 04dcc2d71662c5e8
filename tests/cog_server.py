"""A real Cog server (PyPI) with the playground's synthesizer as its model, as a process."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from bot.domain.inputs import TABLE
from bot.domain.openapi import openapi_schema
from bot.playground.replicate.predictions import OutputFile, Prediction
from bot.playground.replicate.problems import JsonObject
from bot.playground.replicate.scripts import Script

ROOT = Path(__file__).parents[1]
_MODEL = ROOT / "tests/cog_model/predict.py"
_START_S = 30.0


@dataclass(frozen=True)
class Note:
    """A line of what the model did: `what` is began, ended, or failed."""

    what: str
    seed: int
    prompt: str
    worker: int


def a_free_port() -> int:
    """One that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class CogProcess:
    """One server on a port of its own; it can be killed and started again there."""

    def __init__(self, folder: Path, *, with_schema: bool = True) -> None:
        self.folder = folder
        self._source = folder / "src"
        (self._source / ".cog").mkdir(parents=True, exist_ok=True)
        shutil.copy(_MODEL, self._source / "predict.py")
        if with_schema:
            schema = json.dumps(openapi_schema(TABLE) | {"paths": {}})
            (self._source / ".cog/openapi_schema.json").write_text(schema)
        self.port = a_free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, unless it is there; `until` waits for its model."""
        if self._process is not None:
            return
        # Its worker is found by the first `python` on the PATH.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        env = os.environ | {
            "PATH": path,
            "PYTHONPATH": str(ROOT),
            "COG_PREDICT_TYPE_STUB": "predict.py:Predictor",
            "PORT": str(self.port),
            "COG_TEST_FOLDER": str(self.folder),
            # All that it shows is for whoever looks for a fault.
            "COG_LOG_LEVEL": "warning",
        }
        for name in [name for name in env if name.startswith(("COV_", "COVERAGE_"))]:
            del env[name]
        with (self.folder / "server.txt").open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "cog.server.http", "--host", "127.0.0.1"],
                cwd=self._source,
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

    async def status(self) -> str:
        """What it says of its health; "" where it does not answer."""
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"{self.url}/health-check") as answer,
            ):
                return str((await answer.json())["status"])
        except aiohttp.ClientError:
            return ""

    async def until(self, *statuses: str) -> None:
        """Wait until its health is one of these."""
        ends_at = time.monotonic() + _START_S
        while (status := await self.status()) not in statuses:
            assert time.monotonic() < ends_at, (status, (self.folder / "server.txt").read_text())
            await asyncio.sleep(0.05)

    def says(self, name: str, value: object) -> None:
        """Tell the model something: its `rate`, how long its `setup` takes."""
        (self.folder / name).write_text(str(value))

    def notes(self) -> list[Note]:
        """What the model did so far: each beginning and each end."""
        path = self.folder / "runs.txt"
        lines = path.read_text().splitlines() if path.exists() else []
        return [Note(**json.loads(line)) for line in lines]

    def runs(self) -> list[Note]:
        """What it began."""
        return [note for note in self.notes() if note.what == "began"]

    def made(self, seed: int) -> bytes | None:
        """What was made with a seed."""
        path = self.folder / "made" / str(seed)
        return path.read_bytes() if path.exists() else None

    def overlaps(self) -> list[int]:
        """The seeds that began while the same one had not ended, in the same life of the server."""
        going, twice = set[tuple[int, int]](), list[int]()
        for note in self.notes():
            run = note.seed, note.worker
            if note.what != "began":
                going.discard(run)
            elif run in going:
                twice.append(note.seed)
            else:
                going.add(run)
        return twice

    def forget(self) -> None:
        """Begin anew, for the next test."""
        for name in ("rate", "setup", "runs.txt"):
            (self.folder / name).unlink(missing_ok=True)


@contextmanager
def a_cog_server(folder: Path, *, with_schema: bool = True) -> Generator[CogProcess]:
    """A server that is on its way up; killed at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    server = CogProcess(folder, with_schema=with_schema)
    server.start()
    try:
        yield server
    finally:
        server.kill()


class CogWitness:
    """What a Cog server's model was asked to run, as its own notes tell."""

    def __init__(self, cog: CogProcess) -> None:
        self._cog = cog

    @property
    def predictions(self) -> list[Prediction]:
        """One for each seed, however often it was begun."""
        found = dict[int, Prediction]()
        for note in self._cog.notes():
            given: JsonObject = {"seed": note.seed, "prompt": note.prompt}
            run = found.setdefault(
                note.seed, Prediction(str(note.seed), "", "", given, datetime.now(UTC), Script())
            )
            run.status = {"began": "processing", "ended": "succeeded"}.get(note.what, "canceled")
        for seed, run in found.items():
            if (made := self._cog.made(seed)) is not None:
                run.output_file = OutputFile("out.wav", made, "audio/wav")
                run.status = "succeeded"
        return list(found.values())
