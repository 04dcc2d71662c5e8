"""/jam: begins jams, lists and shows them, branches them, and says who is the host."""

from __future__ import annotations

import asyncio
import logging

import discord
from discord import app_commands
from discord.ext import commands

from bot.card import strings
from bot.card.actions.jam_start import THEME_MAX_CHARS
from bot.card.interactions import asked_by, reading
from bot.card.jam_card import jam_embed, jam_view
from bot.client import MusicGenBot
from bot.domain.errors import JamUnknown, NoServerHere, OutOfBounds
from bot.domain.extension import MORE_MAX_S
from bot.domain.musical_terms import (
    BARS_MAX,
    TEMPO_MAX_BPM,
    TEMPO_MIN_BPM,
    MusicalTerms,
    read_terms,
)
from bot.domain.plain_text import shortened
from bot.jam import rules
from bot.jam.jam import SECTION_USUAL_S, Jam, Origin, Terms
from cogs.bring_waiting import bring_waiting
from cogs.jam_listen import MADE_WITHIN_S
from cogs.jam_start import begin

log = logging.getLogger(__name__)

_WITHIN_S = 0.5
_CHOICES_MAX = 25
_CHOICE_MAX_CHARS = 100
_LISTED_MAX = 15
_ROUND_MINUTES_MAX = 24 * 60
_KEY_MAX_CHARS = 30

Choices = list[app_commands.Choice[str]]


