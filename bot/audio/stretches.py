"""The stretches of a file that are audio files by themselves: people join them by laying them on.

A header knows of its own stretch alone, if it knows that much: of a recording that was cut off its
sizes were never written. FFmpeg goes on by itself only from one MP3, FLAC or Matroska to the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Literal, TypeVar

from bot.audio.bounds import STRETCHES_MAX
from bot.audio.sniffing import Data, Found
from bot.domain.errors import AudioBeyondBounds

_T = TypeVar("_T")

_FILE_HEAD_BYTES = 12
_CHUNK_HEAD_BYTES = 8
_ATOM_HEAD_BYTES = 8
_OGG_HEAD_BYTES = 27
_UNKNOWN = 0xFFFFFFFF
_CHUNK_NAME = re.compile(rb"[ -~]{3}[ -~\x00]")
_FILE_NAMES = re.compile(rb"(RIFF|RIFX|RF64).{4}WAVE|FORM.{4}AIF[FC]", re.DOTALL)
_AMR = re.compile(rb"#!AMR(-WB)?\n")
_OGG_FIRST_PAGE = re.compile(rb"OggS\x00\x02\x00{8}")

_Order = Literal["big", "little"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """From byte to byte; `mended` is what has to stand at some places for it to be read whole."""

    start: int
    end: int
    mended: tuple[tuple[int, bytes], ...] = ()


def stretches(data: Data, found: Found) -> list[Stretch]:
    """The stretches of a file, in order; at least one. Raises `AudioBeyondBounds`."""
    if found.format in {"wav", "aiff"}:
        return _few(_chunk_files(data, found.at))
    ends = _few(_beginnings(data, found))
    return [Stretch(start, end) for start, end in pairwise([found.at, *ends, len(data)])]


def _few(found: Iterator[_T]) -> list[_T]:
    few = list(islice(found, STRETCHES_MAX))
    if len(few) == STRETCHES_MAX:
        raise AudioBeyondBounds("parts", STRETCHES_MAX, STRETCHES_MAX)
    return few


def _beginnings(data: Data, found: Found) -> Iterator[int]:
    """Where the second stretch begins, and each that follows."""
    match found.format:
        case "m4a" | "mp4" | "mov" | "3gp":
            yield from _films(data, found.at)
        case "ogg" | "opus":
            last = found.at
            for page in _OGG_FIRST_PAGE.finditer(data, found.at + 1):
                if page.start() != _page_end(data, last):
                    yield page.start()
                last = page.start()
        case "amr":
            yield from (head.start() for head in _AMR.finditer(data, found.at + 1))
        case _:
            return


def _page_end(data: Data, at: int) -> int:
    """Where an Ogg page ends: a stream that begins right behind another's first sounds with it."""
    lacing = data[at + _OGG_HEAD_BYTES : at + _OGG_HEAD_BYTES + data[at + _OGG_HEAD_BYTES - 1]]
    return at + _OGG_HEAD_BYTES + len(lacing) + sum(lacing)


def _films(data: Data, start: int) -> Iterator[int]:
    """Where, in a row of atoms, another file begins."""
    at = start
    while at + _ATOM_HEAD_BYTES <= len(data):
        head = data[at : at + 2 * _ATOM_HEAD_BYTES]
        if head[4:8] == b"ftyp" and at > start:
            yield at
        size = int.from_bytes(head[:4], "big")
        if size == 1:
            size = int.from_bytes(head[8:], "big")
        if size < _ATOM_HEAD_BYTES:
            return
        at += size


def _chunk_files(data: Data, at: int) -> Iterator[Stretch]:
    found = _chunk_file(data, at)
    yield found
    while _FILE_NAMES.match(data[found.end : found.end + _FILE_HEAD_BYTES]):
        found = _chunk_file(data, found.end)
        yield found


def _chunk_file(data: Data, at: int) -> Stretch:
    """A WAV or AIFF: where it ends, and the sizes that it should have."""
    order: _Order = "big" if data[at : at + 4] in {b"RIFX", b"FORM"} else "little"
    whole_bytes, sound_bytes = _number(data, at + 4, order), _UNKNOWN
    place = at + _FILE_HEAD_BYTES
    while place + _CHUNK_HEAD_BYTES <= len(data):
        name, size = data[place : place + 4], _number(data, place + 4, order)
        body = place + _CHUNK_HEAD_BYTES
        if name == b"ds64":
            whole_bytes = int.from_bytes(data[body : body + 8], order)
            sound_bytes = int.from_bytes(data[body + 8 : body + 16], order)
        if name in {b"data", b"SSND"}:
            ends_at = body + (sound_bytes if size == _UNKNOWN else size)
            end = _end_of_chunks(data, ends_at, order)
            if end is None or (size == 0 and not _begins_chunk(data, body)):
                sound = (len(data) - body).to_bytes(4, order)
                whole = (len(data) - at - _CHUNK_HEAD_BYTES).to_bytes(4, order)
                return Stretch(at, len(data), ((at + 4, whole), (place + 4, sound)))
            if ends_at - _CHUNK_HEAD_BYTES <= at + whole_bytes <= end:
                return Stretch(at, end)
            return Stretch(at, end, ((at + 4, (end - at - _CHUNK_HEAD_BYTES).to_bytes(4, order)),))
        place = body + size + size % 2
    # No samples at all: whoever reads it will say so.
    return Stretch(at, len(data))


def _end_of_chunks(data: Data, place: int, order: _Order) -> int | None:
    """Where the chunks from `place` on end: at the next file or with this; None: these are none.

    Zeros or a tag of another kind at the very end are nobody's samples.
    """
    if place > len(data):
        return None
    place = place if _begins_chunk(data, place) else place + 1
    while place + _CHUNK_HEAD_BYTES <= len(data):
        name, size = data[place : place + 4], _number(data, place + 4, order)
        if _FILE_NAMES.match(data[place : place + _FILE_HEAD_BYTES]):
            return place
        if name[:3] in {b"TAG", b"ID3"} or not any(data[place:]):
            break
        if not _CHUNK_NAME.match(name) or place + _CHUNK_HEAD_BYTES + size > len(data):
            return None
        place += _CHUNK_HEAD_BYTES + size
        place = place if _begins_chunk(data, place) else place + 1
    return len(data)


def _begins_chunk(data: Data, place: int) -> bool:
    """A chunk of odd size has a byte behind it that not everybody writes."""
    return bool(_CHUNK_NAME.match(data[place : place + 4]))


def _number(data: Data, place: int, order: _Order) -> int:
    return int.from_bytes(data[place : place + 4], order)
