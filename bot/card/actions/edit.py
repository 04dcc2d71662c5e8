"""Edit: a track's settings in a form, to be changed and made again; for whoever presses.

What people change less has a second form, behind a button: a form has five fields. Where nothing
was changed, nothing is made, for it would be the same track.
"""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.card import strings
from bot.card.action import Action, ActionContext, opens
from bot.card.actions.source import files_here, remade
from bot.card.buttons import card_button, view_of
from bot.card.drafts import Draft
from bot.card.forms import MORE, PROMPT, CardForm, FormOption, SubmittedForm
from bot.card.interactions import reading
from bot.domain.derive import Changes
from bot.domain.errors import NothingChanged
from bot.domain.extension import MORE_MAX_S
from bot.domain.generation import Generation, Relation, State
from bot.domain.inputs import Inputs, InputTable, plain
from bot.domain.plain_text import readable
from bot.domain.request import GenerationRequest

_NAME, _FINER_NAME = "edit", "finer"
_DURATION, _MODEL, _SEED = "duration", "model", "seed"
_TEMPERATURE, _GUIDANCE, _FORMAT = "temperature", "guidance", "format"
SAME_SEED, NEW_SEED, MORE_SETTINGS = "same", "new", "more"
"""What the form's last field may say; on a card of several takes also whose seed it is."""


def edit_form(
    generation: Generation, table: InputTable, takes: Sequence[Generation] = ()
) -> CardForm:
    """The settings people change most, as they were; `takes` are all of the card's."""
    inputs = generation.inputs
    form = CardForm(_NAME, generation.id, strings.forms.EDIT_TITLE(), from_card=True)
    prompt = readable(inputs.prompt)
    form.add_prompt(strings.forms.PROMPT(), strings.forms.PROMPT_ABOUT(), default=prompt)
    form.add_terms(generation.terms)
    _add_length(form, generation, table)
    if "model_version" in table and (choices := table["model_version"].choices):
        models = [FormOption(name, name) for name in choices]
        form.add_select(_MODEL, strings.forms.MODEL(), models, table.model(inputs))
    if "seed" in table:
        seeds = _seeds(generation, takes)
        form.add_select(_SEED, strings.forms.MADE_WITH(), seeds, seeds[0].value, required=False)
    return form


def _seeds(generation: Generation, takes: Sequence[Generation]) -> list[FormOption]:
    of_takes = [
        FormOption(take.id, strings.forms.take(number, take.seed))
        for number, take in enumerate(takes, start=1)
    ]
    same = FormOption(SAME_SEED, strings.forms.same_seed(generation.seed))
    return [
        *(of_takes if len(takes) > 1 else [same]),
        FormOption(NEW_SEED, strings.forms.A_NEW_SEED()),
        FormOption(MORE_SETTINGS, strings.forms.MORE_FIRST()),
    ]


def _add_length(form: CardForm, generation: Generation, table: InputTable) -> None:
    if generation.more_s is not None:
        name, label, about = MORE, strings.forms.MORE(), strings.forms.more_about(MORE_MAX_S)
        length_s = generation.more_s
    elif "duration" in table:
        spec = table["duration"]
        name, label = _DURATION, strings.forms.DURATION()
        about = strings.forms.length_about(spec.minimum, spec.maximum)
        length_s = table.duration_s(generation.inputs)
    else:
        return
    if generation.terms.set_length:
        form.add_number(name, label, strings.terms.LENGTH_FROM_BARS(), None)
    else:
        form.add_number(name, label, about, length_s)


async def _form(context: ActionContext, generation_id: str) -> CardForm:
    async with reading():
        generation = await context.service.get(generation_id)
        takes = await context.service.takes(generation)
    context.check_rules(card_of=generation.requester_id)
    return edit_form(generation, _table(context, generation), takes)


def _table(context: ActionContext, generation: Generation) -> InputTable:
    return context.service.models.named(generation.fine_tune).table


async def _submit(context: ActionContext, form: SubmittedForm) -> None:
    context.check_rules()
    if form.text(_SEED) == MORE_SETTINGS:
        await _offer_the_rest(context, form)
        return
    async with reading():
        request = await _request(context, form)
    await context.start(request)


async def _offer_the_rest(context: ActionContext, form: SubmittedForm) -> None:
    interaction = context.interaction
    draft = Draft(_NAME, form.about, True, form.values, tuple(files_here(context)))
    async with reading():
        draft_id = await context.drafts.keep(interaction.user.id, draft)
    button = card_button(FINER, draft_id)
    await interaction.response.send_message(
        strings.forms.THE_REST(), view=view_of(button), ephemeral=True
    )


