"""Listen: the piece of a jam so far, without loss where that fits, for whoever asks."""

from __future__ import annotations

import discord

from bot.card import strings
from bot.card.interactions import reading
from bot.client import MusicGenBot
from bot.jam.jam import Jam

MADE_WITHIN_S = 300.0
"""Others' pieces may be put together before it; its reply's token lives longer."""


async def play_piece(bot: MusicGenBot, interaction: discord.Interaction, jam: Jam) -> None:
    """Send it to whoever pressed, and to nobody else."""
    if jam.head is None:
        await interaction.response.send_message(strings.jam.NOTHING_YET(), ephemeral=True)
        return
    async with (
        bot.answers.thinking(interaction, ephemeral=True),
        reading(MADE_WITHIN_S),
        bot.jam_files.to_hear(jam, interaction.filesize_limit) as uploads,
        uploads.opened() as files,
    ):
        text = None if files else strings.jam_mix.NOT_HEARD()
        await interaction.edit_original_response(content=text, attachments=files)
