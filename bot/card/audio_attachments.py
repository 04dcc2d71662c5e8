"""The audio that a message carries, whoever posted it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import discord

from bot.domain.audio_formats import CONTENT_TYPES, ENDINGS
from bot.domain.generation import AudioSource, Generation
from bot.domain.track_names import seed_in


@dataclass(frozen=True, slots=True)
class AudioAttachment:
    """One audio file in a message; its address was signed for whoever asked for the message."""

    id: str
    source: AudioSource
    owner_id: int | None = None
    """Who has posted it; of an app's answer, whose command or press it answers. None where that
    is not known."""

    @property
    def filename(self) -> str:
        """The name of its file."""
        return self.source.filename


def audio_attachments(message: discord.Message | None) -> list[AudioAttachment]:
    """The audio files of a message, forwarded ones included, in order."""
    if message is None:
        return []
    owner_id = _owner_id(message)
    return [replace(file, owner_id=owner_id) for file in _found(message)]


def track_attachment(message: discord.Message | None, take: Generation) -> AudioAttachment | None:
    """The file of one track among those of the message that shows it."""
    return track_file(audio_attachments(message), take)


def track_file(files: Sequence[AudioAttachment], take: Generation) -> AudioAttachment | None:
    """The same among the audio files of that message."""
    named = [file for file in files if seed_in(file.filename) == take.seed]
    if named:
        return named[0]
    # A card with one track may have been made by a release that named files otherwise.
    return files[0] if len(files) == 1 and take.batch_id is None else None


def track_files(message: discord.Message | None, take: Generation) -> list[discord.Attachment]:
    """The files of one track in a card, in order: several, where it came in parts.

    None where the card is another's.
    """
    audio = [
        file
        for file in (() if message is None else message.attachments)
        if _is_audio(file.filename, file.content_type)
    ]
    named = [file for file in audio if seed_in(file.filename) == take.seed]
    if named or len(audio) != 1 or take.batch_id is not None:
        return named
    # As in `track_attachment`; but what has a name of ours is another track.
    return [file for file in audio if seed_in(file.filename) is None]


def track_attachments(
    files: Sequence[AudioAttachment], takes: Iterable[Generation]
) -> list[tuple[Generation, AudioAttachment]]:
    """Those tracks whose file is among these."""
    found = [(take, track_file(files, take)) for take in takes]
    return [(take, file) for take, file in found if file is not None]


def _owner_id(message: discord.Message) -> int | None:
    if message.interaction_metadata is not None:
        return message.interaction_metadata.user.id
    return None if message.author.bot else message.author.id


def _found(message: discord.Message) -> Iterator[AudioAttachment]:
    attachments = [*message.attachments]
    for snapshot in message.message_snapshots:
        attachments += snapshot.attachments
    for attachment in attachments:
        if _is_audio(attachment.filename, attachment.content_type):
            yield _file(attachment.id, attachment.url, attachment.filename, attachment.size)
    # A message of the newer kind has its files among its components, and no attachments.
    for component in _walk(message.components):
        media = component.media
        name = component.name or media.url.partition("?")[0].rpartition("/")[2]
        if _is_audio(name, media.content_type):
            yield _file(media.attachment_id or component.id, media.url, name, component.size)


def _file(file_id: int | None, url: str, filename: str, size_bytes: int | None) -> AudioAttachment:
    source = AudioSource(url=url, filename=filename, uploaded=True, size_bytes=size_bytes)
    return AudioAttachment(str(file_id), source)


def _is_audio(filename: str, content_type: str | None) -> bool:
    kind = (content_type or "").partition(";")[0]
    if kind.startswith("audio/") or kind in CONTENT_TYPES:
        return True
    return filename.lower().endswith(ENDINGS)


def _walk(components: Iterable[discord.Component]) -> Iterator[discord.FileComponent]:
    for component in components:
        if isinstance(component, discord.FileComponent):
            yield component
        elif isinstance(component, discord.Container):
            yield from _walk(component.children)