async def _request(context: ActionContext, form: SubmittedForm) -> GenerationRequest:
    """What both forms ask for; the fields of the second one are empty where it was not used."""
    generation = await _take(context, form)
    length = _DURATION, strings.forms.DURATION()
    if generation.more_s is not None:
        length = MORE, strings.forms.MORE()
    seed = generation.seed
    if form.text(_SEED) == NEW_SEED:
        seed = None
    elif form.text(_SEED) not in {"", SAME_SEED, generation.id}:
        seed = form.number(_SEED, strings.forms.SEED())
    changes = Changes(
        prompt=form.text(PROMPT),
        model_version=form.text(_MODEL) or None,
        duration=form.number(*length),
        seed=seed,
        terms=form.terms(),
        temperature=form.decimal(_TEMPERATURE, strings.forms.TEMPERATURE()),
        guidance=form.number(_GUIDANCE, strings.forms.GUIDANCE()),
        output_format=form.text(_FORMAT) or None,
    )
    request = await remade(context, generation, Relation.EDIT, changes)
    if _is_same(_table(context, generation), generation, request):
        raise NothingChanged
    return request


async def _take(context: ActionContext, form: SubmittedForm) -> Generation:
    """The take whose seed was chosen, else the card's first."""
    shown = await context.service.get(form.about)
    takes = await context.service.takes(shown)
    return next((take for take in takes if take.id == form.text(_SEED)), shown)


def _is_same(table: InputTable, track: Generation, request: GenerationRequest) -> bool:
    """Whether a track would be made once more that there is."""
    if track.state is not State.DELIVERED or request.inputs.seed != track.seed:
        return False
    if (request.more_s, request.terms) != (track.more_s, track.terms):
        return False

    def heard(inputs: Inputs, name: str) -> object:
        value = table.effective(inputs, name)
        return readable(str(value)).strip() if name == "prompt" else value

    names = [spec.name for spec in table if spec.name not in {"seed", "input_audio"}]
    if track.more_s is not None:
        # They follow from the piece.
        names = [name for name in names if name not in _OF_THE_PIECE]
    return all(heard(track.inputs, name) == heard(request.inputs, name) for name in names)


_OF_THE_PIECE = (
    "duration",
    "continuation",
    "continuation_start",
    "continuation_end",
    "output_format",
)


# ------------------------------------------------------------------ the second form


async def _finer_form(context: ActionContext, draft_id: str) -> CardForm:
    async with reading():
        draft = await context.drafts.get(draft_id, context.interaction.user.id)
        form = SubmittedForm(_NAME, draft.about, True, draft.values)
        generation = await _take(context, form)
    table, inputs = _table(context, generation), generation.inputs
    finer = CardForm(_FINER_NAME, draft_id, strings.forms.FINER_TITLE(), from_card=True)
    if "seed" in table:
        finer.add_number(_SEED, strings.forms.SEED(), strings.forms.SEED_ABOUT(), generation.seed)
    for name, field, label in (
        ("temperature", _TEMPERATURE, strings.forms.TEMPERATURE()),
        ("classifier_free_guidance", _GUIDANCE, strings.forms.GUIDANCE()),
    ):
        if name in table:
            value = table.effective(inputs, name)
            about = strings.commands.option(table[name])
            finer.add_line(field, label, about, None if value is None else plain(value))
    if "output_format" in table and generation.more_s is None:
        formats = [FormOption(name, name) for name in table["output_format"].choices]
        chosen = table.effective(inputs, "output_format")
        finer.add_select(_FORMAT, strings.forms.FORMAT(), formats, str(chosen))
    return finer


async def _finer_request(context: ActionContext, form: SubmittedForm) -> GenerationRequest:
    first = await context.drafts.get(form.about, context.interaction.user.id)
    seed = form.text(_SEED) or NEW_SEED
    both = {**first.values, **form.values, _SEED: seed}
    context.draft = first
    return await _request(context, SubmittedForm(_NAME, first.about, True, both))


async def _press_new_seed(context: ActionContext, draft_id: str) -> None:
    """Make what was not changed once more, with another seed."""
    async with reading():
        draft = await context.drafts.get(draft_id, context.interaction.user.id)
        if draft.action == _FINER_NAME:
            draft = await context.drafts.get(draft.about, context.interaction.user.id)
        context.draft = draft
        values = {**draft.values, _SEED: NEW_SEED}
        request = await _request(context, SubmittedForm(_NAME, draft.about, True, values))
    await context.start(request)


EDIT = Action(
    _NAME,
    opens(_form),
    strings.card.EDIT,
    makes=True,
    form=_form,
    submit=_submit,
)
FINER = Action(
    _FINER_NAME,
    opens(_finer_form),
    strings.forms.FINER,
    style=discord.ButtonStyle.primary,
    makes=True,
    form=_finer_form,
    request=_finer_request,
)
WITH_NEW_SEED = Action(
    "newseed",
    _press_new_seed,
    strings.forms.NEW_SEED,
    style=discord.ButtonStyle.primary,
    makes=True,
)
