"""Rules of the code that a reader cannot see in one file."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*ROOT.glob("bot/**/*.py"), *ROOT.glob("cogs/**/*.py")])


def path_of(source: Path) -> str:
    return source.relative_to(ROOT).as_posix()


def test_imports_go_one_way() -> None:
    """What may import what stands in `pyproject.toml`.

    In a process of its own: it configures logging, and silences every logger there is.
    """
    lint = (
        "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    )
    linted = subprocess.run(  # noqa: S603 - our own interpreter, our own words
        [sys.executable, "-c", lint], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert linted.returncode == 0, linted.stdout


PRIVATE = re.compile(
    r"noqa: SLF001|reportPrivateUsage|\b_[A-Z]\w*__\w+|"
    r"from discord\.(?:http|gateway|state|webhook\.async_|app_commands\.tree) import"
)


@pytest.mark.parametrize("source", SOURCES, ids=path_of)
def test_one_file_alone_touches_the_insides_of_discord_py(source: Path) -> None:
    if path_of(source) != "bot/discord_internals.py":
        assert PRIVATE.findall(source.read_text()) == []


@pytest.mark.parametrize("source", SOURCES, ids=path_of)
def test_files_stay_readable(source: Path) -> None:
    assert len(source.read_text().splitlines()) <= 330
    if path_of(source).startswith("cogs/"):
        assert len(source.read_text().splitlines()) <= 220


def test_no_room_is_called_by_nothing() -> None:
    vague = {"utils", "util", "helpers", "helper", "manager", "managers", "misc", "common"}
    assert not [path_of(source) for source in SOURCES if source.stem in vague]


NOT_HELD = (
    "alembic",
    "asyncpg",
    "sqlalchemy.dialects.postgresql",
    "numpy",
    "PIL",
    "soundfile",
    "av",
    "sentry_sdk",
    "babel",
    "sqlalchemy.orm",
)
"""They take megabytes each, and most bots, or the bot while it is idle, can do without."""


def test_what_takes_memory_is_loaded_where_it_is_used() -> None:
    told = "import sys, bot.main, bot.operations.check; print(*sys.modules)"
    loaded = subprocess.run(  # noqa: S603 - our own interpreter, our own words
        [sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "bot.main" in loaded
    assert [name for name in NOT_HELD if name in loaded] == []


DECODES = re.compile(r"^\s*(?:from|import) (?:numpy|PIL|soundfile|av|mutagen)\b", re.MULTILINE)
DECODES_ITSELF = ("bot/audio/", "bot/playground/", "bot/own_gpu/")
"""What runs in workers, and what is no part of the bot's process."""


def test_what_decodes_and_draws_is_loaded_by_workers_alone() -> None:
    others = [path for path in SOURCES if not path_of(path).startswith(DECODES_ITSELF)]
    assert [path_of(path) for path in others if DECODES.search(path.read_text())] == []
