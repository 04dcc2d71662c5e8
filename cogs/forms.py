"""What becomes of a form that somebody sends.

discord.py forgets forms at a restart and answers nothing to one it does not know; here every one
that is sent has an answer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import discord
from discord.ext import commands

from bot.card.forms import (
    DURATION,
    MODEL,
    MORE,
    MORE_USUAL_S,
    PICK,
    PROMPT,
    SEED,
    Filled,
    FormAction,
    read_form,
)
from bot.card.offers import melody_model
from bot.card.report import report
from bot.card.sounds import take_file
from bot.client import MusicGenBot
from bot.domain.derive import extension, melody
from bot.domain.errors import GenerationUnknown, SourceGone
from bot.domain.generation import AudioSource, Generation, Relation
from bot.domain.request import GenerationRequest
from cogs.make import audio_of
from cogs.menus import Menus
from cogs.replies import reading, start


class Forms(commands.Cog):
    """Answers forms."""

    def __init__(self, bot: MusicGenBot, menus: Menus) -> None:
        self._bot = bot
        self._menus = menus

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """A form was sent; whatever goes wrong ends in a sentence."""
        if interaction.type is not discord.InteractionType.modal_submit:
            return
        try:
            filled = read_form(cast("dict[str, Any]", interaction.data or {}))
            if filled is None:
                raise GenerationUnknown  # noqa: TRY301 - the handler below is the door for all
            async with reading():
                request = await self._request(interaction, filled)
            await start(self._bot, interaction, request)
        except Exception as error:  # noqa: BLE001 - one of the doors: everything is reported
            await report(interaction, error)

    async def _request(self, interaction: discord.Interaction, filled: Filled) -> GenerationRequest:
        match filled.action:
            case FormAction.EXTEND:
                parent, audio = await self._source(interaction, filled)
                more_s = filled.number(MORE)
                return extension(
                    parent,
                    audio,
                    MORE_USUAL_S if more_s is None else more_s,
                    filled.text(PROMPT) or (None if parent is not None else ""),
                )
            case FormAction.MELODY:
                parent, audio = await self._source(interaction, filled)
                request = melody(parent, audio, filled.text(PROMPT))
                model = melody_model(self._bot.service.table, request.inputs)
                return replace(request, inputs=replace(request.inputs, model_version=model))
            case FormAction.EDIT:
                return await self._edited(interaction, filled)
            case _:
                raise GenerationUnknown

    async def _edited(self, interaction: discord.Interaction, filled: Filled) -> GenerationRequest:
        parent = await self._bot.service.get(filled.about)
        return await self._bot.service.remake(
            parent,
            relation=Relation.EDIT,
            prompt=filled.text(PROMPT),
            model_version=filled.text(MODEL) or None,
            duration=filled.number(DURATION),
            seed=filled.number(SEED),
            card_audio=await audio_of(self._bot, interaction, parent),
        )

    async def _source(
        self, interaction: discord.Interaction, filled: Filled
    ) -> tuple[Generation | None, AudioSource]:
        """The track that was chosen and its audio, with an address signed just now."""
        if not filled.from_card:
            return await self._menus.chosen(interaction, filled)
        parent = await self._bot.service.get(filled.text(PICK) or filled.about)
        file = take_file(interaction.message, parent)
        if file is None:
            raise SourceGone
        return parent, file.source


async def setup(bot: MusicGenBot) -> None:
    """discord.py's way to load a cog; forms and menus come as one."""
    menus = Menus(bot)
    await bot.add_cog(menus)
    await bot.add_cog(Forms(bot, menus))
