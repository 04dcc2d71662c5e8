"""The bot token's routes, and who may use what where."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

import discord
import pytest
from discord import app_commands

from bot.playground.discord import DiscordStandIn, Refused, User
from bot.playground.discord.events import Event, Pinged, TypingStarted
from bot.playground.discord.model import Permissions
from tests.contract.discord_kit import SmallBot, a_file, bot_with, png, running
from tests.contract.discord_spec import SpecWitness, spec

__all__ = ["spec"]


@pytest.fixture
async def standin() -> AsyncGenerator[DiscordStandIn]:
    async with DiscordStandIn() as running_:
        yield running_


async def nothing(_: discord.Interaction) -> None:
    """A command that nobody gets to run."""


async def test_history_comes_newest_first_and_in_pages(standin: DiscordStandIn) -> None:
    ada = standin.actor("ada")
    posted = [await ada.post(standin.world.jam, str(number)) for number in range(5)]
    await ada.post(standin.world.lab, "elsewhere")
    async with running(standin, SmallBot()) as bot:
        channel = await bot.fetch_channel(standin.world.jam.id)
        assert isinstance(channel, discord.TextChannel)
        assert [m.content async for m in channel.history(limit=2)] == ["4", "3"]
        second = discord.Object(posted[1].id)
        assert [m.content async for m in channel.history(before=second)] == ["0"]
        after = [m.content async for m in channel.history(after=second, limit=2)]
        assert after == ["2", "3"]


async def test_the_guild_and_its_members_can_be_fetched(
    standin: DiscordStandIn, spec: SpecWitness
) -> None:
    typing: list[Event] = []
    standin.world.subscribe(lambda e: typing.append(e) if isinstance(e, TypingStarted) else None)
    async with running(standin, SmallBot()) as bot:
        guild = await bot.fetch_guild(standin.world.guild.id)
        member = await guild.fetch_member(standin.world.bo.id)
        assert (guild.name, member.display_name) == ("Playground", "Bo")
        for unknown, code in ((standin.world.elsewhere.id, 50001), (1, 10004)):
            with pytest.raises(discord.HTTPException) as error:
                await bot.fetch_guild(unknown)
            assert error.value.code == code
        with pytest.raises(discord.NotFound):
            await bot.fetch_user(1)
        for closed in (standin.world.foreign, standin.world.private):
            with pytest.raises(discord.Forbidden):
                await bot.fetch_channel(closed.id)
        channel = await bot.fetch_channel(standin.world.jam.id)
        assert isinstance(channel, discord.TextChannel)
        await channel.typing()
    assert len(typing) == 1
    spec.check(standin.requests)


async def test_a_guilds_commands_live_beside_the_global_ones(standin: DiscordStandIn) -> None:
    async with running(standin, bot_with(nothing)) as bot:
        guild = discord.Object(standin.world.guild.id)
        bot.tree.add_command(app_commands.ContextMenu(name="Here", callback=here), guild=guild)
        await bot.tree.sync(guild=guild)
        assert [c.name for c in standin.world.commands.listed(guild.id)] == ["Here"]
        assert [c.name for c in standin.world.commands.every()] == ["go", "Here"]
        (fetched,) = await bot.tree.fetch_commands(guild=guild)
        ada = standin.actor("ada")
        posted = await ada.post(ada.dm, "hi")
        with pytest.raises(Refused, match="cannot be used here"):
            await ada.message_command(posted, "Here")
        await fetched.delete()
        assert standin.world.commands.listed(guild.id) == []


async def here(interaction: discord.Interaction, message: discord.Message) -> None:
    """A message command of one guild."""


async def test_people_and_channels_are_resolved(standin: DiscordStandIn) -> None:
    bot = SmallBot()

    @bot.tree.command(description="-")
    async def go(
        interaction: discord.Interaction, who: discord.Member, where: discord.TextChannel
    ) -> None:
        await interaction.response.send_message(f"{who.name} in {where.name}")

    async with running(standin, bot):
        world, ada = standin.world, standin.actor("ada")
        used = await ada.slash(world.jam, "go", who=world.bo, where=world.lab)
        assert (await used.finished()).content == "bo in lab"
        for no_text_channel_here in (world.foreign, world.lounge):
            with pytest.raises(Refused, match="no channel"):
                await ada.slash(world.jam, "go", who=world.bo, where=no_text_channel_here)
        stranger = User(1, "stranger", None)
        with pytest.raises(Refused, match="no one"):
            await ada.slash(world.jam, "go", who=stranger, where=world.lab)


async def test_a_command_keeps_to_its_people_and_places(standin: DiscordStandIn) -> None:
    bot = SmallBot()

    @bot.tree.command(description="-")
    @app_commands.default_permissions(manage_messages=True)
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    @app_commands.allowed_installs(guilds=True, users=False)
    async def go(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("yes")

    async with running(standin, bot):
        ada, mod = standin.actor("ada"), standin.actor("mod")
        assert (await (await mod.slash(standin.world.jam, "go")).finished()).content == "yes"
        with pytest.raises(Refused, match="do not have permission"):
            await ada.slash(standin.world.jam, "go")
        for place in (mod.dm, standin.world.foreign):
            with pytest.raises(Refused, match="cannot be used here"):
                await mod.slash(place, "go")
        with pytest.raises(Refused, match="not yours"):
            await mod.slash(ada.dm, "go")


@pytest.mark.parametrize(
    ("replied", "silent", "pinged"),
    [(True, False, ["ada"]), (False, False, []), (True, True, [])],
    ids=["reply", "reply without mention", "silent reply"],
)
async def test_a_reply_notifies_its_author_unless_told_otherwise(
    standin: DiscordStandIn, replied: bool, silent: bool, pinged: Sequence[str]
) -> None:
    told: list[str] = []
    standin.world.subscribe(
        lambda e: told.extend(user.username for user in e.users) if isinstance(e, Pinged) else None
    )
    posted = await standin.actor("ada").post(standin.world.jam, "hi")
    async with running(standin, SmallBot()) as bot:
        channel = bot.get_partial_messageable(standin.world.jam.id)
        message = await channel.fetch_message(posted.id)
        await message.reply("hello", mention_author=replied, silent=silent)
    assert told == pinged


async def test_an_embed_sent_back_keeps_the_picture_it_shows(standin: DiscordStandIn) -> None:
    async with running(standin, SmallBot()) as bot:
        channel = bot.get_partial_messageable(standin.world.jam.id)
        embed = discord.Embed(title="t").set_image(url="attachment://w.png")
        embed.set_footer(text="f", icon_url="attachment://w.png")
        files = [a_file("w.png", png()), a_file("a.wav")]
        message = await channel.send(embed=embed, files=files)
        ours = standin.world.messages[message.id]
        await message.edit(embed=message.embeds[0], attachments=message.attachments)
        assert [file.filename for file in ours.body.files] == ["w.png", "a.wav"]
        again = await message.edit(
            embed=embed, attachments=[*message.attachments, a_file("w.png", png(9, 9))]
        )
        assert [file.filename for file in ours.body.files] == ["a.wav", "w.png"]
        assert again.embeds[0].image.width == 9
        await message.edit(embed=discord.Embed(title="t"), attachments=[])
        assert ours.body.files == ()


async def test_a_thread_hangs_on_a_message_and_has_its_id(
    standin: DiscordStandIn, spec: SpecWitness
) -> None:
    async with running(standin, SmallBot()) as bot:
        jam = standin.world.jam
        channel = await bot.fetch_channel(jam.id)
        assert isinstance(channel, discord.TextChannel)
        message = await channel.send("a jam")
        thread = await message.create_thread(name="🥁" * 100, auto_archive_duration=10080)
        assert (thread.id, thread.parent_id, thread.name) == (message.id, jam.id, "🥁" * 100)
        assert (await thread.send("first")).channel.id == thread.id
        with pytest.raises(discord.HTTPException) as again:
            await message.create_thread(name="again")
        assert again.value.code == 160004
        other = await channel.send("another")
        with pytest.raises(discord.HTTPException) as named:
            await other.create_thread(name="x" * 101)
        assert named.value.code == 50035
        standin.world.set_bot_permissions(
            jam, jam.bot_permissions & ~Permissions.CREATE_PUBLIC_THREADS
        )
        with pytest.raises(discord.Forbidden):
            await other.create_thread(name="x")
