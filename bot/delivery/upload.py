"""A track on disk -> what is uploaded: small enough, named, and with its picture."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from bot.card import strings
from bot.delivery.message import Track
from bot.delivery.transport import SURE_LIMIT_BYTES
from bot.domain.errors import AudioWorkFailed, OutputTooLarge
from bot.domain.generation import Generation
from bot.domain.picture import Picture
from bot.domain.track_names import track_filename
from bot.domain.validation import audio_prompt_s
from bot.engine.ports import Sound
from bot.engine.track_files import Form
from bot.host.threads import TRACKS

log = logging.getLogger(__name__)

_REQUEST_MAX_BYTES = 24 * 1024 * 1024
"""Of the 25 MiB that all files of a request may have (Discord, reference, Uploading Files)."""
_PARTS_MAX = 9
"""Of a message's ten attachments one is the picture."""
_FORMS = {
    Form.ALONE: strings.takes.ALONE,
    Form.UNREAD: strings.takes.UNREAD,
}


class TrackUpload:
    """Finds the best form of one track that Discord takes; `track` is the present one.

    As it is, as FLAC, as MP3, in parts: whatever fails, the next form is tried. An `untouched` one
    is neither converted nor drawn. `take` is its number, where its card has several.
    """

    def __init__(
        self,
        sound: Sound,
        path: Path,
        generation: Generation,
        limit_bytes: int,
        *,
        untouched: bool = False,
        take: int | None = None,
    ) -> None:
        self._sound = sound
        self._path = path
        self._generation = generation
        self._limit_bytes = limit_bytes
        self._take = take
        self._untouched = untouched or Form.of(path) is Form.UNREAD
        self._refused: OutputTooLarge | None = None
        self._made: set[Path] = set()
        self.picture: Picture | None = None
        self._size_note = ""

    @property
    def note(self) -> str:
        """What the card says of the file."""
        form = _FORMS.get(Form.of(self._path))
        return "\n".join(filter(None, (form and form(), self._size_note)))

    async def track(self) -> Track:
        """The track within the present limit.

        Raises:
            FileNotFoundError: there is no such file.
            OutputTooLarge: it cannot be made that small, nor be split.
        """
        size_bytes = await self._size(self._path)
        if size_bytes <= self._limit_bytes:
            return self._named(self._path, size_bytes)
        smaller = await self._smaller()
        if smaller is None:
            return await self._split(size_bytes)
        names = smaller.suffix.lstrip("."), self._path.suffix.lstrip(".")
        self._size_note = (
            strings.takes.sent_smaller(*names, self._limit_bytes)
            if self._refused is None
            else strings.takes.refused_larger(*names)
        )
        return self._named(smaller, await self._size(smaller))

    def _named(self, path: Path, size_bytes: int) -> Track:
        prompt, seed = self._generation.inputs.prompt, self._generation.seed
        name = track_filename(prompt, seed, path.suffix.lstrip("."), self._take)
        return Track(path, name, size_bytes, self.picture, take=self._take)

    @staticmethod
    async def _size(path: Path) -> int:
        return (await TRACKS.run(path.stat)).st_size

    def refused(self, track: Track, error: OutputTooLarge) -> None:
        """Discord does not take this one: the next is to be smaller.

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

    @property
    def is_drawable(self) -> bool:
        """Whether it may be drawn at all."""
        return not self._untouched

    async def draw(self) -> None:
        """Have a picture of the track; without one where it cannot be drawn."""
        if not self._untouched:
            self.picture = await picture_of(self._sound, self._generation, self._path)

    async def clean_up(self) -> None:
        """Remove the files that were made for it."""
        for path in self._made:
            await self._sound.discard(path)

    async def _smaller(self) -> Path | None:
        """The track in a smaller format; None where there is none."""
        if self._untouched:
            return None
        # Who dies over a FLAC may well make an MP3.
        for formats in (("flac", "mp3"), ("mp3",)):
            try:
                fitted = await self._sound.fit(self._path, self._limit_bytes, formats)
            except AudioWorkFailed as error:
                log.warning("not converted: %r", error)
            except OutputTooLarge:
                return None
            else:
                self._made.add(fitted)
                return fitted
        return None

    async def _split(self, size_bytes: int) -> Track:
        if size_bytes > max(_REQUEST_MAX_BYTES, self._limit_bytes):
            raise self._refused or OutputTooLarge(self._limit_bytes)
        try:
            parts = await self._sound.split(self._path, self._limit_bytes, _PARTS_MAX)
        except OutputTooLarge as error:
            raise self._refused or error from error
        self._made.update(parts)
        self._size_note = strings.takes.sent_in_parts(len(parts), self._limit_bytes)
        largest_bytes = max([await self._size(part) for part in parts])
        return replace(self._named(self._path, largest_bytes), parts=tuple(parts))


async def picture_of(
    sound: Sound, generation: Generation, path: Path, given_s: float | None = None
) -> Picture | None:
    """The picture of a track, of which so much was there before; None where it cannot be drawn."""
    given_s = generation.given_s if given_s is None else given_s
    if given_s is None:
        given_s = audio_prompt_s(generation.inputs, generation.audio_s)
    try:
        return await sound.draw(path, given_s)
    except (AudioWorkFailed, OSError) as error:
        # The track is what counts; it goes without.
        log.warning("no picture: %r", error)
        return None
