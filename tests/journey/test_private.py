"""Private stays private over the wire, in the journal's file too."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.card import strings
from bot.domain import errors
from bot.domain.journal_values import Kept
from bot.playground.discord.actors import Actor
from bot.playground.discord.messages import Message
from bot.playground.discord.model import Channel
from bot.playground.discord.wire import File
from tests.contract.journal_kit import execute
from tests.journey.rig import Rig, has_ended, has_track, words
from tests.journey.sound import wav
from tests.journey.test_card import told

SECRET = "the surprise for bo"
DEMO = File("zebra-demo.wav", wav(2.0))


def author(message: Message) -> str:
    [embed] = message.embeds
    return embed.author.name if embed.author else ""


async def made(rig: Rig, place: Channel, **options: Any) -> Message:
    asked = {"prompt": SECRET, "duration": 1, **options}
    card = await (await rig.ada.slash(place, "musicgen", **asked)).until(has_track)
    await rig.bot.service.idle()
    return card


async def edited(rig: Rig, card: Message) -> Message:
    """Ada changes its words, on the card itself."""
    opened = await (await rig.ada.click(card, "Edit")).answered()
    sent = await rig.ada.submit_modal(opened, {"prompt": "a march", "model": ["melody"]})
    message = await sent.until(has_track)
    await rig.bot.service.idle()
    return message


async def brought_up(rig: Rig, place: Channel) -> Message:
    """Ada shows the newest of her tracks there, for everyone."""
    listed = await (await rig.ada.slash(place, "tracks list")).answered()
    assert listed.reply is not None
    [select, _] = [item for item in listed.reply.body.items if item.type == 3]
    [newest, *_] = select.options  # pyright: ignore[reportAttributeAccessIssue] - a select with options
    chosen = await rig.ada.choose(listed.reply, str(select.custom_id), newest.value)
    return await chosen.until(lambda message: bool(message.embeds))


async def info(who: Actor, card: Message) -> str:
    asked = await (await who.click(card, "Info")).answered()
    assert asked.reply is not None
    assert asked.ephemeral
    return words(asked.reply)


async def test_from_a_dm_nothing_comes_along(rig: Rig) -> None:
    card = await edited(rig, await made(rig, rig.ada.dm))
    assert author(card) == f"Edited from “{SECRET}”", "there it is told"
    shown = await brought_up(rig, rig.discord.world.jam)
    assert author(shown) == "Edited"
    assert "a march" in words(shown)
    assert SECRET not in words(shown)
    assert SECRET not in await info(rig.bo, shown)
    assert SECRET in await info(rig.ada, shown)
    again = await (await rig.bo.click(shown, "Again")).until(has_track)
    assert SECRET not in words(again) + author(again)
    assert SECRET not in await info(rig.mod, again)


async def test_from_a_reply_that_discord_made_private_nothing_comes_along(rig: Rig) -> None:
    """Where apps from outside may not speak, every answer of theirs is private."""
    place = rig.discord.world.foreign
    place.external_apps = False
    card = await made(rig, place)
    assert card.ephemeral
    card = await edited(rig, card)
    assert card.ephemeral
    assert author(card) == f"Edited from “{SECRET}”", "nobody else sees it"
    place.external_apps = True
    shown = await brought_up(rig, place)
    assert not shown.ephemeral
    assert author(shown) == "Edited"
    assert SECRET not in words(shown) + await info(rig.bo, shown)
    assert SECRET in await info(rig.ada, shown)


def written_down(rig: Rig) -> str:
    """All that the journal's file holds, row by row."""
    path = rig.settings.data_folder / "musicgen.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        rows = [database.execute(f"SELECT * FROM {name}").fetchall() for (name,) in tables]  # noqa: S608 - its own names
    return str(rows)


async def test_input_audio_is_lent_from_card_to_card_and_goes_with_its_person(rig: Rig) -> None:
    first = await made(rig, rig.discord.world.jam, input_audio=DEMO)
    second = await (await rig.bo.click(first, "Again")).until(has_track)
    await rig.bot.service.idle()
    third = await (await rig.mod.click(second, "Variations")).until(
        lambda message: len(message.attachments) == 3 and has_ended(message)
    )
    await rig.bot.service.idle()
    sent = {str(prediction.input["input_audio"]) for prediction in rig.replicate.predictions}
    assert len(sent) == 1, "all hear the same copy"
    kept = written_down(rig)
    assert "zebra-demo" not in kept
    assert "/attachments/" not in kept
    assert kept.count(next(iter(sent))) == 1, "with the one that made it"
    asked = await (await rig.ada.slash(rig.discord.world.jam, "tracks forget")).answered()
    assert asked.reply is not None
    await (await rig.ada.click(asked.reply, strings.tracks.FORGET_YES())).answered()
    await asked.until(lambda message: message.content == strings.tracks.forgotten(Kept(1)))
    assert str(rig.ada.user.id) not in written_down(rig)
    assert not sent & set(written_down(rig).split('"'))
    gone = strings.errors.sentence(errors.SourceGone())
    for card, label in ((second, "Again"), (third, "Variations")):
        assert await told(await rig.bo.click(card, label)) == gone


@pytest.mark.parametrize("ends", ["delivered", "failed", "canceled"])
async def test_an_upload_is_forgotten_however_it_ends(rig: Rig, ends: str) -> None:
    if ends == "failed":
        rig.trouble_replicate("POST /v1/predictions", status=422, body={"detail": "no"})
    used = await rig.ada.slash(
        rig.discord.world.jam, "musicgen", prompt="x", duration=1, input_audio=DEMO
    )
    if ends == "canceled":
        await rig.ada.click(await used.until(lambda message: bool(message.body.items)), "Cancel")
    await used.until(has_ended)
    await rig.bot.service.idle()
    if ends == "failed":
        # What is refused can be changed, for a while.
        assert "zebra-demo" in written_down(rig)
        await execute(rig.settings.journal_url, "UPDATE generations SET ended_at = 0")
        long_ago = datetime.fromtimestamp(0, UTC)
        await rig.bot.service.journal.forget_spent(long_ago, long_ago, long_ago)
    kept = written_down(rig)
    assert ends in kept or (ends == "canceled" and "delivered" in kept)
    assert "zebra-demo" not in kept
    assert "/attachments/" not in kept
