"""Info and Delete, on every card that has ended."""

from __future__ import annotations

import logging
from collections import OrderedDict

import discord
from discord.ext import commands

from bot.card import strings
from bot.card.buttons import DROP, KEEP, Action, CardButton, view_of
from bot.card.info import info_embed
from bot.card.lineage import Onlooker
from bot.card.sounds import takes_here
from bot.client import MusicGenBot
from bot.discord_errors import REQUEST_FAILED, Meaning, meaning_of
from bot.domain.errors import GenerationUnknown, JournalFault, NotDeletable, NotYours
from cogs.replies import reading, takes_of

log = logging.getLogger(__name__)

_ASKED_MAX = 1000


class Card(commands.Cog):
    """What is told of a card, and how one goes away."""

    def __init__(self, bot: MusicGenBot) -> None:
        self._bot = bot
        self._asked = OrderedDict[int, discord.Interaction]()
        """Presses of Delete by their card: their tokens delete it where the bot's own does not."""
        bot.presses[Action.INFO] = self.info
        bot.presses[Action.DELETE] = self.delete
        bot.presses[DROP] = self.drop
        bot.presses[KEEP] = self.keep

    async def info(self, interaction: discord.Interaction, generation_id: str) -> None:
        """Tell everything there is to know, to whoever asks."""
        async with reading():
            generation = await self._bot.service.get(generation_id)
            takes = await takes_of(self._bot, generation)
            ancestors = await self._bot.service.library.ancestry(generation.id)
        here = [take for take, _ in takes_here(interaction.message, takes)]
        onlooker = Onlooker(interaction.channel_id or 0, interaction.user.id)
        embed = info_embed(here or takes, ancestors, self._bot.service.table, onlooker)
        # Of their own ancestors they alone are told.
        await interaction.response.send_message(embed=embed, ephemeral=True)

    async def delete(self, interaction: discord.Interaction, generation_id: str) -> None:
        """Ask whether the card should go: its requester, or who manages messages here."""
        message = interaction.message
        if message is None:
            raise GenerationUnknown
        if not interaction.permissions.manage_messages:
            asked_by = await self._requester(message, generation_id)
            if interaction.user.id != asked_by:
                raise NotYours
        # The answer is the card itself, so that this press's token may delete it.
        await interaction.response.defer()
        self._remember(message.id, interaction)
        view = view_of(CardButton(DROP, str(message.id)), CardButton(KEEP, "it"))
        await interaction.followup.send(strings.card.DELETE_ASK, view=view, ephemeral=True)

    async def drop(self, interaction: discord.Interaction, about: str) -> None:
        """Delete a card, by whichever token can; its row stays, for its person."""
        message_id = int(about)
        await interaction.response.defer()
        if not await self._gone(interaction, message_id):
            raise NotDeletable
        await self._hide(interaction.channel_id or 0, message_id)
        await interaction.edit_original_response(content=strings.card.DELETED, view=None)

    async def keep(self, interaction: discord.Interaction, _: str) -> None:
        """Take the question back."""
        await interaction.response.edit_message(content=strings.card.KEPT, view=None)

    async def _hide(self, channel_id: int, message_id: int) -> None:
        """What was made from it is not to tell of it any more."""
        try:
            await self._bot.service.library.hide(channel_id, message_id)
        except JournalFault as error:
            log.warning("message %d is gone, which cannot be noted: %s", message_id, error)

    async def _requester(self, message: discord.Message, generation_id: str) -> int | None:
        try:
            async with reading():
                return (await self._bot.service.get(generation_id)).requester_id
        except GenerationUnknown:
            # It has been forgotten. Discord itself still knows whose command or press it answers.
            metadata = message.interaction_metadata
            if metadata is None:
                raise
            return metadata.user.id

    async def _gone(self, interaction: discord.Interaction, message_id: int) -> bool:
        channel = self._bot.get_partial_messageable(
            interaction.channel_id or 0, guild_id=interaction.guild_id
        )
        try:
            await channel.get_partial_message(message_id).delete()
        except REQUEST_FAILED as error:
            if meaning_of(error) is Meaning.MESSAGE_GONE:
                return True
            log.info("message %d is not mine to delete: %s", message_id, error)
        else:
            return True
        asked = self._asked.pop(message_id, None)
        # Whether its token is dead, Discord says, and not our clock.
        if asked is None:
            return False
        try:
            await asked.delete_original_response()
        except REQUEST_FAILED as error:
            log.info("message %d cannot be deleted: %s", message_id, error)
            return meaning_of(error) is Meaning.MESSAGE_GONE
        return True

    def _remember(self, message_id: int, interaction: discord.Interaction) -> None:
        self._asked[message_id] = interaction
        self._asked.move_to_end(message_id)
        while len(self._asked) > _ASKED_MAX:
            self._asked.popitem(last=False)


async def setup(bot: MusicGenBot) -> None:
    """discord.py's way to load a cog."""
    await bot.add_cog(Card(bot))
