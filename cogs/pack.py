"""Several tracks in one ZIP, in the reply to whoever has pressed for it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import discord

from bot.card import strings
from bot.card.audio_attachments import track_files
from bot.card.interactions import reading
from bot.card.markup import size, track_link
from bot.client import MusicGenBot
from bot.delivery.track_files import fetch, message_of, size_of
from bot.discord_errors import REQUEST_FAILED, Meaning, meaning_of
from bot.domain.errors import (
    AudioWorkFailed,
    FileTooLarge,
    OutputTooLarge,
    TrackNotHere,
    UserError,
)
from bot.domain.generation import Generation
from bot.domain.track_names import track_filename
from bot.host.log_context import about
from bot.host.threads import TRACKS
from bot.host.zip_file import ZipEntry, write_zip, zip_bytes

log = logging.getLogger(__name__)

_WITHIN_S = 300.0
_FLAC_SHARE = 0.4
"""Of a WAV: less is left of hardly any music. What would be too large even so is not fetched."""
_LINK_MAX_CHARS = 80


@dataclass(slots=True)
class _Packed:
    """A track, its number, its files at Discord, and what becomes of them."""

    track: Generation
    number: int
    attachments: Sequence[discord.Attachment]
    entries: list[ZipEntry] = field(default_factory=list[ZipEntry])

    @property
    def least_bytes(self) -> int:
        """What it takes at least."""
        return sum(
            round(file.size * (_FLAC_SHARE if file.filename.endswith(".wav") else 1))
            for file in self.attachments
        )

    @property
    def link(self) -> str:
        """The way to its own message."""
        return track_link(self.track, _LINK_MAX_CHARS)


async def pack(
    bot: MusicGenBot,
    interaction: discord.Interaction,
    tracks: Sequence[Generation],
    card: discord.Message | None,
) -> None:
    """Give tracks, oldest first, in the deferred reply; what does not fit, or is gone, is told."""
    try:
        async with reading(_WITHIN_S):
            await _pack(bot, interaction, tracks, card)
    except UserError as error:
        await interaction.edit_original_response(content=strings.errors.sentence(error))


async def _pack(
    bot: MusicGenBot,
    interaction: discord.Interaction,
    tracks: Sequence[Generation],
    card: discord.Message | None,
) -> None:
    limit_bytes = interaction.filesize_limit
    found, missing = await _found(bot, tracks, card)
    wanted = _within(found, [one.least_bytes for one in found], limit_bytes)
    needed_bytes = sum(size_of(one.attachments) for one in wanted) + limit_bytes
    async with bot.work_folders.open(interaction.user.id, needed_bytes) as folder:
        await _pack_in(folder, bot, interaction, tracks[-1], found, wanted, missing)


async def _pack_in(
    folder: Path,
    bot: MusicGenBot,
    interaction: discord.Interaction,
    last: Generation,
    found: Sequence[_Packed],
    wanted: Sequence[_Packed],
    missing: list[_Packed],
) -> None:
    limit_bytes = interaction.filesize_limit
    missing += [one for one in wanted if not await _fetched(one, folder)]
    wanted = [one for one in wanted if one.entries]
    await _shrink(bot, wanted, limit_bytes)
    packed = _within(wanted, [sum(e.stored_bytes for e in w.entries) for w in wanted], limit_bytes)
    too_large = [one for one in found if one not in packed and one not in missing]
    if not packed:
        raise FileTooLarge(limit_bytes) if too_large else TrackNotHere
    entries = [entry for one in packed for entry in one.entries]
    target = folder / "tracks.zip"
    await TRACKS.run(write_zip, target, entries)
    file = await TRACKS.run(
        discord.File, target, track_filename(last.inputs.prompt, last.seed, "zip")
    )
    left = strings.files.left_out(
        [one.link for one in too_large], [one.link for one in missing], size(limit_bytes)
    )
    words = f"{strings.files.packed(len(packed), size(zip_bytes(entries)))}\n{left}".strip()
    try:
        await interaction.edit_original_response(content=words, attachments=[file])
    except discord.HTTPException as error:
        if meaning_of(error) is not Meaning.TOO_LARGE:
            raise
        raise FileTooLarge(limit_bytes) from error
    finally:
        file.close()


async def _found(
    bot: MusicGenBot, tracks: Sequence[Generation], card: discord.Message | None
) -> tuple[list[_Packed], list[_Packed]]:
    """Those tracks whose files are at Discord, in order, and those whose are not, or not for us."""
    messages: dict[int, discord.Message | None] = {}
    found: list[_Packed] = []
    missing: list[_Packed] = []
    for number, track in enumerate(tracks, start=1):
        files, place = track_files(card, track), track.reply.message_id
        if not files:
            if place not in messages:
                messages[place] = await message_of(bot, track)
            files = track_files(messages[place], track)
        (found if files else missing).append(_Packed(track, number, files))
    return found, missing


def _within(
    packed: Sequence[_Packed], sizes_bytes: Sequence[int], limit_bytes: int
) -> list[_Packed]:
    """As many as there is room for, in their order; the newest come first."""
    left = limit_bytes - zip_bytes(())
    kept: list[_Packed] = []
    for one, size_bytes in reversed([*zip(packed, sizes_bytes, strict=True)]):
        if size_bytes <= left:
            left -= size_bytes
            kept.append(one)
    return kept[::-1]


async def _fetched(one: _Packed, folder: Path) -> bool:
    """Have a track's files on disk; whether they are."""
    try:
        paths = await fetch(one.attachments, folder, str(one.number))
    except REQUEST_FAILED as error:
        with about(one.track.id):
            log.info("the track cannot be fetched: %r", error)
        return False
    made_at = one.track.ended_at or one.track.created_at
    for path, name in zip(paths, _names(one), strict=True):
        size_bytes = (await TRACKS.run(path.stat)).st_size
        one.entries.append(ZipEntry(name, path, size_bytes, made_at))
    return True


def _names(one: _Packed) -> Iterator[str]:
    """Its number first, and the part where it is in several."""
    track, count = one.track, len(one.attachments)
    for part, file in enumerate(one.attachments, start=1):
        extension = Path(file.filename).suffix.lstrip(".")
        name = track_filename(track.inputs.prompt, track.seed, extension, one.number)
        if count > 1:
            start, _, seed = name.rpartition("-")
            name = f"{start}-part-{part}-of-{count}-{seed}"
        yield name


async def _shrink(bot: MusicGenBot, packed: Sequence[_Packed], limit_bytes: int) -> None:
    """Turn WAVs into FLAC, which loses nothing, where all of it would be too large."""
    if zip_bytes(entry for one in packed for entry in one.entries) <= limit_bytes:
        return
    for one in packed:
        for place, entry in enumerate(one.entries):
            if entry.path.suffix != ".wav":
                continue
            try:
                path = await bot.sound.fit(entry.path, entry.size_bytes - 1, ("flac",))
            except (AudioWorkFailed, OutputTooLarge) as error:
                with about(one.track.id):
                    log.info("a track stays a WAV: %r", error)
                continue
            size_bytes = (await TRACKS.run(path.stat)).st_size
            await TRACKS.run(entry.path.unlink)
            name = f"{entry.name.removesuffix('.wav')}.flac"
            one.entries[place] = replace(entry, name=name, path=path, size_bytes=size_bytes)
