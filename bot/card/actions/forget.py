"""Forget all of it: everything of whoever presses, below the question of `/tracks forget`."""

from __future__ import annotations

import discord

from bot.card import strings
from bot.card.action import Action, ActionContext


async def _press(context: ActionContext, _: str) -> None:
    interaction = context.interaction
    await interaction.response.defer()
    forgotten = await context.service.forget(interaction.user.id)
    told = strings.tracks.forgotten(len(forgotten.removed), forgotten.still_open)
    await interaction.edit_original_response(content=told, view=None)


FORGET = Action("forget", _press, strings.tracks.FORGET_YES, style=discord.ButtonStyle.danger)
