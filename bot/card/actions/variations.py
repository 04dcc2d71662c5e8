"""Variations: three takes with the same settings, on one card; for whoever presses."""

from __future__ import annotations

from bot.card import strings
from bot.card.action import Action, ActionContext
from bot.card.actions.source import remade
from bot.card.interactions import reading
from bot.domain.generation import Relation

_TAKES = 3


async def _press(context: ActionContext, generation_id: str) -> None:
    async with reading():
        generation = await context.service.get(generation_id)
        request = await remade(context, generation, Relation.VARIATION)
    await context.start(request, takes=_TAKES)


VARIATIONS = Action("variations", _press, strings.card.VARIATIONS, "🎲", makes=True)
