"""Starts what a command, a press or a form asks for, in a new reply to its person."""

from __future__ import annotations

from dataclasses import replace

import discord

from bot.card.drafts import DRAFT, Draft, written
from bot.card.interactions import asked_by, check_permissions, pressed, reading, reply_at
from bot.client import MusicGenBot
from bot.domain.request import GenerationRequest
from cogs.acknowledging import open_reply
from cogs.bring_waiting import bring_all, waiting_behind_reply


async def start(
    bot: MusicGenBot, interaction: discord.Interaction, request: GenerationRequest, takes: int = 1
) -> None:
    """Check, journal, acknowledge; from then on the service keeps the reply up to date.

    The row is a millisecond's work and comes first, with a deadline: a process that dies between
    an acknowledgement and its row leaves a person waiting whom nobody knows of.

    Raises:
        RequestRefused: it cannot be run, or not here, or not be journalled in time.
    """
    table = bot.service.models.named(request.fine_tune).table
    asked = replace(
        asked_by(interaction),
        prompt=request.as_sent.prompt,
        length_s=request.more_s or table.duration_s(request.inputs),
        card_of=request.card_of,
        audio_of=request.audio_of,
    )
    bot.house_rules.check(asked)
    bot.allowed.check(interaction.user.id, interaction.guild_id)
    bot.service.check(request)
    check_permissions(interaction)
    press = pressed(interaction)
    typed: Draft | None = interaction.extras.get(DRAFT)
    reply = None
    with bot.service.acknowledgements.urgent():
        async with reading():
            generations = await bot.service.submit(
                request,
                interaction.user.id,
                reply_at(interaction, 0),
                takes,
                bot.house_rules.limits_of(asked),
                press,
                None if typed is None else written(typed),
            )
        try:
            reply = await open_reply(bot, interaction, generations)
            waiting = [] if reply is None else await waiting_behind_reply(bot, interaction)
        finally:
            bot.service.acknowledged(generations, reply)
    await bring_all(bot, interaction, waiting)
