"""Refused /preset save and /jam start open again as forms, with all that was typed."""

from __future__ import annotations

from typing import Any

import pytest

from bot.card import strings
from bot.domain import errors
from bot.domain.extension import MORE_MAX_S
from bot.domain.inputs import Inputs
from bot.domain.musical_terms import MusicalTerms
from bot.domain.presets import Preset, PresetOwner
from bot.jam.jam import Jam
from bot.jam.take_limits import TakeLimits
from tests.discord.card_kit import Used
from tests.discord.test_change_it import filled, reopened
from tests.discord.test_jam import a_room
from tests.discord.test_presets import all_presets, preset
from tests.discord.world import World


async def refused_jam(world: World, **options: Any) -> Used:
    used = Used(world, await world.ada.slash(world.channel, "jam start", **options))
    assert world.journal.tables.jams.jams == {}
    return used


def the_jam(world: World) -> Jam:
    [stored] = world.journal.tables.jams.jams.values()
    return stored.jam


# ------------------------------------------------------------------ /preset save


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_refused_preset_opens_as_a_form(world: World, restarted: bool) -> None:
    wanted: dict[str, Any] = {
        "top_k": 9, "top_p": 0.5, "temperature": 0.7, "classifier_free_guidance": 5,
        "output_format": "mp3", "duration": 12, "multi_band_diffusion": True,
    }  # fmt: skip
    refused = await preset(
        world, world.ada, "save", name="LoFi", continuation_start=9, continuation_end=4, **wanted
    )
    assert "continuation_end" in refused.told
    assert all_presets(world) == []
    if restarted:
        await world.restart()
    opened = await reopened(world, refused)
    there = filled(opened)
    assert there.items() >= {
        "name": "LoFi", "continuation_start": "9", "continuation_end": "4"
    }.items()  # fmt: skip
    again = await opened.send(world.ada, **there | {"continuation_end": "late"})
    assert again.told.startswith("**End of the part, in seconds** must be a whole number")
    opened = await reopened(world, again)
    assert filled(opened)["continuation_end"] == "late"
    saved = await opened.send(world.ada, **filled(opened) | {"continuation_end": "11"})
    assert saved.told.startswith("Saved: “LoFi”")
    person = PresetOwner.person(world.ada.id)
    inputs = Inputs("", continuation_start=9, continuation_end=11, **wanted)
    assert all_presets(world) == [Preset(person, "LoFi", inputs)]


async def test_a_preset_that_is_not_theirs_to_save_can_be_their_own(world: World) -> None:
    refused = await preset(world, world.ada, "save", name="a", server=True, duration=4)
    assert refused.told == strings.errors.sentence(errors.PresetsOfManagers())
    opened = await reopened(world, refused)
    assert list(opened.fields)[:3] == ["name", "server", "duration"]
    await opened.send(world.ada, **filled(opened) | {"server": ["off"]})
    [saved] = all_presets(world)
    assert (saved.owner.is_server, saved.inputs.duration) == (False, 4)


# ------------------------------------------------------------------ /jam start


async def test_a_refused_jam_opens_as_a_form(world: World) -> None:
    refused = await refused_jam(
        world, theme="rain on tin", bpm=90, key="H flat", bars=4, round_minutes=5, blind=True,
        model_version="medium", takes_per_person=3, preset="calm",
    )  # fmt: skip
    assert refused.told.startswith("I can't read “H flat")
    opened = await reopened(world, refused)
    assert filled(opened).items() >= {
        "prompt": "rain on tin", "terms": "90 bpm, H flat, 4 bars"
    }.items()  # fmt: skip
    # What a first form changes is kept, where the second one has other fields.
    typed = {"terms": "90 bpm, B flat, 2 bars", "model_version": ["large"]}
    again = await opened.send(world.ada, **filled(opened) | typed)
    assert again.told == strings.errors.sentence(errors.PresetUnknown("calm"))
    opened = await reopened(world, again)
    assert list(opened.fields)[:2] == ["prompt", "preset"]
    began = await opened.send(world.ada, **filled(opened) | {"preset": ""})
    assert began.result.acknowledged
    terms = the_jam(world).terms
    assert terms.music == MusicalTerms(90, "Bb major", 2)
    assert (terms.theme, terms.model_version, terms.blind) == ("rain on tin", "large", True)
    assert (terms.round_minutes, terms.takes) == (5, TakeLimits(per_person=3))


