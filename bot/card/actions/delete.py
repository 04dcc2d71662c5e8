"""Delete: a card and its track, after asking; for its requester, or who manages messages here."""

from __future__ import annotations

import logging

import discord

from bot.card import strings
from bot.card.action import Action, ActionContext
from bot.card.buttons import card_button, view_of
from bot.card.interactions import check_requester, manages_messages, reading
from bot.discord_errors import REQUEST_FAILED, Meaning, meaning_of
from bot.domain.errors import GenerationUnknown, JournalFault, NotDeletable

log = logging.getLogger(__name__)


async def _press(context: ActionContext, generation_id: str) -> None:
    interaction, message = context.interaction, context.interaction.message
    if message is None:
        raise GenerationUnknown
    if not manages_messages(interaction):
        check_requester(interaction, await _requester(context, message, generation_id))
    # The answer is the card itself, so that this press's token may delete it.
    await interaction.response.defer()
    context.memory.delete_presses[message.id] = interaction
    view = view_of(card_button(CONFIRM_DELETE, str(message.id)), card_button(KEEP, "it"))
    await interaction.followup.send(strings.card.DELETE_ASK(), view=view, ephemeral=True)


async def _requester(
    context: ActionContext, message: discord.Message, generation_id: str
) -> int | None:
    try:
        async with reading():
            return (await context.service.get(generation_id)).requester_id
    except GenerationUnknown:
        # It has been forgotten. Discord itself still knows whose command or press it answers.
        metadata = message.interaction_metadata
        if metadata is None:
            raise
        return metadata.user.id


async def _confirm(context: ActionContext, about: str) -> None:
    """Delete a card, by whichever token can; its row stays, for its person."""
    message_id = int(about)
    interaction = context.interaction
    await interaction.response.defer()
    if not await _is_gone(context, message_id):
        raise NotDeletable
    try:
        # What was made from it is not to tell of it any more.
        await context.service.journal.hide(interaction.channel_id or 0, message_id)
    except JournalFault as error:
        log.warning("message %d is gone, which cannot be noted: %s", message_id, error)
    await interaction.edit_original_response(content=strings.card.DELETED(), view=None)


async def _is_gone(context: ActionContext, message_id: int) -> bool:
    interaction = context.interaction
    channel = interaction.client.get_partial_messageable(
        interaction.channel_id or 0, guild_id=interaction.guild_id
    )
    try:
        await channel.get_partial_message(message_id).delete()
    except REQUEST_FAILED as error:
        if meaning_of(error) is Meaning.MESSAGE_GONE:
            return True
        log.info("message %d is not mine to delete: %s", message_id, error)
    else:
        return True
    asked = context.memory.delete_presses.pop(message_id, None)
    # Whether its token is dead, Discord says, and not our clock.
    if asked is None:
        return False
    try:
        await asked.delete_original_response()
    except REQUEST_FAILED as error:
        log.info("message %d cannot be deleted: %s", message_id, error)
        return meaning_of(error) is Meaning.MESSAGE_GONE
    return True


async def _keep(context: ActionContext, _: str) -> None:
    """Take the question back."""
    await context.interaction.response.edit_message(content=strings.card.KEPT(), view=None)


DELETE = Action("delete", _press, strings.card.DELETE)
CONFIRM_DELETE = Action("drop", _confirm, strings.card.DELETE_YES, style=discord.ButtonStyle.danger)
KEEP = Action("keep", _keep, strings.card.KEEP)
