from __future__ import annotations

from typing import Any

import discord
import pytest

from bot.card import strings
from bot.client import CommandTree
from bot.domain.inputs import TABLE, InputSpec, InputTable
from bot.domain.language import Language
from bot.locales import LANGUAGES, speaking
from bot.locales.messages import catalogue, translated
from tests.discord.world import World, delivered
from tests.fakes import FakeJournal

SYNC = "/applications/*/commands"
FOR_MANAGERS = ("block", "unblock", "settings")
FOR_SERVERS = (*FOR_MANAGERS, "jam")
TYPES = {"string": 3, "integer": 4, "boolean": 5, "number": 10, "audio": 11}


@pytest.fixture
def command_words() -> None:
    """Discord is told of commands in every language."""


def expected(spec: InputSpec) -> dict[str, Any]:
    """What Discord has to be told of an input."""
    option: dict[str, Any] = {"name": spec.name, "type": TYPES[spec.kind]}
    option |= {"required": spec.required, "description": spec.description}
    if spec.name == "prompt":
        option["autocomplete"] = True
    if spec.choices:
        option["choices"] = [{"name": choice, "value": choice} for choice in spec.choices]
    least, most = (
        ("min_length", "max_length") if spec.kind == "string" else ("min_value", "max_value")
    )
    if spec.minimum is not None:
        option[least] = spec.minimum
    if spec.maximum is not None:
        option[most] = spec.maximum
    return option


def registered(world: World) -> dict[str, Any]:
    """/musicgen as Discord was given it last."""
    return next(command for command in world.syncs[-1].body if command["name"] == "musicgen")


@pytest.mark.parametrize("spec", TABLE, ids=lambda spec: spec.name)
async def test_an_option_is_registered_as_the_table_has_it(world: World, spec: InputSpec) -> None:
    options = {option["name"]: option for option in registered(world)["options"]}
    option = options[spec.name]
    assert not option.pop("name_localizations", None)
    option.pop("description_localizations", None)
    assert option == expected(spec)


async def test_the_options_are_the_table_and_an_address(world: World) -> None:
    names = [option["name"] for option in registered(world)["options"]]
    table = [spec.name for spec in TABLE]
    assert [name for name in names if name != "input_audio_url"] == [*table, "preset"]
    assert names.index("input_audio_url") == names.index("input_audio") + 1
    assert names[0] == "prompt"
    assert len(names) <= 25
    address = registered(world)["options"][names.index("input_audio_url")]
    assert (address["type"], address["required"]) == (3, False)


async def test_every_description_fits_and_tells_the_default(world: World) -> None:
    for option in registered(world)["options"]:
        assert 1 <= len(option["description"]) <= 100
        assert option["required"] or "default" in option["description"].lower()


def longest(part: dict[str, Any], of: str) -> int:
    """How long a text is in the language in which it is longest."""
    localized: dict[str, str] = part.get(f"{of}_localizations") or {}
    return max(map(len, [part.get(of, ""), *localized.values()]))


def count(part: dict[str, Any]) -> int:
    """How many characters Discord counts for a command, and holds each part to its limit.

    (discord.com developers/interactions/application-commands, slash commands and localization)
    """
    assert longest(part, "name") <= (100 if "value" in part else 32)
    assert longest(part, "description") <= 100
    inner = [*part.get("options", ()), *part.get("choices", ())]
    own = longest(part, "name") + longest(part, "description") + len(str(part.get("value", "")))
    return own + sum(map(count, inner))


