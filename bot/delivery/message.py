"""What is to be shown, and where it ended up."""

from __future__ import annotations

import io
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import discord

from bot.card import strings
from bot.card.buttons import card_view
from bot.card.render import Card, without_words
from bot.domain.generation import Generation
from bot.domain.picture import Picture
from bot.domain.track_names import seed_in, track_filename
from bot.host.threads import TRACKS

PICTURE_NAME = "waveform.png"


@dataclass(frozen=True, slots=True)
class Track:
    """An audio file, the name it gets at Discord, and the picture of it in the card."""

    path: Path
    filename: str
    size_bytes: int
    """Of the largest file, where it comes in several."""
    picture: Picture | None = None
    parts: tuple[Path, ...] = ()
    """What is uploaded instead, where the whole is too large."""
    take: int | None = None
    """Its number, where its card has several."""

    @property
    def uploads(self) -> list[tuple[Path, str]]:
        """The files, with their names at Discord; the seed stays at their end."""
        if not self.parts:
            return [(self.path, self.filename)]
        name, _, seed = self.filename.rpartition("-")
        return [
            (part, f"{name}-part-{number}-of-{len(self.parts)}-{seed}")
            for number, part in enumerate(self.parts, start=1)
        ]


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """What is to be shown for a generation."""

    generation: Generation
    card: Card
    track: Track | None = None
    buttons_of: str | None = None
    """The generation that the buttons name, where it is another: the first of a batch."""

    @property
    def shares_message(self) -> bool:
        """Whether the message has other takes' files too, which stay."""
        return self.generation.batch_id is not None

    @property
    def embed(self) -> discord.Embed:
        """The card's embed, with its picture."""
        if self.track is None or self.track.picture is None:
            return self.card.embed
        return self.card.embed.copy().set_image(url=f"attachment://{PICTURE_NAME}")

    @property
    def named(self) -> str:
        """The generation that its buttons are about."""
        return self.buttons_of or self.generation.id

    @property
    def view(self) -> discord.ui.View | None:
        """The card's buttons, new ones each time."""
        return card_view(self.card.actions, self.named, self.card.take_labels)

    def without_words(self) -> OutgoingMessage:
        """The same without what its person wrote."""
        track = self.track
        if track is not None:
            extension = track.filename.rpartition(".")[2]
            name = track_filename("", self.generation.seed, extension, track.take)
            track = replace(track, filename=name)
        return replace(self, card=without_words(self.card), track=track)

    @asynccontextmanager
    async def files(self) -> AsyncGenerator[list[discord.File], None]:
        """Track and picture as uploads, for one use; files are opened off the event loop."""
        if self.track is None:
            yield []
            return
        files = list[discord.File]()
        try:
            for path, name in self.track.uploads:
                files.append(await TRACKS.run(discord.File, path, name))
            if (picture := self.track.picture) is not None:
                png = io.BytesIO(picture.png)
                files.append(
                    discord.File(png, PICTURE_NAME, description=strings.waveform.describe(picture))
                )
            yield files
        finally:
            for file in files:
                file.close()

    async def attachments(
        self, files: list[discord.File], fetch: Callable[[], Awaitable[discord.Message]]
    ) -> list[discord.Attachment | discord.File]:
        """What the message has after an edit: these, and the files of takes it is shared with.

        An earlier try may have put this very track there already. What shows no track leaves the
        files alone: another process may have delivered one meanwhile.
        """
        if not files:
            return discord.utils.MISSING
        if not self.shares_message:
            return [*files]
        present = (await fetch()).attachments
        seed = self.generation.seed
        others = [file for file in present if seed_in(file.filename) != seed]
        # Their names begin with their numbers; whoever ends last may be the first.
        return sorted([*others, *files], key=lambda file: _number(file.filename))


def _number(filename: str) -> int:
    number = filename.partition("-")[0]
    return int(number) if number.isdecimal() else 0
