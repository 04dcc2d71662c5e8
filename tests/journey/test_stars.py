"""Stars, from the press to the card: many people at once, and a death in between."""

from __future__ import annotations

import asyncio
from pathlib import Path

import discord

from bot.domain.generation import Generation, State
from bot.playground.discord.messages import Message
from bot.playground.replicate.scripts import Script
from tests.journey.rig import PATIENCE_S, Rig, a_rig, buttons, eventually, has_ended, has_track


def star(message: Message) -> str:
    [label] = [label for label in buttons(message) if label and label.startswith("Star")]
    return label


def counting_actions(rig: Rig) -> list[str]:
    """The actions that are done from now on."""
    ended: list[str] = []
    run = rig.bot.run_action

    async def counted(interaction: discord.Interaction, name: str, about: str) -> None:
        await run(interaction, name, about)
        ended.append(name)

    rig.bot.run_action = counted
    return ended


async def test_from_the_press_to_the_card_and_on(rig: Rig) -> None:
    card = await (await rig.musicgen()).until(has_track)
    [file] = card.attachments
    people = [rig.ada, rig.bo, rig.mod]
    await asyncio.gather(*(who.click(card, "Star") for who in people))
    await eventually(lambda: star(card) == "Star · 3")
    await rig.stop()
    await rig.start()
    ended = counting_actions(rig)
    label = star(card)
    pressed = [who.click(card, label) for who in (rig.bo, rig.bo, rig.ada)]
    await asyncio.gather(*pressed)
    await eventually(lambda: len(ended) == len(pressed))
    assert star(card) == "Star · 2"
    assert card.attachments == (file,)
    [row] = await rig.bot.service.journal.by_message(card.channel.id, card.id)
    assert await rig.bot.stars.count([row.id]) == {row.id: 2}


async def delivered_take(rig: Rig, message: Message) -> tuple[int, Generation]:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            takes = await rig.bot.service.journal.by_message(message.channel.id, message.id)
            for number, take in enumerate(takes, start=1):
                if take.state is State.DELIVERED:
                    return number, take


async def test_a_take_has_its_stars_whatever_becomes_of_the_others(tmp_path: Path) -> None:
    async with a_rig(tmp_path) as rig:
        card = await (await rig.musicgen()).until(has_track)
        rig.replicate.script(Script())
        rig.replicate.script(Script(starting_s=3600.0, times=2))
        used = await rig.ada.click(card, "Variations")
        running = await used.until(lambda m: len(m.attachments) == 1 and buttons(m) == ["Cancel"])
        number, take = await delivered_take(rig, running)
        await rig.bot.stars.toggle(take.id, rig.bo.user.id)
        await rig.ada.click(running, "Cancel")
        ended = await used.until(has_ended)
        assert f"Take {number} · 1" in buttons(ended)
        await rig.bo.click(ended, f"Take {number} · 1")
        await eventually(lambda: f"Take {number}" in buttons(ended))


async def test_a_chart_from_the_command_to_the_card(rig: Rig) -> None:
    card = await (await rig.musicgen()).until(has_track)
    await rig.bo.click(card, "Star")
    await eventually(lambda: star(card) == "Star · 1")
    chart = await (await rig.bo.slash(rig.discord.world.jam, "charts")).answered()
    shown = await chart.until(lambda m: bool(m.embeds))
    [select] = [item for item in shown.body.items if item.type == 3]
    [option] = select.options
    picked = await rig.bo.choose(shown, str(select.custom_id), option.value)
    again = await picked.until(has_track)
    assert again.id != card.id
    assert star(again) == "Star · 1"
