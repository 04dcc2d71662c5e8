"""What people meet together, and what does not go its usual way."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
import pytest

from bot.card import strings
from bot.domain import errors
from bot.domain.generation import State
from bot.domain.measures import EndCut
from bot.locales import Text
from tests.discord.card_kit import Used, Who
from tests.discord.test_jam import labels
from tests.discord.token_kit import track_waiting
from tests.discord.visit_kit import OTHER, PROMPT, RIFF, Shows, Visit


async def jam(visit: Visit) -> None:
    world = visit.world
    world.piece_sound.end_cut = EndCut(0.25, 90.0)
    await visit.slash(
        *(world.ada, "jam start"),
        theme="дождь", bpm=90, key="a minor", bars=4, round_minutes=60,
    )  # fmt: skip
    await world.pass_s(3)
    [thread] = world.channel.threads

    def public() -> list[discord.Message]:
        return [m for m in thread.history() if not m.flags.ephemeral]

    def card() -> discord.Message:
        """The newest one with the jam's own buttons."""
        mix = visit.says(strings.jam.MIX, private=False)
        return [m for m in public() if mix in labels(m)][-1]

    async def proposed(who: Who, on: Shows, words: Text, **values: Any) -> Shows:
        form = await visit.press(who, on, words)
        if "closeness" in form.fields:
            values["closeness"] = ["follow"]
        assert (await form.send(who, **values)).result.acknowledged
        await world.done(3)
        riff = visit.says(strings.jam.RIFF, private=False)
        return [m for m in public() if riff in labels(m)][-1]

    await visit.press(world.ada, card(), strings.jam.END)
    first = await proposed(world.bo, card(), strings.jam.PROPOSE, prompt=PROMPT)
    await proposed(world.mod, first, strings.jam.RIFF, prompt=OTHER, more="12")
    await visit.press(world.ada, first, strings.jam.VOTE)
    await visit.press(world.bo, card(), strings.jam.LISTEN)
    await visit.press(world.bo, card(), strings.jam.END)
    await visit.press(world.ada, card(), strings.jam.DONE)
    await visit.press(world.ada, card(), strings.jam.END)
    await proposed(world.bo, card(), strings.jam.PROPOSE, prompt=OTHER)
    await visit.press(world.ada, card(), strings.jam.END)
    await visit.press(world.bo, card(), strings.jam.LISTEN)
    form = await visit.press(world.bo, card(), strings.jam.MIX)
    await form.send(world.bo, format=["mp3"], fade="11")
    form = await visit.press(world.bo, card(), strings.jam.MIX)
    await form.send(world.bo, format=["mp3"], fade="0")
    await world.pass_s(3)
    await visit.press(world.ada, card(), strings.jam.UNDO)
    await visit.slash(world.bo, "jam list")
    await visit.slash(world.bo, "jam show")
    Used(world, await world.bo.slash(thread, "jam show"))
    await world.bo.autocomplete(world.channel, "jam show", "jam", "")
    Used(world, await world.ada.slash(thread, "jam host", who=world.bo))
    asked = await visit.press(world.bo, card(), strings.jam.CLOSE)
    await visit.press(world.bo, asked.response, strings.jam.CLOSE_NOW)
    await world.pass_s(4)
    await visit.slash(world.bo, "jam list")
    closed = next(iter(world.journal.tables.jams.jams))
    await visit.slash(world.bo, "jam branch", jam=closed, theme=OTHER)
    await world.pass_s(4)
    assert len(world.channel.threads) == 2
    await visit.slash(world.bo, "jam start", theme=PROMPT, blind=True, members_vote=True)


async def voice(visit: Visit) -> None:
    world = visit.world
    card = await visit.made()
    await visit.press(world.ada, card, strings.voice.PLAY)
    lounge = world.guild.create_voice_channel("lounge", user_limit=5)
    await world.ada.join_voice(lounge)
    await visit.press(world.ada, card, strings.voice.PLAY)
    await visit.press(world.ada, card, strings.voice.PLAY)
    titles = [visit.says(t, private=False) for t in (strings.voice.TITLE, strings.voice.TITLE_OVER)]
    [screen] = [m for m in world.messages if m.embeds and m.embeds[0].title in titles]
    await visit.press(world.bo, screen, strings.voice.SKIP)
    for words in (strings.voice.QUIETER, strings.voice.LOUDER, strings.voice.SKIP):
        await visit.press(world.ada, screen, words)
    await visit.press(world.ada, screen, strings.voice.STOP)


async def refusals(visit: Visit) -> None:
    """What is found out only after it was asked for."""
    world = visit.world
    message = await world.ada.send(world.channel, "моё", attachments=[RIFF])
    world.sound.refusal = errors.AudioUnavailable(404)
    for menu, values in (
        (strings.commands.MENU_MELODY, {"prompt": PROMPT}),
        (strings.commands.MENU_EXTEND, {"prompt": PROMPT, "more": "5"}),
        (strings.jam.MENU, {"theme": PROMPT}),
    ):
        form = Used(world, await world.ada.context_menu(world.channel, menu.message, message))
        sent = await form.send(world.ada, **values)
        await world.pass_s(4)
        assert [one.ephemeral for one in sent.result.followups] == [True]
    assert len(world.messages) == 1, "the replies are taken back"


async def after_kills(visit: Visit) -> None:
    """What was cut off, and a track that waited for its person."""
    world = visit.world
    asked = await track_waiting(world)
    visit.restarted()
    await visit.slash(world.ada, "tracks list")
    await world.pass_s(5)
    assert world.generation.state is State.DELIVERED
    assert world.generation.reply.message_id != asked.reply.id


async def cut_off(visit: Visit) -> None:
    """A public answer that its process did not live to give."""
    world = visit.world

    async def hang(*_: object) -> None:
        await world.clock.wait(asyncio.Event(), None)

    card = await visit.made()
    info = await visit.press(world.ada, card, strings.card.INFO)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.sound, "loop", hang)
        loop = await visit.press(world.ada, info.response, strings.card.LOOP)
        await world.restart()
        visit.restarted()
    await world.pass_s(11)
    assert loop.response.content == visit.says(strings.card.CUT_OFF, private=False)


async def direct(visit: Visit) -> None:
    """In direct messages all is in the person's language."""
    world = visit.world
    asked = await world.musicgen_in_dm(PROMPT)
    await world.done(3)
    assert asked.reply.attachments
    await world.ada.user.slash("charts")
    await world.ada.user.slash("help")
