"""What a file is, and where in it that begins: by its bytes, for a name is only somebody's word."""

from __future__ import annotations

import errno
import re
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from typing import BinaryIO, Literal

from bot.domain.audio_formats import Format
from bot.domain.errors import AudioEmpty, AudioUnreadable, FormatNotTaken, NotAudio

Data = bytes | mmap

_SEARCHED_BYTES = 1 << 20
"""How far into a file that begins like nothing we know its first frame may stand."""
_SURE_FRAMES = 4
"""So many that fit each other are no chance, in a megabyte of anything."""
_HEAD_BYTES = 512
_APE_HEAD_BYTES = 32
_ID3_HEAD_BYTES = 10

_BEGINNINGS: tuple[tuple[bytes, Format], ...] = (
    (rb"(RIFF|RIFX|RF64).{4}WAVE", "wav"),
    (rb"FORM.{4}AIF[FC]", "aiff"),
    (rb"fLaC", "flac"),
    (rb"OggS.{0,200}OpusHead", "opus"),
    (rb"OggS", "ogg"),
    (rb"#!AMR", "amr"),
    (rb"\x1a\x45\xdf\xa3.{0,60}webm", "webm"),
    (rb"\x1a\x45\xdf\xa3.{0,60}matroska", "mkv"),
    (rb".{4}ftyp(M4A|M4B|F4A)", "m4a"),
    (rb".{4}ftypqt", "mov"),
    (rb".{4}ftyp3g", "3gp"),
    (rb".{4}(ftyp|styp|moof)", "mp4"),
    # As QuickTime wrote them before there was an `ftyp`.
    (rb"\x00.{3}(moov|mdat|wide|free|skip|pnot)", "mov"),
)
_KNOWN: list[tuple[re.Pattern[bytes], Format]] = [
    (re.compile(pattern, re.DOTALL), format_) for pattern, format_ in _BEGINNINGS
]
_NOT_TAKEN: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), label)
    for pattern, label in (
        (rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "WMA"),
        (rb"MThd", "MIDI"),
        (rb"RIFF.{4}AVI ", "AVI"),
        (rb"RIFF.{4}WEBP", "WebP"),
        (rb"FLV\x01", "FLV"),
        (rb"\.snd", "AU"),
        (rb"caff\x00", "CAF"),
        (rb"riff\x2e\x91\xcf\x11", "Wave64"),
        (rb"MAC ", "Monkey's Audio"),
        (rb"wvpk", "WavPack"),
        (rb"MPCK|MP\+", "Musepack"),
        (rb"TTA1", "TTA"),
        (rb"DSD |FRM8", "DSD"),
        (rb"\.RMF|\.ra\xfd", "RealMedia"),
        (rb"\x02?#!SILK", "SILK"),
        (rb"Creative Voice File", "VOC"),
        (rb"IMPM|Extended Module: ", "tracker modules"),
        (rb"\x0b\x77", "AC-3"),
        (rb"\x00\x00\x01\xba", "MPEG video"),
        (rb"\x47.{187}\x47.{187}\x47", "MPEG-TS"),
        (rb".{4}ftyp(hei|hev|mif1|msf1|avi[fs])", "HEIC"),
        (rb"\x89PNG\r\n", "PNG"),
        (rb"\xff\xd8\xff", "JPEG"),
        (rb"GIF8[79]a", "GIF"),
        (rb"%PDF-", "PDF"),
        (rb"PK\x03\x04", "ZIP"),
        (rb"Rar!\x1a", "RAR"),
        (rb"7z\xbc\xaf", "7z"),
        (rb"\x1f\x8b\x08", "GZIP"),
        (rb"#EXTM3U|\[playlist\]", "playlists"),
    )
)


@dataclass(frozen=True, slots=True)
class Found:
    """A format, and the byte at which audio in it begins."""

    format: Format
    at: int = 0
    is_tagged: bool = False
    """What stands before that byte is one ID3 tag, as any decoder knows it."""


@contextmanager
def mapped(file: BinaryIO) -> Generator[mmap]:
    """The bytes of a file. Raises `AudioEmpty`, or MemoryError where it finds no place."""
    try:
        data = mmap(file.fileno(), 0, access=ACCESS_READ)
    except ValueError as error:
        raise AudioEmpty from error
    except OSError as error:
        if error.errno == errno.ENOMEM:
            raise MemoryError from error
        raise
    try:
        yield data
    finally:
        # An error's traceback may hold a match in it: then it is closed when that goes.
        with suppress(BufferError):
            data.close()


