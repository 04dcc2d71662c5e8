"""How all tests run: how many at once, in which order, and what a failure shows."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

from tests.evidence import collect_evidence, forget_evidence
from tests.unsynced import unsynced

_WORKERS_PER_CORE = 3
"""Most of a journey's time is waiting."""
_FIRST = ("journey/test_storm.py", "journey/test_processes_share.py", "journey/")
"""The long ones, so that in the end no core waits for another."""


def pytest_xdist_auto_num_workers() -> int:
    """As many as `-n auto` starts."""
    return _WORKERS_PER_CORE * (os.cpu_count() or 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long."""
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    path = item.path.as_posix()
    return next((turn for turn, part in enumerate(_FIRST) if part in path), len(_FIRST))


@pytest.fixture(scope="session", autouse=True)
def unsynced_databases() -> Generator[None]:
    """Wait for no disk."""
    with unsynced():
        yield


def pytest_runtest_logstart() -> None:
    """Begin a test without the last one's evidence."""
    forget_evidence()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the bot did where a test fails."""
    report = yield
    if report.failed:
        report.sections.extend(collect_evidence())
    return report
