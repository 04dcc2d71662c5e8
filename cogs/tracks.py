"""/tracks: what somebody has made, brought up again, and forgotten."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.card import strings
from bot.card.actions import FORGET, KEEP
from bot.card.actions.tracks import WORDS_MAX_CHARS, read_page
from bot.card.buttons import card_button, view_of
from bot.card.interactions import reading
from bot.client import MusicGenBot
from bot.domain.plain_text import one_line
from cogs.bring_waiting import bring_waiting
from cogs.options import choice

_NEWEST, _STARS = "newest", "stars"
_ORDERS = [
    choice(strings.commands.TRACKS_NEWEST, _NEWEST),
    choice(strings.commands.TRACKS_STARS, _STARS),
]


class Tracks(
    commands.GroupCog, group_name="tracks", group_description=strings.commands.TRACKS.message
):
    """A person's own tracks."""

    def __init__(self, bot: MusicGenBot) -> None:
        self._bot = bot
        super().__init__()

    @app_commands.command(name="list", description=strings.commands.TRACKS_LIST.message)
    @app_commands.describe(
        words=strings.commands.TRACKS_LIST_WORDS.message,
        order=strings.commands.TRACKS_LIST_ORDER.message,
    )
    @app_commands.choices(order=_ORDERS)
    async def list_tracks(
        self,
        interaction: discord.Interaction,
        words: app_commands.Range[str, 1, WORDS_MAX_CHARS] = "",
        order: str = _NEWEST,
    ) -> None:
        """The first page, for their eyes only."""
        page = await read_page(
            self._bot.service.journal,
            self._bot.stars,
            interaction.user.id,
            0,
            one_line(words),
            by_stars=order == _STARS,
        )
        models = self._bot.service.models
        await interaction.response.send_message(
            embed=page.embed(models),
            view=page.view(models) or discord.utils.MISSING,
            ephemeral=True,
        )
        await bring_waiting(self._bot, interaction)

    @app_commands.command(description=strings.commands.TRACKS_FORGET.message)
    async def forget(self, interaction: discord.Interaction) -> None:
        """Ask whether all that is stored of its person is to be deleted."""
        async with reading():
            kept = await self._bot.service.journal.kept_of(interaction.user.id)
        if kept:
            text = strings.tracks.forget_ask(kept)
            view = view_of(card_button(FORGET, "me"), card_button(KEEP, "all"))
            await interaction.response.send_message(text, view=view, ephemeral=True)
        else:
            text = strings.tracks.nothing_to_forget(kept)
            await interaction.response.send_message(text, ephemeral=True)
        await bring_waiting(self._bot, interaction)


async def setup(bot: MusicGenBot) -> None:
    """discord.py's way to load a cog."""
    await bot.add_cog(Tracks(bot))
