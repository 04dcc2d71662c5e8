"""Cancel: for the generation's requester, or for who manages messages here."""

from __future__ import annotations

import logging

from bot.card import strings
from bot.card.action import Action, ActionContext
from bot.card.interactions import (
    check_permissions,
    check_requester,
    manages_messages,
    reply_in,
)
from bot.domain.errors import BotError, TooLateToCancel
from bot.domain.generation import Generation
from bot.host.log_context import about

log = logging.getLogger(__name__)


async def _press(context: ActionContext, generation_id: str) -> None:
    await context.acknowledge_once(generation_id)
    generation = await context.service.get(generation_id)
    if not manages_messages(context.interaction):
        check_requester(context.interaction, generation.requester_id)
    await _hand_over(context, generation)
    try:
        await context.service.cancel(generation_id, context.interaction.user.id)
    except TooLateToCancel as error:
        if error.made:
            # Otherwise it would not be on its way.
            check_permissions(context.interaction)
        raise


async def _hand_over(context: ActionContext, generation: Generation) -> None:
    """Let this press's token show what becomes of a card whose own may be dead.

    Not where the card lives on in another message, which a later command has brought; nor
    somebody else's while its own lives, for what is told in private goes by it to whoever has it.
    """
    message = context.interaction.message
    if message is None:
        return
    try:
        check_permissions(context.interaction)
        replies = [take.reply for take in await context.service.takes(generation)]
        card = max(replies, key=lambda reply: reply.message_id)
        is_this = not card.known or card.message_id == message.id
        is_theirs = context.interaction.user.id == generation.requester_id
        if (is_this and is_theirs) or not card.token_lives(context.clock.now()):
            await context.service.bring(generation.id, reply_in(context.interaction, message))
    except BotError as error:
        # It can be stopped all the same, and perhaps there is another way to tell of it.
        with about(generation.id):
            log.info("goes on without this press: %r", error)


CANCEL = Action("cancel", _press, strings.card.CANCEL)
