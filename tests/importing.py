"""Import the files with tests, each of which is compiled in one process and no more."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

_TESTS = Path(__file__).parent


def files_with_tests() -> list[Path]:
    """All of them."""
    return sorted(_TESTS.glob("*/test_*.py"))


def import_tests(files: Sequence[Path]) -> None:
    """Import them; where one cannot be imported, collecting it tells so."""
    for file in files:
        with suppress(Exception):
            importlib.import_module(f"tests.{file.parent.name}.{file.stem}")


def import_on_every_core(files: Sequence[Path]) -> None:
    """Import them, and let other processes compile what this one comes to last."""
    count = os.cpu_count() or 1
    forked: list[int] = []
    for number in range(1, count):
        pid = os.fork()
        if not pid:
            try:
                import_tests(files[number::count])
            finally:
                os._exit(0)
        forked.append(pid)
    import_tests(files[::count])
    for pid in forked:
        os.waitpid(pid, 0)
    import_tests(files)


def bytecode_folder(config: pytest.Config) -> Path | None:
    """Where bytecode may be left if Python is not to leave it beside its files: pytest's own."""
    return (
        config.cache.mkdir("bytecode") if config.pluginmanager.hasplugin("cacheprovider") else None
    )


@contextmanager
def bytecode_kept(folder: Path | None) -> Generator[None]:
    """Where Python is not to leave bytecode beside its files, leave it in a folder."""
    if not sys.dont_write_bytecode or folder is None:
        yield
        return
    # Packages have theirs beside them: they are to be imported before another place is looked in.
    for module in ("tests.journey.rig", "tests.discord.world", "tests.browser.chromium"):
        importlib.import_module(module)
    sys.dont_write_bytecode, sys.pycache_prefix = False, str(folder)
    try:
        yield
    finally:
        sys.dont_write_bytecode, sys.pycache_prefix = True, None
