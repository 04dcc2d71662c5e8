"""ZIPs: as large as was foretold, whole, and in order."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

from bot.host.zip_file import ZipEntry, write_zip, zip_bytes

AT = datetime(2026, 11, 29, 8, 30, 10, tzinfo=UTC)


def test_it_is_as_large_as_it_was_said_to_be(tmp_path: Path) -> None:
    contents = {"1-tango-7.wav": b"RIFF" * 700_000, "2-tango-8.flac": b"", "3-x.wav": b"x"}
    entries: list[ZipEntry] = []
    for number, (name, content) in enumerate(contents.items()):
        path = tmp_path / str(number)
        path.write_bytes(content)
        entries.append(ZipEntry(name, path, len(content), AT))
    target = tmp_path / "tracks.zip"
    write_zip(target, entries)
    assert target.stat().st_size == zip_bytes(entries)
    with ZipFile(target) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == contents
        assert archive.namelist() == list(contents)
        for info in archive.infolist():
            assert (info.date_time, info.compress_type) == (AT.timetuple()[:6], ZIP_STORED)
