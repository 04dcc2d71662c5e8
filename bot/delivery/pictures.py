"""Pictures of tracks: with the track where there is time for it, else soon after it.

Drawing takes longer than all else between the end of a prediction and its audio in the message.
Where many end at once, the audio goes first: nobody waits for others' pictures.
"""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import discord

from bot.card import strings
from bot.card.audio_attachments import track_attachment
from bot.delivery.message import PICTURE_NAME
from bot.delivery.sender import Sender
from bot.delivery.upload import picture_of
from bot.discord_errors import REQUEST_FAILED
from bot.domain.clock import Clock
from bot.domain.errors import AudioWorkFailed
from bot.domain.generation import Generation, State
from bot.domain.picture import Picture
from bot.engine.ports import Sound

log = logging.getLogger(__name__)

_FEW = 4
"""While so many tracks at most are about to be delivered, each has time for its picture."""
_BATCHES_MAX = 100
"""Of cards whose other takes still run, or were delivered by another process."""
_CALM_WITHIN_S = 20.0
"""A picture waits no longer for a moment in which no track is about to be delivered."""


class Pictures:
    """Draws pictures, now or later, and adds those that come later."""

    def __init__(self, sender: Sender, sound: Sound, clock: Clock) -> None:
        self._sender = sender
        self._sound = sound
        self._clock = clock
        self._coming: set[str] = set()
        """The ids of those whose tracks are fetched, labelled or delivered now."""
        self._calm = asyncio.Event()
        self._calm.set()
        self._owed: set[str] = set()
        self._takes: dict[str, dict[int, Picture]] = {}
        """The pictures of takes that wait for the others of their card, by its batch."""
        self._turn = asyncio.Lock()

    def expects(self, generation: Generation, *, is_coming: bool) -> None:
        """Take note whether a track is about to be delivered."""
        if is_coming:
            self._coming.add(generation.id)
            self._calm.clear()
        else:
            self._coming.discard(generation.id)
            if not self._coming:
                self._calm.set()

    @contextmanager
    def delivering(self, generation: Generation) -> Generator[None, None, None]:
        """Surrounds the delivery of a track."""
        self.expects(generation, is_coming=True)
        try:
            yield
        finally:
            self.expects(generation, is_coming=False)

    def has_time(self, generation: Generation) -> bool:
        """Whether the picture goes with its track; else it is owed, and comes `after_track`."""
        if len(self._coming) > _FEW:
            self._owed.add(generation.id)
            return False
        self._owed.discard(generation.id)
        return True

    async def after_track(self, generation: Generation, path: Path) -> None:
        """Add the picture that is still to come, if one is; at best effort."""
        if generation.id not in self._owed:
            return
        self._owed.discard(generation.id)
        await self._clock.wait(self._calm, _CALM_WITHIN_S)
        async with self._turn:
            picture = await picture_of(self._sound, generation, path)
            if picture is not None:
                words = strings.waveform.describe(picture)
                await self._add(generation, picture.png, words)

    async def draw_take(self, generation: Generation, path: Path, number: int) -> None:
        """Have the picture of one of several takes, for when all have ended."""
        await self._clock.wait(self._calm, _CALM_WITHIN_S)
        async with self._turn:
            picture = await picture_of(self._sound, generation, path)
            if picture is not None:
                self._takes.setdefault(generation.batch_id or "", {})[number] = picture
                while len(self._takes) > _BATCHES_MAX:
                    del self._takes[next(iter(self._takes))]

    async def after_takes(self, takes: Sequence[Generation]) -> None:
        """Add one picture, with a strip for each take, once all have ended; at best effort."""
        delivered = [take for take in takes if take.state is State.DELIVERED]
        known = self._takes.get(takes[0].batch_id or "", {})
        if not delivered or len(known) < len(delivered):
            return
        pictures = self._takes.pop(takes[0].batch_id or "")
        async with self._turn:
            try:
                png = await self._sound.stack(pictures)
            except AudioWorkFailed as error:
                log.warning("no picture: %r", error)
                return
            await self._add(delivered[0], png, strings.waveform.describe_takes(pictures))

    async def _add(self, generation: Generation, png: bytes, words: str) -> None:
        message = await self._sender.shown(generation.reply)
        if message is None or not _lacks_picture(message, generation):
            return
        file = discord.File(io.BytesIO(png), PICTURE_NAME, description=words)
        embed = message.embeds[0].set_image(url=f"attachment://{PICTURE_NAME}")
        try:
            await message.edit(embed=embed, attachments=[*message.attachments, file])
        except REQUEST_FAILED as error:
            log.info("its picture is not shown: %s", error)


def _lacks_picture(message: discord.Message, generation: Generation) -> bool:
    """Whether it shows the track, and nothing that has a picture already."""
    embeds = message.embeds
    return (
        track_attachment(message, generation) is not None
        and len(embeds) == 1
        and not embeds[0].image.url
    )
