"""Propose, Riff and Vote: what a jam's takes are made of, and chosen by; for everybody."""

from __future__ import annotations

import logging
from dataclasses import replace

import discord

from bot.card import strings
from bot.card.action import Action, ActionContext, opens
from bot.card.forms import PROMPT, CardForm, FormOption, SubmittedForm
from bot.card.interactions import reading
from bot.domain.errors import (
    DeliveredTwice,
    JournalFault,
    NotANumber,
    OutOfBounds,
)
from bot.domain.extension import MORE_MAX_S, Closeness
from bot.domain.inputs import MODEL_WINDOW_S
from bot.domain.musical_terms import read_terms
from bot.host.log_context import about
from bot.jam import rules, steps
from bot.jam.jam import Jam

log = logging.getLogger(__name__)

_MORE, _CLOSENESS = "more", "closeness"


def propose_form(action: str, about: str, jam: Jam, words: str | None = None) -> CardForm:
    """Words, seconds, and how closely to follow the piece, where there is one."""
    form = CardForm(action, about, strings.jam.PROPOSE_TITLE(), from_card=True)
    label = strings.jam.WORDS() if jam.sections else strings.jam.OPENING_WORDS()
    tail_s = jam.sections[-1].tail_s if jam.sections else 0.0
    form.add_prompt(label, strings.jam.words_about(tail_s), default=words)
    most_s = min(MORE_MAX_S if jam.sections else MODEL_WINDOW_S, max(1, jam.room_s))
    has_tempo = jam.terms.music.tempo_bpm is not None
    about_length = strings.jam.length_about(most_s, with_bars=has_tempo)
    form.add_number(_MORE, strings.jam.MORE(), about_length, min(jam.terms.section_s, most_s))
    if jam.sections:
        levels = [FormOption(how, strings.terms.closeness_option(how)) for how in Closeness]
        form.add_select(
            _CLOSENESS, strings.terms.CLOSENESS(), levels, Closeness.FOLLOW, required=False
        )
    return form


async def _form(context: ActionContext, jam_id: str) -> CardForm:
    async with reading():
        jam = await context.jams.get(jam_id)
    return propose_form(_PROPOSE, jam_id, jam)


async def _riff(context: ActionContext, take_id: str) -> None:
    async with reading():
        jam, row = await context.jams.of_take(take_id)
    await propose_form(_PROPOSE, jam.id, jam, row.words).send(context.interaction)


async def _submit(context: ActionContext, form: SubmittedForm) -> None:
    take_id = context.service.id_for(context.interaction.token)
    # A form that was opened before there was a piece does not ask how closely.
    closeness = Closeness(form.text(_CLOSENESS) or Closeness.FOLLOW)
    context.check_rules()
    try:
        async with reading():
            jam = await context.jams.get(form.about)
            most_s = MORE_MAX_S if jam.sections else MODEL_WINDOW_S
            more_s = _seconds(form, jam, most_s)
            by = context.interaction.user.id
            words = form.text(PROMPT)
            request = await context.jams.propose(jam, by, take_id, words, more_s, closeness)
        await context.start(request)
    except DeliveredTwice:
        raise
    except Exception:
        # Whether its generation was written down all the same, the journal knows. If it was not,
        # its place is free for their next try; the answer to this one does not wait for that.
        context.jams.doubted(take_id)
        raise
    if context.jam_budget.applies(jam.guild_id):
        try:
            await context.jams.change(jam.id, steps.charged)
        except JournalFault as error:
            with about(jam_id=jam.id):
                log.warning("the card tells later what is left: %s", error)


def _seconds(form: SubmittedForm, jam: Jam, most_s: int) -> int | None:
    """How long a take is to be, in seconds or in bars of the jam's tempo; None for as usual.

    Raises:
        NotANumber, OutOfBounds, BarsTooLong, TermsUnreadable: it cannot be.
    """
    try:
        more_s = form.number(_MORE, strings.jam.MORE())
    except NotANumber:
        bars = read_terms(form.text(_MORE)).bars
        more_s = replace(jam.terms.music, bars=bars).length_s(most_s)
        if more_s is None:
            raise
    if more_s is not None and not 1 <= more_s <= most_s:
        raise OutOfBounds(strings.jam.MORE(), more_s, 1, most_s)
    return more_s


async def _vote(context: ActionContext, take_id: str) -> None:
    context.check_block()
    interaction = context.interaction
    async with reading():
        jam, _ = await context.jams.of_take(take_id)
        before = jam.round.votes.get(interaction.user.id)
        jam = await context.jams.change(jam.id, rules.vote, interaction.user.id, take_id)
    if jam.terms.blind:
        await interaction.response.send_message(strings.jam.VOTED_BLIND(), ephemeral=True)
    elif before not in {None, take_id}:
        await interaction.response.send_message(strings.jam.VOTED_OTHER(), ephemeral=True)
    else:
        # The numbers on the buttons follow, for all takes at once.
        await interaction.response.defer()


_PROPOSE = "jampropose"
PROPOSE = Action(
    _PROPOSE,
    opens(_form),
    strings.jam.PROPOSE,
    style=discord.ButtonStyle.primary,
    submit=_submit,
    makes=True,
    form=_form,
)
VOTE = Action("jamvote", _vote, strings.jam.VOTE, is_of_a_take=True)
RIFF = Action("jamriff", _riff, strings.jam.RIFF, makes=True)
