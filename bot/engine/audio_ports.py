"""What the engine needs of audio files (one of `bot.engine.ports`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.domain.generation import AudioSource, Generation
from bot.domain.measures import Loop, Measured
from bot.domain.picture import Picture, UsageRow


@dataclass(frozen=True, slots=True)
class InputAudio:
    """Input audio on disk, checked and measured."""

    path: Path
    filename: str
    content_type: str
    duration_s: float
    pcm_bytes_per_s: int = 48_000 * 2 * 2
    """What a second of it takes as a 16-bit WAV, of two channels at most."""
    reads_cleanly: bool = True
    """Whether every decoder finds in it all that is there; what does not is decoded by us."""

    def remade_bytes(self, first_s: float | None) -> int:
        """What its first seconds take where they are made a file of their own; 0 where not.

        None: all of it. That is only made another file where it does not read cleanly.
        """
        used_s = self.duration_s if first_s is None else min(first_s, self.duration_s)
        if self.reads_cleanly and used_s == self.duration_s:
            return 0
        return max(1, round(used_s * self.pcm_bytes_per_s))


class OwnAudio(Protocol):
    """Audio of our own making, by what it is called here."""

    async def write(self, name: str, target: Path) -> None:
        """Write it as WAV. Raises `RequestRefused`."""
        ...


class Sound(Protocol):
    """What is done with audio files, in processes that may die of them.

    Nothing blocks the event loop; whatever is cancelled stops at once. Where a method says that it
    raises `AudioWorkFailed`, its process crashed, took too long or too much memory, or met a fault
    of ours: the files are as they were, and there is a next way. For input audio that is a refusal.
    """

    def comes_from(self, own: OwnAudio) -> None:
        """Sources of our own making are there."""
        ...

    async def take_in(self, source: AudioSource, limit_bytes: int) -> InputAudio:
        """Fetch, check and measure input audio within a limit. Raises `RequestRefused`."""
        ...

    async def begin_with(
        self, audio: InputAudio, first_s: float | None, target: Path
    ) -> InputAudio:
        """The first so many seconds, or all of it, as the model may have them.

        That is a file of their own, or, where none has to be made, or can be made of what reads
        cleanly, the same in its old place. Raises `RequestRefused`.
        """
        ...

    async def keep(self, audio: InputAudio, target: Path, keep_s: float | None) -> float:
        """Put audio, or its first `keep_s` seconds, in its place; its length in seconds.

        Raises `RequestRefused`.
        """
        ...

    async def decode(self, audio: InputAudio, target: Path) -> float:
        """Make a WAV of all of it, however it reads; its length. Raises `RequestRefused`."""
        ...

    async def length_s(self, path: Path) -> float | None:
        """Measure audio; None where there is none. Raises `RequestRefused`."""
        ...

    async def end_of(self, piece: Path, context_s: float, target: Path) -> InputAudio:
        """The last so many seconds of a piece, as a file of their own. Raises `RequestRefused`."""
        ...

    async def join(self, piece: Path, output: Path, context_s: float, target: Path) -> None:
        """The piece with what the model added to its last seconds.

        Raises `TrackError`, `AudioWorkFailed`.
        """
        ...

    def track_coming(self) -> AbstractContextManager[None]:
        """While a track is being made: whatever labels it is to be ready."""
        ...

    async def label(self, path: Path, generation: Generation, model_name: str) -> Measured:
        """Check that a track is audio, write its tags, measure it.

        `model_name` is what the tags say the music comes from.

        Raises `TrackError`, `AudioWorkFailed`.
        """
        ...

    async def loop(self, parts: Sequence[Path], target: Path) -> Loop:
        """The best loop of a track, which may be in several files. Raises `RequestRefused`."""
        ...

    async def draw(self, path: Path, given_s: float) -> Picture:
        """The picture of a track, `given_s` seconds of which were there before.

        Raises `AudioWorkFailed`.
        """
        ...

    async def stack(self, pictures: Mapping[int, Picture]) -> bytes:
        """The pictures of several takes as one PNG, by their numbers. Raises `AudioWorkFailed`."""
        ...

    async def draw_usage(
        self, rows: Sequence[UsageRow], days: Sequence[str], nothing: str
    ) -> bytes:
        """What was used on each of some days, as a PNG; `nothing` says that it was nothing.

        Raises `AudioWorkFailed`.
        """
        ...

    async def fit(
        self, path: Path, limit_bytes: int, formats: Sequence[str] = ("flac", "mp3")
    ) -> Path:
        """The track in at most so many bytes: as it is, or in a new file beside it.

        Raises `OutputTooLarge`, `AudioWorkFailed`, FileNotFoundError.
        """
        ...

    async def split(self, path: Path, limit_bytes: int, most: int) -> list[Path]:
        """The track in at most so many files, each at most so large, beside it; nothing is lost.

        Raises `OutputTooLarge`, OSError.
        """
        ...

    async def discard(self, path: Path) -> None:
        """Delete a file that is no longer needed."""
        ...


class TrackStore(Protocol):
    """The data folder's files, and its disk."""

    async def tidy(self, keep: Collection[str]) -> int:
        """Remove what was left over by generations not in `keep`, all open ones; how many files."""
        ...

    async def left_over_bytes(self, held: Collection[str]) -> int:
        """What files take that belong to no generation in `held`."""
        ...

    async def size_of(self, *paths: str | None) -> int:
        """What these files take together; those that are not there take nothing."""
        ...

    async def try_disk(self, *, thorough: bool = False) -> int:
        """Try whether a file can be written, a `thorough` one a track's size; the bytes left.

        Raises `OSError`.
        """
        ...
