"""The buttons of a jam's card: Listen and I'm done for everybody, the rest for its host.

Undo and Mix are for everybody too: with Undo, more than half of those who take part can take the
last section back without the host. Propose stands beside what it makes, in `jam_takes`.
"""

from __future__ import annotations

import discord

from bot.card import strings
from bot.card.action import Action, ActionContext
from bot.card.actions.jam_mix import MIX
from bot.card.actions.jam_takes import PROPOSE
from bot.card.buttons import card_button, card_select, view_of
from bot.card.interactions import reading
from bot.domain.errors import NothingMade
from bot.domain.plain_text import shortened
from bot.jam import rules
from bot.jam.jam import Take

_LABEL_MAX_CHARS = 100


async def _listen(context: ActionContext, jam_id: str) -> None:
    async with reading():
        jam = await context.jams.get(jam_id)
    await context.play_piece(jam)


async def _done(context: ActionContext, jam_id: str) -> None:
    context.check_block()
    by = context.interaction.user.id
    async with reading():
        number = (await context.jams.get(jam_id)).round.number
        jam = await context.jams.change(jam_id, rules.done, by)
    active = jam.active
    missing = len(active) // 2 + 1 - len(jam.round.done & active)
    has_ended = jam.round.number != number
    await _tell(context, strings.jam.done(0 if has_ended else missing))


async def _end(context: ActionContext, jam_id: str) -> None:
    context.check_block()
    by = context.interaction.user.id
    async with reading():
        jam = await context.jams.get(jam_id)
        leaders = jam.round.leaders
        if by != jam.host_id or len(leaders) < 2:
            await context.jams.change(jam_id, rules.end, by)
            leaders = ()
    if not leaders:
        await _tell(context, strings.jam.ended())
        return
    await context.interaction.response.send_message(
        strings.jam.CHOOSE_ABOUT(), view=_choice(leaders), ephemeral=True
    )


def _choice(leaders: tuple[Take, ...]) -> discord.ui.View:
    options = [
        discord.SelectOption(
            label=shortened(strings.jam.tied_option(take), _LABEL_MAX_CHARS), value=take.id
        )
        for take in leaders
    ]
    return view_of(card_select(CHOOSE, strings.jam.CHOOSE(), options))


async def _choose(context: ActionContext, take_id: str) -> None:
    context.check_block()
    async with reading():
        jam, row = await context.jams.of_take(take_id)
        if row.round_number != jam.round.number:
            raise NothingMade
        await context.jams.change(jam.id, rules.end, context.interaction.user.id, take_id)
    await context.interaction.response.edit_message(content=strings.jam.ended(), view=None)


async def _undo(context: ActionContext, jam_id: str) -> None:
    context.check_block()
    async with reading():
        before = await context.jams.get(jam_id)
        jam = await context.jams.change(jam_id, rules.undo, context.interaction.user.id)
    # Of two presses of the host's one counts, and both are told the same.
    by_host = context.interaction.user.id == jam.host_id
    is_done = by_host or jam.round.number != before.round.number
    await _tell(context, strings.jam.undone(is_done=is_done))


async def _close(context: ActionContext, jam_id: str) -> None:
    context.check_block()
    async with reading():
        jam = await context.jams.get(jam_id)
        rules.check_host(jam, context.interaction.user.id)
    view = view_of(card_button(CLOSE_NOW, jam.id))
    await context.interaction.response.send_message(
        strings.jam.CLOSING(), view=view, ephemeral=True
    )


async def _close_now(context: ActionContext, jam_id: str) -> None:
    context.check_block()
    async with reading():
        await context.jams.change(jam_id, rules.close, context.interaction.user.id)
    await context.interaction.response.edit_message(content=strings.jam.CLOSED(), view=None)


async def _tell(context: ActionContext, text: str) -> None:
    await context.interaction.response.send_message(text, ephemeral=True)


LISTEN = Action("jamlisten", _listen, strings.jam.LISTEN)
DONE = Action("jamdone", _done, strings.jam.DONE)
END = Action("jamend", _end, strings.jam.END)
CHOOSE = Action("jamchoose", _choose)
UNDO = Action("jamundo", _undo, strings.jam.UNDO)
CLOSE = Action("jamclose", _close, strings.jam.CLOSE)
CLOSE_NOW = Action(
    "jamclosenow", _close_now, strings.jam.CLOSE_NOW, style=discord.ButtonStyle.danger
)

JAM_ROOM_ACTIONS = (PROPOSE, LISTEN, DONE)
JAM_HOST_ACTIONS = (END, UNDO, MIX, CLOSE)
JAM_CLOSED_ACTIONS = (LISTEN, MIX)
JAM_ACTIONS = (*JAM_ROOM_ACTIONS, *JAM_HOST_ACTIONS, CHOOSE, CLOSE_NOW)
