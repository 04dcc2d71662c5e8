"""A track on disk -> what is uploaded: small enough, named, and with its picture."""

from __future__ import annotations

import logging
from pathlib import Path

from bot.audio.names import track_filename
from bot.card.take_texts import refused_larger, sent_smaller
from bot.checks import audio_prompt_s
from bot.delivery.parcel import Track
from bot.delivery.ways import SURE_LIMIT_BYTES
from bot.errors import AudioWorkFailed, OutputTooLarge
from bot.generation import Generation
from bot.ports import Picture, Sound
from bot.threads import TRACKS

log = logging.getLogger(__name__)


class Fitting:
    """Finds the best form of one track that Discord takes; `track` is the present one.

    An `untouched` one has no other form, and no picture.
    """

    def __init__(
        self,
        sound: Sound,
        path: Path,
        generation: Generation,
        limit_bytes: int,
        *,
        untouched: bool = False,
    ) -> None:
        self._sound = sound
        self._path = path
        self._generation = generation
        self._limit_bytes = limit_bytes
        self._untouched = untouched
        self._refused: OutputTooLarge | None = None
        self._made: set[Path] = set()
        self._picture: Picture | None = None
        self.note = ""
        """What the card says of the file."""

    async def track(self) -> Track:
        """The track within the present limit.

        Raises:
            FileNotFoundError: there is no such file.
            OutputTooLarge: it cannot be made that small.
        """
        path = self._path
        size_bytes = (await TRACKS.run(path.stat)).st_size
        if size_bytes > self._limit_bytes:
            path = await self._smaller()
            size_bytes = (await TRACKS.run(path.stat)).st_size
            names = path.suffix.lstrip("."), self._path.suffix.lstrip(".")
            self.note = (
                sent_smaller(*names, self._limit_bytes)
                if self._refused is None
                else refused_larger(*names)
            )
        generation = self._generation
        name = track_filename(generation.inputs.prompt, generation.seed, path.suffix.lstrip("."))
        return Track(path, name, size_bytes, self._picture)

    def refused(self, track: Track, error: OutputTooLarge) -> None:
        """Discord, or the way that is open, does not take this one: the next is to be smaller.

        Raises:
            OutputTooLarge: a second time, against Discord's own word.
        """
        if track.size_bytes > error.limit_bytes:
            self._limit_bytes = error.limit_bytes
            return
        if self._refused is not None:
            raise error
        self._refused = error
        self._limit_bytes = min(SURE_LIMIT_BYTES, track.size_bytes // 2)

    async def draw(self) -> None:
        """Have a picture of the track; without one where it cannot be drawn."""
        if self._untouched:
            return
        given_s = self._generation.given_s
        if given_s is None:
            given_s = audio_prompt_s(self._generation.inputs, self._generation.audio_s)
        try:
            self._picture = await self._sound.draw(self._path, given_s)
        except (AudioWorkFailed, OSError) as error:
            # The track is what counts; it goes without.
            log.warning("generation %s has no picture: %r", self._generation.id, error)

    async def clean_up(self) -> None:
        """Remove what was made on the way."""
        for path in self._made:
            await self._sound.discard(path)

    async def _smaller(self) -> Path:
        if self._untouched:
            raise self._refused or OutputTooLarge(self._limit_bytes)
        try:
            fitted = await self._sound.fit(self._path, self._limit_bytes)
        except (AudioWorkFailed, OutputTooLarge) as error:
            raise self._refused or OutputTooLarge(self._limit_bytes) from error
        self._made.add(fitted)
        return fitted
