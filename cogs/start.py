"""Starts what a command, a press or a form asks for, in a new reply to its person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import discord

from bot.card.drafts import DRAFT, Draft, written
from bot.card.interactions import asked_by, check_permissions, pressed, reading, reply_at
from bot.client import MusicGenBot
from bot.domain.generation import Generation, Reply
from bot.domain.presets import Named
from bot.domain.request import AnyRequest, GenerationRequest
from cogs.acknowledging import open_reply
from cogs.bring_waiting import bring_all, waiting_behind_reply


async def start(
    bot: MusicGenBot, interaction: discord.Interaction, request: AnyRequest, takes: int = 1
) -> None:
    """Check, journal, acknowledge; from then on the service keeps the reply up to date.

    The row is a millisecond's work and comes first, with a deadline: a process that dies between
    an acknowledgement and its row leaves a person waiting whom nobody knows of. What depends on a
    preset is checked where that is read, in the row's own transaction.

    Raises:
        RequestRefused: it cannot be run, or not here, or not be journalled in time.
    """
    asked = asked_by(interaction)

    def checked(whole: GenerationRequest) -> GenerationRequest:
        table = bot.service.models.named(whole.fine_tune).table
        wanted = replace(
            asked,
            prompt=whole.as_sent.prompt,
            length_s=whole.more_s or table.duration_s(whole.inputs),
            card_of=whole.card_of,
            audio_of=whole.audio_of,
        )
        bot.server_rules.check(wanted)
        bot.allowed.check(interaction.user.id, interaction.guild_id)
        bot.service.check(whole)
        return whole

    request = request.then(checked) if isinstance(request, Named) else checked(request)
    check_permissions(interaction)
    press = pressed(interaction)
    typed: Draft | None = interaction.extras.get(DRAFT)
    with bot.service.acknowledgements.urgent():
        async with reading():
            generations = await bot.service.submit(
                request,
                interaction.user.id,
                reply_at(interaction, 0),
                takes,
                bot.server_rules.limits_of(asked),
                press,
                None if typed is None else written(typed),
            )
        try:
            reply = await open_reply(bot, interaction, generations)
        except BaseException:
            bot.service.go_on(generations, None)
            raise
    await _go_on(bot, interaction, generations, reply)


async def _go_on(
    bot: MusicGenBot,
    interaction: discord.Interaction,
    generations: Sequence[Generation],
    reply: Reply | None,
) -> None:
    """All that can wait until the others are acknowledged, too."""
    waiting: list[str] = []
    try:
        if reply is not None:
            bot.service.acknowledged(generations)
            await bot.service.acknowledgements.calm()
            waiting = await waiting_behind_reply(bot, interaction)
    finally:
        bot.service.go_on(generations, reply)
    await bring_all(bot, interaction, waiting)
