"""The forms of Extend, Melody and Edit: opened by anyone, sent now or after a restart."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.card import strings
from bot.domain import errors
from bot.domain.extension import Closeness
from bot.domain.generation import Generation, Relation
from bot.domain.inputs import TABLE, InputTable
from bot.domain.musical_terms import MusicalTerms
from bot.locales import Text
from tests.discord.card_kit import PLACES, Scene, Used, Who, finished
from tests.discord.test_doors import abuggy, told_of_a_bug
from tests.discord.world import World
from tests.fakes import FakeJournal


def as_new(generation: Generation) -> Generation:
    return replace(generation, inputs=replace(generation.inputs, seed=None))


def given_terms(scene: Scene, terms: MusicalTerms) -> None:
    """As if its track had been asked for with them."""
    scene.world.journal.rows[scene.first.id] = replace(scene.first, terms=terms)


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
    assert sent.told.startswith("**Seconds more** must be between 1 and 25")
    assert scene.newer == []


@pytest.mark.parametrize("more", ["ten", "1.5", "1e3", "٣٤x", "5 minutes", "**"])
async def test_words_are_no_number(world: World, more: str) -> None:
    scene = await finished(world)
    sent = await filled(scene, world.bo, "Extend", more=more)
    assert sent.told.startswith("**Seconds more** must be a whole number")
    assert scene.newer == []


@pytest.mark.parametrize("more", [" 7 ", "7 s", "7s", "07", "٧"])
async def test_numbers_as_people_write_them(world: World, more: str) -> None:
    scene = await finished(world)
    await filled(scene, world.bo, "Extend", more=more)
    assert scene.newest.more_s == 7


async def test_how_an_extension_goes_on_is_chosen(world: World) -> None:
    scene = await finished(world, prompt="deep house", duration=8)
    opened = await scene.press(world.bo, "Extend")
    assert list(opened.fields) == ["more", "from", "closeness", "terms", "prompt"]
    levels = opened.fields["closeness"]["options"]
    assert [level["label"].split(":")[0] for level in levels] == [
        *("Follow closely", "Balanced", "Surprise me")
    ]
    assert [level["default"] for level in levels] == [True, False, False]
    values = {"more": "3", "from": "0:03", "closeness": ["surprise"], "terms": "Am 8 bars 120"}
    sent = await opened.send(world.bo, **values)
    made = scene.newest
    assert (made.more_s, made.closeness) == (16, Closeness.SURPRISE)
    assert world.source_of(made).keep_s == 3
    assert made.inputs.prompt == "deep house"
    assert made.as_sent.prompt == "deep house, 120 bpm, A minor, 8 bars"
    assert sent.card.embed.title == "deep house"
    assert "-# 120 bpm, A minor, 8 bars · Surprise me" in sent.card.text


async def test_the_end_may_be_typed_as_the_form_calls_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strings.terms, "FROM_EXAMPLE", Text("das Ende"))
    scene = await finished(world, duration=4)
    values: dict[str, Any] = {"from": "das Ende"}
    await filled(scene, world.bo, "Extend", **values)
    assert world.source_of(scene.newest).keep_s is None


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"from": "there"}, "I can't read “there” as a place to go on from"),
        ({"from": "1:05"}, "The piece is 0:04 long, so it can't be cut at 1:05"),
        ({"more": "3 from 0:09"}, "it can't be cut at 0:09"),
        ({"terms": "very slow"}, "I can't read “very slow” as tempo, key and bars"),
        ({"terms": "20 bpm"}, "A tempo must be between 30 and 300 bpm; you gave 20"),
        ({"terms": "99 bars"}, "The number of bars must be between 1 and 64; you gave 99"),
        ({"terms": "60 bpm 8 bars"}, "would take 32.0 s, and 25 s is the most"),
    ],
)
async def test_an_extension_that_cannot_be(
    world: World, values: dict[str, Any], words: str
) -> None:
    scene = await finished(world, duration=4)
    assert words in (await filled(scene, world.bo, "Extend", **values)).told
    assert scene.newer == []


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


async def test_a_melody_begins_with_the_terms_of_its_track(world: World) -> None:
    scene = await finished(world, duration=4)
    given_terms(scene, MusicalTerms(120, "A minor", 2))
    opened = await scene.press(world.bo, "Melody")
    assert opened.fields["terms"]["value"] == "120 bpm, A minor, 2 bars"
    await opened.send(world.bo, prompt="string quartet", terms="90, 4 bars")
    made = scene.newest
    assert made.as_sent.prompt == "string quartet, 90 bpm, 4 bars"
    assert made.inputs.duration == 11


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
        seed=["same"],
    )
    made = scene.newest
    assert made.requester_id == who.id
    assert (made.parent_id, made.relation) == (scene.first.id, Relation.EDIT)
    assert made.inputs == replace(
        scene.first.inputs, prompt="hi-fi", duration=5, model_version="large"
    )


async def test_edit_begins_with_what_was(world: World) -> None:
    scene = await finished(world, prompt="slow\ntango", duration=4, model_version="medium")
    opened = await scene.press(world.bo, "Edit")
    fields = opened.fields
    assert fields["prompt"]["value"] == "slow\ntango"
    assert fields["duration"]["value"] == "4"
    assert [option["label"] for option in fields["seed"]["options"]] == [
        f"The same seed, {scene.first.seed}",
        "A new seed",
        "More settings first: seed, temperature, guidance, format",
    ]
    chosen = [option["value"] for option in fields["model"]["options"] if option.get("default")]
    assert chosen == ["medium"]
    assert [part["label"] for part in opened.form["components"]] == [
        "Prompt",
        "Tempo, key, bars",
        "Length in seconds",
        "Model",
        "Made with",
    ]


async def test_edit_shows_words_and_terms_apart(world: World) -> None:
    scene = await finished(world, prompt="tango", duration=4)
    given_terms(scene, MusicalTerms(120, None, 2))
    opened = await scene.press(world.bo, "Edit")
    fields = opened.fields
    assert (fields["prompt"]["value"], fields["terms"]["value"]) == ("tango", "120 bpm, 2 bars")
    assert "value" not in fields["duration"], "it follows from the bars"
    await opened.send(world.bo, prompt="tango", terms="60, 2 bars", model=["melody"])
    assert scene.newest.inputs.prompt == "tango"
    assert scene.newest.inputs.duration == 8


async def test_a_new_seed_is_drawn(world: World) -> None:
    scene = await finished(world)
    await filled(scene, world.bo, "Edit", prompt="x", model=["melody"], seed=["new"], duration="")
    assert scene.newest.seed != scene.first.seed
    assert scene.newest.inputs.duration == scene.first.inputs.duration


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"prompt": "  "}, strings.errors.sentence(errors.PromptBlank())),
        ({"duration": "31"}, "**Length in seconds** must be between 1 and 30"),
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
    values = {"prompt": "x"} | ({"model": ["melody"], "seed": ["new"]} if label == "Edit" else {})
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
