"""Modules that are loaded by their first use."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from threading import Event
from types import ModuleType

import pytest

from bot.host.later import load_later


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where modules are found; what was loaded from there is forgotten."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def is_loaded(name: str) -> bool:
    return "ANSWER" in vars(sys.modules[name])


def test_an_import_loads_nothing_and_a_use_does(folder: Path) -> None:
    package = folder / "seldom"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "used.py").write_text("ANSWER = 42\n")
    load_later("seldom.used")
    module = import_module("seldom.used")
    assert import_module("seldom").used is module
    assert not hasattr(module, "__wrapped__")
    assert not is_loaded("seldom.used")
    assert module.ANSWER == 42
    assert is_loaded("seldom.used")
    with pytest.raises(AttributeError, match="QUESTION"):
        _ = module.QUESTION


def test_two_threads_that_use_it_first_have_it_both(folder: Path) -> None:
    """As voice channels of two servers do, each from a thread of its own."""
    (folder / "shared.py").write_text(
        "import seen\nseen.begun.set()\nassert seen.go_on.wait(5)\nANSWER = 42\n"
    )
    seen = ModuleType("seen")
    begun, go_on = Event(), Event()
    vars(seen).update(begun=begun, go_on=go_on)
    sys.modules["seen"] = seen
    load_later("shared")
    module = import_module("shared")
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(getattr, module, "ANSWER")
        assert begun.wait(5)
        second = threads.submit(getattr, module, "ANSWER")
        with pytest.raises(TimeoutError):
            second.result(timeout=0.05)
        go_on.set()
        assert first.result(5) == second.result(5) == 42


def test_what_cannot_be_loaded_says_so_whenever_it_is_used(folder: Path) -> None:
    (folder / "torn.py").write_text("import nowhere_at_all\nANSWER = 42\n")
    load_later("torn")
    module = import_module("torn")
    for _ in range(2):
        with pytest.raises(ModuleNotFoundError, match="nowhere_at_all"):
            _ = module.ANSWER


@pytest.mark.usefixtures("folder")
def test_what_is_not_there_or_loaded_is_left_alone() -> None:
    for name in ("nowhere_at_all", "nowhere_at_all.either"):
        load_later(name)
        with pytest.raises(ModuleNotFoundError):
            import_module(name)
    load_later("json")
    assert sys.modules["json"].dumps(1) == "1"
