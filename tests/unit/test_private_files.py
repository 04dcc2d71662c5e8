"""Nobody else on the machine reads the journal, nor hears the music."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.host import private_files
from bot.host.private_files import make_private_database, make_private_folder
from bot.journal import SqlJournal
from bot.open_parts import open_parts
from bot.settings import Settings
from tests.contract.journal_kit import a_generation
from tests.journey.fast_clock import FastClock

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="modes say nothing there")


@contextmanager
def a_umask(mask: int) -> Generator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    """The modes of a folder and of all that is below it."""
    return {
        str(path.relative_to(folder)): path.stat().st_mode & 0o777
        for path in (folder, *folder.rglob("*"))
    }


def open_to_all(*paths: Path) -> None:
    for path in paths:
        path.chmod(0o777)


@pytest.mark.parametrize("mask", [0, 0o022, 0o077])
async def test_the_journal_is_its_owners(tmp_path: Path, mask: int) -> None:
    folder = tmp_path / "data"
    with a_umask(mask):
        async with await SqlJournal.open(f"sqlite:///{folder}/journal.sqlite3") as journal:
            await journal.add(a_generation())
            found = modes(folder)
    assert found == {
        ".": 0o700,
        "journal.sqlite3": 0o600,
        "journal.sqlite3-wal": 0o600,
        "journal.sqlite3-shm": 0o600,
    }


async def test_an_open_journal_is_closed_to_others_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    names = ("", "-wal", "-shm")
    async with await SqlJournal.open(f"sqlite:///{path}") as earlier:
        await earlier.add(a_generation())
        open_to_all(tmp_path, *(path.with_name(path.name + name) for name in names))
        async with await SqlJournal.open(f"sqlite:///{path}", owner="another"):
            found = modes(tmp_path)
    assert {found[path.name + name] for name in names} == {0o700}
    assert found["."] == 0o777, "a folder that was there is not ours alone"


@pytest.mark.parametrize("mask", [0, 0o022])
@pytest.mark.parametrize("is_new", [True, False])
async def test_everything_of_the_bot_is_its_owners(tmp_path: Path, mask: int, is_new: bool) -> None:
    data = tmp_path / "data"
    with a_umask(mask):
        if not is_new:
            for name in ("tracks", "intake"):
                await asyncio.to_thread((data / name).mkdir, parents=True)
                await asyncio.to_thread((data / name / "old.wav").write_bytes, b"RIFF")
            await asyncio.to_thread((data / "musicgen.sqlite3").touch)
            await asyncio.to_thread((data / "run.sh").touch, 0o755)
        settings = Settings.from_env(
            {
                "DISCORD_TOKEN": "t",
                "REPLICATE_API_TOKEN": "t",
                "REPLICATE_BASE_URL": "http://127.0.0.1:1",
                "DATA_FOLDER": str(data),
            }
        )
        async with open_parts(settings, FastClock(1000)) as parts:
            await parts.journal.add(a_generation())
            await asyncio.to_thread((data / "tracks" / "new.wav").write_bytes, b"RIFF")
            found = modes(data)
    ours = {name: mode for name, mode in found.items() if name != "run.sh"}
    assert {"tracks", "intake", "tracks/new.wav", "musicgen.sqlite3-wal"} <= set(ours)
    assert all(mode & 0o077 == 0 for mode in ours.values()), ours
    if not is_new:
        assert found["run.sh"] == 0o777 & ~mask & 0o755


def test_what_belongs_to_somebody_else_is_told_and_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    tmp_path.chmod(0o755)
    monkeypatch.setattr(private_files.Path, "chmod", refuse)
    make_private_folder(tmp_path, with_files=True)
    assert "may be readable by others on this machine: Operation not permitted" in caplog.text


def test_a_link_to_somewhere_else_is_left_alone(tmp_path: Path) -> None:
    other, folder = tmp_path / "other.wav", tmp_path / "tracks"
    other.touch()
    other.chmod(0o644)
    folder.mkdir()
    (folder / "link.wav").symlink_to(other)
    make_private_folder(folder, with_files=True)
    assert other.stat().st_mode & 0o777 == 0o644


def test_a_database_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        make_private_database(tmp_path / "file" / "journal.sqlite3")


def test_what_is_everyones_stays_so(tmp_path: Path) -> None:
    """A device or a folder that DATABASE_URL names by mistake, and a data folder such as /tmp."""
    pipe, home, shared = tmp_path / "pipe", tmp_path / "home", tmp_path / "shared"
    os.mkfifo(pipe)
    home.mkdir()
    shared.mkdir()
    pipe.chmod(0o666)
    home.chmod(0o755)
    shared.chmod(0o1777)
    make_private_database(pipe)
    make_private_database(home)
    make_private_folder(shared, with_files=False)
    found = [path.stat().st_mode & 0o7777 for path in (pipe, home, shared)]
    assert found == [0o666, 0o755, 0o1777]
