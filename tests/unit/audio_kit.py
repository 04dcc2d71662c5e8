"""Sound files to look at: made here, so that every byte of them is known."""

from __future__ import annotations

import struct
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
    """A small FLAC file that is a lot of work to decode."""
    second = np.zeros((rate_hz, channels), np.int16)
    with soundfile.SoundFile(path, "w", rate_hz, channels, "PCM_16", format="FLAC") as sound:
        for _ in range(round(seconds)):
            sound.write(second)
    return path
