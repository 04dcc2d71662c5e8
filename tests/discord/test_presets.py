"""Presets: saved by command and from a card, shown, listed, deleted, used, and one's default."""

from __future__ import annotations

from typing import Any

import discord
import pytest
import simcord

from bot.card import strings
from bot.community.presets import LIMIT_PER_PERSON
from bot.domain import errors
from bot.domain.inputs import Inputs
from bot.domain.presets import Preset, PresetOwner
from tests.discord.card_kit import Used, finished
from tests.discord.world import World


def sentence(error: errors.UserError) -> str:
    return strings.errors.sentence(error)


async def preset(world: World, who: simcord.MemberActor, command: str, **options: Any) -> Used:
    return Used(world, await who.slash(world.channel, f"preset {command}", **options))


def a_manager(world: World) -> simcord.MemberActor:
    role = world.guild.create_role("managers", permissions=discord.Permissions(manage_guild=True))
    return world.guild.add_member(world.env.create_user("manager"), roles=[role])


def all_presets(world: World) -> list[Preset]:
    return list(world.journal.tables.community.presets.values())


async def test_save_and_use(world: World) -> None:
    saved = await preset(world, world.ada, "save", name="LoFi", duration=4, top_p=0.0)
    assert saved.told == strings.presets.saved(
        "LoFi", "`duration` 4 · `top_p` 0", is_new=True, of_server=False
    )
    await world.restart()
    asked = await world.musicgen("rain", preset="lofi", temperature=0.5)
    assert asked.result.acknowledged
    inputs = world.generation.inputs
    assert (inputs.prompt, inputs.duration, inputs.top_p, inputs.temperature) == ("rain", 4, 0, 0.5)
    shown = await preset(world, world.ada, "show", name="lofi")
    assert shown.result.response is not None
    [embed] = shown.result.response.embeds
    assert (embed.title, embed.description) == ("LoFi", "`duration` 4 · `top_p` 0")


async def test_the_acknowledgement_waits_for_the_row_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await preset(world, world.ada, "save", name="long", duration=20)

    async def unread(*_: object) -> None:
        raise AssertionError("the acknowledgement waits for it")

    monkeypatch.setattr(world.bot.presets, "get", unread)
    monkeypatch.setattr(world.bot.presets, "all_of", unread)
    assert (await world.musicgen(preset="long")).result.acknowledged
    assert world.generation.inputs.duration == 20


async def test_what_a_preset_sets_is_held_against_the_rules(world: World) -> None:
    await preset(world, world.ada, "save", name="long", duration=20)
    await world.bot.server_rules.change(world.guild.id, world.ada.id, length_max_s=10)
    asked = await world.musicgen("slow tango", preset="long")
    assert asked.refusal == sentence(errors.LongerThanAllowed(20, 10))
    assert world.journal.rows == {}
    opened = Used(world, await world.ada.click(asked.reply, label="Change it"))
    assert list(opened.fields)[:3] == ["prompt", "duration", "preset"]
    model = [opened.fields["model_version"]["options"][0]["value"]]
    values = {"prompt": "slow tango", "duration": "5", "preset": "LONG", "model_version": model}
    made = await opened.send(world.ada, **values)
    assert made.result.acknowledged
    assert world.generation.inputs.duration == 5


async def test_what_is_typed_goes_first(world: World) -> None:
    await preset(world, world.ada, "save", name="a", duration=4, top_k=0)
    await world.musicgen(preset="a", duration=2)
    assert (world.generation.inputs.duration, world.generation.inputs.top_k) == (2, 0)


async def test_an_unknown_one_starts_nothing(world: World) -> None:
    asked = await world.musicgen(preset="*none*")
    assert asked.refusal == sentence(errors.PresetUnknown("*none*"))
    assert world.journal.rows == {}
    for command in ("show", "delete", "default"):
        used = await preset(world, world.ada, command, name="*none*")
        assert used.told == sentence(errors.PresetUnknown("*none*"))


async def test_a_default_applies_where_none_is_named(world: World) -> None:
    await preset(world, world.ada, "save", name="short", duration=2)
    chosen = await preset(world, world.ada, "default", name="SHORT")
    assert chosen.told == strings.presets.default("SHORT")
    await world.musicgen()
    assert world.generation.inputs.duration == 2
    world.journal.rows.clear()
    assert (await preset(world, world.ada, "default")).told == strings.presets.NO_DEFAULT()
    await world.musicgen()
    assert world.generation.inputs.duration is None


async def test_a_default_is_ones_own(world: World) -> None:
    await preset(world, world.bo, "save", name="short", duration=2)
    await preset(world, world.bo, "default", name="short")
    await world.musicgen()
    assert world.generation.inputs.duration is None


