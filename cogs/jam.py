"""/jam: begins jams, lists and shows them, branches them, and says who is the host."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.card import strings
from bot.card.actions.jam_command import (
    ROUND_MINUTES_MAX,
    draft_of_branch,
    draft_of_jam,
    request_in,
)
from bot.card.actions.jam_start import THEME_MAX_CHARS
from bot.card.drafts import DRAFT, FROM, PRESET, SECTION_S
from bot.card.forms import PROMPT
from bot.card.interactions import asked_by, reading
from bot.card.jam_card import jam_embed, jam_view
from bot.client import MusicGenBot
from bot.community.presets import NAME_MAX_CHARS
from bot.delivery.member_names import is_nobody
from bot.domain.errors import HostIsThere, NoServerHere
from bot.domain.extension import MORE_MAX_S
from bot.domain.musical_terms import BARS_MAX, TEMPO_MAX_BPM, TEMPO_MIN_BPM
from bot.jam import rules
from bot.jam.jam import Jam
from bot.jam.take_limits import TAKES_MAX
from bot.locales import speaking
from cogs.autocomplete import presets_for
from cogs.bring_waiting import bring_waiting
from cogs.jam_asked import begin_asked, branch_asked
from cogs.jam_finding import jam_named, jams_offered, may_see
from cogs.jam_listen import MADE_WITHIN_S
from cogs.jam_sources import tracks_offered

_LISTED_MAX = 15
_KEY_MAX_CHARS = 30

Choices = list[app_commands.Choice[str]]


@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
class JamCommands(commands.GroupCog, group_name="jam", group_description=strings.jam.JAM.message):
    """Jams of a server."""

    def __init__(self, bot: MusicGenBot) -> None:
        self._bot = bot
        super().__init__()

    @app_commands.command(description=strings.jam.START.message)
    @app_commands.describe(
        theme=strings.jam.THEME.message,
        bpm=strings.jam.BPM.message,
        key=strings.jam.KEY.message,
        bars=strings.jam.BARS.message,
        seconds=strings.jam.SECONDS.message,
        model_version=strings.jam.MODEL.message,
        round_minutes=strings.jam.ROUND_MINUTES.message,
        blind=strings.jam.BLIND.message,
        members_vote=strings.jam.MEMBERS_VOTE.message,
        takes_per_person=strings.jam.TAKES_PER_PERSON.message,
        takes_per_round=strings.jam.TAKES_PER_ROUND.message,
        preset=strings.presets.OPTION.message,
        from_card=strings.jam.FROM.message,
    )
    @app_commands.rename(from_card="from")
    async def start(
        self,
        interaction: discord.Interaction,
        theme: app_commands.Range[str, 1, THEME_MAX_CHARS],
        bpm: app_commands.Range[int, TEMPO_MIN_BPM, TEMPO_MAX_BPM] | None = None,
        key: app_commands.Range[str, 1, _KEY_MAX_CHARS] | None = None,
        bars: app_commands.Range[int, 1, BARS_MAX] | None = None,
        seconds: app_commands.Range[int, 1, MORE_MAX_S] | None = None,
        model_version: str | None = None,
        round_minutes: app_commands.Range[int, 0, ROUND_MINUTES_MAX] = 0,
        blind: bool = False,
        members_vote: bool = False,
        takes_per_person: app_commands.Range[int, 1, TAKES_MAX] | None = None,
        takes_per_round: app_commands.Range[int, 1, TAKES_MAX] | None = None,
        preset: app_commands.Range[str, 1, NAME_MAX_CHARS] | None = None,
        from_card: str | None = None,
    ) -> None:
        """Begin a jam in this channel."""
        draft = draft_of_jam(
            {
                PROMPT: theme,
                "bpm": bpm,
                "key": key,
                "bars": bars,
                SECTION_S: seconds,
                "model_version": model_version,
                "round_minutes": round_minutes,
                "blind": blind,
                "members_vote": members_vote,
                "takes_per_person": takes_per_person,
                "takes_per_round": takes_per_round,
                PRESET: preset,
                FROM: from_card,
            }
        )
        interaction.extras[DRAFT] = draft
        await begin_asked(self._bot, interaction, request_in(draft))

    @app_commands.command(description=strings.jam.BRANCH.message)
    @app_commands.describe(
        jam=strings.jam.BRANCH_FROM.message,
        theme=strings.jam.THEME.message,
        sections=strings.jam.BRANCH_SECTIONS.message,
    )
    async def branch(
        self,
        interaction: discord.Interaction,
        jam: str,
        theme: app_commands.Range[str, 1, THEME_MAX_CHARS] | None = None,
        sections: app_commands.Range[int, 1] | None = None,
    ) -> None:
        """Begin a new one with the piece of another one."""
        interaction.extras[DRAFT] = draft_of_branch(jam, theme, sections)
        await branch_asked(self._bot, interaction, jam, theme, sections)

    @app_commands.command(name="list", description=strings.jam.LIST.message)
    async def list_jams(self, interaction: discord.Interaction) -> None:
        """Those of this server, for their eyes only."""
        if interaction.guild_id is None:
            raise NoServerHere
        async with reading():
            jams = await self._bot.jams.of_server(interaction.guild_id)
        lines = [strings.jam.listed(jam) for jam in jams if may_see(interaction, jam)]
        text = "\n".join(lines[:_LISTED_MAX]) or strings.jam.NO_JAMS()
        await interaction.response.send_message(
            embed=discord.Embed(description=text), ephemeral=True
        )
        await bring_waiting(self._bot, interaction)

    @app_commands.command(description=strings.jam.SHOW.message)
    @app_commands.describe(jam=strings.jam.SHOW_WHICH.message)
    async def show(self, interaction: discord.Interaction, jam: str | None = None) -> None:
        """Its card, with its piece, for their eyes only."""
        async with reading():
            found = await jam_named(self._bot, interaction, jam)
        limit_bytes = interaction.filesize_limit
        async with (
            self._bot.answers.thinking(interaction, ephemeral=True),
            reading(MADE_WITHIN_S),
            self._bot.jam_files.of_card(found, limit_bytes) as uploads,
            uploads.opened() as files,
        ):
            now = self._bot.clock.now()
            left = await self._bot.jam_budget.left(found.id, found.guild_id, now)
            # In its thread with its buttons: somebody may have deleted the message that has them.
            here = interaction.channel_id == found.thread_id
            await interaction.edit_original_response(
                embed=jam_embed(found, {}, strings.limits.jam_budget(left)),
                view=jam_view(found, with_voice=self._bot.voice is not None) if here else None,
                attachments=files,
            )

    @app_commands.command(description=strings.jam.HOST.message)
    @app_commands.describe(who=strings.jam.HOST_WHO.message)
    async def host(self, interaction: discord.Interaction, who: discord.User | None = None) -> None:
        """Pass it on, or take it from one who stays away."""
        by = interaction.user.id
        self._bot.server_rules.check_block(asked_by(interaction))
        async with reading():
            jam = await self._bot.jams.in_thread(interaction.channel_id or 0)
            if who is None or who.id == by:
                jam = await self._replaced(jam, by)
            else:
                jam = await self._bot.jams.change(jam.id, rules.pass_host, by, who.id)
        with speaking(jam.language):
            told = strings.jam.is_host(jam.host_id)
        await interaction.response.send_message(told)

    async def _replaced(self, jam: Jam, by: int) -> Jam:
        change = self._bot.jams.change
        is_out = self._bot.server_rules.is_blocked(jam.host_id, jam.guild_id)
        try:
            return await change(jam.id, rules.replace_host, by, host_is_out=is_out)
        except HostIsThere:
            if not await is_nobody(self._bot, jam.guild_id, jam.host_id):
                raise
            return await change(jam.id, rules.replace_host, by, host_is_out=True)

    @branch.autocomplete("jam")
    @show.autocomplete("jam")
    async def _jams(self, interaction: discord.Interaction, typed: str) -> Choices:
        return await jams_offered(self._bot, interaction, typed)

    @start.autocomplete("from_card")
    async def _tracks(self, interaction: discord.Interaction, typed: str) -> Choices:
        return await tracks_offered(self._bot, interaction, typed)

    @start.autocomplete("preset")
    async def _presets(self, interaction: discord.Interaction, typed: str) -> Choices:
        return await presets_for(self._bot.presets, interaction, typed)

    @start.autocomplete("model_version")
    async def _models(self, _: discord.Interaction, typed: str) -> Choices:
        table = self._bot.service.models.main.table
        names = table["model_version"].choices if "model_version" in table else ()
        return [app_commands.Choice(name=name, value=name) for name in names if typed in name]


async def setup(bot: MusicGenBot) -> None:
    """discord.py's way to load a cog."""
    await bot.add_cog(JamCommands(bot))
