"""How all tests run: how many at once, in which order, and what a failure shows."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Generator
from contextlib import ExitStack
from operator import itemgetter

import pytest
from _pytest.nodeid import NodeId
from execnet.xspec import XSpec

from tests.cog_server import CogProcess, a_cog_server
from tests.evidence import collect_evidence, forget_evidence
from tests.examples import register_profiles
from tests.forked_tests import can_be_forked, forking_tests
from tests.importing import bytecode_folder, bytecode_kept, files_with_tests, import_tests
from tests.loaded_cogs import loaded_once
from tests.shared_statements import compiled_once
from tests.unsynced import unsynced

_WORKERS_PER_CORE = 4
"""Most of a journey's time is waiting."""
_GARBAGE_THRESHOLDS = (2000, 10, 50)
"""More seldom than usual: a test leaves little, and looking for it is a twelfth of all the work."""
_LONGEST = ("journey/test_storm.py", "journey/test_processes_share.py", "journey/test_starting.py")
"""Begun with, so that in the end no core waits for another; xdist itself begins with groups."""
_WAITING = "journey/"
_SPREAD = 0.8
"""Those that wait are spread over so much of the rest, which computes meanwhile."""


def pytest_configure() -> None:
    """Have hypothesis draw as many examples as are wanted, and Ctrl+C end the tests' bots.

    A shell lets it end nothing of what it runs in the background.
    """
    register_profiles()
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_auto_num_workers() -> int:
    """As many as `-n auto` starts."""
    return _WORKERS_PER_CORE * (os.cpu_count() or 1)


def pytest_xdist_setupnodes(config: pytest.Config, specs: list[XSpec]) -> None:
    """Fork the workers from a process that has imported all tests, where it is all that run."""
    if _is_whole(config) and can_be_forked(config, specs):
        forking = ExitStack()
        forking.enter_context(forking_tests(config))
        config.add_cleanup(forking.close)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes longest, mix what waits with what computes; keep a group together."""
    if _is_whole(config) and not config.getoption("markexpr"):
        _leave_out_long(config, items)
    longest: list[pytest.Item] = []
    waiting: list[pytest.Item] = []
    computing: list[pytest.Item] = []
    for item in items:
        path = item.path.as_posix()
        if any(part in path for part in _LONGEST):
            longest.append(item)
        else:
            (waiting if _WAITING in path else computing).append(item)
    turns = [(_SPREAD * at / len(waiting), item) for at, item in enumerate(waiting)]
    turns += [(at / len(computing), item) for at, item in enumerate(computing)]
    items[:] = [*longest, *(item for _, item in sorted(turns, key=itemgetter(0)))]
    if config.getoption("loadgroup", default=False):
        for item in items:
            _show_group(item)


def _is_whole(config: pytest.Config) -> bool:
    """Whether all tests are asked for, and not some of them by name."""
    return config.args == config.getini("testpaths")


def _leave_out_long(config: pytest.Config, items: list[pytest.Item]) -> None:
    left = [item for item in items if item.get_closest_marker("long") is not None]
    items[:] = [item for item in items if item.get_closest_marker("long") is None]
    config.hook.pytest_deselected(items=left)


def _show_group(item: pytest.Item) -> None:
    """Have xdist see a test's group: 3.8 writes it where pytest 9.2 no longer reads it."""
    for mark in item.iter_markers("xdist_group"):
        name = f"{item.nodeid}@{mark.args[0]}"
        item._id = NodeId.parse(name)  # pyright: ignore[reportPrivateUsage] - as xdist does


@pytest.fixture(scope="session", autouse=True)
def quick() -> Generator[None]:
    """Wait for no disk, and make nothing twice that stays the same."""
    with unsynced(), loaded_once(), compiled_once():
        yield


def pytest_collection_finish() -> None:
    """Look for no garbage among thousands of tests, which stay."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GARBAGE_THRESHOLDS)


def pytest_runtest_logstart() -> None:
    """Begin a test without the last one's evidence."""
    forget_evidence()


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Compile each file with tests in one process, not in all of them: it is half of collecting.

    Each first imports its share, and finds the rest compiled by the others.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    # Nothing of what is collected becomes garbage.
    gc.disable()
    try:
        if not worker or not _is_whole(session.config):
            return (yield)
        number, of = int(worker.removeprefix("gw")), int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
        with bytecode_kept(bytecode_folder(session.config)):
            import_tests(files_with_tests()[number::of])
            return (yield)
    finally:
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the bot did where a test fails."""
    report = yield
    if report.failed:
        report.sections.extend(collect_evidence())
    return report


@pytest.fixture(scope="session")
def cog_process(tmp_path_factory: pytest.TempPathFactory) -> Generator[CogProcess]:
    """A real Cog server, one for all tests of a worker; those that use it are in a group."""
    with a_cog_server(tmp_path_factory.mktemp("cog")) as server:
        yield server


@pytest.fixture
async def cog(cog_process: CogProcess) -> CogProcess:
    """The server, up and free; what it did before is forgotten."""
    cog_process.start()
    await cog_process.until("READY")
    cog_process.forget()
    return cog_process
