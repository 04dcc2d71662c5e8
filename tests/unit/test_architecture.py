"""Rules of the code that a reader cannot see in one file."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*ROOT.glob("bot/**/*.py"), *ROOT.glob("cogs/**/*.py")])


def path_of(source: Path) -> str:
    return source.relative_to(ROOT).as_posix()


def lines_with(pattern: re.Pattern[str], sources: Iterable[Path] = SOURCES) -> list[str]:
    return [
        f"{path_of(source)}:{number}: {line.strip()}"
        for source in sources
        for number, line in enumerate(source.read_text().splitlines(), 1)
        if pattern.search(line)
    ]


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


POSIX_ALONE = re.compile(
    r"^(?:from |import (?:.+, )?)(?:fcntl|grp|pty|pwd|resource|syslog|termios)\b"
)


def test_nothing_that_windows_lacks_is_imported_on_every_system() -> None:
    assert lines_with(POSIX_ALONE) == []


PRIVATE = re.compile(
    r"noqa: SLF001|reportPrivateUsage|\b_[A-Z]\w*__\w+|"
    r"from discord\.(?:http|gateway|state|webhook\.async_|app_commands\.tree) import"
)


def test_one_file_alone_touches_the_insides_of_discord_py() -> None:
    others = [source for source in SOURCES if path_of(source) != "bot/discord_internals.py"]
    assert lines_with(PRIVATE, others) == []


LINES_MAX = 330
LINES_MAX_OF_COGS = 220


def test_files_stay_readable() -> None:
    lengths = {path_of(source): len(source.read_text().splitlines()) for source in SOURCES}
    assert [
        (path, lines)
        for path, lines in lengths.items()
        if lines > (LINES_MAX_OF_COGS if path.startswith("cogs/") else LINES_MAX)
    ] == []


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
NOT_HELD_BY_AN_IDLE_BOT = (
    *NOT_HELD,
    "bot.audio.join",
    "bot.cog",
    "bot.operations.metrics",
    "bot.playground",
    "davey.davey",
    "html",
    "nacl.bindings",
)
LOADED_MB = 87
"""83 with everything compiled beforehand, 85 without; once it runs, an idle bot has 6 more."""
STARTED = """
import gc, importlib, sys
gc.disable()
from bot.__main__ import LOADED_LATER
from bot.host.later import load_later
for name in LOADED_LATER:
    load_later(name)
for name in ("bot.main", *importlib.import_module("bot.client").COGS):
    importlib.import_module(name)
print(*sys.modules)
if sys.platform == "linux":
    print(open("/proc/self/status").read().partition("VmRSS:")[2].split()[0])
import bot.operations.check
print(*sys.modules)
"""
"""What `python -m bot` loads, in its order."""


def test_what_takes_memory_is_loaded_where_it_is_used() -> None:
    idle, *resident_kb, checking = subprocess.run(  # noqa: S603 - our own interpreter, our own words
        [sys.executable, "-c", STARTED], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert "bot.main" in idle.split()
    assert [name for name in NOT_HELD_BY_AN_IDLE_BOT if name in idle.split()] == []
    assert [name for name in NOT_HELD if name in checking.split()] == []
    assert all(int(kilobytes) * 1024 < LOADED_MB * 1_000_000 for kilobytes in resident_kb)


DECODES = re.compile(r"^\s*(?:from|import) (?:numpy|PIL|soundfile|av|mutagen)\b")
DECODES_ITSELF = ("bot/audio/", "bot/playground/", "bot/own_gpu/")
"""What runs in workers, and what is no part of the bot's process."""


def test_what_decodes_and_draws_is_loaded_by_workers_alone() -> None:
    others = [source for source in SOURCES if not path_of(source).startswith(DECODES_ITSELF)]
    assert lines_with(DECODES, others) == []
