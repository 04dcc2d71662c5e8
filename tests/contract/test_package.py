"""What `pip install .` installs: all of it, and it runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
BUILD = "from hatchling.build import build_wheel; print(build_wheel({folder!r}))"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    program = BUILD.format(folder=str(folder))
    built = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return ZipFile(folder / built.stdout.strip())


def test_every_file_is_in_it(wheel: ZipFile) -> None:
    ours = {
        path.relative_to(ROOT).as_posix()
        for room in ("bot", "cogs")
        for path in (ROOT / room).rglob("*")
        if path.is_file() and path.suffix != ".pyc" and path.name != "requirements.txt"
    }
    assert len(ours) > 300
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert packed == ours


def test_it_runs_from_wherever_it_is_installed(wheel: ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path / "site")
    [entries] = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert b"musicgen-bot = bot.__main__:run_as_program" in wheel.read(entries)
    assert wheel.filename is not None
    assert Path(wheel.filename).name.startswith("musicgen_bot-")
    start = "from bot.__main__ import run_as_program; run_as_program()"
    ran = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", start, "migrate"],
        cwd=tmp_path,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(tmp_path / "site"),
            "DISCORD_TOKEN": "a.b.c",
            "REPLICATE_API_TOKEN": "r8_x",
            "LOG_FORMAT": "text",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "the database has its newest form" in ran.stderr
    assert (tmp_path / "data" / "musicgen.sqlite3").exists()
