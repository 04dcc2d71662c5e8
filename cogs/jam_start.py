"""Begins a jam: its row, the acknowledgement, and then its thread (`bot.jam.keeper`)."""

from __future__ import annotations

from dataclasses import replace

import discord

from bot.card import strings
from bot.card.actions.extend import can_go_on
from bot.card.audio_attachments import AudioAttachment
from bot.card.interactions import asked_by, reading
from bot.client import MusicGenBot
from bot.domain.errors import (
    AudioBroken,
    AudioWorkFailed,
    DeliveredTwice,
    JamNotHere,
    ModelCannotContinue,
    PermissionsMissing,
    PieceTooLong,
)
from bot.domain.extension import PIECE_MAX_S
from bot.domain.generation import Reply
from bot.domain.inputs import INPUT_AUDIO_MAX_BYTES, Inputs
from bot.domain.plain_text import one_line
from bot.domain.validation import check_request
from bot.jam import rules, steps
from bot.jam.jam import Jam, Opening, Origin, Section, Terms
from bot.jam.ports import TakeRow, TakeSound
from cogs.acknowledging import open_reply

_NEEDED = {
    "create_public_threads": strings.jam.CREATE_THREADS,
    "send_messages_in_threads": strings.jam.SEND_IN_THREADS,
    "read_message_history": strings.jam.READ_HISTORY,
    "attach_files": strings.commands.ATTACH_FILES,
    "embed_links": strings.commands.EMBED_LINKS,
}
_OPENING = "opening"


async def begin(
    bot: MusicGenBot,
    interaction: discord.Interaction,
    terms: Terms,
    *,
    sections: tuple[Section, ...] = (),
    origin: Origin | None = None,
) -> None:
    """Begin a jam in this channel; its host is whoever asks.

    Raises:
        RequestRefused: not here, not by them, or not with these terms.
    """
    jam = _checked(bot, interaction, terms)
    jam = replace(jam, sections=sections, origin=origin)
    with bot.service.acknowledgements.urgent():
        async with reading():
            await _add(bot, jam)
        reply = await open_reply(bot, interaction, [])
    await _answered(bot, jam, reply)


async def begin_with(
    bot: MusicGenBot, interaction: discord.Interaction, terms: Terms, audio: AudioAttachment
) -> None:
    """Begin one with audio: it is fetched first, behind an answer that tells so.

    Raises:
        RequestRefused: not here, not by them, or not with this audio.
    """
    jam = _checked(bot, interaction, terms, audio_of=audio.owner_id)
    reply = await open_reply(bot, interaction, [])
    sound = await _fetched(bot, f"{jam.id}.{_OPENING}"[:32], audio)
    section = Section(sound.take_id, interaction.user.id, audio.filename, sound.track_s, 0)
    row = TakeRow(sound.take_id, jam.id, interaction.user.id, audio.filename, 0, None)
    await _add(bot, replace(jam, sections=(section,)), (row, sound))
    await _answered(bot, jam, reply)


def _checked(
    bot: MusicGenBot,
    interaction: discord.Interaction,
    terms: Terms,
    *,
    audio_of: int | None = None,
) -> Jam:
    """The jam, if it may be begun here."""
    channel = interaction.channel
    is_member = interaction.is_guild_integration() or not interaction.is_user_integration()
    if not isinstance(channel, discord.TextChannel) or not is_member:
        raise JamNotHere
    terms = replace(terms, theme=one_line(terms.theme))
    if not can_go_on(bot.service.models.main.table):
        raise ModelCannotContinue
    asked = replace(asked_by(interaction), prompt=terms.theme, audio_of=audio_of)
    bot.house_rules.check(asked)
    bot.allowed.check(interaction.user.id, interaction.guild_id)
    inputs = Inputs(terms.theme, terms.model_version, duration=terms.section_s)
    check_request(bot.service.models.main.table, inputs, has_audio=False)
    may = interaction.app_permissions
    missing = tuple(name for flag, name in _NEEDED.items() if not getattr(may, flag))
    if missing:
        raise PermissionsMissing(missing)
    opening = Opening(interaction.application_id, interaction.token, interaction.expires_at)
    return rules.start(
        bot.service.id_for(interaction.token),
        bot.clock.now(),
        guild_id=interaction.guild_id or 0,
        channel_id=channel.id,
        host_id=interaction.user.id,
        terms=terms,
        opening=opening,
    )


async def _add(
    bot: MusicGenBot, jam: Jam, opening: tuple[TakeRow, TakeSound] | None = None
) -> None:
    if not await bot.jams.start(jam, opening):
        raise DeliveredTwice


async def _answered(bot: MusicGenBot, jam: Jam, reply: Reply | None) -> None:
    """Go on from the reply; where Discord's answer was lost, it is found by its token."""
    if reply is not None:
        await bot.jams.change(jam.id, steps.acknowledged, reply.message_id)


async def _fetched(bot: MusicGenBot, take_id: str, audio: AudioAttachment) -> TakeSound:
    taken = await bot.sound.take_in(audio.source, INPUT_AUDIO_MAX_BYTES)
    try:
        if taken.duration_s > PIECE_MAX_S:
            raise PieceTooLong(taken.duration_s, PIECE_MAX_S)
        try:
            return await bot.jams.pieces.opening(take_id, taken.path)
        except AudioWorkFailed as error:
            raise AudioBroken from error
    finally:
        await bot.sound.discard(taken.path)
