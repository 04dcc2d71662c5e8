"""Variations: three takes with the same settings, on one card; for whoever presses.

Where a limit has room for fewer, none is made before that person has said so.
"""

from __future__ import annotations

import discord

from bot.card import strings
from bot.card.action import Action, ActionContext
from bot.card.actions.source import remade
from bot.card.buttons import card_button, view_of
from bot.card.interactions import reading
from bot.domain.errors import GenerationUnknown, NoRoomLeft
from bot.domain.generation import Relation
from bot.domain.request import GenerationRequest

_TAKES = 3


async def _press(context: ActionContext, generation_id: str) -> None:
    request = await _request(context, generation_id)
    try:
        await context.start(request, takes=_TAKES)
    except NoRoomLeft as refusal:
        if not 0 < refusal.room_for < _TAKES:
            raise
        await _offer(context, generation_id, request, refusal)


async def _request(context: ActionContext, generation_id: str) -> GenerationRequest:
    async with reading():
        generation = await context.service.get(generation_id)
        return await remade(context, generation, Relation.VARIATION)


async def _offer(
    context: ActionContext, generation_id: str, request: GenerationRequest, refusal: NoRoomLeft
) -> None:
    """Ask whether as many are to be made as there is room for."""
    interaction = context.interaction
    # The question has not the card's audio, by which it may have to be made.
    context.memory.offers[interaction.id] = request
    about = f"{refusal.room_for}.{interaction.id}.{generation_id}"
    button = card_button(FEWER, about, label=strings.limits.make(refusal.room_for))
    why = strings.errors.sentence(refusal)
    await interaction.response.send_message(
        strings.limits.fewer(why, refusal.room_for, _TAKES), view=view_of(button), ephemeral=True
    )


async def _press_fewer(context: ActionContext, about: str) -> None:
    takes, _, rest = about.partition(".")
    interaction_id, _, generation_id = rest.partition(".")
    if takes not in {"1", "2"} or not interaction_id.isdecimal():
        raise GenerationUnknown
    offered = context.memory.offers.get(int(interaction_id))
    request = await _request(context, generation_id) if offered is None else offered
    await context.start(request, takes=int(takes))


VARIATIONS = Action("variations", _press, strings.card.VARIATIONS, makes=True)
FEWER = Action("fewer", _press_fewer, style=discord.ButtonStyle.primary, makes=True)
