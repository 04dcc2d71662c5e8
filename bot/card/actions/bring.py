"""Bring it here: show a generation from now on by the token of this press; for whoever presses."""

from __future__ import annotations

import discord

from bot.card import strings
from bot.card.action import Action, ActionContext
from bot.card.interactions import check_permissions, reply_in


async def _press(context: ActionContext, generation_id: str) -> None:
    await context.acknowledge_once(generation_id)
    # Where a living token may not post a track it would be given up; like this it waits.
    check_permissions(context.interaction)
    message = context.interaction.message
    if message is not None:
        await context.service.bring(generation_id, reply_in(context.interaction, message))


BRING = Action("bring", _press, strings.card.BRING, style=discord.ButtonStyle.primary)
