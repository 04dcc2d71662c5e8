"""Change it: a refused command or form once more, as its person left it; for them alone.

A command has more options than a form has fields. So its form shows the prompt, what it was refused
for, and then what was given; the rest is kept as it was typed.
"""

from __future__ import annotations

from dataclasses import replace

import discord

from bot.card import strings
from bot.card.action import Action, ActionContext
from bot.card.card_client import card_client
from bot.card.drafts import (
    ADDRESS,
    AUDIO,
    COMMAND,
    NEW_AUDIO,
    PRESET,
    THE_FILE,
    Draft,
    may_be_changed,
    read,
)
from bot.card.forms import FIELDS_MAX, CardForm, FormOption, SubmittedForm
from bot.card.given_audio import given_audio
from bot.card.input_fields import add_input, typed_input
from bot.community.presets import NAME_MAX_CHARS, with_defaults
from bot.domain.errors import DraftGone, InternalFault
from bot.domain.generation import AudioSource, Generation, Relation
from bot.domain.inputs import Inputs, InputTable
from bot.domain.request import AnyRequest, GenerationRequest

_NAME = "change"
_NONE = "none"
_ADDRESS_MAX_CHARS = 1000
_BY_FORMS = frozenset({Relation.EXTEND, Relation.MELODY, Relation.EDIT, Relation.TAKE})


def draft_of_command(
    inputs: Inputs, upload: AudioSource | None, address: str | None, preset: str | None
) -> Draft:
    """A command as it was typed, whatever may be wrong with it."""
    values = {name: text for name, text in ((ADDRESS, address), (PRESET, preset)) if text}
    return Draft(_NAME, COMMAND, True, values, inputs=inputs, upload=upload)


def is_offered(generation: Generation) -> bool:
    """Whether what it was asked for by is kept, as it was refused, and is worth another try."""
    refused = generation.draft is not None and generation.was_refused
    return refused and may_be_changed(generation.failure or DraftGone())


def words_of(generation: Generation) -> str:
    """What it failed for, with fields called as its person saw them: as options, or by labels."""
    text = strings.errors.sentence(generation.failure or InternalFault())
    draft = None if generation.draft is None else read(generation.draft)
    if generation.relation in _BY_FORMS or (draft is not None and draft.is_form):
        return strings.forms.in_form(text, is_extension=generation.more_s is not None)
    return text


async def _form(context: ActionContext, about: str) -> CardForm:
    draft = context.draft
    if draft is None or draft.inputs is None:
        raise DraftGone
    context.check_rules()
    form = CardForm(_NAME, about, strings.forms.CHANGE_TITLE(), from_card=True)
    for name in _fields(draft, context.service.models.main.table):
        _add(form, name, draft, context.service.models.main.table)
    return form


def _fields(draft: Draft, table: InputTable) -> list[str]:
    """Those that there are, as many as a form has."""
    there = {ADDRESS, PRESET, *(spec.name for spec in table)}
    if AUDIO in there:
        there.add(NEW_AUDIO)
    if draft.upload is None and ADDRESS not in draft.values:
        there.discard(AUDIO)
    return [name for name in draft.fields if name in there][:FIELDS_MAX]


def _add(form: CardForm, name: str, draft: Draft, table: InputTable) -> None:
    label, inputs = strings.forms.LABELS[name](), draft.inputs or Inputs("")
    if name == AUDIO:
        _add_audio(form, draft)
        return
    if name == NEW_AUDIO:
        form.add_file(name, label)
        return
    if name in {ADDRESS, PRESET}:
        most = NAME_MAX_CHARS if name == PRESET else _ADDRESS_MAX_CHARS
        form.add_text(name, label, None, max_chars=most, default=draft.values.get(name))
        return
    add_input(form, name, table, inputs)


def _add_audio(form: CardForm, draft: Draft) -> None:
    options: list[FormOption] = []
    if draft.upload is not None:
        options.append(FormOption(THE_FILE, strings.forms.the_file(draft.upload.filename)))
    if ADDRESS in draft.values:
        options.append(FormOption(ADDRESS, strings.forms.THE_ADDRESS()))
    options.append(FormOption(_NONE, strings.forms.NO_AUDIO()))
    form.add_select(AUDIO, strings.forms.LABELS[AUDIO](), options, options[0].value)


async def _request(context: ActionContext, form: SubmittedForm) -> AnyRequest:
    draft, table = context.draft, context.service.models.main.table
    if draft is None or draft.inputs is None:
        raise DraftGone
    form, inputs = form.over(draft.values), draft.inputs
    for spec in table:
        if spec.name in form.values and spec.name != AUDIO:
            inputs = replace(inputs, **{spec.name: typed_input(form, spec, inputs)})
    chosen = form.text(AUDIO)
    # A file that was just given is meant, whatever was chosen among the others.
    upload = form.upload or (draft.upload if chosen in {"", THE_FILE} else None)
    address = form.text(ADDRESS) if chosen in {"", ADDRESS} and form.upload is None else ""
    request = GenerationRequest(inputs, given_audio(upload, address or None))
    return completed(context.interaction, request, form.text(PRESET) or None)


def completed(
    interaction: discord.Interaction,
    request: GenerationRequest,
    preset: str | None,
) -> AnyRequest:
    """A command's request, with the preset it names, or its person's own, and server defaults.

    Nothing is read: own defaults are in memory, and a preset that is named comes with the row.
    """
    bot = card_client(interaction.client)
    user_id, guild_id = interaction.user.id, interaction.guild_id

    def with_servers(request: GenerationRequest) -> GenerationRequest:
        table = bot.service.models.named(request.fine_tune).table
        defaults = bot.server_rules.settings_of(guild_id).defaults
        inputs = with_defaults(request.inputs, defaults, table, has_audio=request.has_audio)
        return request if inputs is request.inputs else replace(request, inputs=inputs)

    if preset is None:
        return with_servers(bot.presets.with_default(request, user_id))
    return bot.presets.named(request, preset, user_id, guild_id).then(with_servers)


async def _press(context: ActionContext, draft_id: str) -> None:
    await context.reopen(draft_id)


CHANGE = Action(
    _NAME,
    _press,
    strings.forms.CHANGE,
    None,
    discord.ButtonStyle.primary,
    form=_form,
    request=_request,
)