async def test_a_form_of_a_jam_has_the_bounds_of_the_command(world: World) -> None:
    opened = await reopened(world, await refused_jam(world, theme="x", preset="calm"))
    too_long = {"preset": "", "seconds": str(MORE_MAX_S + 1)}
    refused = await opened.send(world.ada, **filled(opened) | too_long)
    assert refused.told.startswith("**Length of each section, in seconds** must be between 1 and")
    opened = await reopened(world, refused)
    await opened.send(world.ada, **filled(opened) | {"seconds": "7", "model_version": ["usual"]})
    assert (the_jam(world).terms.section_s, the_jam(world).terms.model_version) == (7, None)


async def test_key_takes_tempo_and_bars_as_the_forms_do(world: World) -> None:
    room = await a_room(world, key="a minor 100 bpm")
    assert room.jam.terms.music == MusicalTerms(100, "A minor", None)


async def test_a_jam_that_names_no_track_keeps_what_was_named(world: World) -> None:
    refused = await refused_jam(world, theme="x", **{"from": "soft piano"})
    opened = await reopened(world, refused)
    assert filled(opened)["from"] == "soft piano"
    await world.musicgen()
    await world.done()
    await opened.send(world.ada, **filled(opened) | {"from": world.generation.id})
    beginning = the_jam(world).beginning
    assert beginning is None or beginning.track_id == world.generation.id


async def test_a_refused_branch_opens_as_a_form(world: World) -> None:
    room = await a_room(world)
    await room.press(world.bo, "Vote", await room.propose(world.bo, "soft piano"))
    await room.press(world.ada, "End round")
    await world.pass_s(3)
    options = {"jam": room.jam.id, "theme": "hail on tin", "sections": 2}
    refused = Used(world, await world.bo.slash(world.channel, "jam branch", **options))
    assert refused.told == "`sections` must be between 1 and 1; you gave 2."
    opened = Used(world, await world.bo.click(refused.answer, label="Change it"))
    assert filled(opened) == {"prompt": "hail on tin", "sections": "2"}
    await opened.send(world.bo, prompt="hail on tin", sections="1")
    await world.pass_s(3)
    assert world.channel.threads[-1].name == "hail on tin"
    assert len(room.jam.sections) == 1


@pytest.mark.parametrize("by_menu", [False, True])
async def test_what_a_jam_cannot_begin_with_can_be_changed_too(world: World, by_menu: bool) -> None:
    await world.musicgen()
    await world.done()
    card, is_gone = world.messages[-1], errors.AudioUnavailable(404)
    world.sound.refusal = is_gone
    if by_menu:
        menu = await world.ada.context_menu(world.channel, strings.jam.MENU(), card)
        began = await Used(world, menu).send(world.ada, theme="a riff")
    else:
        options = {"theme": "a riff", "from": world.generation.id, "bpm": 90}
        began = Used(world, await world.ada.slash(world.channel, "jam start", **options))
    await world.pass_s(4)
    world.sound.refusal = None
    [told] = [m for m in began.result.followups if m.ephemeral]
    assert told.content == strings.errors.sentence(is_gone)
    opened = Used(world, await world.ada.click(told, label="Change it"))
    assert "a riff" in filled(opened).values()
    await opened.send(world.ada, **filled(opened))
    await world.pass_s(4)
    assert [thread.name for thread in world.channel.threads] == ["a riff"]


# ------------------------------------------------------------------ /musicgen


async def test_what_a_form_has_no_field_for_is_kept(world: World) -> None:
    """A form has five fields, and a command may have had more."""
    await preset(world, world.ada, "save", name="calm", temperature=0.5)
    asked = await world.musicgen(
        "tango", model_version="melody", top_k=9, top_p=0.5, classifier_free_guidance=5, seed=3,
        preset="calm", input_audio_url="https://example.com/x.mp3", continuation_start=5,
        continuation_end=2,
    )  # fmt: skip
    opened = await reopened(world, Used(world, asked.result))
    assert "input_audio_url" not in opened.fields
    refused = await opened.send(
        world.ada, **filled(opened) | {"continuation_end": "late", "prompt": "waltz"}
    )
    opened = await reopened(world, refused)
    await opened.send(world.ada, **filled(opened) | {"continuation_end": "8"})
    made = world.generation
    assert (made.inputs.prompt, made.inputs.seed, made.inputs.temperature) == ("waltz", 3, 0.5)
    assert world.source_of(made).url == "https://example.com/x.mp3"
