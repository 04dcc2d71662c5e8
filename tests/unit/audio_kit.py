"""Sound files to look at: made here, so that every byte of them is known."""

from __future__ import annotations

import struct
from functools import cache
from pathlib import Path

import numpy as np
import soundfile  # pyright: ignore[reportMissingTypeStubs] - its source is typed well enough

RATE_HZ = 32_000
SECONDS = 2.0
ENCODINGS = {
    "wav": ("WAV", "PCM_16"),
    "mp3": ("MP3", None),
    "flac": ("FLAC", "PCM_16"),
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "aiff": ("AIFF", "PCM_16"),
}
_FLAC_BLOCK = 4000
"""Samples of a channel in each; every rate that is asked for is a multiple."""


def rate_hz(format_: str) -> int:
    """Opus knows only a few rates; 32 kHz, which MusicGen makes, is none of them."""
    return 48_000 if format_ == "opus" else RATE_HZ


def make_sound(path: Path, format_: str, *, channels: int = 1, seconds: float = SECONDS) -> Path:
    """Write a chord in one of `ENCODINGS`."""
    container, subtype = ENCODINGS[format_]
    rate = rate_hz(format_)
    time = np.arange(round(seconds * rate)) / rate
    chord = sum(np.sin(2 * np.pi * pitch * time) for pitch in (220.0, 277.2, 329.6)) * 0.2
    samples = np.column_stack([chord] * channels)
    soundfile.write(path, samples, rate, format=container, subtype=subtype)
    return path


def samples_of(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """The decoded audio, whatever the file is called."""
    with path.open("rb") as file, soundfile.SoundFile(file) as sound:
        return np.asarray(sound.read(always_2d=True), dtype=np.float64)


def _atom(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def m4a(seconds: float = SECONDS, *, track: bytes = b"soun") -> bytes:
    """The frame of an MP4 file around audio that nobody decodes; ISO/IEC 14496-12 and -14."""
    length = round(seconds * RATE_HZ)
    mvhd = _atom(b"mvhd", struct.pack(">4sIIII", bytes(4), 0, 0, RATE_HZ, length), bytes(80))
    mdhd = _atom(b"mdhd", struct.pack(">4sIIIIHH", bytes(4), 0, 0, RATE_HZ, length, 0x55C4, 0))
    hdlr = _atom(b"hdlr", bytes(8), track, bytes(13))
    entry = bytes(6) + struct.pack(">H8xHHHHI", 1, 2, 16, 0, 0, RATE_HZ << 16)
    # Descriptors for AAC-LC at 32 kHz in stereo.
    config = b"\x05\x02\x12\x90"
    decoder = b"\x04\x11\x40\x15" + bytes(11) + config
    esds = _atom(b"esds", bytes(4), b"\x03\x16\x00\x00\x00", decoder)
    stsd = _atom(b"stsd", bytes(4), struct.pack(">I", 1), _atom(b"mp4a", entry, esds))
    trak = _atom(b"trak", _atom(b"mdia", mdhd, hdlr, _atom(b"minf", _atom(b"stbl", stsd))))
    return b"".join(
        [
            _atom(b"ftyp", b"M4A ", bytes(4), b"M4A isom"),
            _atom(b"moov", mvhd, trak),
            _atom(b"mdat", bytes(4000)),
        ]
    )


def endless_atoms(where: str, count: int) -> bytes:
    """An MP4 file with so many empty atoms at its top, or inside one that parsers look into."""
    empty = _atom(b"free") * count
    if where == "top":
        return m4a() + empty
    return m4a() + (
        _atom(b"moov", empty) if where == "moov" else _atom(b"moov", _atom(where.encode(), empty))
    )


def silence(path: Path, *, seconds: float, channels: int = 8, rate_hz: int = 192_000) -> Path:
    """A small FLAC file that is a lot of work to decode.

    It is written here (RFC 9639), as an encoder would look at each of its samples.
    """
    samples = round(seconds * rate_hz)
    sizes = _FLAC_BLOCK << 16 | _FLAC_BLOCK
    form = rate_hz << 44 | (channels - 1) << 41 | (16 - 1) << 36 | samples
    info = struct.pack(">I6xQ16x", sizes, form)
    # Its size follows the number of the block; the rate is told above; each channel is constant.
    head = bytes([0xFF, 0xF8, 0x70, (channels - 1) << 4 | 0b1000])
    size, body = struct.pack(">H", _FLAC_BLOCK - 1), bytes(3 * channels)
    with path.open("wb") as file:
        file.write(b"fLaC" + struct.pack(">I", 0x80 << 24 | len(info)) + info)
        for block in range(samples // _FLAC_BLOCK):
            frame = head + _utf8(block) + size
            frame += bytes([_crc(frame, 8, 0x07)]) + body
            file.write(frame + struct.pack(">H", _crc(frame, 16, 0x8005)))
    return path


def _utf8(number: int) -> bytes:
    return chr(number).encode("utf-8", "surrogatepass")


def _crc(data: bytes, bits: int, polynomial: int) -> int:
    table, crc, mask = _crc_table(bits, polynomial), 0, (1 << bits) - 1
    for byte in data:
        crc = crc << 8 & mask ^ table[crc >> bits - 8 ^ byte]
    return crc


@cache
def _crc_table(bits: int, polynomial: int) -> tuple[int, ...]:
    def after(byte: int) -> int:
        crc = byte << bits - 8
        for _ in range(8):
            crc = crc << 1 ^ (polynomial if crc >> bits - 1 else 0)
            crc &= (1 << bits) - 1
        return crc

    return tuple(map(after, range(256)))
