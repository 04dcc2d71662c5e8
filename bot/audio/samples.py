"""Audio as arrays: decoded block by block, mixed to one or two channels, written whole.

Arrays are float32 of shape (frames, channels), full scale at ±1. Blocks rather than whole files,
because the piece that somebody wants extended may be an hour long. Everything here blocks; see
`probe`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from bot.audio.bounds import check_amount, check_form
from bot.audio.probe import sniff
from bot.domain.audio_formats import Format
from bot.domain.errors import AudioUnreadable
from bot.host.whole_files import whole_file

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from soundfile import SoundFile  # pyright: ignore[reportMissingTypeStubs] - its source is typed well enough

    Samples: TypeAlias = npt.NDArray[np.float32]

_BLOCK_FRAMES = 4096
"""A block in which decoding fails is lost whole, so it is a short one."""
_LONGEST_S = 3600


class Stream:
    """An open audio file; `subtype` is libsndfile's name for its encoding."""

    def __init__(self, sound: SoundFile, format_: Format) -> None:
        self._sound = sound
        self.format: Format = format_
        self.rate_hz: int = sound.samplerate
        self.channels: int = sound.channels
        self.subtype: str = sound.subtype

    def blocks(self, frames: int = _BLOCK_FRAMES) -> Iterator[Samples]:
        """The audio from here on, as far as it can be decoded; all blocks but the last full.

        Raises:
            AudioUnreadable: there is none, or more than an hour of it.
            AudioBeyondBounds: there is more than is decoded.
        """
        import numpy as np

        for block in self._blocks(frames, "float32"):
            if not np.isfinite(block).all():
                np.nan_to_num(block, copy=False, posinf=1.0, neginf=-1.0)
            yield block

    def integer_blocks(self, frames: int) -> Iterator[npt.NDArray[np.int32]]:
        """The same as integers of 32 bits, in which fewer bits are kept exactly."""
        return self._blocks(frames, "int32")

    def _blocks(self, frames: int, dtype: Literal["float32", "int32"]) -> Iterator[Any]:
        done = 0
        while True:
            try:
                block = self._sound.read(frames, dtype, always_2d=True)
            except RuntimeError:
                break
            if not len(block):
                break
            done += len(block)
            if done > _LONGEST_S * self.rate_hz:
                raise AudioUnreadable(self.format)
            check_amount(self.channels, done)
            yield block
        if not done:
            raise AudioUnreadable(self.format)


@contextmanager
def opened(path: Path) -> Generator[Stream]:
    """Open an audio file for decoding.

    Raises:
        NotAudio: it does not begin like any of the formats we know.
        AudioUnreadable: libsndfile cannot decode it.
        AudioBeyondBounds: nobody has so many channels, or such a rate.
        OSError: the file itself cannot be read.
    """
    # Unbuffered and by its descriptor, as in `probe`.
    with path.open("rb", buffering=0) as file:
        format_ = sniff(file)
        try:
            sound = _sequential(file.fileno())
        except (RuntimeError, TypeError, ValueError) as error:
            raise AudioUnreadable(format_) from error
        with sound:
            check_form(sound.channels, sound.samplerate)
            yield Stream(sound, format_)


def _sequential(descriptor: int) -> SoundFile:
    """The file as one that is only read from beginning to end.

    soundfile 0.14 seeks after every read to where it is already; an MP3 or Opus decoder, which
    needs what came before, loses its thread there, and the audio is garbage
    (github.com/bastibe/python-soundfile/pull/329).
    """
    import soundfile  # pyright: ignore[reportMissingTypeStubs] - its source is typed well enough

    class Sequential(soundfile.SoundFile):
        def seekable(self) -> bool:
            return False

    return Sequential(descriptor, closefd=False)


def mixed(block: Samples, channels: int) -> Samples:
    """The block with so many channels: mono is doubled, anything else is mixed to mono first."""
    if block.shape[1] == channels:
        return block
    import numpy as np

    # numpy's own mean takes 25 times as long over so short an axis.
    weights = np.full((block.shape[1], channels), 1 / block.shape[1], np.float32)
    return block @ weights


class Tail:
    """Holds back the last frames of a stream of blocks."""

    def __init__(self, frames: int) -> None:
        self._frames = frames
        self._held: deque[Samples] = deque()
        self._count = 0

    def push(self, block: Samples) -> Iterator[Samples]:
        """Take a block; give those that are not among the last frames."""
        self._held.append(block)
        self._count += len(block)
        while self._held and self._count - len(self._held[0]) >= self._frames:
            self._count -= len(self._held[0])
            yield self._held.popleft()

    def drop(self, frames: int) -> None:
        """Forget the very last frames."""
        while self._held and frames > 0:
            last = self._held.pop()
            self._count -= len(last)
            if len(last) > frames:
                kept = last[: len(last) - frames]
                self._held.append(kept)
                self._count += len(kept)
            frames -= len(last)

    def blocks(self) -> Iterator[Samples]:
        """What is held: the last frames, or some more, or all there were if those are fewer."""
        yield from self._held

    def rest(self) -> Samples:
        """The same as one array."""
        import numpy as np

        return np.concatenate(self._held)


class PcmFile:
    """A file of 16 bits, WAV or FLAC, that is being written."""

    def __init__(self, sound: SoundFile) -> None:
        self._sound = sound
        self.frames = 0

    def write(self, block: Samples) -> None:
        """Append; what was 16 bits before stays what it was."""
        import numpy as np

        # Not left to libsndfile, whose full scale for writing is 32767.
        self._sound.write(np.clip(np.rint(block * 32768.0), -32768, 32767).astype(np.int16))
        self.frames += len(block)


@contextmanager
def pcm_file(
    path: Path, rate_hz: int, channels: int, format_: Literal["WAV", "FLAC"] = "WAV"
) -> Generator[PcmFile]:
    """Write a file that appears under `path` once it is whole, and not at all after an error."""
    from soundfile import SoundFile  # pyright: ignore[reportMissingTypeStubs] - its source is typed well enough

    with (
        whole_file(path) as draft,
        SoundFile(draft, "w", rate_hz, channels, "PCM_16", format=format_) as sound,
    ):
        yield PcmFile(sound)
