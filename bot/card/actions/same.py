"""Make it again: the same settings and seed, where the audio is lost; for whoever presses."""

from __future__ import annotations

import discord

from bot.card import strings
from bot.card.action import Action, ActionContext
from bot.card.actions.source import remade
from bot.card.interactions import reading
from bot.domain.derive import Changes
from bot.domain.generation import Relation


async def _press(context: ActionContext, generation_id: str) -> None:
    async with reading():
        generation = await context.service.get(generation_id)
        request = await remade(context, generation, Relation.AGAIN, Changes(seed=generation.seed))
    await context.start(request)


SAME = Action("same", _press, strings.card.SAME, None, discord.ButtonStyle.primary, makes=True)
