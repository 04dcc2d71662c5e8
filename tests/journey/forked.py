"""A module run as `python -m` runs it, in a process forked from one that has loaded the bot.

A start as a person makes it takes half a second of a processor, and most of it is imports. This
takes a tenth of that; from its first line on the process is like any other.
"""

from __future__ import annotations

import importlib
import os
import runpy
import sys
from pathlib import Path
from typing import Any

from tests import fork_server
from tests.fork_server import Forked
from tests.forked_workers import forking
from tests.unsynced import unsynced


async def fork(
    module: str, *arguments: str, cwd: Path, env: dict[str, str], out: Path, workers: str | None
) -> Forked:
    """Start a module; what it prints is added to a file. `workers`: where its own are forked."""
    address = fork_server.address(__name__)
    assert address is not None, "nothing is forked on Windows"
    # It may be read before the process comes to open it.
    out.touch()  # noqa: ASYNC240 - in no time
    request = {
        "module": module,
        "arguments": arguments,
        "cwd": str(cwd),
        "env": env,
        "out": str(out),
        "workers": workers,
    }
    return await fork_server.fork(address, request)


def _run(request: dict[str, Any], _descriptors: list[int]) -> None:
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    with Path(request["out"]).open("ab") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    sys.argv[1:] = request["arguments"]
    with unsynced(), forking(request["workers"]):
        runpy.run_module(request["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    fork_server.serve(_run, lambda: importlib.import_module("bot.main"))
