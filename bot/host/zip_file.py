"""Several files in one ZIP. Stored, not deflated: audio does not become smaller."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from bot.host.whole_files import whole_file

_ENTRY_BYTES, _END_BYTES = 30 + 46, 22
"""A file's two headers without its name, which stands in both, and the end (PKWARE, APPNOTE)."""
_COPY_BYTES = 1 << 20
_READABLE = 0o644


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """One file, the ASCII name that it gets, and when it was made."""

    name: str
    path: Path
    size_bytes: int
    made_at: datetime

    @property
    def stored_bytes(self) -> int:
        """What it takes in the ZIP."""
        return _ENTRY_BYTES + 2 * len(self.name) + self.size_bytes


def zip_bytes(entries: Iterable[ZipEntry]) -> int:
    """How large their ZIP is."""
    return _END_BYTES + sum(entry.stored_bytes for entry in entries)


def write_zip(target: Path, entries: Sequence[ZipEntry]) -> None:
    """Write a ZIP, a piece of a file after the other; it appears once it is whole. Blocks.

    Raises:
        OSError: the disk failed.
    """
    with whole_file(target) as draft, ZipFile(draft, "w", ZIP_STORED) as archive:
        for entry in entries:
            info = ZipInfo(entry.name, entry.made_at.timetuple()[:6])
            info.external_attr = _READABLE << 16
            info.file_size = entry.size_bytes
            with entry.path.open("rb") as source, archive.open(info, "w") as stored:
                shutil.copyfileobj(source, stored, _COPY_BYTES)
