"""The end of every interaction that went wrong: a sentence for the person, the rest for the log."""

from __future__ import annotations

import logging
import re
import secrets
from typing import Any, cast

import discord

from bot.card import strings
from bot.card.actions.change import CHANGE
from bot.card.actions.edit import WITH_NEW_SEED
from bot.card.buttons import card_button, view_of
from bot.card.card_client import card_client
from bot.card.drafts import DRAFT, Draft, may_be_changed
from bot.card.forms import MORE, read_form
from bot.card.interactions import reading
from bot.discord_errors import REQUEST_FAILED, Meaning, meaning_of
from bot.domain.errors import (
    BotError,
    DeliveredTwice,
    GenerationUnknown,
    NothingChanged,
    ShuttingDown,
    UserError,
)
from bot.domain.errors.voice import VoiceIsOver
from bot.host.log_context import about

log = logging.getLogger(__name__)

ACKNOWLEDGED = "acknowledged"
"""In the `extras` of an interaction that Discord holds for acknowledged, unlike discord.py."""
_OF_CARD = re.compile(
    r"mg:1:(?:m-)?(?!jam(?!vote|riff)|change)[a-z]{1,20}:(?P<generation>[A-Za-z0-9_-]{12})(?::.*)?"
)
"""A button or a form that is about a generation; others are about jams, drafts, or words."""
_KEPT_WITHIN_S = 0.5
_GIVE_WAY_S = 0.7
"""Who does not know what it is about answers only after those who may."""


async def report(interaction: discord.Interaction, error: BaseException) -> None:
    """Answer `interaction` with what went wrong, visible to its person alone."""
    if isinstance(error, DeliveredTwice):
        log.info("an interaction was delivered twice")
        return
    match meaning_of(error):
        case Meaning.ANSWERED_ALREADY:
            log.info("an interaction could not be acknowledged: another process has answered it")
            return
        case Meaning.TOO_LATE:
            log.warning("an interaction could not be acknowledged: %s", error)
            return
        case _:
            pass
    is_unknown = isinstance(error, GenerationUnknown | ShuttingDown | VoiceIsOver)
    if is_unknown and not _is_answered(interaction):
        await give_way(interaction)
    if interaction.client.is_closed():
        log.info("an interaction is left to another process: this one has closed")
        return
    if isinstance(error, UserError):
        text = strings.errors.sentence(error)
        form = read_form(cast("dict[str, Any]", interaction.data or {}))
        if form is not None:
            text = strings.forms.in_form(text, is_extension=MORE in form.values)
    else:
        reference = secrets.token_hex(3)
        with about(_generation_of(interaction), interaction.guild_id):
            more = {"reference": reference}
            log.error("interaction failed, reference %s", reference, exc_info=error, extra=more)
        text = strings.errors.unexpected(reference)
    await tell(interaction, text, await _change_it(interaction, error))


def _generation_of(interaction: discord.Interaction) -> str | None:
    """The generation whose card was pressed, where it is a card's button or form."""
    used = _OF_CARD.fullmatch(str((interaction.data or {}).get("custom_id", "")))
    return None if used is None else used["generation"]


async def _change_it(
    interaction: discord.Interaction, error: BaseException
) -> discord.ui.View | None:
    """A button that opens what was refused again, where it was typed."""
    draft: Draft | None = interaction.extras.get(DRAFT)
    if draft is None or not may_be_changed(error):
        return None
    drafts = card_client(interaction.client).drafts
    try:
        async with reading(_KEPT_WITHIN_S):
            draft_id = await drafts.keep(interaction.user.id, draft.showing(error))
    except BotError as fault:
        log.warning("what was refused cannot be kept: %r", fault)
        return None
    is_same = isinstance(error, NothingChanged)
    actions = (WITH_NEW_SEED, CHANGE) if is_same else (CHANGE,)
    return view_of(*(card_button(action, draft_id) for action in actions))


def is_worth_a_log(record: logging.LogRecord) -> bool:
    """Whether a log record of discord.py's tells more than that another answer came first.

    It logs with a traceback whatever keeps suggestions from being shown (2.7.1,
    `CommandTree._call`).
    """
    error = record.exc_info[1] if record.exc_info else None
    return meaning_of(error) not in {Meaning.ANSWERED_ALREADY, Meaning.TOO_LATE}


async def give_way(interaction: discord.Interaction) -> None:
    """Let another process with the same token answer first, one that has what this one lacks."""
    await card_client(interaction.client).clock.sleep(_GIVE_WAY_S)


def _is_answered(interaction: discord.Interaction) -> bool:
    return interaction.response.is_done() or ACKNOWLEDGED in interaction.extras


async def tell(
    interaction: discord.Interaction, text: str, view: discord.ui.View | None = None
) -> None:
    """Say `text` to the interaction's person alone, as first answer or after one."""
    try:
        shown = view or discord.utils.MISSING
        if _is_answered(interaction):
            await interaction.followup.send(text, view=shown, ephemeral=True)
        else:
            await interaction.response.send_message(text, view=shown, ephemeral=True)
    except REQUEST_FAILED as error:
        # Its three seconds or its token are over; there is no other way to this person.
        log.warning("an interaction could not be answered: %s", error)