def find(data: Data) -> Found:
    """What a file is; before it may stand tags, zeros, and the rest of a frame that was cut.

    Raises:
        AudioEmpty: there is not a byte.
        FormatNotTaken: it is something else that we know.
        AudioUnreadable: a tag of music, with no music behind it.
        NotAudio: it is nothing that we know.
    """
    if not len(data):
        raise AudioEmpty
    head = data[: _HEAD_BYTES * 2]
    for pattern, label in _NOT_TAKEN:
        if pattern.match(head):
            raise FormatNotTaken(label)
    begun = [0]
    while begun[-1] < len(data):
        at = begun[-1]
        format_ = _format_at(data, at)
        if format_ is not None:
            return Found(format_, at, is_tagged=len(begun) == 2 and head.startswith(b"ID3"))
        behind = _behind_tag(data, at) if data[at] else _behind_zeros(data, at)
        if behind == at:
            break
        begun.append(behind)
    return _searched(data, begun[-1])


def _format_at(data: Data, at: int) -> Format | None:
    head = data[at : at + _HEAD_BYTES]
    for pattern, format_ in _KNOWN:
        if pattern.match(head):
            return format_
    frame = _frame_at(data, at)
    return None if frame is None else frame.format


def _searched(data: Data, at: int) -> Found:
    """The first frames from `at` on; from the beginning on, where a tag says it is longer."""
    is_tag = data[:3] == b"ID3"
    for start in (at, 3) if is_tag else (at,):
        place, until = start, min(len(data), start + _SEARCHED_BYTES)
        while (place := data.find(b"\xff", place, until)) >= 0:
            format_ = _several_at(data, place)
            if format_ is not None:
                return Found(format_, place)
            place += 1
    if is_tag and len(data) >= _ID3_HEAD_BYTES:
        raise AudioUnreadable("mp3")
    raise NotAudio


@dataclass(frozen=True, slots=True)
class _Frame:
    format: Literal["mp3", "aac"]
    size_bytes: int
    kind: tuple[int, int]
    """What all frames of one stream have in common."""


def _several_at(data: Data, at: int) -> Format | None:
    """The format of which so many frames stand there as are no chance."""
    first = frame = _frame_at(data, at)
    for _ in range(_SURE_FRAMES - 1):
        if first is None or frame is None:
            return None
        at += frame.size_bytes
        frame = _frame_at(data, at)
        if frame is not None and frame.kind != first.kind:
            return None
    return None if frame is None else frame.format


_MPEG1_KBPS = {
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
}
_MPEG2_KBPS = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MPEG_HZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8000)}


def _frame_at(data: Data, at: int) -> _Frame | None:
    """The frame of MPEG audio or AAC whose header stands there; fields have forbidden values.

    Layer I, which nobody uses, is left out because it begins like UTF-16 text.
    """
    head = data[at : at + 7]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    if head[1] & 0xF6 == 0xF0:
        return _adts_frame(head)
    # ISO/IEC 11172-3 and 13818-3.
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    bits, sampling = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer not in {2, 3} or bits in {0, 15} or sampling == 3:
        return None
    kbps = _MPEG1_KBPS[layer][bits] if version == 3 else _MPEG2_KBPS[bits]
    samples = 576 if layer == 3 and version != 3 else 1152
    size = samples // 8 * kbps * 1000 // _MPEG_HZ[version][sampling] + (head[2] >> 1 & 1)
    return _Frame("mp3", size, (head[1], sampling))


def _adts_frame(head: bytes) -> _Frame | None:
    """ISO/IEC 13818-7, 6.2."""
    if len(head) < 7 or head[2] >> 2 & 15 > 12:
        return None
    size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return _Frame("aac", size, (head[1], head[2])) if size > 7 else None


def _behind_tag(data: Data, at: int) -> int:
    """Where what stands behind the tag at `at` begins; `at` where there is none."""
    head = data[at : at + _APE_HEAD_BYTES]
    if head.startswith(b"ID3") and len(head) >= _ID3_HEAD_BYTES:
        # Its length has seven bits to the byte; a footer is as long as the header.
        size = sum(
            (byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True)
        )
        return at + _ID3_HEAD_BYTES + size + (_ID3_HEAD_BYTES if head[5] & 0x10 else 0)
    if head.startswith(b"APETAGEX") and len(head) == _APE_HEAD_BYTES:
        # Its size has the footer in it, and not the header.
        is_header = head[23] & 0x20
        return at + _APE_HEAD_BYTES + (int.from_bytes(head[12:16], "little") if is_header else 0)
    return at


_NOT_ZERO = re.compile(rb"[^\x00]")


def _behind_zeros(data: Data, at: int) -> int:
    """Where they end, but for those that a header may begin with."""
    found = _NOT_ZERO.search(data, at)
    if found is None:
        return len(data)
    # An atom's size begins with three of them.
    atom = found.start() - 3
    return atom if atom > at and _format_at(data, atom) else found.start()
