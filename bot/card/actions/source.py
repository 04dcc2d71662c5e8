"""What an action takes from the message it was pressed on, or that a form is about."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

import discord

from bot.card import strings
from bot.card.action import ActionContext
from bot.card.audio_attachments import (
    AudioAttachment,
    audio_attachments,
    track_attachments,
    track_file,
)
from bot.card.forms import OPTION, FormOption, SubmittedForm
from bot.card.interactions import reading
from bot.domain.derive import UNCHANGED, Changes, remake
from bot.domain.errors import BotError, NoAudioHere, SourceGone
from bot.domain.generation import AudioSource, Generation, Relation
from bot.domain.request import GenerationRequest
from bot.domain.track_names import seed_in

log = logging.getLogger(__name__)

_LINEAGE_WITHIN_S = 0.5


async def remade(
    context: ActionContext,
    generation: Generation,
    relation: Relation,
    changes: Changes = UNCHANGED,
) -> GenerationRequest:
    """A generation's request once more, with what is given changed; see `derive.remake`."""
    return remake(
        generation,
        relation,
        changes,
        now=context.clock.now(),
        card_audio=await _card_audio(context, generation),
        lender=await context.service.lender_to(generation),
    )


async def _card_audio(context: ActionContext, generation: Generation) -> AudioSource | None:
    """The audio of a track, or of another take of its card, in the message that was pressed."""
    files = files_here(context)
    if (file := track_file(files, generation)) is not None:
        return file.source
    others = track_attachments(files, await context.service.takes(generation))
    return others[0][1].source if others else None


def files_here(context: ActionContext) -> Sequence[AudioAttachment]:
    """The audio of the message that was pressed; of a form that is opened again, of the first."""
    if context.draft is not None:
        return context.draft.files
    return audio_attachments(context.interaction.message)


async def options_of(context: ActionContext, shown: Generation) -> list[FormOption]:
    """The takes of a card to choose from, of those whose audio is in the message.

    Raises:
        SourceGone: none is.
    """
    takes = await context.service.takes(shown)
    here = {take.id for take, _ in track_attachments(files_here(context), takes)}
    if not here:
        raise SourceGone
    return [
        FormOption(take.id, strings.forms.take(number, take.seed))
        for number, take in enumerate(takes, start=1)
        if take.id in here
    ]


async def source_of(
    context: ActionContext, form: SubmittedForm
) -> tuple[Generation | None, AudioAttachment]:
    """The audio that a form is about, and the track that it is, where it is one of ours.

    Its address was signed just now.

    Raises:
        SourceGone: the card does not have it any more.
        NoAudioHere: the bot was restarted meanwhile, and cannot see the message itself.
    """
    if not form.from_card:
        return await _source_in_message(context, form)
    parent = await context.service.get(form.text(OPTION) or form.about)
    file = track_file(files_here(context), parent)
    if file is None:
        raise SourceGone
    return parent, file


def from_audio(request: GenerationRequest, file: AudioAttachment) -> GenerationRequest:
    """A request made from audio in a message, which knows whose that is."""
    return replace(request, audio_of=request.audio_of or file.owner_id)


async def _source_in_message(
    context: ActionContext, form: SubmittedForm
) -> tuple[Generation | None, AudioAttachment]:
    message_id = int(form.about) if form.about.isdecimal() else 0
    files = await files_in_message(context, message_id)
    wanted = form.text(OPTION)
    file = next((file for file in files if wanted in {"", file.id}), None)
    if file is None:
        raise NoAudioHere
    return await _made_by_us(context, message_id, file), file


def options_among(files: Sequence[AudioAttachment]) -> list[FormOption]:
    """The files of any message to choose from."""
    return [FormOption(file.id, file.filename) for file in files]


async def files_in_message(context: ActionContext, message_id: int) -> Sequence[AudioAttachment]:
    """The audio of a message whose menu was used; empty where it is not to be had any more."""
    if context.draft is not None and context.draft.files:
        return context.draft.files
    return context.memory.audio_in_messages.get(message_id) or await _fetch(context, message_id)


async def _fetch(context: ActionContext, message_id: int) -> list[AudioAttachment]:
    interaction = context.interaction
    channel = interaction.client.get_partial_messageable(
        interaction.channel_id or 0, guild_id=interaction.guild_id
    )
    try:
        return audio_attachments(await channel.fetch_message(message_id))
    except discord.HTTPException as error:
        log.info("message %d cannot be read again: %s", message_id, error)
        return []


async def _made_by_us(
    context: ActionContext, message_id: int, file: AudioAttachment
) -> Generation | None:
    channel_id = context.interaction.channel_id or 0
    try:
        async with reading(_LINEAGE_WITHIN_S):
            shown = await context.service.journal.by_message(channel_id, message_id)
    except BotError as error:
        # Lineage is worth less than the music.
        log.warning("whose track message %d is, is not known: %r", message_id, error)
        return None
    return next((one for one in shown if one.seed == seed_in(file.filename)), None)
