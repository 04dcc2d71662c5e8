"""A download on disk before it is whole: continued where it stopped, never mixed of two versions.

A file may be continued only while it is the same: by a strong ETag, or a Last-Modified older than
its answer (RFC 9110, 8.8 and 13.1.5), sent as If-Range. What the answer says of itself is held
against that once more, for servers that do not look at If-Range.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import IO

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from yarl import URL

from bot.host.whole_files import make_folder_of

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.IGNORECASE)
_OLDER_BY_S = 1.0
"""A Last-Modified of the very second of the answer may be followed by another version."""


class Version(BaseModel):
    """What tells the version of a file that is being downloaded from every other one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    """A digest of the address it came from, without its query, which may be a signature."""
    header: str
    """ETag or Last-Modified."""
    validator: str
    total_bytes: int | None = Field(default=None, ge=0)


class _Note(BaseModel):
    """What is written beside a part, for whoever continues it later."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Version
    size_bytes: int = Field(gt=0)


@dataclass(frozen=True, slots=True)
class ContentRange:
    """Where the body of a 206 belongs."""

    start: int
    total_bytes: int | None

    @classmethod
    def read(cls, text: str) -> ContentRange | None:
        """Read a Content-Range; None for one that is no single range of bytes."""
        match = _CONTENT_RANGE.fullmatch(text.strip())
        if match is None or int(match[2]) < int(match[1]):
            return None
        total = None if match[3] == "*" else int(match[3])
        if total is not None and int(match[2]) >= total:
            return None
        return cls(int(match[1]), total)


def version_of(url: URL, headers: Mapping[str, str], total_bytes: int | None) -> Version | None:
    """What tells the version that an answer from `url` holds; None where nothing does for sure."""
    encoding = headers.get("Content-Encoding", "identity")
    if encoding.lower() != "identity" or headers.get("Accept-Ranges", "").lower() == "none":
        return None
    source = blake2b(str(url.with_query(None)).encode(), digest_size=16).hexdigest()
    etag, modified = headers.get("ETag", ""), headers.get("Last-Modified", "")
    if len(etag) > 1 and etag.startswith('"') and etag.endswith('"'):
        return Version(source=source, header="ETag", validator=etag, total_bytes=total_bytes)
    modified_at, answered_at = _moment(modified), _moment(headers.get("Date", ""))
    if modified_at is None or answered_at is None:
        return None
    if (answered_at - modified_at).total_seconds() < _OLDER_BY_S:
        return None
    return Version(
        source=source, header="Last-Modified", validator=modified, total_bytes=total_bytes
    )


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else None


class PartialFile:
    """A file being written beside its target, which appears only when it is whole.

    The methods that touch the disk block, and may run in several threads at once: canceling a
    download does not stop the write that is under way.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        self._path = target.with_name(f"{target.name}.part")
        self._note_path = target.with_name(f"{target.name}.part.json")
        self._file: IO[bytes] | None = None
        self._fresh = True
        """Whether nothing of what is on the disk counts."""
        self._ended = False
        self._lock = Lock()
        self.version: Version | None = None
        """Of what is there; None where it cannot be continued."""
        self.size_bytes = 0

    def take_up(self) -> None:
        """Go on from what an earlier download has left, where that is whole in itself."""
        with self._lock:
            try:
                note = _Note.model_validate_json(self._note_path.read_bytes())
                is_whole = self._path.stat().st_size == note.size_bytes
            except (FileNotFoundError, ValidationError):
                is_whole, note = False, None
            # Should this process die without a word, what is there is of no known version.
            self._note_path.unlink(missing_ok=True)
            if note is not None and is_whole:
                self._fresh = False
                self.version, self.size_bytes = note.version, note.size_bytes

    @property
    def range_headers(self) -> dict[str, str]:
        """What asks for the rest; nothing where it has to be had from its beginning."""
        if self.version is None or self.size_bytes == 0:
            return {}
        return {"Range": f"bytes={self.size_bytes}-", "If-Range": self.version.validator}

    def is_continued_by(self, url: URL, headers: Mapping[str, str]) -> bool:
        """Whether a 206 from `url` goes on just where this stopped, with the same version."""
        part = ContentRange.read(headers.get("Content-Range", ""))
        mine = self.version
        if part is None or mine is None or part.start != self.size_bytes:
            return False
        if mine.total_bytes is not None and part.total_bytes not in {None, mine.total_bytes}:
            return False
        its = version_of(url, headers, mine.total_bytes)
        return its is not None and its == mine

    def begin(self, version: Version | None) -> None:
        """Drop what is there, and begin again with this version; this alone touches no disk."""
        with self._lock:
            self._fresh = True
            self.version, self.size_bytes = version, 0

    def write(self, chunk: bytes) -> None:
        """Add what has arrived."""
        with self._lock:
            if self._ended:
                return
            if self._fresh:
                self._close()
            if self._file is None:
                make_folder_of(self._path)
                self._file = self._path.open("wb" if self._fresh else "ab")
                self._fresh = False
            self._file.write(chunk)
            self.size_bytes += len(chunk)

    def finish(self) -> None:
        """It is whole: put it in its place."""
        with self._lock:
            self._end()
            self._path.replace(self._target)

    def pause(self) -> None:
        """Leave what is there for the next download, where it can be continued."""
        with self._lock:
            self._end()
            if self.version is None or self.size_bytes == 0:
                self._path.unlink(missing_ok=True)
                return
            note = _Note(version=self.version, size_bytes=self.size_bytes)
            try:
                self._note_path.write_text(note.model_dump_json())
            except OSError:
                # A disk without room for this needs the room.
                self._path.unlink(missing_ok=True)

    def discard(self) -> None:
        """Delete what there is of it."""
        with self._lock:
            self._end()
            self._path.unlink(missing_ok=True)
            self._note_path.unlink(missing_ok=True)

    def _end(self) -> None:
        self._ended = True
        self._close()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
