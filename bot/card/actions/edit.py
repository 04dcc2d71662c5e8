"""Edit: a track's settings in a form, to be changed and made again; for whoever presses."""

from __future__ import annotations

from bot.card import strings
from bot.card.action import Action, ActionContext
from bot.card.actions.source import remade
from bot.card.forms import MORE, PROMPT, CardForm, FormOption, SubmittedForm
from bot.card.interactions import reading
from bot.domain.extension import MORE_MAX_S
from bot.domain.generation import Generation, Relation
from bot.domain.inputs import InputTable
from bot.domain.plain_text import readable
from bot.domain.request import GenerationRequest

_NAME = "edit"
_DURATION, _MODEL, _SEED = "duration", "model", "seed"


def edit_form(generation: Generation, table: InputTable) -> CardForm:
    """The settings people change most, as they were."""
    inputs = generation.inputs
    form = CardForm(_NAME, generation.id, strings.forms.EDIT_TITLE, from_card=True)
    prompt = readable(inputs.prompt)
    form.add_prompt(strings.forms.PROMPT, strings.forms.PROMPT_ABOUT, default=prompt)
    form.add_terms(generation.terms)
    _add_length(form, generation, table)
    if "model_version" in table and (choices := table["model_version"].choices):
        models = [FormOption(name, name) for name in choices]
        form.add_select(_MODEL, strings.forms.MODEL, models, table.model(inputs))
    if "seed" in table:
        form.add_number(_SEED, strings.forms.SEED, strings.forms.SEED_ABOUT, generation.seed)
    return form


def _add_length(form: CardForm, generation: Generation, table: InputTable) -> None:
    if generation.more_s is not None:
        name, label, about = MORE, strings.forms.MORE, strings.forms.more_about(MORE_MAX_S)
        length_s = generation.more_s
    elif "duration" in table:
        spec = table["duration"]
        name, label = _DURATION, strings.forms.DURATION
        about = strings.forms.length_about(spec.minimum, spec.maximum)
        length_s = table.duration_s(generation.inputs)
    else:
        return
    if generation.terms.set_length:
        form.add_number(name, label, strings.terms.LENGTH_FROM_BARS, None)
    else:
        form.add_number(name, label, about, length_s)


async def _press(context: ActionContext, generation_id: str) -> None:
    async with reading():
        generation = await context.service.get(generation_id)
    context.check_rules(card_of=generation.requester_id)
    table = context.service.models.named(generation.fine_tune).table
    await edit_form(generation, table).send(context.interaction)


async def _request(context: ActionContext, form: SubmittedForm) -> GenerationRequest:
    generation = await context.service.get(form.about)
    length = _DURATION, strings.forms.DURATION
    if generation.more_s is not None:
        length = MORE, strings.forms.MORE
    return await remade(
        context,
        generation,
        Relation.EDIT,
        prompt=form.text(PROMPT),
        model_version=form.text(_MODEL) or None,
        duration=form.number(*length),
        seed=form.number(_SEED, strings.forms.SEED),
        terms=form.terms(),
    )


EDIT = Action(_NAME, _press, strings.card.EDIT, makes=True, request=_request)
