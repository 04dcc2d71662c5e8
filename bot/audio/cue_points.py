"""Cue points of a WAV file: places in it with labels, which audio editors show. Blocks.

The chunks are those of Multimedia Programming Interface and Data Specifications 1.0 (IBM and
Microsoft, 1991): `cue ` has the places, a `LIST` of type `adtl` their labels.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_SIZE_AT = 4
"""Where a RIFF file tells how much follows."""


@dataclass(frozen=True, slots=True)
class CuePoint:
    """A place in a file, in frames from its beginning, and what is there."""

    frame: int
    label: str


def add_cue_points(path: Path, points: Sequence[CuePoint]) -> None:
    """Put cue points at the end of a WAV file that has none.

    Raises:
        OSError: the file cannot be read or written.
        ValueError: it is no WAV file.
    """
    numbered = [*enumerate(points, start=1)]
    places = b"".join(
        struct.pack("<II4sIII", number, point.frame, b"data", 0, 0, point.frame)
        for number, point in numbered
    )
    labels = b"".join(
        _chunk(b"labl", struct.pack("<I", number) + point.label.encode() + b"\0")
        for number, point in numbered
    )
    chunks = _chunk(b"cue ", struct.pack("<I", len(points)) + places)
    chunks += _chunk(b"LIST", b"adtl" + labels)
    with path.open("r+b") as file:
        if file.read(_SIZE_AT) != b"RIFF":
            raise ValueError("no RIFF file")
        end = file.seek(0, 2)
        # A chunk begins at an even place.
        file.write(b"\0" * (end % 2) + chunks)
        whole_bytes = file.tell() - _SIZE_AT - 4
        file.seek(_SIZE_AT)
        file.write(struct.pack("<I", whole_bytes))


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
