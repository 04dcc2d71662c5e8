"""A real discord.py bot finds in the stand-in the Discord it knows: interactions and messages."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import discord
import pytest
from discord import app_commands

from bot.playground.discord import DiscordStandIn, File, Refused, Rules, Stage
from tests.contract.discord_kit import SmallBot, a_file, bot_with, png, running
from tests.contract.discord_spec import SpecWitness, spec

__all__ = ["spec"]


@pytest.fixture
async def standin() -> AsyncGenerator[DiscordStandIn]:
    async with DiscordStandIn(rules=Rules(file_limit_bytes=1000)) as running_:
        yield running_


class Again(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"again:(\d+)"):
    """A button whose whole state is in its custom_id."""

    def __init__(self, number: int) -> None:
        super().__init__(discord.ui.Button(label="Again", custom_id=f"again:{number}"))
        self.number = number

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: object
    ) -> Again:
        assert isinstance(item, discord.ui.Button)
        return cls(int(str(item.custom_id).partition(":")[2]))

    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content=f"clicked {self.number}")


def again(number: int) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    view.add_item(Again(number))
    return view


async def test_options_arrive_and_a_deferred_reply_ends_with_its_file(
    standin: DiscordStandIn, spec: SpecWitness
) -> None:
    bot = SmallBot()

    @bot.tree.command(description="Makes music")
    @app_commands.describe(prompt="What")
    async def musicgen(
        interaction: discord.Interaction,
        prompt: app_commands.Range[str, 1, 50],
        melody: discord.Attachment,
        duration: app_commands.Range[int, 1, 30] = 8,
        top_p: app_commands.Range[float, 0, 1] | None = None,
    ) -> None:
        assert interaction.filesize_limit == 1000
        assert interaction.app_permissions.attach_files
        deferred = await interaction.response.defer(thinking=True)
        assert deferred is not None
        assert deferred.message_id is not None
        embed = discord.Embed(title=prompt, description=f"{duration} {top_p}")
        embed.set_image(url="attachment://wave form.png")
        files = [a_file("track.wav", await melody.read()), a_file("wave form.png", png())]
        sent = await interaction.edit_original_response(
            embed=embed, attachments=files, view=again(7)
        )
        assert sent.id == deferred.message_id
        assert sent.jump_url.startswith("https://discord.com/channels/")

    bot.add_dynamic_items(Again)
    async with running(standin, bot):
        ada = standin.actor("ada")
        used = await ada.slash(
            standin.world.jam,
            "musicgen",
            prompt="bass",
            melody=File("my tune.wav", b"abc"),
            top_p=0,
        )
        card = await used.finished()
        assert [revision.body.loading for revision in card.revisions] == [True, False]
        assert card.edited_at is None
        assert (card.embeds[0].title, card.embeds[0].description) == ("bass", "8 0.0")
        assert [file.filename for file in card.attachments] == ["track.wav"]
        assert card.attachments[0].data == b"abc"
        shown = card.to_json(standin.world.cdn)
        assert (shown["type"], shown["flags"]) == (20, 0)
        picture = standin.world.cdn.embed(card.embeds[0], card.body.files)["image"]
        assert isinstance(picture, dict)
        assert (picture["width"], picture["height"]) == (3, 2)

        clicked = await ada.click(card, "Again")
        await clicked.until(lambda message: message.content == "clicked 7")
        assert clicked.reply is card
        assert card.edited_at is not None
        assert len(card.attachments) == 1, "an edit without attachments keeps the files"
    spec.check(standin.requests)


async def test_a_click_reaches_a_bot_that_was_started_after_the_button(
    standin: DiscordStandIn,
) -> None:
    async def go(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("card", view=again(3))

    ada = standin.actor("ada")
    async with running(standin, bot_with(go)):
        card = await (await ada.slash(standin.world.lab, "go")).finished()
    failed = await ada.click(card, "again:3")
    await standin.world.until(lambda _: failed.stage is Stage.FAILED)
    second = SmallBot()
    second.add_dynamic_items(Again)
    async with running(standin, second):
        await (await ada.click(card, "again:3")).until(lambda m: m.content == "clicked 3")


async def test_autocomplete_offers_choices_for_what_is_typed(standin: DiscordStandIn) -> None:
    bot = SmallBot()

    @bot.tree.command(description="-")
    async def find(interaction: discord.Interaction, genre: str) -> None:
        await interaction.response.send_message(genre)

    @find.autocomplete("genre")
    async def suggest(_: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"{current} music", value=current)]

    async with running(standin, bot):
        ada = standin.actor("ada")
        assert await ada.autocomplete(standin.world.jam, "find", "genre", genre="ho") == [
            ("ho music", "ho")
        ]


async def test_an_ephemeral_reply_is_for_one_person(standin: DiscordStandIn) -> None:
    async def go(interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        # A follow-up right after the deferral finishes it, and cannot change who sees it.
        await interaction.followup.send("psst", ephemeral=False)
        await interaction.followup.send("aloud", ephemeral=False)

    async with running(standin, bot_with(go)):
        ada, bo = standin.actor("ada"), standin.actor("bo")
        used = await ada.slash(standin.world.jam, "go")
        await standin.world.until(lambda _: used.followups)
        assert used.ephemeral
        assert [m.content for m in ada.sees(standin.world.jam)] == ["psst", "aloud"]
        assert [m.content for m in bo.sees(standin.world.jam)] == ["aloud"]
        assert used.reply is not None
        with pytest.raises(Refused):
            await bo.delete(used.reply)
        await ada.delete(used.reply)
        assert used.reply is None


class Form(discord.ui.Modal, title="Another one"):
    words: discord.ui.TextInput[Form] = discord.ui.TextInput(
        label="Words", custom_id="words", max_length=5
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        assert interaction.message is not None
        await interaction.response.edit_message(content=self.words.value)


async def test_a_modal_opened_by_a_button_edits_its_message(standin: DiscordStandIn) -> None:
    class Ask(discord.ui.View):
        @discord.ui.button(label="Ask", custom_id="ask")
        async def ask(
            self, interaction: discord.Interaction, _: discord.ui.Button[discord.ui.View]
        ) -> None:
            await interaction.response.send_modal(Form())

    async def go(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("card", view=Ask(), file=a_file("a.wav"))

    async with running(standin, bot_with(go)):
        ada = standin.actor("ada")
        card = await (await ada.slash(standin.world.jam, "go")).finished()
        opened = await ada.click(card, "Ask")
        with pytest.raises(Refused, match="between 1 and 5"):
            await ada.submit_modal(opened, {"words": "too long"})
        sent = await ada.submit_modal(opened, {"words": "short"})
        await sent.until(lambda message: message.content == "short")
        assert sent.reply is card
        assert card.attachments == (), "callback type 7 drops the files it does not name"


async def test_a_message_command_carries_the_message_and_its_files(
    standin: DiscordStandIn,
) -> None:
    bot = SmallBot()

    @bot.tree.context_menu(name="Use as melody")
    async def use(interaction: discord.Interaction, message: discord.Message) -> None:
        data = await message.attachments[0].read()
        await interaction.response.send_message(f"{message.author.name}: {data.decode()}")

    async with running(standin, bot):
        bo = standin.actor("bo")
        posted = await standin.actor("ada").post(standin.world.jam, "", [File("a.wav", b"tune")])
        used = await bo.message_command(posted, "Use as melody")
        assert (await used.finished()).content == "ada: tune"
        assert used.reply is not None
        assert used.reply.to_json(standin.world.cdn)["type"] == 23
