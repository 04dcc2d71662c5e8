"""/preset: named sets of settings, a person's own or a server's, and a person's default."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.card import strings
from bot.card.actions.preset import preset_owner, save_preset, settings_line
from bot.card.actions.preset_command import draft_of_saving
from bot.card.drafts import DRAFT
from bot.card.interactions import reading
from bot.card.markup import quoted
from bot.client import MusicGenBot
from bot.community.presets import LIMIT_PER_PERSON, LIMIT_PER_SERVER, NAME_MAX_CHARS, NOT_KEPT
from bot.domain.inputs import Inputs
from bot.domain.presets import Preset
from cogs.autocomplete import fine_tunes_for, presets_for
from cogs.options import OtherOption, describe, typed_values

_NAME_SHOWN_MAX_CHARS = 64


class Presets(
    commands.GroupCog, group_name="preset", group_description=strings.presets.PRESET.message
):
    """Saves, shows and deletes presets."""

    def __init__(self, bot: MusicGenBot) -> None:
        self._bot = bot
        super().__init__()

        async def save(interaction: discord.Interaction, **options: Any) -> None:
            await self.save(interaction, options)

        name = app_commands.Range[str, 1, NAME_MAX_CHARS]
        options = [
            OtherOption("name", name, strings.presets.NAME.message, required=True),
            OtherOption("server", bool, strings.presets.SERVER.message),
        ]
        models = bot.service.models
        if models.fine_tunes:
            options.append(OtherOption("fine_tune", str, strings.presets.FINE_TUNE.message))
        callback: Any = describe(save, models.widest, before=options, without=NOT_KEPT)
        if models.fine_tunes:
            callback = app_commands.autocomplete(fine_tune=self._fine_tunes)(callback)
        command = app_commands.Command[Any, Any, None](
            name="save", description=strings.presets.SAVE.message, callback=callback
        )
        group = self.app_command
        if isinstance(group, app_commands.Group):
            group.add_command(command)

    async def save(self, interaction: discord.Interaction, options: dict[str, Any]) -> None:
        """Save what was typed."""
        inputs = Inputs("", **typed_values(options))
        interaction.extras[DRAFT] = draft_of_saving(options, inputs)
        await save_preset(
            self._bot.presets,
            interaction,
            options["name"],
            inputs,
            options.get("fine_tune"),
            of_server=bool(options.get("server")),
        )

    @app_commands.command(description=strings.presets.SHOW.message)
    @app_commands.describe(name=strings.presets.NAME_OF.message)
    async def show(
        self, interaction: discord.Interaction, name: app_commands.Range[str, 1, NAME_MAX_CHARS]
    ) -> None:
        """What a preset holds."""
        async with reading():
            preset = await self._bot.presets.get(name, interaction.user.id, interaction.guild_id)
        called = quoted(preset.name, _NAME_SHOWN_MAX_CHARS)
        title = strings.presets.of_server(called) if preset.owner.is_server else called
        embed = discord.Embed(
            title=title, description=settings_line(preset.inputs, preset.fine_tune)
        )
        await interaction.response.send_message(embed=embed, ephemeral=True)

    @app_commands.command(name="list", description=strings.presets.LIST.message)
    async def list_presets(self, interaction: discord.Interaction) -> None:
        """Whose presets can be used here."""
        async with reading():
            found = await self._bot.presets.all_of(interaction.user.id, interaction.guild_id)
        own = [preset for preset in found if not preset.owner.is_server]
        servers = [preset for preset in found if preset.owner.is_server]
        embeds = [_listed(strings.presets.TITLE_OWN(), own, LIMIT_PER_PERSON)]
        if interaction.guild_id is not None:
            embeds.append(_listed(strings.presets.TITLE_SERVER(), servers, LIMIT_PER_SERVER))
        await interaction.response.send_message(embeds=embeds, ephemeral=True)

    @app_commands.command(description=strings.presets.DELETE.message)
    @app_commands.describe(name=strings.presets.NAME.message, server=strings.presets.SERVER.message)
    async def delete(
        self,
        interaction: discord.Interaction,
        name: app_commands.Range[str, 1, NAME_MAX_CHARS],
        server: bool = False,
    ) -> None:
        """Delete a preset."""
        owner = preset_owner(interaction, of_server=server)
        async with reading():
            await self._bot.presets.delete(owner, name)
        await _tell(interaction, strings.presets.deleted(name))

    @app_commands.command(description=strings.presets.DEFAULT.message)
    @app_commands.describe(name=strings.presets.DEFAULT_NAME.message)
    async def default(
        self,
        interaction: discord.Interaction,
        name: app_commands.Range[str, 1, NAME_MAX_CHARS] | None = None,
    ) -> None:
        """Choose one's default, or none."""
        async with reading():
            await self._bot.presets.choose_default(interaction.user.id, name)
        told = strings.presets.NO_DEFAULT() if name is None else strings.presets.default(name)
        await _tell(interaction, told)

    async def _fine_tunes(
        self, _: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return fine_tunes_for(self._bot.service.models, typed)

    @show.autocomplete("name")
    @delete.autocomplete("name")
    async def _any(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return await presets_for(self._bot.presets, interaction, typed)

    @default.autocomplete("name")
    async def _own(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return await presets_for(self._bot.presets, interaction, typed, with_servers=False)


def _listed(title: str, presets: list[Preset], limit: int) -> discord.Embed:
    names = [
        strings.presets.entry(
            quoted(preset.name, _NAME_SHOWN_MAX_CHARS),
            quoted(preset.fine_tune or "", _NAME_SHOWN_MAX_CHARS),
            is_default=preset.is_default,
        )
        for preset in presets
    ]
    embed = discord.Embed(title=title, description=" · ".join(names) or strings.presets.NONE())
    return embed.set_footer(text=strings.presets.count(len(presets), limit))


async def _tell(interaction: discord.Interaction, text: str) -> None:
    await interaction.response.send_message(text, ephemeral=True)


async def setup(bot: MusicGenBot) -> None:
    """discord.py's way to load a cog."""
    await bot.add_cog(Presets(bot))
