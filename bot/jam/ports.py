"""What the jam needs from the world: its rows, its audio, and where people see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bot.domain.errors import UserError
from bot.domain.generation import AudioSource
from bot.domain.measures import EndCut
from bot.domain.mixes import Mixed, MixLabels, MixTerms
from bot.domain.picture import Picture
from bot.engine.ports import Journal
from bot.jam.from_track import NewJam
from bot.jam.jam import Jam, Shown


@dataclass(frozen=True, slots=True)
class StoredJam:
    """A jam, and the version of its row that it was read in."""

    jam: Jam
    version: int


@dataclass(frozen=True, slots=True)
class TakeRow:
    """A take as it is looked up by its id, long after its round too."""

    id: str
    jam_id: str
    author_id: int
    words: str
    round_number: int
    previous: str | None
    """The take at the end of the piece that it goes on from."""


@dataclass(frozen=True, slots=True)
class TakeSound:
    """A take's audio, without loss: the end of the piece before it, then what it adds."""

    take_id: str
    given_s: float
    """What of it was there before; 0 for one that opens a piece."""
    track_s: float
    flac: bytes
    tail_s: float = 0.0
    """What of its end is behind its last beat: the next take goes on from before it."""

    @property
    def added_s(self) -> float:
        """What it adds to the piece."""
        return self.track_s - self.given_s


class JamStore(Protocol):
    """Jams, their takes and their audio. Methods raise `JournalFault`."""

    async def add_jam(self, jam: NewJam) -> bool:
        """Write a new jam; False where it is there already.

        What names a track or a preset is completed in the same transaction: raises
        `RequestRefused`, too.
        """
        ...

    async def change_jam(
        self,
        version: int,
        jam: Jam,
        take: TakeRow | None = None,
        sound: TakeSound | None = None,
    ) -> bool:
        """Write what has become of a jam, and a new take of it; False where its row has changed.

        `sound` is the take's audio, where it is there already.

        The audio of takes whose round is over, and that have not joined a piece, is let go.
        """
        ...

    async def jam(self, jam_id: str) -> StoredJam | None:
        """Read a jam; None where there is none of this id."""
        ...

    async def jam_in(self, thread_id: int) -> StoredJam | None:
        """Read the jam of a thread."""
        ...

    async def jams_of(self, guild_id: int, limit: int = 100) -> Sequence[Jam]:
        """Those of a server, the newest first."""
        ...

    async def forget_jams_of(self, guild_id: int, at_most: int) -> int:
        """Delete some of a server's, with their takes and all audio; how many."""
        ...

    async def jams_to_do(self, now: datetime) -> Sequence[str]:
        """The ids of those with something to show, to make, or to end by now."""
        ...

    async def jam_take(self, take_id: str) -> TakeRow | None:
        """Read a take."""
        ...

    async def takes_in(self, jam_id: str, round_number: int) -> Sequence[TakeRow]:
        """The takes of a round."""
        ...

    async def keep_sound(self, sound: TakeSound) -> None:
        """Keep a take's audio, in place of what was kept before."""
        ...

    async def sounds_up_to(self, take_id: str, last_s: float | None = None) -> Sequence[TakeSound]:
        """The audio of the piece that ends with this take, in order; or of its last seconds.

        Those are the last before its tail. Without what is lost.
        """
        ...


class PieceSound(Protocol):
    """What is done with the audio of pieces, in a process that may die of it.

    Methods raise `AudioWorkFailed`, and `NotAudio`, `AudioUnreadable` or `AudioBeyondBounds`.
    """

    async def keep_lossless(self, track: Path, target: Path) -> float:
        """Write a track as FLAC; its length in seconds."""
        ...

    async def measure_end(self, track: Path, given_s: float, asked_bpm: float | None) -> EndCut:
        """Where a track is to be cut for what goes on from it, all but `given_s` of it new."""
        ...

    async def splice(self, sounds: Sequence[Path], over_s: Sequence[float], target: Path) -> float:
        """Write the piece that takes make, as WAV; its length in seconds.

        Each stands in place of the last `over_s` seconds of what is there before it.
        """
        ...

    async def splice_end(
        self,
        sounds: Sequence[Path],
        over_s: Sequence[float],
        last_s: float,
        tail_s: float,
        target: Path,
    ) -> float:
        """Write its last seconds before its tail, as WAV; their length."""
        ...

    async def draw_piece(
        self, piece: Path, starts_s: Sequence[float], colours: Sequence[tuple[int, int, int]]
    ) -> Picture:
        """The picture of a piece, each of its sections in a colour."""
        ...

    async def mix(self, piece: Path, terms: MixTerms, limit_bytes: int, labels: MixLabels) -> Mixed:
        """Write the mix of a piece beside it, in the format asked for or the next that fits.

        Raises `OutputTooLarge` where none of them does.
        """
        ...

    async def split_sections(self, piece: Path, starts_s: Sequence[float], target: Path) -> None:
        """Write a zip of a piece's sections, without loss."""
        ...


class JamJournal(Journal, JamStore, Protocol):
    """The journal with its jams: their takes are generations, and locks say whose turn it is."""


class JamDisplay(Protocol):
    """Where people see a jam. Methods raise `DiscordFault` and `Unreachable`."""

    async def source_of(self, track_id: str) -> AudioSource:
        """The audio of a track, as its message has it. Raises `RequestRefused`."""
        ...

    async def refuse(self, jam: Jam, error: UserError) -> None:
        """Tell who wanted to begin it why it does not."""
        ...

    async def open(self, jam: Jam) -> int | None:
        """Its thread, made now or before; None where that has to wait a moment."""
        ...

    async def show(self, jam: Jam) -> Shown:
        """Show its card as it is now."""
        ...

    async def tell(self, jam: Jam) -> None:
        """Say where it was begun how it stands with it, at best effort; raises nothing."""
        ...

    async def post_mix(self, jam: Jam, terms: MixTerms) -> None:
        """Post the mix of its piece."""
        ...
