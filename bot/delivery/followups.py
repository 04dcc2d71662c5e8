"""Messages below a card: a mention of who waited long, and a refusal for its person alone."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from bot.card import strings
from bot.card.actions.change import CHANGE, is_offered, words_of
from bot.card.buttons import card_button, view_of
from bot.delivery.in_its_language import read_by
from bot.delivery.live_card import LiveCard
from bot.delivery.sender import Sender
from bot.discord_errors import REQUEST_FAILED
from bot.domain.generation import TOKEN_LIFE, Generation, State
from bot.locales import speaking

log = logging.getLogger(__name__)

_LONG_WAIT = timedelta(minutes=1)
"""Who waited longer has turned to something else, and is mentioned once at the end."""


async def make_private(sender: Sender, generation: Generation) -> None:
    """Turn the refusal, visible to all so far, into one that its person alone sees.

    In this order: a followup becomes private only once the deferred reply has been edited,
    and whichever of these fails, the sentence stays readable.
    """
    if not await tell_alone(sender, generation):
        return
    try:
        await sender.take_back(generation.reply)
    except REQUEST_FAILED as error:
        log.warning("its refusal stays public: %s", error)


async def tell_alone(sender: Sender, generation: Generation) -> bool:
    """Tell a refusal to its person alone, for them to change; False where no token leads there."""
    if not generation.reply.token or generation.failure is None:
        return False
    with speaking(read_by(sender.client, generation.requester_id, generation)):
        view = view_of(card_button(CHANGE, generation.id)) if is_offered(generation) else None
        words = words_of(generation)
    try:
        await sender.say(generation.reply, words, view=view)
    except REQUEST_FAILED as error:
        log.info("not refused in private: %s", error)
        return False
    return True


async def mention(sender: Sender, live: LiveCard, generation: Generation, now: datetime) -> None:
    """Mention the person below their card once all of it has ended, where that took long."""
    reply = live.reply(generation)
    # Where the card stands in another message than it was asked for in, that one mentions.
    if reply.message_id != generation.reply.message_id or not live.all_ended:
        return
    # Who has just pressed a button to have it is there to see it.
    last_seen_at = max(generation.created_at, reply.token_expires_at - TOKEN_LIFE)
    if (generation.ended_at or now) - last_seen_at <= _LONG_WAIT:
        return
    user_id = generation.requester_id
    if not any(take.state is State.DELIVERED for take in live.takes):
        text = strings.card.over(user_id)
    elif len(live.takes) == 1:
        text = strings.card.ready(user_id)
    else:
        text = strings.takes.ready(user_id)
    try:
        await sender.say(reply, text, mention=user_id)
    except REQUEST_FAILED as error:
        log.warning("no mention: %s", error)
