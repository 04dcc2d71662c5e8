"""The forms of Extend, Melody and Edit: opened by anyone, sent now or after a restart."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.card import strings
from bot.domain import errors
from bot.domain.generation import Generation, Relation
from bot.domain.inputs import TABLE, InputTable
from tests.discord.card_kit import PLACES, Scene, Used, Who, finished
from tests.discord.test_doors import abuggy, told_of_a_bug
from tests.discord.world import World
from tests.fakes import FakeJournal


def as_new(generation: Generation) -> Generation:
    return replace(generation, inputs=replace(generation.inputs, seed=None))


async def filled(
    scene: Scene, who: Who, label: str, *, restarted: bool = False, **values: Any
) -> Used:
    """`who` opens a form, perhaps the bot restarts, and the form is sent."""
    opened = await scene.press(who, label)
    if restarted:
        await scene.world.restart()
    return await opened.send(who, **values)


# ------------------------------------------------------------------ Extend


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("whose", ["owner", "stranger"])
async def test_extend(world: World, place: str, restarted: bool, whose: str) -> None:
    scene = await finished(world, place, duration=4, temperature=0.5)
    who = scene.owner if whose == "owner" else scene.stranger
    sent = await filled(scene, who, "Extend", restarted=restarted, more="12", prompt="with drums")
    made = scene.newest
    assert made.requester_id == who.id
    assert (made.parent_id, made.relation, made.more_s) == (scene.first.id, Relation.EXTEND, 12)
    assert made.inputs.prompt == "with drums"
    assert made.inputs.temperature == 0.5
    assert world.source_of(made).url == scene.asked.reply.attachments[0].url
    assert sent.card.reply.channel_id == scene.asked.reply.channel_id
    assert sent.card.embed.title == "with drums"


async def test_extend_keeps_the_prompt_unless_told(world: World) -> None:
    scene = await finished(world, prompt="slow  tango")
    opened = await scene.press(world.bo, "Extend")
    assert opened.form["title"] == "Extend this track"
    assert "pick" not in opened.fields
    assert opened.fields["more"]["value"] == "10"
    assert opened.fields["prompt"]["placeholder"] == "slow tango"
    assert "value" not in opened.fields["prompt"]
    assert not opened.fields["prompt"]["required"]
    await opened.send(world.bo, more="")
    assert scene.newest.inputs.prompt == "slow  tango"
    assert scene.newest.more_s == 10


async def test_a_long_prompt_fits_its_field(world: World) -> None:
    scene = await finished(world, prompt="very " * 100)
    opened = await scene.press(world.bo, "Extend")
    assert len(opened.fields["prompt"]["placeholder"]) == 100


@pytest.mark.parametrize("more", ["0", "26", "-5", "999999999"])
async def test_so_much_cannot_be_added(world: World, more: str) -> None:
    scene = await finished(world)
    sent = await filled(scene, world.bo, "Extend", more=more)
    assert "must be between 1 and 25" in sent.told
    assert scene.newer == []


@pytest.mark.parametrize("more", ["ten", "1.5", "1e3", "٣٤x", "5 minutes", "**"])
async def test_words_are_no_number(world: World, more: str) -> None:
    scene = await finished(world)
    sent = await filled(scene, world.bo, "Extend", more=more)
    assert sent.told.startswith("`more` must be a whole number")
    assert scene.newer == []


@pytest.mark.parametrize("more", [" 7 ", "7 s", "7s", "07", "٧"])
async def test_numbers_as_people_write_them(world: World, more: str) -> None:
    scene = await finished(world)
    await filled(scene, world.bo, "Extend", more=more)
    assert scene.newest.more_s == 7


# ------------------------------------------------------------------ Melody


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("restarted", [False, True])
async def test_melody(world: World, place: str, restarted: bool) -> None:
    scene = await finished(world, place, duration=4)
    await filled(scene, scene.stranger, "Melody", restarted=restarted, prompt="string quartet")
    made = scene.newest
    assert made.requester_id == scene.stranger.id
    assert (made.parent_id, made.relation) == (scene.first.id, Relation.MELODY)
    assert (made.inputs.prompt, made.inputs.duration) == ("string quartet", 4)
    assert made.inputs.continuation is None
    assert world.source_of(made).url == scene.asked.reply.attachments[0].url


@pytest.mark.parametrize(
    ("choices", "model", "taken"),
    [
        (("melody", "large"), "large", "melody"),
        (("melody", "large"), "melody", "melody"),
        (("stereo-melody-large", "stereo-large", "melody-large", "large"), "large", "melody-large"),
        (
            ("melody-large", "stereo-large", "stereo-melody-large"),
            "stereo-large",
            "stereo-melody-large",
        ),
    ],
)
async def test_a_melody_goes_to_a_model_that_can(
    world: World, choices: tuple[str, ...], model: str, taken: str
) -> None:
    specs = (replace(s, choices=choices, default=model) if s.choices else s for s in TABLE[:5])
    await world.restart(table=InputTable(tuple(specs)))
    scene = await finished(world, model_version=model)
    await filled(scene, world.bo, "Melody", prompt="string quartet")
    assert world.bot.service.models.main.table.model(scene.newest.inputs) == taken


# ------------------------------------------------------------------ Edit


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("whose", ["owner", "stranger"])
async def test_edit(world: World, place: str, restarted: bool, whose: str) -> None:
    scene = await finished(world, place, duration=4, top_k=0)
    who = scene.owner if whose == "owner" else scene.stranger
    await filled(
        scene,
        who,
        "Edit",
        restarted=restarted,
        prompt="hi-fi",
        duration="5",
        model=["large"],
        seed="0",
    )
    made = scene.newest
    assert made.requester_id == who.id
    assert (made.parent_id, made.relation) == (scene.first.id, Relation.EDIT)
    assert made.inputs == replace(
        scene.first.inputs, prompt="hi-fi", duration=5, model_version="large", seed=0
    )


async def test_edit_begins_with_what_was(world: World) -> None:
    scene = await finished(world, prompt="slow\ntango", duration=4, model_version="medium")
    opened = await scene.press(world.bo, "Edit")
    fields = opened.fields
    assert fields["prompt"]["value"] == "slow\ntango"
    assert fields["duration"]["value"] == "4"
    assert fields["seed"]["value"] == str(scene.first.seed)
    chosen = [option["value"] for option in fields["model"]["options"] if option.get("default")]
    assert chosen == ["medium"]
    assert [part["label"] for part in opened.form["components"]] == [
        "Prompt",
        "Length in seconds",
        "Model",
        "Seed",
    ]


async def test_an_emptied_seed_is_drawn(world: World) -> None:
    scene = await finished(world)
    await filled(scene, world.bo, "Edit", prompt="x", model=["melody"], seed="", duration="")
    assert scene.newest.seed != scene.first.seed
    assert scene.newest.inputs.duration == scene.first.inputs.duration


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"prompt": "  "}, strings.errors.sentence(errors.PromptBlank())),
        ({"duration": "31"}, "`duration` must be between 1 and 30"),
        ({"seed": "-1"}, "`seed` must be between 0 and"),
        ({"seed": "my birthday"}, "`seed` must be a whole number"),
    ],
)
async def test_an_edit_that_cannot_be_run(world: World, values: dict[str, str], words: str) -> None:
    scene = await finished(world)
    given: dict[str, Any] = {"prompt": "x", "model": ["melody"], **values}
    assert words in (await filled(scene, world.bo, "Edit", **given)).told
    assert scene.newer == []


# ------------------------------------------------------------------ what is not as it should be


@pytest.mark.parametrize("label", ["Extend", "Melody", "Edit"])
async def test_a_form_sent_twice_is_two_requests(world: World, label: str) -> None:
    scene = await finished(world)
    opened = await scene.press(world.bo, label)
    values = {"prompt": "x"} | ({"model": ["melody"], "seed": ""} if label == "Edit" else {})
    first = await opened.send(world.bo, **values)
    opened.result._interaction.modal_consumed = False  # pyright: ignore[reportPrivateUsage] - as a client would not
    second = await opened.send(world.bo, **values)
    assert first.card.reply.id != second.card.reply.id
    assert len(scene.newer) == 2


@pytest.mark.parametrize("label", ["Extend", "Melody", "Edit"])
async def test_two_people_have_the_same_form_open(world: World, label: str) -> None:
    scene = await finished(world)
    values = {"prompt": "x"} | ({"model": ["melody"]} if label == "Edit" else {})
    ada, bo = [await scene.press(who, label) for who in (world.ada, world.bo)]
    await ada.send(world.ada, **values)
    await bo.send(world.bo, **values)
    assert [g.requester_id for g in scene.newer] == [world.ada.id, world.bo.id]


@pytest.mark.parametrize("label", ["Extend", "Melody", "Edit"])
async def test_a_form_older_than_the_journal(world: World, label: str) -> None:
    scene = await finished(world)
    opened = await scene.press(world.bo, label)
    await world.restart(journal=FakeJournal())
    values = {"prompt": "x"} | ({"model": ["melody"]} if label == "Edit" else {})
    assert (await opened.send(world.bo, **values)).told == strings.errors.sentence(
        errors.GenerationUnknown()
    )


@pytest.mark.parametrize("custom_id", ["mg:1:m-remix:abcdefghijkl", "of another release"])
async def test_a_form_of_another_release(world: World, custom_id: str) -> None:
    scene = await finished(world)
    opened = await scene.press(world.bo, "Melody")
    form = opened.result._interaction.modal  # pyright: ignore[reportPrivateUsage] - as another release sent it
    assert form is not None
    form["custom_id"] = custom_id
    sent = await opened.send(world.bo, prompt="x")
    assert sent.told == strings.errors.sentence(errors.GenerationUnknown())


async def test_a_form_with_a_bug(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world.bug_expected = True
    scene = await finished(world)
    opened = await scene.press(world.bo, "Melody")
    monkeypatch.setattr(world.journal, "get", abuggy)
    assert told_of_a_bug((await opened.send(world.bo, prompt="x")).told, caplog.text)


async def test_dismissed_forms_are_not_kept(world: World) -> None:
    scene = await finished(world)
    for label in ("Extend", "Melody", "Edit"):
        await scene.press(world.bo, label)
    store = world.bot._connection._view_store  # pyright: ignore[reportPrivateUsage] - where they would leak
    assert store._modals == {}  # pyright: ignore[reportPrivateUsage] - see above
