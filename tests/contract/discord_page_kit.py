"""The page as a program has it open, and a bot with one of everything to use on it."""

from __future__ import annotations

import asyncio
import json
from typing import cast

import discord
from aiohttp import ClientSession, ClientWebSocketResponse, FormData
from discord import app_commands
from pydantic import JsonValue

from bot.playground.discord import DiscordStandIn
from tests.contract.discord_kit import SmallBot, a_file

Json = dict[str, JsonValue]


class Form(discord.ui.Modal, title="More"):
    """Words, a choice and files."""

    words: discord.ui.Label[Form] = discord.ui.Label(
        text="Words", component=discord.ui.TextInput(custom_id="words", max_length=5)
    )
    kind: discord.ui.Label[Form] = discord.ui.Label(
        text="Kind",
        component=discord.ui.Select(
            custom_id="kind", options=[discord.SelectOption(label="A", value="a")], required=True
        ),
    )
    tunes: discord.ui.Label[Form] = discord.ui.Label(
        text="Tunes", component=discord.ui.FileUpload(custom_id="tunes", max_values=2)
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        words, kind, tunes = self.words.component, self.kind.component, self.tunes.component
        assert isinstance(words, discord.ui.TextInput)
        assert isinstance(kind, discord.ui.Select)
        assert isinstance(tunes, discord.ui.FileUpload)
        data = b"".join([await tune.read() for tune in tunes.values])
        await interaction.response.send_message(f"{words.value} {kind.values} {data.decode()}")


class Buttons(discord.ui.View):
    """A select, and a button that cannot be pressed."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.add_item(discord.ui.Button(label="Off", custom_id="off", disabled=True))

    @discord.ui.select(
        custom_id="pick", options=[discord.SelectOption(label="A", value="a")], max_values=1
    )
    async def pick(
        self, interaction: discord.Interaction, select: discord.ui.Select[discord.ui.View]
    ) -> None:
        await interaction.response.edit_message(content=f"picked {select.values[0]}")


def page_bot() -> SmallBot:
    """A bot with one of everything."""
    bot = SmallBot()

    @bot.tree.command(description="-")
    async def go(
        interaction: discord.Interaction,
        words: app_commands.Range[str, 1, 5],
        tune: discord.Attachment | None = None,
    ) -> None:
        await interaction.response.defer()
        files = [a_file("a.wav", await tune.read())] if tune else []
        await interaction.edit_original_response(content=words, attachments=files, view=Buttons())

    @go.autocomplete("words")
    async def suggest(_: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=current.upper(), value=current)]

    @bot.tree.command(description="-")
    async def secret(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("psst", ephemeral=True)

    @bot.tree.command(description="-")
    async def silent(interaction: discord.Interaction) -> None: ...

    @bot.tree.command(description="-")
    async def ask(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Form())

    @bot.tree.context_menu(name="Ping")
    async def ping(interaction: discord.Interaction, message: discord.Message) -> None:
        everyone = discord.AllowedMentions(users=True)
        text = f"<@{message.author.id}>"
        await interaction.response.send_message(text, allowed_mentions=everyone)

    return bot


class Page:
    """The page as one person has it open, without a browser."""

    def __init__(
        self, standin: DiscordStandIn, session: ClientSession, ws: ClientWebSocketResponse
    ) -> None:
        self.standin, self.session, self.ws = standin, session, ws
        self.hello: Json = {}

    @property
    def user(self) -> str:
        return str(cast("Json", self.hello["viewer"])["id"])

    async def next(self, kind: str) -> Json:
        """The next frame of a kind."""
        async with asyncio.timeout(30):
            while (frame := await self.ws.receive_json())["t"] != kind:
                assert frame["t"] != "HELLO"
        return frame

    async def shown(self, content: str) -> Json:
        """The next message with this text."""
        while (message := cast("Json", (await self.next("MESSAGE_UPSERT"))["message"])) and (
            message["content"] != content
        ):
            pass
        return message

    async def do(
        self, kind: str, payload: Json, *files: tuple[str, bytes], status: int = 200
    ) -> Json:
        """Post an interaction from #jam."""
        where: Json = {"as": self.user, "channel_id": str(self.standin.world.jam.id), "kind": kind}
        form = FormData(quote_fields=False, default_to_multipart=True)
        form.add_field("payload_json", json.dumps(where | payload))
        for field, data in files:
            form.add_field(field, data, filename="my tune.wav")
        url = f"{self.standin.base_url}/playground/interactions"
        async with self.session.post(url, data=form) as answer:
            body = await answer.json()
            assert answer.status == status, body
        return body

    async def refused(self, kind: str, payload: Json, *files: tuple[str, bytes]) -> str:
        """Post an interaction that comes to nothing; returns the sentence."""
        return str((await self.do(kind, payload, *files, status=400))["error"])

    def command(self, name: str, kind: int = 1) -> str:
        found = self.standin.world.commands.named(name, kind)
        assert found is not None
        return str(found.id)


async def opened(standin: DiscordStandIn, session: ClientSession, username: str) -> Page:
    user = standin.actor(username).user
    url = f"{standin.base_url}/playground/live"
    page = Page(standin, session, await session.ws_connect(url, params={"as": str(user.id)}))
    page.hello = await page.ws.receive_json()
    assert page.hello["t"] == "HELLO"
    return page
