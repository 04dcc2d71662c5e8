"""The best loop of a track, in the reply to whoever has pressed for it."""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from pathlib import Path

import discord

from bot.card import strings
from bot.card.actions import DELETE
from bot.card.audio_attachments import track_files
from bot.card.buttons import card_button, view_of
from bot.card.interactions import language_here, reading
from bot.card.markup import fitted
from bot.card.report import tell
from bot.client import MusicGenBot
from bot.delivery.message import PICTURE_NAME
from bot.delivery.track_files import fetch, message_of, size_of
from bot.delivery.upload import picture_of
from bot.discord_errors import REQUEST_FAILED, Meaning, meaning_of
from bot.domain.errors import (
    AudioWorkFailed,
    FileTooLarge,
    OutputTooLarge,
    TrackNotHere,
    TrackNotRead,
    UserError,
)
from bot.domain.generation import Generation
from bot.domain.measures import Loop
from bot.domain.track_names import track_filename
from bot.engine.disk_space import track_bytes
from bot.host.threads import TRACKS
from bot.locales import speaking

log = logging.getLogger(__name__)

_WITHIN_S = 300.0
"""Others' loops may be made before it; its reply's token lives longer."""
_FETCH_WITHIN_S = 60.0
_USUAL_S = 30.0
_TITLE_MAX_CHARS = 256
_LOSSLESS = frozenset({".wav", ".flac", ".aif", ".aiff"})


async def make_loop(
    bot: MusicGenBot,
    interaction: discord.Interaction,
    take: Generation,
    card: discord.Message | None,
) -> None:
    """Show the best loop of a track in the deferred reply; why there is none, its person alone."""
    try:
        async with reading(_WITHIN_S):
            files = track_files(card, take) or track_files(await message_of(bot, take), take)
            if not files:
                raise TrackNotHere
            # The loop is a part of it as a WAV, and maybe a FLAC.
            needed_bytes = size_of(files) + 2 * track_bytes(take.track_s or _USUAL_S)
            async with bot.work_folders.open(interaction.user.id, needed_bytes) as folder:
                parts = await _fetched(files, folder)
                target = folder / "loop.wav"
                made = await bot.sound.loop(parts, target)
                path = await _fitting(bot, target, interaction.filesize_limit)
                with speaking(language_here(interaction)):
                    await _show(bot, interaction, take, made, parts[0], path)
    except UserError as error:
        await _refuse(interaction, error)


async def _fetched(files: Sequence[discord.Attachment], folder: Path) -> list[Path]:
    try:
        async with reading(_FETCH_WITHIN_S):
            return await fetch(files, folder, "track")
    except REQUEST_FAILED as error:
        log.info("a track cannot be fetched: %r", error)
        raise TrackNotHere from error


async def _fitting(bot: MusicGenBot, loop: Path, limit_bytes: int) -> Path:
    """The loop within the limit without loss: as a WAV, which every program takes, or as FLAC."""
    try:
        return await bot.sound.fit(loop, limit_bytes, ("flac",))
    except OutputTooLarge as error:
        raise FileTooLarge(limit_bytes) from error
    except AudioWorkFailed as error:
        raise TrackNotRead from error


async def _show(
    bot: MusicGenBot,
    interaction: discord.Interaction,
    take: Generation,
    made: Loop,
    source: Path,
    path: Path,
) -> None:
    format_, was = path.suffix.lstrip("."), source.suffix.lstrip(".")
    lines = (
        strings.files.loop(made),
        strings.files.loop_format(format_, was, is_lossless=source.suffix.lower() in _LOSSLESS),
        strings.card.small([strings.card.asked_by(interaction.user.id)]),
    )
    embed = discord.Embed(
        title=fitted(take.inputs.prompt, _TITLE_MAX_CHARS), description="\n".join(lines)
    )
    embed.set_author(name=strings.files.LOOP_OF())
    named = strings.files.loop_name(made, take.inputs.prompt)
    files = [await TRACKS.run(discord.File, path, track_filename(named, take.seed, format_))]
    if (picture := await picture_of(bot.sound, take, path, given_s=0.0)) is not None:
        words = strings.waveform.describe(picture)
        files.append(discord.File(io.BytesIO(picture.png), PICTURE_NAME, description=words))
        embed.set_image(url=f"attachment://{PICTURE_NAME}")
    # Not of the track's person, but of whoever asked for this one, whom Discord itself knows.
    view = view_of(card_button(DELETE, "loop"))
    try:
        await interaction.edit_original_response(embed=embed, view=view, attachments=files)
    except discord.HTTPException as error:
        if meaning_of(error) is not Meaning.TOO_LARGE:
            raise
        raise FileTooLarge(interaction.filesize_limit) from error
    finally:
        for file in files:
            file.close()


async def _refuse(interaction: discord.Interaction, error: UserError) -> None:
    """Tell it to its person alone: a followup is private once the deferred reply was edited."""
    with speaking(language_here(interaction)):
        shown = strings.errors.sentence(error)
    await interaction.edit_original_response(content=shown)
    await tell(interaction, strings.errors.sentence(error))
    try:
        await interaction.delete_original_response()
    except REQUEST_FAILED as fault:
        log.warning("a refusal stays public: %s", fault)
