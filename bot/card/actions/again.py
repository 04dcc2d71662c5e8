"""Again: the same settings, a new seed, and of an extension its end alone; for whoever presses."""

from __future__ import annotations

from bot.card import strings
from bot.card.action import Action, ActionContext
from bot.card.actions.source import remade
from bot.card.interactions import reading
from bot.domain.errors import SubmitUncertain
from bot.domain.generation import Relation


async def _press(context: ActionContext, generation_id: str) -> None:
    async with reading():
        generation = await context.service.get(generation_id)
        # Where it may have been started, the very same is asked for.
        is_open = isinstance(generation.failure, SubmitUncertain)
        relation = Relation.RETRY if is_open else Relation.AGAIN
        seed = generation.seed if is_open else None
        request = await remade(context, generation, relation, seed=seed)
    await context.start(request)


AGAIN = Action("again", _press, strings.card.AGAIN, makes=True)
