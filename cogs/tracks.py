"""/tracks: what somebody has made, brought up again, and forgotten."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.card import strings
from bot.card.buttons import FORGET, KEEP, PAGE, SHOW, CardButton, view_of
from bot.card.track_list import PAGE_SIZE, WORDS_MAX_CHARS, TrackList, read_turn
from bot.client import MusicGenBot
from bot.domain.errors import NotYours
from bot.domain.plain_text import one_line
from cogs.replies import bring_waiting, check_permissions, reading
from cogs.showing import show_again


class Tracks(commands.GroupCog, group_name="tracks", group_description=strings.commands.TRACKS):
    """A person's own tracks."""

    def __init__(self, bot: MusicGenBot) -> None:
        self._bot = bot
        bot.presses[PAGE] = self.turn
        bot.presses[SHOW] = self.show
        bot.presses[FORGET] = self.forget_all
        super().__init__()

    @app_commands.command(name="list", description=strings.commands.TRACKS_LIST)
    @app_commands.describe(words=strings.commands.TRACKS_LIST_WORDS)
    async def list_tracks(
        self,
        interaction: discord.Interaction,
        words: app_commands.Range[str, 1, WORDS_MAX_CHARS] = "",
    ) -> None:
        """The first page, for their eyes only."""
        page = await self._page(interaction.user.id, 0, one_line(words))
        table = self._bot.service.table
        await interaction.response.send_message(
            embed=page.embed(table),
            view=page.view(table) or discord.utils.MISSING,
            ephemeral=True,
        )
        await bring_waiting(self._bot, interaction)

    @app_commands.command(description=strings.commands.TRACKS_FORGET)
    async def forget(self, interaction: discord.Interaction) -> None:
        """Ask first."""
        async with reading():
            tracks = await self._bot.service.library.count_tracks(interaction.user.id)
        await interaction.response.send_message(
            strings.tracks.forget_ask(tracks),
            view=view_of(CardButton(FORGET, "me"), CardButton(KEEP, "all")),
            ephemeral=True,
        )
        await bring_waiting(self._bot, interaction)

    async def forget_all(self, interaction: discord.Interaction, _: str) -> None:
        """Forget the one who pressed."""
        await interaction.response.defer()
        forgotten = await self._bot.service.forget(interaction.user.id)
        told = strings.tracks.forgotten(len(forgotten.removed), forgotten.still_open)
        await interaction.edit_original_response(content=told, view=None)

    async def turn(self, interaction: discord.Interaction, about: str) -> None:
        """Another page, in place of the one before."""
        page_number, words = read_turn(about)
        page = await self._page(interaction.user.id, page_number, words)
        table = self._bot.service.table
        await interaction.response.edit_message(embed=page.embed(table), view=page.view(table))

    async def _page(self, user_id: int, number: int, words: str) -> TrackList:
        library = self._bot.service.library
        before: str | None = None
        async with reading():
            if number > 0:
                before = (await library.tracks_of(user_id, words, number * PAGE_SIZE)).more
                # Where tracks were forgotten meanwhile, the list may have become shorter.
                number = 0 if before is None else number
            page = await library.tracks_of(user_id, words, PAGE_SIZE, before)
            total = await library.count_tracks(user_id, words)
        return TrackList(page.tracks, number, total, words)

    # ------------------------------------------------------------------ one of them again

    async def show(self, interaction: discord.Interaction, generation_id: str) -> None:
        """Bring a track up here, as a card for everyone, with its audio where that can be had."""
        async with reading():
            generation = await self._bot.service.get(generation_id)
        if generation.requester_id != interaction.user.id:
            raise NotYours
        check_permissions(interaction)
        await interaction.response.defer(thinking=True)
        await show_again(self._bot, interaction, generation)


async def setup(bot: MusicGenBot) -> None:
    """discord.py's way to load a cog."""
    await bot.add_cog(Tracks(bot))
