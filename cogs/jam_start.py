"""Begins a jam: its row, the acknowledgement, and then its thread (`bot.jam.runner`)."""

from __future__ import annotations

import logging
from dataclasses import replace

import discord

from bot.card.actions.change import completed
from bot.card.actions.extend import can_go_on
from bot.card.drafts import DRAFT, SECTION_S, Draft, written
from bot.card.interactions import asked_by, language_here, reading
from bot.client import MusicGenBot
from bot.community.presets import without
from bot.domain.errors import (
    DeliveredTwice,
    JamNotHere,
    JournalFault,
    ModelCannotContinue,
    OutOfBounds,
    PermissionsMissing,
)
from bot.domain.inputs import Inputs, InputTable
from bot.domain.plain_text import one_line
from bot.domain.presets import Named
from bot.domain.request import GenerationRequest
from bot.domain.validation import check_request
from bot.host.log_context import about
from bot.jam import rules, steps
from bot.jam.from_track import NewJam
from bot.jam.jam import SECTION_USUAL_S, Beginning, Jam, Opening, Origin, Section, Terms
from cogs.acknowledging import open_reply

log = logging.getLogger(__name__)

_NEEDED = (
    *("create_public_threads", "send_messages_in_threads", "read_message_history"),
    *("attach_files", "embed_links"),
)
_NOT_OF_TAKES = frozenset(
    {
        *("prompt", "model_version", "duration", "seed", "output_format"),
        *("continuation", "continuation_start", "continuation_end"),
    }
)
"""What a preset does not set for takes: each has a seed of its own, and is kept without loss."""


async def begin(bot: MusicGenBot, interaction: discord.Interaction, jam: NewJam) -> None:
    """Write a new jam, and acknowledge; what it is to begin with is fetched after that.

    Raises:
        RequestRefused: it names a track or a preset, with which it cannot be begun.
    """
    with bot.service.acknowledgements.urgent():
        async with reading():
            if not await bot.jams.start(jam):
                raise DeliveredTwice
        reply = await open_reply(bot, interaction, [])
    # Where Discord's answer was lost, the reply is found by its token.
    if reply is not None:
        jam_id = bot.service.id_for(interaction.token)
        try:
            await bot.jams.change(jam_id, steps.acknowledged, reply.message_id)
        except JournalFault as error:
            with about(jam_id=jam_id):
                log.warning("the reply that it begins with is looked for: %s", error)


def new_jam(
    bot: MusicGenBot,
    interaction: discord.Interaction,
    terms: Terms | Named[Terms],
    *,
    sections: tuple[Section, ...] = (),
    origin: Origin | None = None,
    beginning: Beginning | None = None,
    audio_of: int | None = None,
    card_of: int | None = None,
) -> Jam | Named[Jam]:
    """A jam in this channel, whose host is whoever asks.

    `audio_of` and `card_of` say whose that is which it is to begin with. What depends on a preset
    is checked where that is read, in the row's own transaction.

    Raises:
        RequestRefused: not here, not by them, or not with these terms.
    """

    def made(whole: Terms) -> Jam:
        jam = _checked(bot, interaction, whole, audio_of, card_of)
        return replace(
            jam,
            sections=sections,
            origin=origin,
            beginning=beginning,
            language=language_here(interaction),
        )

    return terms.then(made) if isinstance(terms, Named) else made(terms)


def with_preset(
    bot: MusicGenBot,
    interaction: discord.Interaction,
    terms: Terms,
    section_s: int | None,
    preset: str | None,
) -> Terms | Named[Terms]:
    """Terms with what a preset sets, or their person's own, and the server's defaults.

    What was typed goes first: its model, and `section_s` where it has said how long.
    """
    typed = Inputs(terms.theme, terms.model_version, duration=section_s)
    request = completed(interaction, GenerationRequest(typed), preset)

    def terms_of(whole: GenerationRequest) -> Terms:
        return replace(
            terms,
            model_version=whole.inputs.model_version,
            section_s=whole.inputs.duration or SECTION_USUAL_S,
            settings=without(whole.inputs, _NOT_OF_TAKES),
            fine_tune=whole.fine_tune,
        )

    return request.then(terms_of) if isinstance(request, Named) else terms_of(request)


def _checked(
    bot: MusicGenBot,
    interaction: discord.Interaction,
    terms: Terms,
    audio_of: int | None,
    card_of: int | None,
) -> Jam:
    """The jam, if it may be begun here."""
    channel = interaction.channel
    is_member = interaction.is_guild_integration() or not interaction.is_user_integration()
    if not isinstance(channel, discord.TextChannel) or not is_member:
        raise JamNotHere
    terms = replace(terms, theme=one_line(terms.theme))
    table = bot.service.models.named(terms.fine_tune).table
    if not can_go_on(table):
        raise ModelCannotContinue
    asked = replace(asked_by(interaction), prompt=terms.theme, audio_of=audio_of, card_of=card_of)
    bot.server_rules.check(asked)
    bot.allowed.check(interaction.user.id, interaction.guild_id)
    _check_settings(terms, table)
    may = interaction.app_permissions
    missing = tuple(flag for flag in _NEEDED if not getattr(may, flag))
    if missing:
        raise PermissionsMissing(missing)
    typed: Draft | None = interaction.extras.get(DRAFT)
    opening = Opening(
        interaction.application_id,
        interaction.token,
        interaction.expires_at,
        draft=None if typed is None else written(typed),
    )
    return rules.start(
        bot.service.id_for(interaction.token),
        bot.clock.now(),
        guild_id=interaction.guild_id or 0,
        channel_id=channel.id,
        host_id=interaction.user.id,
        terms=terms,
        opening=opening,
    )


def _check_settings(terms: Terms, table: InputTable) -> None:
    """Hold what each take would be asked for against the model's bounds."""
    inputs = replace(
        terms.settings,
        prompt=terms.theme,
        model_version=terms.model_version,
        duration=terms.section_s,
    )
    try:
        check_request(table, inputs, has_audio=False)
    except OutOfBounds as error:
        # The command has another name for it.
        name = SECTION_S if error.name == "duration" else error.name
        raise OutOfBounds(name, error.value, error.minimum, error.maximum) from error
