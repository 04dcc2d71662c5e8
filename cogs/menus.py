"""The Apps menu of a message: go on from its audio, or use it as a melody, whoever posted it."""

from __future__ import annotations

import logging
from collections import OrderedDict

import discord
from discord import app_commands
from discord.ext import commands

from bot.card import strings
from bot.card.forms import PICK, Filled, Pick, extend_form, melody_form, send_form
from bot.card.sounds import SoundFile, sound_files
from bot.client import MusicGenBot
from bot.domain.errors import BotError, NoAudioHere
from bot.domain.generation import AudioSource, Generation
from bot.domain.track_names import seed_in
from cogs.replies import bring_waiting, reading

log = logging.getLogger(__name__)

_REMEMBERED = 1000
_LINEAGE_WITHIN_S = 0.5


class Menus(commands.Cog):
    """Two entries in every message's menu."""

    def __init__(self, bot: MusicGenBot) -> None:
        self._bot = bot
        self._files = OrderedDict[int, list[SoundFile]]()
        """What messages carry whose form is open: a form's own interaction does not tell."""
        self._menus = (
            app_commands.ContextMenu(name=strings.commands.MENU_EXTEND, callback=self._extend),
            app_commands.ContextMenu(name=strings.commands.MENU_MELODY, callback=self._melody),
        )

    async def cog_load(self) -> None:
        """Add the entries."""
        for menu in self._menus:
            self._bot.tree.add_command(menu)

    async def _extend(self, interaction: discord.Interaction, message: discord.Message) -> None:
        picks = self._look_into(message)
        await send_form(interaction, extend_form(str(message.id), None, picks))
        await bring_waiting(self._bot, interaction)

    async def _melody(self, interaction: discord.Interaction, message: discord.Message) -> None:
        picks = self._look_into(message)
        await send_form(interaction, melody_form(str(message.id), from_card=False, picks=picks))
        await bring_waiting(self._bot, interaction)

    def _look_into(self, message: discord.Message) -> list[Pick]:
        files = sound_files(message)
        if not files:
            raise NoAudioHere
        self._files[message.id] = files
        self._files.move_to_end(message.id)
        while len(self._files) > _REMEMBERED:
            self._files.popitem(last=False)
        return [Pick(file.id, file.filename) for file in files]

    async def chosen(
        self, interaction: discord.Interaction, filled: Filled
    ) -> tuple[Generation | None, AudioSource]:
        """The audio that a sent form is about, and the track that it is, where it is one of ours.

        Raises:
            NoAudioHere: the bot was restarted meanwhile, and cannot see the message itself.
        """
        message_id = int(filled.about) if filled.about.isdecimal() else 0
        files = self._files.get(message_id) or await self._fetch(interaction, message_id)
        wanted = filled.text(PICK)
        file = next((file for file in files if wanted in {"", file.id}), None)
        if file is None:
            raise NoAudioHere
        return await self._made_by_us(interaction, message_id, file), file.source

    async def _fetch(self, interaction: discord.Interaction, message_id: int) -> list[SoundFile]:
        channel = self._bot.get_partial_messageable(
            interaction.channel_id or 0, guild_id=interaction.guild_id
        )
        try:
            return sound_files(await channel.fetch_message(message_id))
        except discord.HTTPException as error:
            log.info("message %d cannot be read again: %s", message_id, error)
            return []

    async def _made_by_us(
        self, interaction: discord.Interaction, message_id: int, file: SoundFile
    ) -> Generation | None:
        try:
            async with reading(_LINEAGE_WITHIN_S):
                shown = await self._bot.service.library.by_message(
                    interaction.channel_id or 0, message_id
                )
        except BotError as error:
            # Lineage is worth less than the music.
            log.warning("whose track message %d is, is not known: %r", message_id, error)
            return None
        return next((one for one in shown if one.seed == seed_in(file.filename)), None)
