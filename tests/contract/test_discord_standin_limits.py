"""Where Discord says no to a bot: too late, too often, too large, not allowed, not a member."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import discord
import pytest
from aiohttp import ClientError
from discord import app_commands

from bot.playground.discord import DiscordStandIn, File, Permissions, Refused, Rules
from bot.playground.faults import Fault
from tests.contract.discord_kit import SmallBot, a_file, bot_with, running


@pytest.fixture
async def standin() -> AsyncGenerator[DiscordStandIn]:
    async with DiscordStandIn(rules=Rules(file_limit_bytes=1000)) as running_:
        yield running_


async def test_a_rate_limit_is_waited_out(standin: DiscordStandIn) -> None:
    async def go(interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content="done")

    standin.faults.order(
        Fault(
            route="PATCH */messages/@original",
            status=429,
            body={"message": "You are being rate limited.", "retry_after": 0.01, "global": False},
            headers={"Via": "1.1 google", "Retry-After": "1"},
        )
    )
    async with running(standin, bot_with(go)):
        used = await standin.actor("ada").slash(standin.world.jam, "go")
        assert (await used.finished()).content == "done"
    edits = [request.status for request in standin.requests if request.method == "PATCH"]
    assert edits == [429, 200]


@pytest.mark.parametrize(
    ("missing", "code"),
    [
        (Permissions.ATTACH_FILES, 50013),
        (Permissions.EMBED_LINKS, 50013),
        (Permissions.SEND_MESSAGES, 50013),
        (Permissions.VIEW_CHANNEL, 50001),
    ],
)
async def test_the_bot_token_does_only_what_the_channel_allows(
    standin: DiscordStandIn, missing: Permissions, code: int
) -> None:
    lab = standin.world.lab
    standin.world.set_bot_permissions(lab, lab.bot_permissions & ~missing)
    async with running(standin, SmallBot()) as bot:
        channel = bot.get_partial_messageable(lab.id)
        with pytest.raises(discord.Forbidden) as error:
            await channel.send("x", embed=discord.Embed(title="t"), file=a_file("a.wav"))
        assert error.value.code == code


async def test_an_interaction_without_the_right_to_attach_is_told_and_refused(
    standin: DiscordStandIn,
) -> None:
    may: list[bool] = []

    async def go(interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        may.append(interaction.app_permissions.attach_files)
        with pytest.raises(discord.Forbidden):
            await interaction.edit_original_response(attachments=[a_file("a.wav")])
        await interaction.edit_original_response(content="no")

    jam = standin.world.jam
    standin.world.set_bot_permissions(jam, jam.bot_permissions & ~Permissions.ATTACH_FILES)
    async with running(standin, bot_with(go)) as bot:
        assert (await (await standin.actor("ada").slash(jam, "go")).finished()).content == "no"
        guild = await standin.world.until(lambda _: bot.get_guild(standin.world.guild.id))
        channel = guild.get_channel(jam.id)
        assert channel is not None
        assert not channel.permissions_for(guild.me).attach_files
    assert may == [False]


@pytest.mark.parametrize("size", [1000, 1001])
async def test_a_file_over_the_limit_is_too_large(standin: DiscordStandIn, size: int) -> None:
    async def go(interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        try:
            await interaction.edit_original_response(attachments=[a_file("a.wav", bytes(size))])
        except discord.HTTPException as error:
            await interaction.edit_original_response(content=f"{error.status} {error.code}")

    async with running(standin, bot_with(go)):
        card = await (await standin.actor("ada").slash(standin.world.jam, "go")).finished()
    assert (card.content, len(card.attachments)) == (("", 1) if size == 1000 else ("413 40005", 0))


async def test_a_user_installed_app_answers_where_the_bot_is_not(
    standin: DiscordStandIn,
) -> None:
    codes: asyncio.Queue[int] = asyncio.Queue()

    async def go(interaction: discord.Interaction) -> None:
        assert interaction.is_user_integration()
        assert not interaction.is_guild_integration()
        await interaction.response.send_message("here")
        message = await interaction.original_response()
        channel = interaction.client.get_partial_messageable(message.channel.id)
        with pytest.raises(discord.Forbidden) as forbidden:
            await channel.get_partial_message(message.id).edit(content="no way")
        codes.put_nowait(forbidden.value.code)
        for number in range(5):
            await interaction.followup.send(str(number))
        with pytest.raises(discord.HTTPException) as many:
            await interaction.followup.send("one too many")
        codes.put_nowait(many.value.code)

    async with running(standin, bot_with(go)):
        ada = standin.actor("ada")
        for place in (standin.world.foreign, standin.world.private):
            used = await ada.slash(place, "go")
            assert [await codes.get(), await codes.get()] == [50001, 40094]
            assert len(used.followups) == 5
    contexts = {i.context for i in standin.world.interactions.values()}
    assert contexts == {0, 2}


async def test_a_direct_message_is_a_place_like_any_other(standin: DiscordStandIn) -> None:
    async def go(interaction: discord.Interaction) -> None:
        assert interaction.guild is None
        await interaction.response.defer()
        await interaction.edit_original_response(content=interaction.user.name)

    async with running(standin, bot_with(go)) as bot:
        ada = standin.actor("ada")
        assert (await (await ada.slash(ada.dm, "go")).finished()).content == "ada"
        user = await bot.fetch_user(ada.user.id)
        await user.send("hello")
        assert [m.content for m in ada.sees(ada.dm)] == ["ada", "hello"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "words: This option is required"),
        ({"words": "x", "count": 31}, "count: Must be at most 30"),
        ({"words": "x", "count": 0}, "count: Must be at least 1"),
        ({"words": "x", "count": 1.5}, "count: Input a valid integer"),
        ({"words": "x", "count": True}, "count: Input a valid integer"),
        ({"words": ""}, "words: Must be between 1 and"),
        ({"words": 5}, "words: Input a valid string"),
        ({"words": "x", "mood": "sad"}, "mood: Choose one of"),
        ({"words": "x", "tune": File("a.wav", bytes(1001))}, "too powerful"),
        ({"words": "x", "nonsense": 1}, "no option nonsense"),
    ],
)
async def test_a_person_cannot_send_what_the_command_does_not_take(
    standin: DiscordStandIn, options: dict[str, str | int | float | bool | File], sentence: str
) -> None:
    bot = SmallBot()

    @bot.tree.command(description="-")
    @app_commands.choices(mood=[app_commands.Choice(name="Happy", value="happy")])
    async def go(
        interaction: discord.Interaction,
        words: str,
        count: app_commands.Range[int, 1, 30] = 1,
        mood: str = "happy",
        tune: discord.Attachment | None = None,
    ) -> None: ...

    async with running(standin, bot):
        with pytest.raises(Refused, match=sentence):
            await standin.actor("ada").slash(standin.world.jam, "go", **options)
    assert bot.seen.empty()


async def test_where_external_apps_are_not_welcome_their_replies_are_ephemeral(
    standin: DiscordStandIn,
) -> None:
    async def go(interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content="psst")

    standin.world.foreign.external_apps = False
    async with running(standin, bot_with(go)):
        used = await standin.actor("ada").slash(standin.world.foreign, "go")
        await used.finished()
        assert used.ephemeral


async def test_a_dropped_connection_leaves_no_doubt_about_what_happened(
    standin: DiscordStandIn,
) -> None:
    async def go(interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        try:
            await interaction.followup.send("x")
        except ClientError as error:
            await interaction.followup.send(type(error).__name__)

    standin.faults.order(Fault(route="POST */webhooks/*", reset="after"))
    async with running(standin, bot_with(go)):
        used = await standin.actor("ada").slash(standin.world.jam, "go")
        await standin.world.until(lambda _: used.followups)
    assert used.reply is not None
    assert used.reply.content == "x"
    webhooks = [r.status for r in standin.requests if r.path.startswith("/webhooks/")]
    assert webhooks == [0, 200]
