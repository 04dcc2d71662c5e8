"""The audio of jams: what is kept of takes, and the pieces that they make."""

from __future__ import annotations

import logging
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot.domain.errors import (
    AudioBeyondBounds,
    AudioUnreadable,
    AudioWorkFailed,
    BotError,
    NotAudio,
    SourceGone,
    TrackNotRead,
)
from bot.host.threads import TRACKS
from bot.host.whole_files import make_folder_of
from bot.jam.ports import JamStore, PieceSound, TakeSound

log = logging.getLogger(__name__)

UNUSABLE = (AudioWorkFailed, NotAudio, AudioUnreadable, AudioBeyondBounds)
"""What makes a take that cannot be joined to a piece."""


_LEAST_S = 0.1
"""Of a piece, so that its last take alone is read."""
_KEEP_TRIES = 3
"""A take is paid for: that a process came to nothing over it once is no reason to let it go."""


class PieceMissing(BotError):
    """The audio of a piece is not there any more, or cannot be worked on."""


class PieceNotWorkedOn(PieceMissing):
    """It is there, and nothing came of working on it: the next try may fare better."""


def end_called(take_id: str, last_s: float) -> str:
    """What the end of a piece is called as an `AudioSource`."""
    return f"{take_id} {last_s:g}"


@dataclass(frozen=True, slots=True)
class _LaidOut:
    paths: Sequence[Path]
    over_s: Sequence[float]
    tail_s: float
    """Of the last one."""


class Pieces:
    """Keeps takes, and puts pieces together; an `OwnAudio`. Methods raise `JournalFault`."""

    def __init__(self, store: JamStore, sound: PieceSound, folder: Path) -> None:
        self._store = store
        self._sound = sound
        self._folder = folder

    async def keep(
        self, take_id: str, track: Path, given_s: float, asked_bpm: float | None
    ) -> TakeSound | None:
        """Keep a take without loss; None where that cannot be done."""
        for tried in range(1, _KEEP_TRIES + 1):
            try:
                sound = await self.made_of(take_id, track, given_s, asked_bpm)
            except UNUSABLE as error:
                log.warning("the take cannot be joined to a piece: %r", error)
                if isinstance(error, AudioWorkFailed) and tried < _KEEP_TRIES:
                    continue
                return None
            await self._store.keep_sound(sound)
            return sound
        return None

    async def made_of(
        self, take_id: str, audio: Path, given_s: float, asked_bpm: float | None
    ) -> TakeSound:
        """Any audio as a take, which is still to be written down.

        Its first `given_s` seconds were there before; it was asked for with the tempo `asked_bpm`.

        Raises:
            NotAudio, AudioUnreadable, AudioBeyondBounds, AudioWorkFailed: it cannot be used.
        """
        target = self._path(take_id, "flac")
        try:
            track_s = await self._sound.keep_lossless(audio, target)
            given_s = min(given_s, track_s)
            tail_s = await self._tail_of(target, given_s, asked_bpm)
            flac = await TRACKS.run(target.read_bytes)
            return TakeSound(take_id, given_s, track_s, flac, tail_s)
        finally:
            await _remove([target])

    async def _tail_of(self, track: Path, given_s: float, asked_bpm: float | None) -> float:
        try:
            return (await self._sound.measure_end(track, given_s, asked_bpm)).tail_s
        except UNUSABLE as error:
            log.warning("the beat at the end of %s is not known: %r", track.name, error)
            return 0.0

    async def write(self, name: str, target: Path) -> None:
        """Write the end of a piece, which is called so, as WAV; without its tail.

        Raises:
            SourceGone: it is not there any more.
            TrackNotRead: nothing comes of working on it.
        """
        take_id, _, last_s = name.partition(" ")
        try:
            async with self._laid_out(take_id, float(last_s)) as laid:
                ends = partial(
                    self._sound.splice_end,
                    *(laid.paths, laid.over_s, float(last_s), laid.tail_s, target),
                )
                await _tried_twice(ends)
        except PieceNotWorkedOn as error:
            raise TrackNotRead from error
        except (PieceMissing, ValueError) as error:
            raise SourceGone from error

    @asynccontextmanager
    async def whole(self, head: str) -> AsyncGenerator[Path, None]:
        """The piece that ends with this take, as WAV, for as long as it is of use.

        What was made of it beside it, under names that begin with its own, goes with it.

        Raises:
            PieceMissing: it is not there any more.
        """
        piece = self._path(head, "wav")
        try:
            async with self._laid_out(head, None) as laid:
                await _tried_twice(partial(self._sound.splice, laid.paths, laid.over_s, piece))
            yield piece
        finally:
            await _remove(await TRACKS.run(_made_of, piece))

    @asynccontextmanager
    async def take(self, take_id: str) -> AsyncGenerator[Path, None]:
        """A take as it is heard, without loss: the end of the piece before it, then what is new.

        Raises:
            PieceMissing: it is not there any more.
        """
        async with self._laid_out(take_id, _LEAST_S) as laid:
            yield laid.paths[-1]

    @asynccontextmanager
    async def _laid_out(self, take_id: str, last_s: float | None) -> AsyncGenerator[_LaidOut, None]:
        """A piece's takes as files, and how they lie over one another."""
        sounds = await self._store.sounds_up_to(take_id, last_s)
        if not sounds:
            raise PieceMissing
        paths = [self._path(sound.take_id, "flac") for sound in sounds]
        try:
            for path, sound in zip(paths, sounds, strict=True):
                await TRACKS.run(_write, path, sound.flac)
            tails_s = [0.0, *(sound.tail_s for sound in sounds)]
            over_s = [sound.given_s + tail for sound, tail in zip(sounds, tails_s, strict=False)]
            yield _LaidOut(paths, over_s, tails_s[-1])
        except UNUSABLE as error:
            raise PieceNotWorkedOn from error
        finally:
            await _remove(paths)

    def _path(self, take_id: str, extension: str) -> Path:
        return self._folder / f"{take_id}.{secrets.token_hex(4)}.{extension}"


async def _tried_twice(work: Callable[[], Awaitable[float]]) -> None:
    """What comes to nothing on a busy machine may do better the next time."""
    try:
        await work()
    except AudioWorkFailed as error:
        log.warning("a piece is put together once more: %r", error)
        await work()


def _write(path: Path, flac: bytes) -> None:
    make_folder_of(path)
    path.write_bytes(flac)


def _made_of(piece: Path) -> list[Path]:
    return [*piece.parent.glob(f"{piece.stem}.*")]


async def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        await TRACKS.run(path.unlink, missing_ok=True)
