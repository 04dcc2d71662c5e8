"""The rules of the house that a reader cannot see in one file."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*ROOT.glob("bot/**/*.py"), *ROOT.glob("cogs/**/*.py")])
SPEAKS_DISCORD = (
    "cogs/",
    "bot/client.py",
    "bot/connection.py",
    "bot/discord_internals.py",
    "bot/card/",
    "bot/delivery/",
    "bot/main.py",
    "bot/__main__.py",
    "bot/playground/",
)
ADAPTERS = ("replicate", "journal", "audio")
INSIDE = ("domain", "engine")


def path_of(source: Path) -> str:
    return source.relative_to(ROOT).as_posix()


def imports(source: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""
        elif isinstance(node, ast.ImportFrom):
            package = path_of(source).split("/")[: -node.level]
            yield ".".join([*package, node.module or ""])


def named(source: Path, prefix: str) -> list[str]:
    return [name for name in imports(source) if name == prefix or name.startswith(f"{prefix}.")]


@pytest.mark.parametrize("source", SOURCES, ids=path_of)
def test_discord_is_spoken_only_where_people_are(source: Path) -> None:
    if not path_of(source).startswith(SPEAKS_DISCORD):
        assert named(source, "discord") == []


@pytest.mark.parametrize("source", SOURCES, ids=path_of)
def test_nothing_but_main_imports_the_playground(source: Path) -> None:
    if not path_of(source).startswith("bot/playground/") and path_of(source) != "bot/__main__.py":
        assert named(source, "bot.playground") == []


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_adapters_know_the_domain_and_never_each_other(adapter: str) -> None:
    strangers = [f"bot.{other}" for other in ADAPTERS if other != adapter]
    strangers += [
        "cogs",
        "bot.client",
        "bot.card",
        "bot.delivery",
        "bot.engine.job",
        "bot.engine.service",
    ]
    for source in ROOT.glob(f"bot/{adapter}/**/*.py"):
        for stranger in strangers:
            assert named(source, stranger) == [], path_of(source)


@pytest.mark.parametrize("room", INSIDE)
def test_the_domain_knows_ports_and_no_adapter(room: str) -> None:
    outside = [f"bot.{adapter}" for adapter in ADAPTERS]
    outside += ["cogs", "bot.client", "bot.card", "bot.delivery", "aiohttp", "sqlalchemy"]
    sources = [*ROOT.glob(f"bot/{room}/**/*.py")]
    assert sources
    for source in sources:
        for stranger in outside:
            assert named(source, stranger) == []


@pytest.mark.parametrize("source", SOURCES, ids=path_of)
def test_files_stay_readable(source: Path) -> None:
    assert len(source.read_text().splitlines()) <= 330
    if path_of(source).startswith("cogs/"):
        assert len(source.read_text().splitlines()) <= 220


def test_no_room_is_called_by_nothing() -> None:
    vague = {"utils", "util", "helpers", "helper", "manager", "managers", "misc", "common"}
    assert not [path_of(source) for source in SOURCES if source.stem in vague]


NOT_HELD = ("alembic", "asyncpg", "sqlalchemy.dialects.postgresql", "numpy", "PIL", "soundfile")
"""They take megabytes each, and most bots, or the bot while it is idle, can do without."""


def test_what_takes_memory_is_loaded_where_it_is_used() -> None:
    told = "import sys, bot.main; print(*sys.modules)"
    loaded = subprocess.run(  # noqa: S603 - our own interpreter, our own words
        [sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "bot.main" in loaded
    assert [name for name in NOT_HELD if name in loaded] == []
