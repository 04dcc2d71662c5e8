"""Fine-tunes: named by presets, offered and refused by their own schema, kept by what follows."""

from __future__ import annotations

from typing import Any

import pytest

from bot.card import strings
from bot.domain import errors
from bot.domain.generation import Generation
from bot.domain.inputs import Inputs
from bot.domain.presets import Preset, PresetOwner
from tests.discord.card_kit import Scene, Used, finished
from tests.discord.world import World
from tests.fakes import LOFI, MUSICGEN, WITH_LOFI


def sentence(error: errors.UserError) -> str:
    return strings.errors.sentence(error)


async def preset(world: World, command: str, **options: Any) -> Used:
    return Used(world, await world.ada.slash(world.channel, f"preset {command}", **options))


async def shown(world: World, command: str, **options: Any) -> str:
    used = await preset(world, command, **options)
    assert used.result.response is not None
    return str([embed.description for embed in used.result.response.embeds])


async def with_lofi(world: World, **options: Any) -> None:
    await world.restart(models=WITH_LOFI)
    await preset(world, "save", name="Chill", fine_tune="lofi", **options)


def runs_on(generation: Generation) -> tuple[str, str | None]:
    return generation.version, generation.fine_tune


ON_LOFI = LOFI.version, "LoFi"


async def test_a_preset_names_one_and_it_runs(world: World) -> None:
    await world.restart(models=WITH_LOFI)
    offered = await world.ada.autocomplete(world.channel, "preset save", "fine_tune", "LO")
    assert [choice["value"] for choice in offered] == ["LoFi"]
    assert await world.ada.autocomplete(world.channel, "preset save", "fine_tune", "x") == []
    saved = await preset(world, "save", name="Chill", fine_tune="lofi", top_p=0.0)
    assert "fine-tune **lofi** · `top_p` 0" in saved.told
    person = PresetOwner.person(world.ada.id)
    assert list(world.journal.tables.community.presets.values()) == [
        Preset(person, "Chill", Inputs("", top_p=0.0), fine_tune="LoFi")
    ]
    assert "fine-tune **LoFi** · `top_p` 0" in await shown(world, "show", name="chill")
    assert "Chill (LoFi)" in await shown(world, "list")
    scene = await finished(world, preset="chill")
    assert runs_on(scene.first) == ON_LOFI
    assert scene.first.usual_s == 15
    assert "-# LoFi · " in scene.asked.text
    assert scene.asked.embed.footer.text == "Made with ada/musicgen-lofi"
    info = await scene.press(world.bo, "Info")
    assert info.result.response is not None
    assert strings.info.fine_tune("LoFi") in str(info.result.response.embeds[0].description)


async def test_none_is_offered_where_none_is_allowed(world: World) -> None:
    assert not any(
        option["name"] == "fine_tune"
        for command in world.syncs[-1].body
        for sub in command.get("options", [])
        for option in sub.get("options", [])
    )
    with pytest.raises(errors.FineTuneUnknown) as refused:
        await world.bot.presets.save(PresetOwner.person(1), "a", Inputs(""), "lofi")
    assert "allows no fine-tunes" in sentence(refused.value)


async def test_another_name_is_refused_with_those_there_are(world: World) -> None:
    await world.restart(models=WITH_LOFI)
    used = await preset(world, "save", name="a", fine_tune="jazz")
    assert used.told == sentence(errors.FineTuneUnknown("jazz", ("LoFi",)))
    assert world.journal.tables.community.presets == {}


async def test_its_schema_decides_what_is_saved_and_run(world: World) -> None:
    await with_lofi(world)
    refused = await preset(world, "save", name="a", fine_tune="lofi", model_version="large")
    assert refused.told == sentence(errors.InputsNotTaken(("model_version",)))
    refused = await preset(world, "save", name="a", fine_tune="lofi", duration=21)
    assert refused.told == sentence(errors.OutOfBounds("duration", 21, 1, 20))
    asked = await world.musicgen(preset="chill", multi_band_diffusion=True)
    assert asked.refusal == sentence(errors.InputsNotTaken(("multi_band_diffusion",)))
    asked = await world.musicgen(preset="chill", duration=21)
    assert asked.refusal == sentence(errors.OutOfBounds("duration", 21, 1, 20))
    assert world.journal.rows == {}
    # What a server has set for everybody is left out, as it is for the main model.
    await world.bot.server_rules.change(
        world.guild.id, 1, defaults=Inputs("", model_version="large", duration=25, top_k=0)
    )
    await world.musicgen(preset="chill")
    inputs = world.generation.inputs
    assert (inputs.model_version, inputs.duration, inputs.top_k) == (None, None, 0)


async def made_by(scene: Scene, label: str) -> list[Generation]:
    opened = await scene.press(scene.stranger, label)
    if opened.result.modal is not None:
        if label == "Edit":
            assert "model" not in opened.fields
            assert opened.fields["duration"]["value"] == "15"
        values = {"more": "5"} if label == "Extend" else {"prompt": "flutes"}
        await opened.send(scene.stranger, **values)
    return scene.newer


@pytest.mark.parametrize("label", ["Again", "Variations", "Extend", "Melody", "Edit"])
async def test_what_follows_from_its_tracks_runs_on_it(world: World, label: str) -> None:
    await with_lofi(world)
    scene = await finished(world, preset="chill")
    made = await made_by(scene, label)
    assert {runs_on(take) for take in made} == {ON_LOFI}
    assert len(made) == (3 if label == "Variations" else 1)


@pytest.mark.parametrize("label", ["Again", "Variations", "Extend", "Melody", "Edit"])
async def test_one_that_is_gone_is_said(world: World, label: str) -> None:
    await with_lofi(world)
    scene = await finished(world, preset="chill")
    await world.restart(models=MUSICGEN)
    used = await scene.press(world.bo, label)
    assert used.told == sentence(errors.FineTuneGone("LoFi"))
    assert scene.newer == []


async def test_a_preset_whose_fine_tune_is_gone_is_said_and_starts_nothing(world: World) -> None:
    await with_lofi(world)
    await preset(world, "default", name="chill")
    await world.restart(models=MUSICGEN)
    for asked in (await world.musicgen(preset="chill"), await world.musicgen()):
        assert asked.refusal == sentence(errors.PresetFineTuneGone("Chill", "LoFi"))
    assert world.journal.rows == {}


async def test_what_is_under_way_still_comes(world: World) -> None:
    await with_lofi(world)
    asked = await world.musicgen(preset="chill")
    await world.restart(models=MUSICGEN)
    await world.done(20)
    assert len(asked.reply.attachments) >= 1
    assert "-# LoFi · " in asked.text
    assert runs_on(world.generation) == ON_LOFI


async def test_a_card_is_saved_with_its_fine_tune(world: World) -> None:
    await with_lofi(world)
    scene = await finished(world, preset="chill", duration=4)
    info = await scene.press(world.bo, "Info")
    assert info.result.response is not None
    opened, late = [
        Used(world, await world.bo.click(info.result.response, label=strings.presets.BUTTON()))
        for _ in range(2)
    ]
    sent = await opened.send(world.bo, name="his", seed=["no"])
    assert "fine-tune **LoFi** · `duration` 4" in sent.told
    saved = await world.bot.presets.get("his", world.bo.id, None)
    assert (saved.fine_tune, saved.inputs.duration) == ("LoFi", 4)
    await world.restart(models=MUSICGEN)
    sent = await late.send(world.bo, name="late", seed=["no"])
    assert sent.told == sentence(errors.FineTuneGone("LoFi"))
