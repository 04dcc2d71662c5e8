"""Whose language is spoken where: the reader's in private, the server's on cards, for life."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import simcord

from bot.card import strings
from bot.domain import errors
from bot.domain.generation import State
from bot.domain.language import SOURCE, Language
from bot.locales import speaking
from bot.locales.messages import translated
from tests.discord.card_kit import Used, finished
from tests.discord.panel_kit import a_manager, opened
from tests.discord.world import Asked, Pressed, World
from tests.pseudo_language import PSEUDO, START, pseudo, spoken_pseudo

A_MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def languages(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    with spoken_pseudo(monkeypatch):
        yield


@pytest.fixture
def command_words() -> None:
    """Discord is told of commands in every language."""


class Readers:
    """What people and the server have chosen at Discord; English unless it is said."""

    def __init__(self, world: World) -> None:
        self._locales: dict[int, str] = {}
        self.server = "en-US"
        self.listen(world)

    def listen(self, world: World) -> None:
        """Tell the bot that is there now."""
        parsers = world.bot._connection.parsers  # pyright: ignore[reportPrivateUsage] - simcord says en-US
        create = parsers["INTERACTION_CREATE"]

        def chosen(data: Any) -> None:
            person = data["member"]["user"] if "member" in data else data["user"]
            data["locale"] = self._locales.get(int(person["id"]), "en-US")
            if "guild_id" in data:
                data["guild_locale"] = self.server
            create(data)

        parsers["INTERACTION_CREATE"] = chosen

    def reads(self, who: simcord.MemberActor, locale: str) -> None:
        self._locales[who.id] = locale


@pytest.fixture
def readers(world: World) -> Readers:
    return Readers(world)


def described(asked: Asked) -> str:
    return asked.embed.description or ""


async def test_a_card_is_in_the_servers_language_whoever_asks(
    world: World, readers: Readers
) -> None:
    readers.server = PSEUDO
    asked = await world.musicgen()
    assert START in described(asked)
    assert world.generation.language == PSEUDO
    readers.server = "de-not-spoken"
    assert START not in described(await world.musicgen("techno"))
    readers.server = "en-US"
    readers.reads(world.ada, PSEUDO)
    english = await world.musicgen("dub")
    assert START not in described(english)


async def test_in_direct_messages_a_card_is_in_its_persons_language(
    world: World, readers: Readers
) -> None:
    readers.reads(world.ada, PSEUDO)
    assert START in described(await world.musicgen_in_dm())


async def test_a_card_keeps_its_language_through_a_restart_and_others_presses(
    world: World, readers: Readers
) -> None:
    readers.server = PSEUDO
    asked = await world.musicgen()
    await world.restart()
    Readers(world)
    pressed = Pressed(await world.mod.click(asked.reply, label=pseudo("Cancel", "button")))
    assert pressed.told == []
    await world.done()
    assert world.generation.state is State.CANCELED
    assert START in described(asked), "canceled by somebody who reads English"
    assert pseudo("Again", "button") in asked.buttons


async def test_a_card_that_is_brought_elsewhere_keeps_its_language(
    world: World, readers: Readers
) -> None:
    readers.server = PSEUDO
    asked = await world.musicgen()
    here = world.generation.reply
    brought = replace(here, language=SOURCE, token_expires_at=here.token_expires_at + A_MINUTE)
    await world.bot.service.bring(world.generation.id, brought)
    await world.done()
    assert world.generation.language == PSEUDO
    assert pseudo("Again", "button") in asked.buttons


async def test_what_is_wrong_is_said_in_its_readers_language(
    world: World, readers: Readers
) -> None:
    readers.reads(world.ada, PSEUDO)
    refused = Asked(world, await world.ada.slash(world.channel, "musicgen", prompt="   "))
    with speaking(PSEUDO):
        expected = strings.errors.sentence(errors.PromptBlank())
    assert START in expected
    assert refused.refusal == expected


async def test_forms_are_in_their_readers_language_and_buttons_in_the_cards(
    world: World, readers: Readers
) -> None:
    scene = await finished(world)
    readers.reads(world.ada, PSEUDO)
    form = await scene.press(world.ada, "Edit")
    assert START in form.form["title"]
    assert {part["label"][0] for part in form.form["components"]} == {START}


async def test_a_track_brought_up_again_is_in_the_language_of_the_place(
    world: World, readers: Readers
) -> None:
    scene = await finished(world)
    readers.server = PSEUDO
    listed = await world.ada.slash(world.channel, "tracks list")
    assert listed.response is not None
    shown = Used(
        world, await world.ada.select(listed.response, [scene.first.id], custom_id="mg:1:pick-show")
    )
    assert pseudo("Again", "button") in shown.card.buttons


async def test_a_server_chooses_a_language_of_its_own(world: World, readers: Readers) -> None:
    panel = await opened(world, a_manager(world))
    sent = await panel.limits(language=PSEUDO)
    assert sent.result.acknowledged
    assert world.bot.server_rules.settings_of(world.guild.id).language == PSEUDO
    assert START in described(await world.musicgen())
    await panel.limits(language="discord")
    assert world.bot.server_rules.settings_of(world.guild.id).language is None
    assert START not in described(await world.musicgen("dub"))


async def test_commands_are_registered_in_every_language(world: World) -> None:
    await world.restart()
    assert len(world.syncs) == 2, "another language is a change"
    sent = {command["name"]: command for command in world.syncs[-1].body}
    musicgen = sent["musicgen"]
    assert musicgen["description_localizations"] == {PSEUDO: pseudo(musicgen["description"])}
    assert not musicgen.get("name_localizations")
    options = {option["name"]: option for option in musicgen["options"]}
    with speaking(PSEUDO):
        duration = strings.commands.option(world.bot.service.models.main.table["duration"])
    assert options["duration"]["description_localizations"] == {PSEUDO: duration}
    assert not any(option.get("name_localizations") for option in options.values())
    menu = strings.commands.MENU_EXTEND.message
    assert sent[menu]["name_localizations"] == {PSEUDO: pseudo(menu)}


async def test_a_language_that_is_not_spoken_is_english(world: World, readers: Readers) -> None:
    readers.reads(world.ada, "vi")
    readers.server = "vi"
    assert START not in described(await world.musicgen())
    assert translated("Cancel") == "Cancel"
    with speaking(Language("vi")):
        assert translated("Cancel") == "Cancel"
