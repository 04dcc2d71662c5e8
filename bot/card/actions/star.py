"""Star: give a track one's star, or take it back; for whoever sees its card.

A star counts for one take, so a card of several has a button for each. The number stands on the
button.
"""

from __future__ import annotations

import discord

from bot.card import strings
from bot.card.action import Action, ActionContext
from bot.card.buttons import labels_in, view_relabelled
from bot.card.interactions import reading

_NAME = "star"
_TRIES = 5


async def _press(context: ActionContext, generation_id: str) -> None:
    context.check_rules()
    # Only one process acknowledges a press, and so only one counts it.
    await context.acknowledge_once(generation_id)
    async with reading():
        await context.stars.toggle(generation_id, context.interaction.user.id)
    message = context.interaction.message
    if message is not None:
        await _show(context, message)


async def _show(context: ActionContext, message: discord.Message) -> None:
    """Put the numbers on the buttons, until none has changed meanwhile.

    Others may press at the same time, and Discord take their edits before this one.
    """
    names = labels_in(message, _NAME)
    shown = await _numbered(context, names)
    for _ in range(_TRIES):
        view = view_relabelled(message, _NAME, shown)
        await context.interaction.edit_original_response(view=view)
        present = await _numbered(context, names)
        if present == shown:
            return
        shown = present


async def _numbered(context: ActionContext, names: dict[str, str]) -> dict[str, str]:
    counts = await context.stars.count(names.keys())
    return {key: strings.stars.label(name, counts.get(key, 0)) for key, name in names.items()}


STAR = Action(_NAME, _press, strings.stars.STAR, "⭐", is_of_a_take=True)
