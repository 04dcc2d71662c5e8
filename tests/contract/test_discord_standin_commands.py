"""Commands: what a sync may register, and what stays the same when it comes again."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import discord
import pytest
from aiohttp import ClientSession
from discord import app_commands
from pydantic import JsonValue

from bot.playground.discord import DiscordStandIn
from tests.contract.discord_kit import SmallBot, pointed_at, running


@pytest.fixture
async def standin() -> AsyncGenerator[DiscordStandIn]:
    async with DiscordStandIn() as running_:
        yield running_


async def refusal(standin: DiscordStandIn, bot: SmallBot) -> str:
    """What discord.py makes of a refused sync."""
    with pointed_at(standin):
        async with bot:
            with pytest.raises(app_commands.CommandSyncFailure) as error:
                await bot.login(standin.token)
    assert not standin.world.commands.listed()
    return str(error.value)


async def test_a_description_of_101_characters_is_refused(standin: DiscordStandIn) -> None:
    bot = SmallBot()

    @bot.tree.command(description="-")
    # A plain string discord.py would shorten by itself.
    @app_commands.describe(prompt=app_commands.locale_str("x" * 101))
    async def go(interaction: discord.Interaction, prompt: str) -> None: ...

    assert "Must be between 1 and 100 in length." in await refusal(standin, bot)


async def test_more_than_8000_characters_are_refused(standin: DiscordStandIn) -> None:
    bot = SmallBot()
    long = [app_commands.Choice(name=f"{n:099}", value=f"{n:0100}") for n in range(25)]

    @bot.tree.command(description="-")
    @app_commands.choices(a=long, b=long)
    async def go(interaction: discord.Interaction, a: str, b: str) -> None: ...

    assert "Command exceeds maximum size (8000)" in await refusal(standin, bot)


async def test_a_command_that_stays_keeps_its_id(standin: DiscordStandIn) -> None:
    async def go(interaction: discord.Interaction) -> None: ...

    ids: list[tuple[int, int]] = []
    for name in ("go", "go", "went"):
        bot = SmallBot()
        bot.slash(go, name)
        async with running(standin, bot):
            (command,) = standin.world.commands.listed()
            ids.append((command.id, command.version))
            assert [fetched.name for fetched in await bot.tree.fetch_commands()] == [name]
    assert ids[0] == ids[1] != ids[2]


async def test_a_subcommand_is_used_by_its_path(standin: DiscordStandIn) -> None:
    bot = SmallBot()
    group = app_commands.Group(name="jam", description="-")

    @group.command(description="-")
    async def start(interaction: discord.Interaction, words: str) -> None:
        await interaction.response.send_message(words)

    bot.tree.add_command(group)
    async with running(standin, bot):
        used = await standin.actor("ada").slash(standin.world.jam, "jam start", words="hi")
        card = await used.finished()
    assert card.content == "hi"
    metadata = card.to_json(standin.world.cdn)["interaction_metadata"]
    assert isinstance(metadata, dict)
    assert metadata["name"] == "jam start"


def option(**fields: JsonValue) -> dict[str, JsonValue]:
    return {"type": 3, "name": "a", "description": "-"} | fields


CHOICE: JsonValue = {"name": "c", "value": "c"}
LONG: JsonValue = {"name": "c", "value": "x" * 101}
MANY: list[JsonValue] = [CHOICE] * 26


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ([option(), option(name="b", required=True)], "0.options"),
        ([option(), option()], "0.options"),
        ([option(name=f"o{number}") for number in range(26)], "0.options"),
        ([option(choices=MANY)], "0.options.0.choices"),
        ([option(type=4, choices=[CHOICE])], "0.options.0.choices"),
        ([option(choices=[LONG])], "0.options.0.choices"),
        ([option(choices=[CHOICE], autocomplete=True)], "0.options.0.autocomplete"),
        ([option(type=4, min_value=-(2**53) - 1)], "0.options.0.max_value"),
        ([option(type=12)], "0.options.0.type"),
        ([option(name="Upper")], "0.options.0.name"),
        ([option(description="")], "0.options.0.description"),
        ([option(), option(type=1, name="b")], "0.options"),
    ],
)
async def test_options_discord_does_not_take(
    standin: DiscordStandIn, options: list[dict[str, JsonValue]], path: str
) -> None:
    command: dict[str, JsonValue] = {"name": "x", "description": "-", "options": [*options]}
    await refused_at(standin, [command], path)


@pytest.mark.parametrize(
    ("commands", "path"),
    [
        ([{"name": "Upper", "description": "-"}], "0.name"),
        ([{"name": "x" * 33, "description": "-"}], "0.name"),
        ([{"name": "x"}], "0.description"),
        ([{"name": "Menu", "type": 3, "description": "no"}], "0.description"),
        ([{"name": "x", "description": "-"}] * 2, "1.name"),
    ],
)
async def test_commands_discord_does_not_take(
    standin: DiscordStandIn, commands: list[dict[str, JsonValue]], path: str
) -> None:
    await refused_at(standin, commands, path)


async def refused_at(
    standin: DiscordStandIn, commands: list[dict[str, JsonValue]], path: str
) -> None:
    url = f"{standin.base_url}/api/v10/applications/{standin.world.bot.id}/commands"
    headers = {"Authorization": f"Bot {standin.token}"}
    async with ClientSession(headers=headers) as session:
        answer = await session.put(url, json=commands)
        body = await answer.json()
    assert (answer.status, body["code"]) == (400, 50035)
    tree: JsonValue = body["errors"]
    for step in path.split("."):
        assert isinstance(tree, dict)
        assert step in tree, body
        tree = tree[step]
    assert isinstance(tree, dict)
    assert "_errors" in tree, body
