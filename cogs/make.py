"""The buttons of a card that make new music from it, for whoever presses them."""

from __future__ import annotations

import discord
from discord.ext import commands

from bot.card import strings
from bot.card.buttons import Action
from bot.card.forms import Pick, edit_form, extend_form, melody_form, send_form
from bot.card.sounds import take_file, takes_here
from bot.client import MusicGenBot
from bot.domain.errors import SourceGone, SubmitUncertain
from bot.domain.generation import AudioSource, Generation, Relation
from bot.domain.request import GenerationRequest
from cogs.replies import reading, start, takes_of

_TAKES = 3


class Make(commands.Cog):
    """Again, Variations, and the forms of Extend, Melody and Edit, which cogs.forms answers."""

    def __init__(self, bot: MusicGenBot) -> None:
        self._bot = bot
        bot.presses[Action.AGAIN] = self.again
        bot.presses[Action.SAME] = self.same
        bot.presses[Action.VARIATIONS] = self.variations
        bot.presses[Action.EXTEND] = self.extend
        bot.presses[Action.MELODY] = self.melody
        bot.presses[Action.EDIT] = self.edit

    async def again(self, interaction: discord.Interaction, generation_id: str) -> None:
        """The same settings, a new seed; where it may have been started, the very same."""
        async with reading():
            generation = await self._bot.service.get(generation_id)
            is_open = isinstance(generation.failure, SubmitUncertain)
            request = await self._remade(
                interaction,
                generation,
                Relation.RETRY if is_open else Relation.AGAIN,
                seed=generation.seed if is_open else None,
            )
        await start(self._bot, interaction, request)

    async def same(self, interaction: discord.Interaction, generation_id: str) -> None:
        """The same settings, the same seed, the same track: its audio is lost."""
        async with reading():
            generation = await self._bot.service.get(generation_id)
            request = await self._remade(
                interaction, generation, Relation.AGAIN, seed=generation.seed
            )
        await start(self._bot, interaction, request)

    async def variations(self, interaction: discord.Interaction, generation_id: str) -> None:
        """Three takes at once, on one card."""
        async with reading():
            generation = await self._bot.service.get(generation_id)
            request = await self._remade(interaction, generation, Relation.VARIATION)
        await start(self._bot, interaction, request, takes=_TAKES)

    async def _remade(
        self,
        interaction: discord.Interaction,
        generation: Generation,
        relation: Relation,
        *,
        seed: int | None = None,
    ) -> GenerationRequest:
        audio = await audio_of(self._bot, interaction, generation)
        return await self._bot.service.remake(
            generation, relation=relation, seed=seed, card_audio=audio
        )

    async def extend(self, interaction: discord.Interaction, generation_id: str) -> None:
        """Ask how much more."""
        async with reading():
            generation = await self._bot.service.get(generation_id)
            picks = await self._picks(interaction, generation)
        await send_form(interaction, extend_form(generation.id, generation.inputs.prompt, picks))

    async def melody(self, interaction: discord.Interaction, generation_id: str) -> None:
        """Ask what the tune should become."""
        async with reading():
            generation = await self._bot.service.get(generation_id)
            picks = await self._picks(interaction, generation)
        await send_form(interaction, melody_form(generation.id, from_card=True, picks=picks))

    async def edit(self, interaction: discord.Interaction, generation_id: str) -> None:
        """Ask what should be different."""
        async with reading():
            generation = await self._bot.service.get(generation_id)
        await send_form(interaction, edit_form(generation, self._bot.service.table))

    async def _picks(self, interaction: discord.Interaction, shown: Generation) -> list[Pick]:
        takes = await takes_of(self._bot, shown)
        here = {file_take.id for file_take, _ in takes_here(interaction.message, takes)}
        if not here:
            raise SourceGone
        return [
            Pick(one.id, strings.forms.take(number, one.seed))
            for number, one in enumerate(takes, start=1)
            if one.id in here
        ]


async def audio_of(
    bot: MusicGenBot, interaction: discord.Interaction, generation: Generation
) -> AudioSource | None:
    """The audio of a track, or of another take of its card, in the message that was pressed."""
    if (file := take_file(interaction.message, generation)) is not None:
        return file.source
    others = takes_here(interaction.message, await takes_of(bot, generation))
    return others[0][1].source if others else None


async def setup(bot: MusicGenBot) -> None:
    """discord.py's way to load a cog."""
    await bot.add_cog(Make(bot))
