"""Again: the same settings, a new seed, and of an extension its end alone; for whoever presses.

On a card of several takes it asks first which one is meant.
"""

from __future__ import annotations

from bot.card import strings
from bot.card.action import Action, ActionContext
from bot.card.actions.source import remade
from bot.card.forms import OPTION, CardForm, FormOption, SubmittedForm
from bot.card.interactions import reading
from bot.domain.derive import Changes
from bot.domain.errors import SubmitUncertain
from bot.domain.generation import Generation, Relation
from bot.domain.request import GenerationRequest

_NAME = "again"


def _which(generation_id: str, takes: list[Generation]) -> CardForm:
    form = CardForm(_NAME, generation_id, strings.forms.AGAIN_TITLE(), from_card=True)
    options = [
        FormOption(take.id, strings.forms.take(number, take.seed))
        for number, take in enumerate(takes, start=1)
    ]
    form.add_sources(strings.forms.TAKE(), options)
    return form


async def _form(context: ActionContext, generation_id: str) -> CardForm:
    takes = await context.service.takes(await context.service.get(generation_id))
    return _which(generation_id, takes)


async def _press(context: ActionContext, generation_id: str) -> None:
    async with reading():
        generation = await context.service.get(generation_id)
        takes = await context.service.takes(generation)
        alone = await _once_more(context, generation) if len(takes) == 1 else None
    if alone is None:
        await _which(generation_id, takes).send(context.interaction)
    else:
        await context.start(alone)


async def _request(context: ActionContext, form: SubmittedForm) -> GenerationRequest:
    return await _once_more(context, await context.service.get(form.text(OPTION) or form.about))


async def _once_more(context: ActionContext, generation: Generation) -> GenerationRequest:
    # Where it may have been started, the very same is asked for.
    is_open = isinstance(generation.failure, SubmitUncertain)
    relation = Relation.RETRY if is_open else Relation.AGAIN
    changes = Changes(seed=generation.seed if is_open else None)
    return await remade(context, generation, relation, changes)


AGAIN = Action(_NAME, _press, strings.card.AGAIN, makes=True, form=_form, request=_request)
