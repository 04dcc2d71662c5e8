"""A small discord.py bot with one of everything that a page must be able to show and send."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from tests.contract.discord_kit import SmallBot, a_file, png
from tests.journey.sound import wav

STYLES = {"deep house": "style-1", "house of cards": "style-2", "slow tango": "style-3"}


class Sheet(discord.ui.Modal):
    """Words to read, a long text, a short one that may stay empty, and a choice."""

    def __init__(self) -> None:
        super().__init__(title="Edit and make again", custom_id="sheet")
        self.prompt = discord.ui.TextInput[Sheet](
            custom_id="prompt",
            style=discord.TextStyle.long,
            default="deep house",
            min_length=3,
            max_length=40,
        )
        self.seed = discord.ui.TextInput[Sheet](custom_id="seed", required=False)
        self.model = discord.ui.Select[Sheet](
            custom_id="model",
            options=[
                discord.SelectOption(label="Large", value="l", default=True),
                discord.SelectOption(label="Melody", value="m", description="follows a tune"),
            ],
        )
        self.add_item(discord.ui.TextDisplay[Any]("Change what you **like**."))
        self.add_item(
            discord.ui.Label(
                text="Prompt", description="What it sounds like", component=self.prompt
            )
        )
        self.add_item(discord.ui.Label(text="Seed", component=self.seed))
        self.add_item(discord.ui.Label(text="Model", component=self.model))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        said = f"{self.prompt.value!r} {self.seed.value!r} {self.model.values}"
        await interaction.response.send_message(said, ephemeral=True)


class Extras(discord.ui.Modal):
    """The newer fields: one of some, some of many, yes or no, a person, files."""

    def __init__(self) -> None:
        super().__init__(title="Extras", custom_id="extras")
        self.length = discord.ui.RadioGroup[Extras](
            custom_id="length",
            options=[discord.RadioGroupOption(label=f"{n} s", value=str(n)) for n in (8, 16)],
        )
        self.parts = discord.ui.CheckboxGroup[Extras](
            custom_id="parts",
            max_values=2,
            options=[
                discord.CheckboxGroupOption(label=n, value=n) for n in ("drums", "bass", "sax")
            ],
        )
        self.loud = discord.ui.Checkbox[Extras](custom_id="loud")
        self.friend = discord.ui.UserSelect[Extras](custom_id="friend", required=True)
        self.tunes = discord.ui.FileUpload[Extras](custom_id="tunes", max_values=2)
        fields: dict[str, discord.ui.Item[Extras]] = {
            "Length": self.length,
            "Parts": self.parts,
            "Loud": self.loud,
            "Friend": self.friend,
            "Tunes": self.tunes,
        }
        for label, field in fields.items():
            self.add_item(discord.ui.Label(text=label, component=field))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        sizes = [len(await tune.read()) for tune in self.tunes.values]
        friends = [friend.name for friend in self.friend.values]
        said = f"{self.length.value} {self.parts.values} {self.loud.value} {friends} {sizes}"
        await interaction.response.send_message(said)


class Legacy(discord.ui.Modal):
    """A text field in a row of its own, as modals were before labels."""

    def __init__(self) -> None:
        super().__init__(title="Extend", custom_id="extend")
        self.seconds = discord.ui.TextInput[Legacy](label="Seconds", custom_id="seconds")
        self.add_item(self.seconds)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"{self.seconds.value} s more")


class Controls(discord.ui.View):
    """Everything to press on a message."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.add_item(discord.ui.Button(label="Docs", url="https://example.com/docs"))
        self.add_item(discord.ui.Button(label="Off", custom_id="off", disabled=True))

    @discord.ui.button(label="Extend", custom_id="extend")
    async def extend(self, interaction: discord.Interaction, _: discord.ui.Button[Any]) -> None:
        await interaction.response.send_modal(Legacy())

    @discord.ui.button(label="Rename", custom_id="rename")
    async def rename(self, interaction: discord.Interaction, _: discord.ui.Button[Any]) -> None:
        await interaction.response.defer()  # editing at once would drop the files (callback type 7)
        await interaction.edit_original_response(content="another name")

    @discord.ui.button(label="Lost", emoji="🧭", custom_id="lost")
    async def lost(self, interaction: discord.Interaction, _: discord.ui.Button[Any]) -> None: ...

    @discord.ui.select(
        placeholder="Take",
        custom_id="take",
        options=[discord.SelectOption(label=f"Take {n}", value=str(n)) for n in range(3)],
    )
    async def take(self, interaction: discord.Interaction, chosen: discord.ui.Select[Any]) -> None:
        await interaction.response.send_message(f"take {chosen.values}")

    @discord.ui.select(
        placeholder="Stems",
        custom_id="stems",
        min_values=1,
        max_values=2,
        options=[discord.SelectOption(label=n, value=n) for n in ("drums", "bass", "sax")],
    )
    async def stems(self, interaction: discord.Interaction, chosen: discord.ui.Select[Any]) -> None:
        await interaction.response.send_message(f"stems {chosen.values}")

    @discord.ui.select(
        cls=discord.ui.ChannelSelect,
        channel_types=[discord.ChannelType.text],
        placeholder="Place",
        custom_id="place",
    )
    async def place(
        self, interaction: discord.Interaction, chosen: discord.ui.ChannelSelect[Any]
    ) -> None:
        await interaction.response.send_message(f"place {chosen.values[0].name}")


def showcase_bot() -> SmallBot:
    """The bot, not yet started."""
    bot = SmallBot()

    @bot.tree.command(description="Mix something.")
    async def mix(
        interaction: discord.Interaction,
        style: str,
        loud: bool = False,
        by: discord.User | None = None,
    ) -> None:
        who = by.name if by else "nobody"
        await interaction.response.send_message(f"style={style} loud={loud} by={who}")

    @mix.autocomplete("style")
    async def suggest(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=n, value=v) for n, v in STYLES.items() if typed in n]

    @bot.tree.command(description="Fill in a sheet.")
    async def sheet(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Sheet())

    @bot.tree.command(description="Fill in the extras.")
    async def extras(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Extras())

    @bot.tree.command(description="Never answers.")
    async def silent(interaction: discord.Interaction) -> None: ...

    @bot.tree.command(description="Shows a card.")
    async def card(interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        embed = discord.Embed(title="A [track](https://example.com)", colour=0x23824C)
        embed.set_image(url="attachment://wave.png").set_footer(text="made of scenery")
        embed.add_field(name="Seed", value="`7`").add_field(name="Model", value="large")
        picture = a_file("wave.png", png(640, 120))
        picture.description = "A waveform"
        files = [a_file("song.wav", wav(1.0)), picture]
        await interaction.edit_original_response(embed=embed, attachments=files, view=Controls())

    bot.tree.add_command(_tracks())

    @bot.tree.context_menu(name="Extend this")
    async def extend(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_modal(Legacy())

    @bot.tree.context_menu(name="Who wrote this")
    async def author(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"It was {message.author.name}.", ephemeral=True)

    return bot


def _tracks() -> app_commands.Group:
    tracks = app_commands.Group(name="tracks", description="Your tracks.")

    @tracks.command(name="list", description="Lists them.")
    async def find(interaction: discord.Interaction, search: str | None = None) -> None:
        await interaction.response.send_message(f"none for {search}")

    @tracks.command(name="import", description="Takes one in.")
    async def take_in(interaction: discord.Interaction, tune: discord.Attachment) -> None:
        await interaction.response.send_message(
            f"{len(await tune.read())} bytes of {tune.filename}"
        )

    return tracks