async def test_a_servers_presets_are_for_all_and_changed_by_those_who_manage_it(
    world: World,
) -> None:
    manager = a_manager(world)
    refused = sentence(errors.PresetsOfManagers())
    for stranger in (world.ada, world.mod):
        used = await preset(world, stranger, "save", name="house", server=True, duration=3)
        assert used.told == refused
    await preset(world, manager, "save", name="House", server=True, duration=3)
    assert all_presets(world) == [
        Preset(PresetOwner.server(world.guild.id), "House", Inputs("", duration=3))
    ]
    await world.musicgen(preset="house")
    assert world.generation.inputs.duration == 3
    assert (await preset(world, world.ada, "delete", name="house", server=True)).told == refused
    assert (await preset(world, world.ada, "delete", name="house")).told == sentence(
        errors.PresetUnknown("house")
    )
    await preset(world, manager, "delete", name="HOUSE", server=True)
    assert all_presets(world) == []


async def test_ones_own_goes_before_the_servers(world: World) -> None:
    manager = a_manager(world)
    await preset(world, manager, "save", name="a", server=True, duration=3)
    await preset(world, world.ada, "save", name="A", duration=5)
    await world.musicgen(preset="a")
    assert world.generation.inputs.duration == 5
    listed = await preset(world, world.ada, "list")
    assert listed.result.response is not None
    texts = [str(embed.description) for embed in listed.result.response.embeds]
    assert texts == ["A", "a"]
    assert [embed.footer.text for embed in listed.result.response.embeds] == ["1 of 25", "1 of 50"]


async def test_in_a_dm_there_are_ones_own(world: World) -> None:
    user = world.ada.user
    refused = Used(world, await user.slash("preset save", name="a", server=True))
    assert refused.told == sentence(errors.NoServerHere())
    await user.slash("preset save", name="a", duration=5)
    listed = await user.slash("preset list")
    assert listed.response is not None
    assert len(listed.response.embeds) == 1
    await world.musicgen(preset="a")
    assert world.generation.inputs.duration == 5


async def test_the_limit_is_told(world: World) -> None:
    for number in range(LIMIT_PER_PERSON):
        await world.bot.presets.save(PresetOwner.person(world.ada.id), f"{number}", Inputs(""))
    used = await preset(world, world.ada, "save", name="more", duration=5)
    assert used.told == sentence(errors.PresetsFull(LIMIT_PER_PERSON, of_server=False))


async def test_names_are_offered_while_typing(world: World) -> None:
    manager = a_manager(world)
    for name in ("Lofi", "techno"):
        await preset(world, world.ada, "save", name=name, duration=5)
    for name in ("lofi", "slow lofi"):
        await preset(world, manager, "save", name=name, server=True, duration=3)
    offered = await world.ada.autocomplete(world.channel, "musicgen", "preset", "LOFI")
    assert [(c["name"], c["value"]) for c in offered] == [
        ("Lofi", "Lofi"),
        (strings.presets.server_choice("slow lofi"), "slow lofi"),
    ]


async def test_a_cards_settings_are_saved_from_info(world: World) -> None:
    scene = await finished(world, duration=4, top_k=0)
    info = await scene.press(world.bo, "Info")
    assert info.result.response is not None
    opened = Used(world, await world.bo.click(info.result.response, label=strings.presets.BUTTON()))
    assert set(opened.fields) == {"name", "seed"}
    await world.restart()
    sent = await opened.send(world.bo, name="his", seed=["no"])
    assert "“his”" in sent.told
    person = PresetOwner.person(world.bo.id)
    assert all_presets(world) == [Preset(person, "his", Inputs("", duration=4, top_k=0))]


@pytest.mark.parametrize("owner", ["person", "server"])
async def test_a_manager_saves_a_card_for_the_server_seed_and_all(world: World, owner: str) -> None:
    scene = await finished(world, duration=4)
    manager = a_manager(world)
    info = await scene.press(manager, "Info")
    assert info.result.response is not None
    opened = Used(world, await manager.click(info.result.response, label=strings.presets.BUTTON()))
    await opened.send(manager, name="ours", seed=["yes"], owner=[owner])
    [saved] = all_presets(world)
    assert saved.owner.kind == owner
    assert saved.inputs == Inputs("", duration=4, seed=scene.first.seed)


async def test_forgetting_takes_ones_presets(world: World) -> None:
    await preset(world, world.ada, "save", name="a", duration=5)
    await preset(world, world.bo, "save", name="b", duration=5)
    await world.bot.service.forget(world.ada.id)
    assert [preset.name for preset in all_presets(world)] == ["b"]
