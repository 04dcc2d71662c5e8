"""A refusal loses nothing: a button opens the form again, filled in, the audio kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.card import strings
from bot.domain import errors
from bot.domain.drafts import DRAFT_LIFE
from bot.domain.generation import Relation
from tests.discord.card_kit import Used, finished
from tests.discord.world import World

UPLOAD = ("riff.wav", b"RIFF")


async def changed(world: World, refused: Used, **values: Any) -> Used:
    """Ada presses "Change it", and sends the form with this changed."""
    opened = await reopened(world, refused)
    return await opened.send(world.ada, **filled(opened) | values)


async def reopened(world: World, refused: Used, label: str = "Change it") -> Used:
    assert refused.result.response is not None
    return Used(world, await world.ada.click(refused.result.response, label=label))


def filled(form: Used) -> dict[str, Any]:
    """What stands in a form as it opens."""
    values: dict[str, Any] = {}
    for name, field in form.fields.items():
        if "options" in field:
            values[name] = [one["value"] for one in field["options"] if one.get("default")]
        elif field.get("value"):
            values[name] = field["value"]
    return values


# ------------------------------------------------------------------ /musicgen


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_refused_command_opens_as_a_form(world: World, restarted: bool) -> None:
    asked = await world.musicgen(
        "slow tango", continuation=True, temperature=0.5, duration=4, seed=77, top_k=9
    )
    assert "`continuation` needs audio" in asked.refusal
    if restarted:
        await world.restart()
    opened = await reopened(world, Used(world, asked.result))
    assert filled(opened) == {
        "prompt": "slow tango",
        "continuation": ["on"],
        "duration": "4",
    }
    assert list(opened.fields)[2:4] == ["new_audio", "input_audio_url"]
    made = await opened.send(world.ada, **filled(opened) | {"continuation": ["off"]})
    inputs = world.generation.inputs
    assert made.card.embed.title == "slow tango"
    assert (inputs.temperature, inputs.duration, inputs.seed, inputs.top_k) == (0.5, 4, 77, 9)
    assert inputs.continuation is False


async def test_the_upload_is_kept(world: World) -> None:
    asked = await world.musicgen("tango", input_audio=UPLOAD, model_version="small")
    assert "cannot follow a melody" in asked.refusal
    await changed(world, Used(world, asked.result), model_version=["melody"])
    source = world.source_of(world.generation)
    assert (source.filename, source.uploaded) == ("riff.wav", True)
    assert world.generation.inputs.model_version == "melody"


@pytest.mark.parametrize(
    ("chosen", "name"), [("file", "riff.wav"), ("input_audio_url", "x.mp3"), ("none", None)]
)
async def test_of_two_audios_one_is_chosen(world: World, chosen: str, name: str | None) -> None:
    url = "https://example.com/x.mp3"
    asked = await world.musicgen("tango", input_audio=UPLOAD, input_audio_url=url)
    await changed(world, Used(world, asked.result), input_audio=[chosen])
    made = world.generation
    assert made.has_audio == (name is not None)
    assert name is None or world.source_of(made).filename == name


async def test_what_is_refused_again_is_kept_again(world: World) -> None:
    asked = await world.musicgen("tango", continuation=True, duration=4)
    used = await changed(
        world, Used(world, asked.result), continuation=["off"], duration="ten", prompt="waltz"
    )
    assert used.told == "**Length in seconds** must be a whole number; “ten” is none."
    opened = await reopened(world, used)
    assert filled(opened)["prompt"] == "waltz"
    assert filled(opened)["duration"] == "ten"
    await opened.send(world.ada, **filled(opened) | {"duration": "10"})
    inputs = world.generation.inputs
    assert (inputs.prompt, inputs.duration, inputs.continuation) == ("waltz", 10, False)


async def test_after_half_an_hour_it_is_said_that_it_is_gone(world: World) -> None:
    asked = await world.musicgen("tango", continuation=True)
    await world.pass_s(DRAFT_LIFE.total_seconds())
    used = await reopened(world, Used(world, asked.result))
    assert used.told == strings.errors.sentence(errors.DraftGone())


async def test_it_is_its_persons_alone(world: World) -> None:
    asked = await world.musicgen("tango", continuation=True)
    [draft] = world.journal.tables.drafts.values()
    world.journal.tables.drafts[draft.id] = replace(draft, user_id=world.bo.id)
    used = await reopened(world, Used(world, asked.result))
    assert used.told == strings.errors.sentence(errors.DraftOfAnother(world.bo.id))


async def test_where_it_cannot_be_kept_the_refusal_comes_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(_: object) -> None:
        raise errors.JournalFault

    monkeypatch.setattr(world.journal, "keep_draft", fails)
    asked = await world.musicgen("tango", continuation=True)
    assert "`continuation` needs audio" in asked.refusal
    assert asked.reply.components == []


# ------------------------------------------------------------------ forms


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize(("label", "field"), [("Extend", "more"), ("Edit", "duration")])
async def test_a_refused_form_opens_again(
    world: World, restarted: bool, label: str, field: str
) -> None:
    scene = await finished(world)
    form = await scene.press(world.ada, label)
    sent = await form.send(world.ada, **filled(form) | {field: "99", "prompt": "with drums"})
    if restarted:
        await world.restart()
    opened = await reopened(world, sent)
    assert filled(opened)["prompt"] == "with drums"
    assert filled(opened)[field] == "99"
    await opened.send(world.ada, **filled(opened) | {field: "5"})
    made = scene.newest
    assert (made.parent_id, made.inputs.prompt) == (scene.first.id, "with drums")
    if label == "Extend":
        assert world.source_of(made).url == scene.asked.reply.attachments[0].url


# ------------------------------------------------------------------ Edit


async def test_what_was_not_changed_is_not_made_again(world: World) -> None:
    scene = await finished(world)
    form = await scene.press(world.ada, "Edit")
    sent = await form.send(world.ada, **filled(form))
    assert sent.told == strings.errors.sentence(errors.NothingChanged())
    assert scene.newer == []
    made = await reopened(world, sent, "New seed")
    assert made.card.embed.title == "lofi"
    assert (scene.newest.relation, scene.newest.parent_id) == (Relation.EDIT, scene.first.id)
    assert scene.newest.seed != scene.first.seed


@pytest.mark.parametrize("restarted", [False, True])
async def test_more_settings_have_a_second_form(world: World, restarted: bool) -> None:
    scene = await finished(world, top_k=9)
    form = await scene.press(world.ada, "Edit")
    first = {"prompt": "waltz", "duration": "5", "seed": ["more"]}
    asked = await form.send(world.ada, **filled(form) | first)
    assert scene.newer == []
    if restarted:
        await world.restart()
    opened = await reopened(world, asked, "More settings")
    assert filled(opened) == {
        "seed": str(scene.first.seed),
        "temperature": "1",
        "guidance": "3",
        "format": ["wav"],
    }
    refused = await opened.send(world.ada, **filled(opened) | {"temperature": "hot"})
    assert refused.told.startswith("**Temperature** must be a number")
    opened = await reopened(world, refused)
    values = {"seed": "5", "temperature": "0,7", "guidance": "7", "format": ["mp3"]}
    await opened.send(world.ada, **filled(opened) | values)
    made = scene.newest.inputs
    assert (made.prompt, made.duration, made.seed, made.top_k) == ("waltz", 5, 5, 9)
    assert (made.temperature, made.classifier_free_guidance, made.output_format) == (0.7, 7, "mp3")


# ------------------------------------------------------------------ one of several takes


async def test_a_button_of_a_card_with_takes_is_about_one(world: World) -> None:
    scene = await finished(world)
    varied = await scene.press(world.ada, "Variations")
    await world.done(3)
    takes = scene.newer
    card = varied.card.reply
    await world.restart()
    which = Used(world, await world.ada.click(card, label="Again"))
    options = which.fields["pick"]["options"]
    assert [option["value"] for option in options] == [take.id for take in takes]
    await which.send(world.ada, pick=[takes[1].id])
    [again] = [made for made in scene.newer if made not in takes]
    assert (again.parent_id, again.relation) == (takes[1].id, Relation.AGAIN)
    assert again.seed not in {take.seed for take in takes}

    form = Used(world, await world.ada.click(card, label="Edit"))
    await form.send(world.ada, **filled(form) | {"prompt": "waltz", "seed": [takes[2].id]})
    [edited] = [made for made in scene.newer if made.inputs.prompt == "waltz"]
    assert (edited.parent_id, edited.seed) == (takes[2].id, takes[2].seed)

    info = Used(world, await world.ada.click(card, label="Info")).result.response
    assert info is not None
    chosen = await world.ada.select(info, values=[f"{card.id}-{takes[1].id}"])
    assert chosen.acknowledged
    [embed] = info.embeds
    assert f"seed:{takes[1].seed}" in (embed.description or "")
    assert str(takes[0].seed) not in str(embed.to_dict())
