"""Loop: the part of a track that plays round and round best, as a file; for whoever presses.

It stands below Info, which tells how the track's end meets its beginning.
"""

from __future__ import annotations

from bot.card import strings
from bot.card.action import Action, ActionContext
from bot.card.audio_attachments import audio_attachments, track_attachments
from bot.card.buttons import CardButton, card_button
from bot.card.forms import OPTION, CardForm, FormOption, SubmittedForm
from bot.card.interactions import check_permissions, reading
from bot.domain.generation import Generation, State

_NAME = "loop"


def loop_button(message_id: int, shown: Generation) -> CardButton:
    """For one of the tracks in a card's message."""
    return card_button(LOOP, f"{message_id}-{shown.id}")


def _about(about: str) -> tuple[int, str]:
    """The card's message, and the generation."""
    message_id, _, generation_id = about.partition("-")
    return int(message_id) if message_id.isdecimal() else 0, generation_id


async def _press(context: ActionContext, about: str) -> None:
    message_id, generation_id = _about(about)
    async with reading():
        generation = await context.service.get(generation_id)
        _check(context, generation)
        takes = await context.service.takes(generation)
    card = context.memory.cards.get(message_id)
    here = {take.id for take, _ in track_attachments(audio_attachments(card), takes)}
    options = [
        FormOption(take.id, strings.forms.take(number, take.seed))
        for number, take in enumerate(takes, start=1)
        if take.id in here or (not here and take.state is State.DELIVERED)
    ]
    if len(options) > 1:
        form = CardForm(_NAME, about, strings.forms.LOOP_TITLE(), from_card=True)
        form.add_sources(strings.forms.TAKE(), options)
        await form.send(context.interaction)
        return
    chosen = next((take for take in takes if options and take.id == options[0].value), generation)
    await _make(context, chosen, message_id)


async def _submit(context: ActionContext, form: SubmittedForm) -> None:
    message_id, generation_id = _about(form.about)
    async with reading():
        take = await context.service.get(form.text(OPTION) or generation_id)
    _check(context, take)
    await _make(context, take, message_id)


def _check(context: ActionContext, generation: Generation) -> None:
    context.check_rules(card_of=generation.requester_id, audio_of=generation.requester_id)
    check_permissions(context.interaction)


async def _make(context: ActionContext, take: Generation, message_id: int) -> None:
    async with context.thinking():
        await context.make_loop(take, context.memory.cards.get(message_id))


LOOP = Action(_NAME, _press, strings.card.LOOP, makes=True, submit=_submit)
