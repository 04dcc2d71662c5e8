"""/musicgen, and the buttons of a running card."""

from __future__ import annotations

import logging
from collections import deque
from typing import Any, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.card import strings
from bot.card.buttons import Action
from bot.card.report import give_way
from bot.client import MusicGenBot
from bot.domain.errors import BotError, DeliveredTwice, GenerationUnknown, NotYours, TooLateToCancel
from bot.domain.generation import Generation
from cogs.acknowledging import acknowledge
from cogs.addressing import reply_in
from cogs.options import describe, parse
from cogs.replies import check_permissions, reading, start, takes_of
from cogs.suggestions import prompts_for

log = logging.getLogger(__name__)

_PRESSES_REMEMBERED = 1000
_KNOWN_WITHIN_S = 0.5


class MusicGen(commands.Cog):
    """Makes music from words."""

    def __init__(self, bot: MusicGenBot) -> None:
        self._bot = bot
        self._service = bot.service
        self._pressed = deque[int](maxlen=_PRESSES_REMEMBERED)
        """The interactions that are taken on: Discord may deliver one twice."""
        bot.presses[Action.CANCEL] = self.cancel
        bot.presses[Action.BRING] = self.bring

        async def musicgen(interaction: discord.Interaction, **options: Any) -> None:
            await self.musicgen(interaction, options)

        async def suggest(
            interaction: discord.Interaction, typed: str
        ) -> list[app_commands.Choice[str]]:
            return await prompts_for(self._service.library, interaction.user.id, typed)

        callback = app_commands.autocomplete(prompt=suggest)(
            cast("Any", describe(musicgen, bot.service.table))
        )
        self._command = app_commands.Command[Any, Any, None](
            name="musicgen",
            description=strings.commands.MUSICGEN,
            callback=callback,
        )

    async def cog_load(self) -> None:
        """Add the command, whose options are known only now."""
        self._bot.tree.add_command(self._command)

    async def musicgen(self, interaction: discord.Interaction, options: dict[str, Any]) -> None:
        """Make what was typed."""
        await start(self._bot, interaction, parse(options))

    async def bring(self, interaction: discord.Interaction, generation_id: str) -> None:
        """Show a generation from now on by the token of this click."""
        await self._acknowledge(interaction, generation_id)
        # Where a living token may not post a track it would be given up; like this it waits.
        check_permissions(interaction)
        if interaction.message is not None:
            await self._service.bring(generation_id, reply_in(interaction, interaction.message))

    async def cancel(self, interaction: discord.Interaction, generation_id: str) -> None:
        """Stop a generation for its requester, or for who manages messages here."""
        await self._acknowledge(interaction, generation_id)
        generation = await self._service.get(generation_id)
        manages = interaction.permissions.manage_messages
        if interaction.user.id != generation.requester_id and not manages:
            raise NotYours
        await self._hand_over(interaction, generation)
        try:
            await self._service.cancel(generation_id)
        except TooLateToCancel as error:
            if error.made:
                # Otherwise it would not be on its way.
                check_permissions(interaction)
            raise

    async def _acknowledge(self, interaction: discord.Interaction, generation_id: str) -> None:
        if interaction.id in self._pressed:
            raise DeliveredTwice
        self._pressed.append(interaction.id)
        try:
            async with reading(_KNOWN_WITHIN_S):
                await self._service.get(generation_id)
        except GenerationUnknown:
            await give_way(interaction)
        except BotError as error:
            log.info("whether generation %s is known here is not known: %r", generation_id, error)
        await acknowledge(interaction)

    async def _hand_over(self, interaction: discord.Interaction, generation: Generation) -> None:
        """Let this press's token show what becomes of a card whose own may be dead.

        Not where the card lives on in another message, which a later command has brought.
        """
        message = interaction.message
        if message is None:
            return
        try:
            check_permissions(interaction)
            replies = [take.reply for take in await takes_of(self._bot, generation)]
            card = max(replies, key=lambda reply: reply.message_id)
            is_this = not card.known or card.message_id == message.id
            if is_this or not card.token_lives(self._bot.clock.now()):
                await self._service.bring(generation.id, reply_in(interaction, message))
        except BotError as error:
            # It can be stopped all the same, and perhaps there is another way to tell of it.
            log.info("generation %s goes on without this press: %r", generation.id, error)


async def setup(bot: MusicGenBot) -> None:
    """discord.py's way to load a cog."""
    await bot.add_cog(MusicGen(bot))