@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
class JamCommands(commands.GroupCog, group_name="jam", group_description=strings.jam.JAM):
    """Jams of a server."""

    def __init__(self, bot: MusicGenBot) -> None:
        self._bot = bot
        super().__init__()

    @app_commands.command(description=strings.jam.START)
    @app_commands.describe(
        theme=strings.jam.THEME,
        bpm=strings.jam.BPM,
        key=strings.jam.KEY,
        bars=strings.jam.BARS,
        seconds=strings.jam.SECONDS,
        model_version=strings.jam.MODEL,
        round_minutes=strings.jam.ROUND_MINUTES,
        blind=strings.jam.BLIND,
        members_vote=strings.jam.MEMBERS_VOTE,
    )
    async def start(
        self,
        interaction: discord.Interaction,
        theme: app_commands.Range[str, 1, THEME_MAX_CHARS],
        bpm: app_commands.Range[int, TEMPO_MIN_BPM, TEMPO_MAX_BPM] | None = None,
        key: app_commands.Range[str, 1, _KEY_MAX_CHARS] | None = None,
        bars: app_commands.Range[int, 1, BARS_MAX] | None = None,
        seconds: app_commands.Range[int, 1, MORE_MAX_S] | None = None,
        model_version: str | None = None,
        round_minutes: app_commands.Range[int, 0, _ROUND_MINUTES_MAX] = 0,
        blind: bool = False,
        members_vote: bool = False,
    ) -> None:
        """Begin one here."""
        music = MusicalTerms(bpm, None if key is None else read_terms(key).key, bars)
        by_bars = music.length_s(MORE_MAX_S) if seconds is None else None
        terms = Terms(
            theme=theme,
            music=music,
            section_s=seconds or by_bars or SECTION_USUAL_S,
            model_version=model_version,
            round_minutes=round_minutes,
            blind=blind,
            members_vote=members_vote,
        )
        await begin(self._bot, interaction, terms)

    @app_commands.command(description=strings.jam.BRANCH)
    @app_commands.describe(
        jam=strings.jam.BRANCH_FROM, theme=strings.jam.THEME, sections=strings.jam.BRANCH_SECTIONS
    )
    async def branch(
        self,
        interaction: discord.Interaction,
        jam: str,
        theme: app_commands.Range[str, 1, THEME_MAX_CHARS] | None = None,
        sections: app_commands.Range[int, 1] | None = None,
    ) -> None:
        """Begin a new one with the piece of another one."""
        async with reading():
            old = await self._jam(interaction, jam)
        count = len(old.sections) if sections is None else sections
        if not 1 <= count <= len(old.sections):
            raise OutOfBounds("sections", count, 1, len(old.sections))
        terms = Terms(
            theme=theme or old.terms.theme,
            music=old.terms.music,
            section_s=old.terms.section_s,
            model_version=old.terms.model_version,
        )
        origin = Origin(old.id, old.terms.theme, count)
        kept = old.sections[:count]
        await begin(self._bot, interaction, terms, sections=kept, origin=origin)

    @app_commands.command(name="list", description=strings.jam.LIST)
    async def list_jams(self, interaction: discord.Interaction) -> None:
        """Those of this server, for their eyes only."""
        if interaction.guild_id is None:
            raise NoServerHere
        async with reading():
            jams = await self._bot.jams.of_server(interaction.guild_id)
        lines = [strings.jam.listed(jam) for jam in jams if _may_see(interaction, jam)]
        text = "\n".join(lines[:_LISTED_MAX]) or strings.jam.NO_JAMS
        await interaction.response.send_message(
            embed=discord.Embed(description=text), ephemeral=True
        )
        await bring_waiting(self._bot, interaction)

    @app_commands.command(description=strings.jam.SHOW)
    @app_commands.describe(jam=strings.jam.SHOW_WHICH)
    async def show(self, interaction: discord.Interaction, jam: str | None = None) -> None:
        """Its card, with its piece, for their eyes only."""
        async with reading():
            found = await self._jam(interaction, jam)
        await interaction.response.defer(ephemeral=True, thinking=True)
        limit_bytes = interaction.filesize_limit
        async with (
            reading(MADE_WITHIN_S),
            self._bot.jam_files.of_card(found, limit_bytes) as uploads,
            uploads.opened() as files,
        ):
            # In its thread with its buttons: somebody may have deleted the message that has them.
            here = interaction.channel_id == found.thread_id
            await interaction.edit_original_response(
                embed=jam_embed(found, {}),
                view=jam_view(found) if here else None,
                attachments=files,
            )

    @app_commands.command(description=strings.jam.HOST)
    @app_commands.describe(who=strings.jam.HOST_WHO)
    async def host(self, interaction: discord.Interaction, who: discord.User | None = None) -> None:
        """Pass it on, or take it from one who stays away."""
        by = interaction.user.id
        async with reading():
            jam = await self._bot.jams.in_thread(interaction.channel_id or 0)
            if who is None or who.id == by:
                jam = await self._bot.jams.change(jam.id, rules.replace_host, by)
            else:
                jam = await self._bot.jams.change(jam.id, rules.pass_host, by, who.id)
        await interaction.response.send_message(strings.jam.is_host(jam.host_id))

    async def _jam(self, interaction: discord.Interaction, jam_id: str | None) -> Jam:
        """The one named, or that of this thread; not one of another server."""
        if jam_id is None:
            return await self._bot.jams.in_thread(interaction.channel_id or 0)
        jam = await self._bot.jams.get(jam_id)
        if not _may_see(interaction, jam):
            raise JamUnknown
        return jam

    @branch.autocomplete("jam")
    @show.autocomplete("jam")
    async def _jams(self, interaction: discord.Interaction, typed: str) -> Choices:
        try:
            async with asyncio.timeout(_WITHIN_S):
                found = await self._bot.jams.of_server(interaction.guild_id or 0)
        except Exception as error:  # noqa: BLE001 - nobody can be told
            log.warning("no jams to suggest: %r", error)
            return []
        return [
            app_commands.Choice(
                name=shortened(strings.jam.option(jam), _CHOICE_MAX_CHARS), value=jam.id
            )
            for jam in found
            if typed.casefold() in jam.terms.theme.casefold() and _may_see(interaction, jam)
        ][:_CHOICES_MAX]

    @start.autocomplete("model_version")
    async def _models(self, _: discord.Interaction, typed: str) -> Choices:
        table = self._bot.service.models.main.table
        names = table["model_version"].choices if "model_version" in table else ()
        return [app_commands.Choice(name=name, value=name) for name in names if typed in name]


def _may_see(interaction: discord.Interaction, jam: Jam) -> bool:
    """Whether it is of this server, and they see the channel that it was begun in."""
    if jam.guild_id != interaction.guild_id:
        return False
    guild = interaction.guild
    channel = None if guild is None else guild.get_channel(jam.channel_id)
    if channel is None or not isinstance(interaction.user, discord.Member):
        return jam.channel_id in asked_by(interaction).places
    return channel.permissions_for(interaction.user).view_channel


async def setup(bot: MusicGenBot) -> None:
    """discord.py's way to load a cog."""
    await bot.add_cog(JamCommands(bot))
