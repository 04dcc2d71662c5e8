"""Workers of pytest-xdist forked from a process that has imported the tests.

Each that starts by itself imports all of it again, which is most of the time until its first test.
From where execnet begins on, such a worker is like any other.
"""

from __future__ import annotations

import gc
import importlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from execnet import gateway_io
from execnet.gateway_base import ExecModel, Popen2IO
from execnet.xspec import XSpec

from tests import fork_server
from tests.importing import (
    bytecode_folder,
    bytecode_kept,
    files_with_tests,
    import_on_every_core,
)

_HYPOTHESIS_READS = "hypothesis.internal.conjecture.providers"
_NAME = "tests.forked_tests"
_SERVERS = ("tests.forked_workers", "tests.journey.forked")
"""Whose processes all workers share; they load nothing before they are asked."""


class _ForkedIO(Popen2IO):
    """What execnet uses of a worker that it has started: its two pipes, and its end."""

    def __init__(self, address: str, execmodel: ExecModel) -> None:
        its_in, our_out = os.pipe()
        our_in, its_out = os.pipe()
        request = {"environment": dict(os.environ), "cwd": str(Path.cwd())}
        try:
            self._asked = fork_server.ask(address, request, its_in, its_out)
        finally:
            os.close(its_in)
            os.close(its_out)
        super().__init__(os.fdopen(our_out, "wb"), os.fdopen(our_in, "rb"), execmodel)  # pyright: ignore[reportUnknownMemberType] - of execnet
        self._told = self._asked.makefile("rb")
        self._pid = fork_server.read_number(self._told)

    def wait(self) -> int | None:
        """Wait for its end; the exit code, or None if the server has ended."""
        with self._asked, self._told, suppress(EOFError):
            return fork_server.read_number(self._told)
        return None

    def kill(self) -> None:
        """End it now."""
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)


def can_be_forked(config: pytest.Config, specs: Sequence[XSpec]) -> bool:
    """Whether workers may be: on this machine, as this Python is; coverage sees imports, too."""
    if sys.platform == "win32" or config.getoption("cov_source", default=None):
        return False
    return all(spec.popen and not (spec.python or spec.via) for spec in specs)


@contextmanager
def forking_tests(config: pytest.Config) -> Generator[None]:
    """Have execnet fork its workers, and all of them share the servers of other processes."""
    folder = tempfile.mkdtemp(prefix="forks-")
    kept = bytecode_folder(config)
    arguments = (str(kept or ""), str(config.inipath), str(config.getoption("assertmode")))
    with patch.dict(os.environ):
        servers = [fork_server.start(_NAME, folder, *arguments)]
        servers += [fork_server.start(name, folder) for name in _SERVERS]
        os.environ[fork_server.SHARED] = folder

        def create_io(spec: XSpec, execmodel: ExecModel) -> Popen2IO:
            return _ForkedIO(str(Path(folder, _NAME)), execmodel)

        try:
            with patch.object(gateway_io, "create_io", create_io):
                yield
        finally:
            for server in servers:
                server.communicate()
            shutil.rmtree(folder)


class _Importing:
    """Has pytest import the files as it does for a run of its own, and no more."""

    def __init__(self, kept: str) -> None:
        self._kept = Path(kept) if kept else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> bool:
        with bytecode_kept(self._kept):
            import_on_every_core(files_with_tests())
        return True


def _load(kept: str, settings: str, assertions: str) -> None:
    """Import all tests; whatever a run of pytest leaves in a process, its next one finds."""
    arguments = ["-n0", "-p", "no:cacheprovider", "-c", settings, f"--assert={assertions}"]
    pytest.main(arguments, plugins=[_Importing(kept)])
    # As hypothesis does when it has collected tests: it reads the constants of all files.
    importlib.import_module(_HYPOTHESIS_READS)._get_local_constants()
    # What stays is not looked through, and so not copied for each.
    gc.collect()
    gc.freeze()


def _work(request: dict[str, Any], descriptors: list[int]) -> None:
    """Begin as execnet has a Python begin."""
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environment"])
    for its, mine in enumerate(descriptors):
        os.dup2(mine, its)
        os.close(mine)
    sys.argv[:] = ["-c"]
    sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)  # noqa: SIM115 - open to the end
    # As `gateway_io.popen_bootstrapline`; nothing comes where who asked has ended.
    if line := sys.stdin.readline():
        exec(eval(line), {"__name__": "__main__"})  # noqa: S102, S307 - execnet's own lines


if __name__ == "__main__":
    try:
        _load(*sys.argv[2:])
    except KeyboardInterrupt:
        # Who has started it says so.
        sys.exit(1)
    fork_server.serve(_work, lambda: None)
