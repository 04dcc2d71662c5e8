"""What is played in voice channels, from where it is kept: a card's message, or a jam's rows."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import discord

from bot.card.action import Recent
from bot.card.audio_attachments import track_files
from bot.card.interactions import reading
from bot.delivery.track_files import WorkFolders, fetch, message_of, size_of
from bot.discord_errors import REQUEST_FAILED
from bot.discord_internals import ogg_packets
from bot.domain.errors import (
    AudioBeyondBounds,
    AudioUnreadable,
    AudioWorkFailed,
    GenerationUnknown,
    NotAudio,
    TrackNotHere,
    TrackNotRead,
)
from bot.engine.ports import Journal
from bot.host.threads import TRACKS
from bot.jam.pieces import PieceMissing, PieceNotWorkedOn, Pieces
from bot.voice.ports import Packets, VoiceSound
from bot.voice.session import Item, Kind

log = logging.getLogger(__name__)

_FETCH_WITHIN_S = 60.0
_PIECE_BYTES = 8 * 1024 * 1024
"""Nine minutes, encoded; the piece itself lies in the tracks folder, and is counted there."""
_HEADERS = 2
"""Packets that say what comes (RFC 7845, 3), and are not sent."""


class DiscordSounds:
    """Fetches audio and makes packets of it; `bot.voice.ports.Sounds`."""

    def __init__(
        self,
        client: discord.Client,
        journal: Journal,
        pieces: Pieces,
        folders: WorkFolders,
        sound: VoiceSound,
    ) -> None:
        self._client = client
        self._journal = journal
        self._pieces = pieces
        self._folders = folders
        self._sound = sound
        self.cards = Recent[discord.Message]()
        """By message: cards from which something was played, as whoever pressed has seen them."""

    async def packets(self, item: Item, volume: int) -> Packets:
        """Its packets at a volume in percent.

        Raises:
            TrackNotHere: its audio is not there any more.
            TrackNotRead: it cannot be decoded.
            DiskUnusable, OwnRoomTaken, RoomTaken: there is no room for it on the disk.
        """
        async with self._files(item) as (parts, folder):
            target = folder / "voice.ogg"
            try:
                await self._sound.encode(parts, volume, target)
            except (AudioWorkFailed, NotAudio, AudioUnreadable, AudioBeyondBounds) as error:
                raise TrackNotRead from error
            return (await TRACKS.run(ogg_packets, target))[_HEADERS:]

    @asynccontextmanager
    async def _files(self, item: Item) -> AsyncGenerator[tuple[Sequence[Path], Path], None]:
        """Its files, and a folder for what is made of them."""
        if item.kind is Kind.TRACK:
            async with self._track(item) as found:
                yield found
            return
        held = self._pieces.whole if item.kind is Kind.PIECE else self._pieces.take
        try:
            async with (
                self._folders.open(item.added_by, _PIECE_BYTES) as folder,
                held(item.id) as path,
            ):
                yield [path], folder
        except PieceNotWorkedOn as error:
            raise TrackNotRead from error
        except PieceMissing as error:
            raise TrackNotHere from error

    @asynccontextmanager
    async def _track(self, item: Item) -> AsyncGenerator[tuple[Sequence[Path], Path], None]:
        take = await self._journal.get(item.id)
        if take is None:
            raise GenerationUnknown
        # The addresses in a card that was seen live for a day; Discord is asked for it once.
        for seen in dict.fromkeys((self.cards.get(take.reply.message_id), None)):
            shown = seen or await message_of(self._client, take)
            files = track_files(shown, take)
            async with self._folders.open(item.added_by, 2 * size_of(files)) as folder:
                if found := await _fetched(files, folder):
                    yield found, folder
                    return
        raise TrackNotHere


async def _fetched(files: Sequence[discord.Attachment], folder: Path) -> list[Path]:
    """The files of a track, on disk; none where they are not to be had."""
    try:
        async with reading(_FETCH_WITHIN_S):
            return await fetch(files, folder, "track")
    except REQUEST_FAILED as error:
        log.info("a track cannot be fetched: %r", error)
        return []
