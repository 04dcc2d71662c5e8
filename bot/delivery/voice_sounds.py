"""What is played in voice channels, from where it is kept: a card's message, or a jam's rows."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import discord

from bot.card.action import Recent
from bot.card.audio_attachments import track_files
from bot.card.interactions import reading
from bot.delivery.track_files import a_folder, fetch, message_of
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
from bot.domain.generation import Generation
from bot.host.threads import TRACKS
from bot.jam.pieces import PieceMissing, Pieces
from bot.voice.ports import Packets, VoiceSound
from bot.voice.session import Item, Kind

log = logging.getLogger(__name__)

_FETCH_WITHIN_S = 60.0
_HEADERS = 2
"""Packets that say what comes (RFC 7845, 3), and are not sent."""


class Generations(Protocol):
    """Where generations are known."""

    async def get(self, generation_id: str) -> Generation | None:
        """Read one. Raises `JournalFault`."""
        ...


class DiscordSounds:
    """Fetches audio and makes packets of it; `bot.voice.ports.Sounds`."""

    def __init__(
        self, client: discord.Client, journal: Generations, pieces: Pieces, sound: VoiceSound
    ) -> None:
        self._client = client
        self._journal = journal
        self._pieces = pieces
        self._sound = sound
        self.cards = Recent[discord.Message]()
        """By message: cards from which something was played, as whoever pressed has seen them."""

    async def packets(self, item: Item, volume: int) -> Packets:
        """Its packets at a volume in percent.

        Raises:
            TrackNotHere: its audio is not there any more.
            TrackNotRead: it cannot be decoded.
        """
        async with a_folder() as folder, self._files(item, folder) as parts:
            target = folder / "voice.ogg"
            try:
                await self._sound.encode(parts, volume, target)
            except (AudioWorkFailed, NotAudio, AudioUnreadable, AudioBeyondBounds) as error:
                raise TrackNotRead from error
            return (await TRACKS.run(ogg_packets, target))[_HEADERS:]

    @asynccontextmanager
    async def _files(self, item: Item, folder: Path) -> AsyncGenerator[Sequence[Path], None]:
        if item.kind is Kind.TRACK:
            yield await self._track(item, folder)
            return
        held = self._pieces.whole if item.kind is Kind.PIECE else self._pieces.take
        try:
            async with held(item.id) as path:
                yield [path]
        except PieceMissing as error:
            raise TrackNotHere from error

    async def _track(self, item: Item, folder: Path) -> list[Path]:
        take = await self._journal.get(item.id)
        if take is None:
            raise GenerationUnknown
        pressed = self.cards.get(take.reply.message_id)
        if pressed is not None and (found := await _fetched(pressed, take, folder)):
            return found
        # The addresses in it live for a day.
        message = await message_of(self._client, take)
        if message is not None and (found := await _fetched(message, take, folder)):
            return found
        raise TrackNotHere


async def _fetched(message: discord.Message, take: Generation, folder: Path) -> list[Path]:
    """The files of a track in its card, on disk; none where they are not to be had."""
    files = track_files(message, take)
    try:
        async with reading(_FETCH_WITHIN_S):
            return await fetch(files, folder, "track")
    except REQUEST_FAILED as error:
        log.info("a track cannot be fetched: %r", error)
        return []
