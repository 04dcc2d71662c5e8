"""What an audio file of ours is: its measures, by libsndfile; strangers' are `examination`'s.

Everything here reads files, blocks, and may crash the process: it is called in one of its own
(`bot.audio.worker_pool`). soundfile is imported where it is used: the bot knows the types here, and
never loads the library.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from bot.audio.bounds import check_amount, check_form
from bot.audio.sniffing import find, mapped
from bot.domain.audio_formats import Format
from bot.domain.errors import AudioUnreadable, RequestRefused

if TYPE_CHECKING:
    from soundfile import SoundFile  # pyright: ignore[reportMissingTypeStubs] - its source is typed well enough

_BLOCK_FRAMES = 1024
"""A block in which decoding fails is lost whole, so it is a short one."""
LONGEST_S = 24 * 3600
"""More does not fit into a file that anybody may send."""
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
    """Measure an audio file that libsndfile decodes.

    The length is that of the audio that can be decoded, where the header claims more; the answer
    may then be some milliseconds short.

    Raises:
        NotAudio: it does not begin like any of the formats we know.
        AudioUnreadable: it does, but it is broken, holds no audio, or is not libsndfile's.
        AudioBeyondBounds: it has more channels or audio, or another rate, than anybody's.
        OSError: the file itself cannot be read.
    """
    # Unbuffered, because libsndfile reads from the descriptor: its errors then stay errors, which
    # through a Python file they do not.
    with path.open("rb", buffering=0) as file:
        format_ = sniff(file)
        try:
            facts, _ = measure(file, format_)
        except (RequestRefused, MemoryError):
            raise
        except Exception as error:
            # Parsers of strangers' bytes fail in whatever way the bytes make them.
            raise AudioUnreadable(format_) from error
    if not 0 < facts.duration_s <= LONGEST_S:
        raise AudioUnreadable(format_)
    if facts.channels < 1 or facts.sample_rate_hz < 1:
        raise AudioUnreadable(format_)
    return facts


def sniff(file: BinaryIO) -> Format:
    """The format of a file. Raises `NotAudio`, or `AudioUnreadable` of a tag alone."""
    with mapped(file) as data:
        return find(data).format


def measure(file: BinaryIO, format_: Format) -> tuple[AudioFacts, float]:
    """Measure an unbuffered file at its beginning; its facts, and the seconds its header claims.

    Raises what libsndfile does.
    """
    from soundfile import SoundFile  # pyright: ignore[reportMissingTypeStubs] - its source is typed well enough

    with SoundFile(file.fileno(), closefd=False) as sound:
        claimed, channels, rate = sound.frames, sound.channels, sound.samplerate
        check_form(channels, rate)
        frames = claimed if _reaches_its_end(sound) else None
    if frames is None:
        # Cut off, or its header lies. The decoder that found out is of no further use.
        file.seek(0)
        with SoundFile(file.fileno(), closefd=False) as sound:
            frames = _count_frames(sound)
    return AudioFacts(format_, frames / rate, channels, rate), claimed / rate


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