async def test_every_language_fits(world: World) -> None:
    assert all(count(command) <= 8000 for command in world.syncs[-1].body)
    assert registered(world)["description_localizations"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_option_tells_its_default_in_every_language(language: Language) -> None:
    with speaking(language):
        for spec in TABLE:
            told, meaning = strings.commands.option(spec), translated(spec.meaning)
            assert told.startswith(meaning)
            assert len(told) > len(meaning), "there is no room for its range and its default"


async def test_every_command_is_there_in_servers_dms_and_for_user_installs(world: World) -> None:
    commands = world.syncs[-1].body
    assert {command["name"]: command.get("type", 1) for command in commands} == {
        "musicgen": 1,
        "tracks": 1,
        "preset": 1,
        "charts": 1,
        **dict.fromkeys(FOR_SERVERS, 1),
        "usage": 1,
        "help": 1,
        strings.commands.MENU_EXTEND(): 3,
        strings.commands.MENU_MELODY(): 3,
        strings.jam.MENU(): 3,
    }
    for command in commands:
        if command["name"] in FOR_SERVERS:
            continue
        assert command["integration_types"] == [0, 1]
        assert command["contexts"] == [0, 1, 2]
        assert command["default_member_permissions"] is None


@pytest.mark.parametrize("name", FOR_SERVERS)
async def test_who_manages_a_server_is_offered_its_commands_there(world: World, name: str) -> None:
    """Where only a person has installed the bot, Discord would ask nobody's permission."""
    [command] = [one for one in world.syncs[-1].body if one["name"] == name]
    assert command["integration_types"] == [0]
    assert command["contexts"] == [0]
    managers = discord.Permissions(manage_guild=True).value
    wanted = {managers, str(managers)} if name in FOR_MANAGERS else {None}
    assert command["default_member_permissions"] in wanted


async def test_discord_takes_the_command_as_it_is(world: World) -> None:
    commands = {command.name: command for command in await world.bot.tree.fetch_commands()}
    assert [option.name for option in commands["musicgen"].options] == [
        option["name"] for option in registered(world)["options"]
    ]
    assert [option.name for option in commands["tracks"].options] == ["list", "forget"]
    assert world.ada.available_commands(world.channel) == (
        "charts",
        "help",
        *(f"jam {name}" for name in ("start", "branch", "list", "show", "host")),
        "musicgen",
        "preset show",
        "preset list",
        "preset delete",
        "preset default",
        "preset save",
        "tracks list",
        "tracks forget",
        "usage",
    )


async def test_catalogues_are_kept_no_longer_than_that(world: World) -> None:
    assert world.syncs
    assert catalogue.cache_info().currsize == 0


async def test_an_unchanged_command_is_not_sent_again(world: World) -> None:
    await world.restart()
    await world.restart()
    assert len(world.syncs) == 1
    asked = await world.musicgen()
    assert asked.result.acknowledged


async def test_a_changed_table_is_sent_and_remembered(world: World) -> None:
    await world.restart(table=InputTable(TABLE[:3]))
    assert len(world.syncs) == 2
    assert [option["name"] for option in registered(world)["options"]] == [
        "prompt",
        "model_version",
        "duration",
        "preset",
    ]
    await world.restart()
    assert len(world.syncs) == 2


async def test_a_sync_can_be_forced(world: World) -> None:
    await world.restart(force_sync=True)
    assert len(world.syncs) == 2


async def test_a_sync_that_failed_is_done_later(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    remembered = dict(world.journal.facts)
    world.fail("PUT", SYNC, 503)
    await world.restart(table=InputTable(TABLE[:3]))
    assert world.journal.facts == remembered
    assert "commands not synced, the next try is in 300 s: HTTP 503" in caplog.text
    await world.pass_s(299)
    assert len(world.syncs) == 2
    await world.pass_s(1)
    assert len(world.syncs) == 3
    assert world.journal.facts != remembered


async def test_what_is_paid_for_does_not_wait_for_a_sync(world: World) -> None:
    asked = await world.musicgen()
    world.fail("PUT", SYNC, 503, times=None)
    await world.restart(table=InputTable(TABLE[:3]))
    await world.done()
    assert delivered(asked)


async def test_a_forced_sync_fails_loudly(world: World) -> None:
    world.fail("PUT", SYNC, 503)
    with pytest.raises(discord.HTTPException):
        await world.restart(force_sync=True)


async def test_a_sync_that_another_process_does_is_looked_after(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one dies at it."""
    answers = [False, True]

    async def try_lock(_: FakeJournal, name: str, ttl_s: float) -> bool:
        return answers.pop(0)

    monkeypatch.setattr(FakeJournal, "try_lock", try_lock)
    await world.restart(table=InputTable(TABLE[:3]))
    assert len(world.syncs) == 1
    await world.pass_s(3)
    assert len(world.syncs) == 2


async def test_a_sync_that_another_process_has_just_done_is_not_done_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It did so between our look and our turn."""
    done = dict(world.journal.facts)

    async def try_lock(journal: FakeJournal, name: str, ttl_s: float) -> bool:
        journal.facts |= done
        return True

    monkeypatch.setattr(FakeJournal, "try_lock", try_lock)
    world.journal.facts.clear()
    await world.restart()
    assert world.journal.facts == done
    assert len(world.syncs) == 1


async def test_the_turn_is_kept_while_discord_lets_a_sync_wait(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[str] = []

    async def try_lock(_: FakeJournal, name: str, ttl_s: float) -> bool:
        assert (name, ttl_s) == ("synced_commands", 3)
        turns.append("taken")
        return True

    async def unlock(_: FakeJournal, name: str) -> None:
        turns.append("given back")

    async def throttled(_: CommandTree) -> list[discord.app_commands.AppCommand]:
        await world.clock.sleep(6.5)
        return []

    monkeypatch.setattr(FakeJournal, "try_lock", try_lock)
    monkeypatch.setattr(FakeJournal, "unlock", unlock)
    monkeypatch.setattr(CommandTree, "sync", throttled)
    await world.restart(table=InputTable(TABLE[:3]))
    await world.pass_s(60)
    assert turns == ["taken"] * 7 + ["given back"]
