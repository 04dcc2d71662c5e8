"""What was asked for in private stays there, whatever is made from it and shown elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest
import simcord

from bot.card import strings
from bot.domain import errors
from bot.domain.generation import AudioSource, Relation
from tests.discord.card_kit import Scene, Used, finished
from tests.discord.test_tracks import listed
from tests.discord.world import World, text_of

SECRET = "the surprise for bo"


async def edited_in_dm(world: World) -> Scene:
    """Ada has asked in her DM, and changed the words of it there."""
    scene = await finished(world, "dm", prompt=SECRET)
    opened = await scene.press(scene.owner, "Edit")
    await opened.send(scene.owner, prompt="a march", model=["melody"])
    await world.done()
    return scene


async def shown_in_the_channel(world: World) -> Used:
    """Ada brings the newest of her tracks up there."""
    return await (await listed(world)).choose(world.ada)


def everything(message: simcord.ResponseMessage) -> str:
    [embed] = message.embeds
    return f"{text_of(embed)}{embed.author.name}"


async def test_a_card_tells_in_public_nothing_of_what_was_private(world: World) -> None:
    scene = await edited_in_dm(world)
    assert scene.newest.relation is Relation.EDIT
    up = await shown_in_the_channel(world)
    assert up.card.embed.title == "a march"
    assert up.card.embed.author.name == "Edited"
    assert SECRET not in everything(up.card.reply)


@pytest.mark.parametrize("who", ["ada", "bo"])
async def test_info_tells_of_it_to_its_person_alone(world: World, who: str) -> None:
    scene = await edited_in_dm(world)
    up = await shown_in_the_channel(world)
    asked = await getattr(world, who).click(up.card.reply, label="Info")
    assert asked.response.ephemeral
    told = everything(asked.response)
    assert (SECRET in told) == (who == "ada")
    assert (str(scene.asked.reply.id) in told) == (who == "ada")


@pytest.mark.parametrize("label", ["Again", "Variations"])
async def test_what_others_make_from_it_tells_nothing_either(world: World, label: str) -> None:
    await edited_in_dm(world)
    up = await shown_in_the_channel(world)
    pressed = Used(world, await world.bo.click(up.card.reply, label=label))
    assert SECRET not in everything(pressed.card.reply)
    await world.done(3)
    assert SECRET not in everything(pressed.card.reply)
    asked = await world.bo.click(pressed.card.reply, label="Info")
    assert asked.response is not None
    assert SECRET not in everything(asked.response)


async def test_in_the_same_place_it_is_told(world: World) -> None:
    scene = await finished(world, prompt="tango")
    opened = await scene.press(world.bo, "Edit")
    sent = await opened.send(world.bo, prompt="a march", model=["melody"])
    await world.done()
    assert sent.card.embed.author.name == "Edited from “tango”"
    asked = await world.mod.click(sent.card.reply, label="Info")
    assert asked.response is not None
    assert "tango" in everything(asked.response)


async def test_the_name_of_an_upload_stays_on_its_own_card(world: World) -> None:
    scene = await finished(world, prompt="tango")
    source = AudioSource("https://cdn.example/x?hm=1", "my secret demo.wav", True)
    row = replace(scene.first, source=source, has_audio=True)
    world.journal.rows[row.id] = row.kept
    up = await shown_in_the_channel(world)
    assert "secret demo" not in everything(up.card.reply)


async def test_nobody_brings_up_what_somebody_else_has_made(world: World) -> None:
    scene = await finished(world, "dm", prompt=SECRET)
    page = await listed(world)
    world.journal.rows[scene.first.id] = replace(scene.first, requester_id=world.bo.id)
    assert (await page.choose(world.ada)).told == strings.errors.sentence(
        errors.NotYours(world.bo.id)
    )


async def test_what_was_deleted_is_told_to_its_person_alone(world: World) -> None:
    scene = await finished(world, prompt=SECRET)
    opened = await scene.press(world.bo, "Edit")
    sent = await opened.send(world.bo, prompt="a march", model=["melody"])
    await world.done()
    asked = await scene.press(world.ada, "Delete")
    [question] = asked.result.followups
    await world.ada.click(question, label="Delete it")
    for who, may_see in ((world.ada, True), (world.bo, False), (world.mod, False)):
        told = await who.click(sent.card.reply, label="Info")
        assert told.response is not None
        assert (SECRET in everything(told.response)) == may_see
