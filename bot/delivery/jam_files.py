"""The files of jams as they are uploaded: the piece with its picture, the mix, the sections."""

from __future__ import annotations

import io
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import discord

from bot.card import strings
from bot.card.jam_card import COLOURS, colour_numbers, mix_labels
from bot.domain.errors import AudioWorkFailed, OutputTooLarge
from bot.domain.mixes import Mixed, MixTerms
from bot.domain.track_names import track_filename
from bot.engine.ports import Sound
from bot.host.log_context import about
from bot.host.threads import TRACKS
from bot.jam.jam import Jam
from bot.jam.pieces import UNUSABLE, PieceMissing, PieceNotWorkedOn, Pieces
from bot.jam.ports import PieceSound

log = logging.getLogger(__name__)

_CARD_MAX_BYTES = 6 * 1024 * 1024
"""A card's audio comes with every round: what is longer is an MP3 there, and whole in the mix."""
_REQUEST_MAX_BYTES = 24 * 1024 * 1024
"""Of the 25 MiB that all files of a request may have (Discord, reference, Uploading Files)."""
_PICTURE = "piece.png"


@dataclass(frozen=True, slots=True)
class Uploads:
    """Files on disk with their names at Discord, and a picture."""

    paths: tuple[tuple[Path, str], ...] = ()
    png: bytes | None = None
    description: str = ""

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[list[discord.File], None]:
        """The same as uploads, for one use."""
        files = list[discord.File]()
        try:
            for path, name in self.paths:
                files.append(await TRACKS.run(discord.File, path, name))
            if self.png is not None:
                png = io.BytesIO(self.png)
                files.append(discord.File(png, _PICTURE, description=self.description))
            yield files
        finally:
            for file in files:
                file.close()


@dataclass(frozen=True, slots=True)
class MixUploads(Uploads):
    """The files of a mix, and what it is."""

    mixed: Mixed | None = None
    """None where there is none."""
    has_sections: bool = False
    is_too_large: bool = False
    is_lost: bool = False
    """Whether there never will be one: the piece's audio is not there any more."""


class JamFiles:
    """Makes files of pieces, for as long as they are of use."""

    def __init__(
        self, pieces: Pieces, piece_sound: PieceSound, sound: Sound, model_name: str
    ) -> None:
        self._pieces = pieces
        self._piece_sound = piece_sound
        self._sound = sound
        self.model_name = model_name

    @asynccontextmanager
    async def of_card(self, jam: Jam, limit_bytes: int) -> AsyncGenerator[Uploads, None]:
        """The piece for a card, small enough to come with every round, and its picture."""
        if jam.head is None:
            yield Uploads()
            return
        async with self._fitted(jam, min(limit_bytes, _CARD_MAX_BYTES), ("mp3",)) as uploads:
            yield uploads

    @asynccontextmanager
    async def to_hear(self, jam: Jam, limit_bytes: int) -> AsyncGenerator[Uploads, None]:
        """The piece alone, without loss where that fits."""
        async with self._fitted(jam, limit_bytes, ("flac", "mp3"), with_picture=False) as uploads:
            yield uploads

    @asynccontextmanager
    async def _fitted(
        self, jam: Jam, limit_bytes: int, formats: tuple[str, ...], *, with_picture: bool = True
    ) -> AsyncGenerator[Uploads, None]:
        try:
            async with self._pieces.whole(jam.head or "") as piece:
                fitted = await self._fit(piece, limit_bytes, formats)
                png = await self._picture(jam, piece) if with_picture else None
                paths = () if fitted is None else ((fitted, self._name(jam, fitted)),)
                yield Uploads(paths, png, strings.jam.picture(jam))
        except PieceMissing:
            with about(jam_id=jam.id):
                log.warning("the piece cannot be put together")
            yield Uploads()

    @asynccontextmanager
    async def of_mix(
        self, jam: Jam, terms: MixTerms, names: Mapping[int, str], limit_bytes: int
    ) -> AsyncGenerator[MixUploads, None]:
        """The mix in the format asked for, its picture, and its sections where they fit.

        `names` are those of its authors.
        """
        try:
            async with self._pieces.whole(jam.head or "") as piece:
                yield await self._mixed(jam, terms, names, piece, limit_bytes)
        except OutputTooLarge:
            yield MixUploads(is_too_large=True)
        except (PieceMissing, *UNUSABLE) as error:
            with about(jam_id=jam.id):
                log.warning("the mix cannot be made: %r", error)
            is_there = isinstance(error, (PieceNotWorkedOn, *UNUSABLE))
            yield MixUploads(is_lost=not is_there)

    async def _mixed(
        self,
        jam: Jam,
        terms: MixTerms,
        names: Mapping[int, str],
        piece: Path,
        limit_bytes: int,
    ) -> MixUploads:
        png = await self._picture(jam, piece)
        left_bytes = _REQUEST_MAX_BYTES - len(png or b"")
        labels = mix_labels(jam, names, self.model_name, png)
        mixed = await self._piece_sound.mix(piece, terms, min(limit_bytes, left_bytes), labels)
        left_bytes -= (await TRACKS.run(mixed.path.stat)).st_size
        paths = [(mixed.path, self._name(jam, mixed.path))]
        archive = piece.with_suffix(".zip")
        with suppress(*UNUSABLE):
            await self._piece_sound.split_sections(piece, jam.starts_s, archive)
            size_bytes = (await TRACKS.run(archive.stat)).st_size
            if size_bytes <= min(limit_bytes, left_bytes):
                paths.append((archive, self._name(jam, archive)))
        return MixUploads(
            tuple(paths),
            png,
            strings.jam.picture(jam),
            mixed=mixed,
            has_sections=len(paths) > 1,
        )

    async def _fit(self, path: Path, limit_bytes: int, formats: tuple[str, ...]) -> Path | None:
        try:
            return await self._sound.fit(path, limit_bytes, formats)
        except (OutputTooLarge, AudioWorkFailed, FileNotFoundError) as error:
            log.warning("a piece cannot be made small enough: %r", error)
            return None

    async def _picture(self, jam: Jam, piece: Path) -> bytes | None:
        colours = [COLOURS[number] for number in colour_numbers(jam)]
        try:
            picture = await self._piece_sound.draw_piece(piece, jam.starts_s, colours)
        except UNUSABLE as error:
            log.warning("no picture of a piece: %r", error)
            return None
        return picture.png

    @staticmethod
    def _name(jam: Jam, path: Path) -> str:
        return track_filename(jam.terms.theme, len(jam.sections), path.suffix.lstrip("."))
