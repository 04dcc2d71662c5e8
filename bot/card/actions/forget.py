"""Forget: all that is stored of whoever presses, or one of their tracks, after asking."""

from __future__ import annotations

import discord

from bot.card import strings
from bot.card.action import Action, ActionContext
from bot.card.actions.delete import KEEP
from bot.card.buttons import card_button, view_of
from bot.card.interactions import check_requester, reading
from bot.card.markup import quoted
from bot.domain.generation import Generation

_PROMPT_MAX_CHARS = 120


async def _press(context: ActionContext, _: str) -> None:
    """Below the question of `/tracks forget`."""
    interaction = context.interaction
    await interaction.response.defer()
    forgotten = await context.service.forget(interaction.user.id)
    told = strings.tracks.forgotten(forgotten.kept)
    await interaction.edit_original_response(content=told, view=None)


async def _ask(context: ActionContext, generation_id: str) -> None:
    """Chosen in the list of tracks."""
    track = await _own(context, generation_id)
    told = strings.tracks.forget_one_ask(_prompt(track), track.seed)
    view = view_of(card_button(FORGET_IT, track.id), card_button(KEEP, "it"))
    await context.interaction.response.send_message(told, view=view, ephemeral=True)


async def _forget_it(context: ActionContext, generation_id: str) -> None:
    track = await _own(context, generation_id)
    interaction = context.interaction
    await interaction.response.defer()
    is_gone = await context.service.forget_one(interaction.user.id, track.id)
    told = strings.tracks.forgotten_one(_prompt(track)) if is_gone else strings.tracks.STILL_OPEN()
    await interaction.edit_original_response(content=told, view=None)


async def _own(context: ActionContext, generation_id: str) -> Generation:
    async with reading():
        track = await context.service.get(generation_id)
    check_requester(context.interaction, track.requester_id)
    return track


def _prompt(track: Generation) -> str:
    return quoted(track.inputs.prompt, _PROMPT_MAX_CHARS) or "…"


FORGET = Action("forget", _press, strings.tracks.FORGET_YES, style=discord.ButtonStyle.danger)
FORGET_ONE = Action("forgetone", _ask)
FORGET_IT = Action(
    "forgetit", _forget_it, strings.tracks.FORGET_ONE_YES, style=discord.ButtonStyle.danger
)
