"""What an audio file is, by its bytes: a name or a header is only somebody's word.

Everything here reads files, blocks, and may crash the process: it is called in one of its own
(`bot.audio.lane`). soundfile and mutagen are imported where they are used: the bot knows the types
here, and never loads the libraries.
"""

from __future__ import annotations

from dataclasses import dataclass
from os import SEEK_END
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from bot.audio.bounds import MP4_PARTS_MAX, check_amount, check_form
from bot.domain.errors import AudioBeyondBounds, AudioUnreadable, NotAudio, RequestRefused

if TYPE_CHECKING:
    from soundfile import SoundFile  # pyright: ignore[reportMissingTypeStubs] - its source is typed well enough

Format = Literal["wav", "mp3", "flac", "ogg", "opus", "aiff", "m4a"]

_HEAD_BYTES = 512
_ID3_HEADER_BYTES = 10
_BLOCK_FRAMES = 1024
"""A block in which decoding fails is lost whole, so it is a short one."""
_LONGEST_S = 24 * 3600
"""More does not fit into a file that anybody may send; an MP4 may say so all the same."""
_COUNTED_LIMIT_S = 3600
"""How much of a file with a wrong length is decoded to learn the right one."""


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """An audio file's measures; every number is positive."""

    format: Format
    duration_s: float
    channels: int
    sample_rate_hz: int


def probe(path: Path) -> AudioFacts:
    """Measure an audio file.

    The length is that of the audio that can be decoded, whatever the header claims; where it claims
    too much, the answer may be some milliseconds short.

    Raises:
        NotAudio: it does not begin like any of the formats we know.
        AudioUnreadable: it does, but it is broken or holds no audio.
        AudioBeyondBounds: it has more channels or parts, or another rate, than anybody's.
        OSError: the file itself cannot be read.
    """
    # Unbuffered, because libsndfile reads from the descriptor: its errors then stay errors, which
    # through a Python file they do not.
    with path.open("rb", buffering=0) as file:
        format_ = sniff(file)
        if format_ is None:
            raise NotAudio
        file.seek(0)
        try:
            facts = _mp4_facts(file) if format_ == "m4a" else _decoded_facts(file, format_)
        except (RequestRefused, MemoryError):
            raise
        except Exception as error:
            # Parsers of strangers' bytes fail in whatever way the bytes make them.
            raise AudioUnreadable(format_) from error
    if not 0 < facts.duration_s <= _LONGEST_S:
        raise AudioUnreadable(format_)
    if facts.channels < 1 or facts.sample_rate_hz < 1:
        raise AudioUnreadable(format_)
    return facts


def sniff(file: BinaryIO) -> Format | None:
    """The format that the bytes from the file's position on begin like."""
    start = file.tell()
    head = file.read(_HEAD_BYTES)
    if head.startswith(b"ID3") and len(head) >= _ID3_HEADER_BYTES:
        # The tag may stand before an MP3 or a FLAC; its length has seven bits to the byte.
        size = zip(head[6:10], (21, 14, 7, 0), strict=True)
        length = sum((byte & 0x7F) << shift for byte, shift in size)
        file.seek(start + _ID3_HEADER_BYTES + length)
        return "flac" if file.read(4) == b"fLaC" else "mp3"
    match head[:4], head[8:12]:
        case ((b"RIFF" | b"RIFX" | b"RF64"), b"WAVE"):
            return "wav"
        case b"FORM", (b"AIFF" | b"AIFC"):
            return "aiff"
        case b"fLaC", _:
            return "flac"
        case b"OggS", _:
            return "opus" if b"OpusHead" in head else "ogg"
        case _ if head[4:8] == b"ftyp":
            return "m4a"
        case _:
            return "mp3" if _is_mpeg_frame(head) else None


def _is_mpeg_frame(head: bytes) -> bool:
    """Whether the header of a layer II or III frame stands here.

    Each of its fields has a forbidden value. Layer I, which nobody uses, is left out because it
    begins like UTF-16 text.
    """
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bit_rate, sampling = head[2] >> 4, head[2] >> 2 & 3
    return version != 1 and layer in {1, 2} and bit_rate not in {0, 15} and sampling != 3


def _decoded_facts(file: BinaryIO, format_: Format) -> AudioFacts:
    from soundfile import SoundFile  # pyright: ignore[reportMissingTypeStubs] - its source is typed well enough

    with SoundFile(file.fileno(), closefd=False) as sound:
        frames, channels, rate = sound.frames, sound.channels, sound.samplerate
        check_form(channels, rate)
        whole = _reaches_its_end(sound)
    if not whole:
        # Cut off, or its header lies. The decoder that found out is of no further use.
        file.seek(0)
        with SoundFile(file.fileno(), closefd=False) as sound:
            frames = _count_frames(sound)
    return AudioFacts(format_, frames / rate, channels, rate)


def _reaches_its_end(sound: SoundFile) -> bool:
    try:
        sound.seek(max(sound.frames - 1, 0))
        return len(sound.read(1)) == 1
    except RuntimeError:
        return False


def _count_frames(sound: SoundFile) -> int:
    """The frames that can be decoded.

    Raises:
        ValueError: there is more than an hour of them.
        AudioBeyondBounds: there are more than are decoded.
    """
    frames = 0
    while frames <= _COUNTED_LIMIT_S * sound.samplerate:
        try:
            read = len(sound.read(_BLOCK_FRAMES, dtype="float32"))
        except RuntimeError:
            return frames
        if read == 0:
            return frames
        frames += read
        check_amount(sound.channels, frames)
    raise ValueError("a wrong length, and no end to it")


def _mp4_facts(file: BinaryIO) -> AudioFacts:
    from mutagen.mp4 import MP4Info
    from mutagen.mp4._atom import Atoms

    _check_atoms(file)
    # Not its tags: nobody asks for them, and they may be endless.
    info: Any = MP4Info(Atoms(_CountedReads(file)), file)
    return AudioFacts("m4a", info.length, info.channels, info.sample_rate)


def _check_atoms(file: BinaryIO) -> None:
    """See that the file holds all it announces: soundfile cannot decode what is in an MP4.

    Raises:
        ValueError: it is cut off.
        AudioBeyondBounds: it is made of too many atoms.
    """
    size = file.seek(0, SEEK_END)
    counted = _CountedReads(file)
    position = 0
    while position < size:
        file.seek(position)
        header = counted.read(16)
        length = int.from_bytes(header[:4], "big")
        if length == 1:
            length = int.from_bytes(header[8:], "big")
        elif length == 0:
            length = size - position
        if length < 8 or position + length > size:
            raise ValueError(f"an atom of {length} bytes at {position} of {size}")
        position += length


class _CountedReads:
    """A file that is read only so often: mutagen makes an object of every atom it finds."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._count = 0
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int) -> bytes:
        """Read on. Raises `AudioBeyondBounds` after as many atoms as anybody has."""
        self._count += 1
        if self._count > MP4_PARTS_MAX:
            raise AudioBeyondBounds("parts", self._count, MP4_PARTS_MAX)
        return self._file.read(size)
