"""Cutting a WAV into parts that are small enough, without decoding it: no sample is changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bot.host.whole_files import whole_file

_COPY_BYTES = 1 << 20
_HEAD_BYTES = 12
_CHUNK_HEAD_BYTES = 8
_FMT_LEAST_BYTES = 16
_BLOCK_ALIGN = slice(12, 14)
"""Bytes of a frame of all channels, in the format chunk (Microsoft, WAVEFORMATEX)."""


class NotSplit(Exception):
    """It is no WAV that can be cut, or would take too many parts."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the samples stand, and what says how to read them."""

    fmt: bytes
    frame_bytes: int
    begins_at: int
    size_bytes: int


def split_wav(path: Path, limit_bytes: int, most: int) -> list[Path]:
    """Cut a WAV into at most so many files of at most `limit_bytes`, beside it, in order.

    Each begins with the format chunk as it was, so any encoding, rate and number of channels will
    do. A length that the header does not know, or that is longer than the file, is the file's.

    Raises:
        NotSplit: it is none, it is cut off before its samples, or takes more parts.
        OSError: the disk failed.
    """
    with path.open("rb") as file:
        layout = _layout(file)
        head_bytes = len(_head(layout.fmt, 0))
        room_bytes = (limit_bytes - head_bytes) // layout.frame_bytes * layout.frame_bytes
        if room_bytes <= 0 or layout.size_bytes <= 0:
            raise NotSplit
        number = -(-layout.size_bytes // room_bytes)
        if number > most:
            raise NotSplit
        # Parts of about the same length, not a last one of a moment.
        frames = layout.size_bytes // layout.frame_bytes
        part_bytes = -(-frames // number) * layout.frame_bytes
        parts = list[Path]()
        file.seek(layout.begins_at)
        for index in range(number):
            left_bytes = layout.size_bytes - index * part_bytes
            part = path.with_name(f"{path.stem}.part{index + 1}of{number}.wav")
            _write(part, layout.fmt, file, min(part_bytes, left_bytes))
            parts.append(part)
    return parts


def _layout(file: BinaryIO) -> _Layout:
    head = file.read(_HEAD_BYTES)
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        raise NotSplit
    fmt = b""
    end = file.seek(0, 2)
    place = _HEAD_BYTES
    while place + _CHUNK_HEAD_BYTES <= end:
        file.seek(place)
        chunk = file.read(_CHUNK_HEAD_BYTES)
        name, size_bytes = chunk[:4], int.from_bytes(chunk[4:], "little")
        place += _CHUNK_HEAD_BYTES
        if name == b"fmt ":
            fmt = file.read(min(size_bytes, end - place))
        elif name == b"data":
            frame_bytes = int.from_bytes(fmt[_BLOCK_ALIGN], "little")
            if len(fmt) < _FMT_LEAST_BYTES or frame_bytes == 0:
                raise NotSplit
            there_bytes = end - place
            size_bytes = there_bytes if size_bytes == 0 else min(size_bytes, there_bytes)
            return _Layout(fmt, frame_bytes, place, size_bytes // frame_bytes * frame_bytes)
        place += size_bytes + size_bytes % 2
    raise NotSplit


def _head(fmt: bytes, size_bytes: int) -> bytes:
    chunks = b"fmt " + len(fmt).to_bytes(4, "little") + fmt + bytes(len(fmt) % 2)
    chunks += b"data" + size_bytes.to_bytes(4, "little")
    whole_bytes = 4 + len(chunks) + size_bytes + size_bytes % 2
    return b"RIFF" + whole_bytes.to_bytes(4, "little") + b"WAVE" + chunks


def _write(part: Path, fmt: bytes, file: BinaryIO, size_bytes: int) -> None:
    with whole_file(part) as draft, draft.open("wb") as target:
        target.write(_head(fmt, size_bytes))
        left = size_bytes
        while left > 0:
            block = file.read(min(_COPY_BYTES, left))
            target.write(block)
            left -= len(block)
            if not block:
                raise NotSplit
        target.write(bytes(size_bytes % 2))
