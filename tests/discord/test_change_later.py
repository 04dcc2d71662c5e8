"""What is refused after it was accepted loses nothing either: its person changes it, alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.card import strings
from bot.card.drafts import may_be_changed
from bot.domain import errors
from bot.domain.drafts import DRAFT_LIFE
from bot.domain.errors import RequestRefused, UserError
from bot.domain.generation import Generation, State
from tests.discord.card_kit import Used, finished
from tests.discord.test_change_it import UPLOAD, filled
from tests.discord.world import Asked, World

FILE = {"input_audio": ["file"]}
WINDOW = {"continuation_start": "0", "continuation_end": "20"}
FOUND_IN_AUDIO: list[UserError] = [
    errors.AudioUnavailable(404),
    errors.AudioNotStored(full=True),
    errors.AudioTooLarge(100),
    errors.NotAudio(),
    errors.AudioEmpty(),
    errors.FormatNotTaken("MIDI"),
    errors.SoundMissing("mp4"),
    errors.AudioUnreadable("mp3"),
    errors.AudioBroken(),
    errors.AudioTooSlow(20.0),
    errors.AudioTooHeavy(),
    errors.AudioGivenUp(),
    errors.AudioBeyondBounds("channels", 9, 8),
    errors.AudioBeyondRoom(200, 100),
]
OF_THE_DISK: list[UserError] = [
    errors.DiskUnusable(full=True),
    errors.RoomTaken(),
    errors.OwnRoomTaken(100),
    errors.GaveWay(),
]


async def refused(world: World, refusal: UserError | None, **options: Any) -> Used:
    """Ada's command, which was accepted, and refused when its audio was looked at."""
    world.sound.refusal = refusal
    asked = await world.musicgen("slow tango", input_audio=UPLOAD, temperature=0.5, **options)
    await world.pass_s(1)
    assert newest(world).state is State.FAILED
    world.sound.refusal = None
    return told(world, asked)


def newest(world: World) -> Generation:
    return max(world.journal.rows.values(), key=lambda row: row.created_at)


def told(world: World, asked: Asked) -> Used:
    """The private sentence, with its button; the public reply is gone."""
    assert asked.result.response is None
    [sentence] = asked.result.followups
    assert sentence.ephemeral
    return Used(world, asked.result)


async def press(world: World, refused: Used, label: str = "Change it") -> Used:
    return Used(world, await world.ada.click(refused.result.followups[0], label=label))


async def test_each_refusal_leads_back_to_what_was_typed(world: World) -> None:
    for refusal in (*FOUND_IN_AUDIO, *OF_THE_DISK):
        used = await refused(world, refusal, duration=4)
        assert used.result.followups[0].content == strings.errors.sentence(refusal)
        opened = await press(world, used)
        values = filled(opened)
        assert (values["prompt"], values["duration"]) == ("slow tango", "4")
        assert values["input_audio"] == ["file"]
        first = list(opened.fields)[:3] == ["prompt", "new_audio", "input_audio"]
        assert first == (refusal in FOUND_IN_AUDIO), refusal
        await opened.send(world.ada, **values | {"prompt": "quick tango"})
        made = newest(world)
        inputs = made.inputs
        assert (inputs.prompt, inputs.temperature, inputs.duration) == ("quick tango", 0.5, 4)
        assert world.source_of(made).filename == "riff.wav"
        await world.done()


def test_the_table_has_every_refusal_of_input_audio() -> None:
    there = {type(one) for one in FOUND_IN_AUDIO}
    of_audio = {
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type)
        and issubclass(kind, RequestRefused)
        and kind.__name__.startswith(("Audio", "Sound", "Format", "NotAudio"))
    }
    # These are found before anything is accepted, or are nobody's file.
    elsewhere = {
        errors.AudioAddressBad,
        errors.AudioOfOthers,
        errors.AudioPromptTooLong,
    }
    assert there == of_audio - elsewhere


async def test_another_file_takes_the_place_of_the_first(world: World) -> None:
    used = await refused(world, errors.NotAudio())
    opened = await press(world, used)
    world.sound.refusal = errors.AudioBroken()
    new = [("better.wav", b"RIFF")]
    again = await opened.send(
        world.ada, **filled(opened) | {"new_audio": new, "input_audio": ["none"]}
    )
    await world.pass_s(1)
    assert world.source_of(newest(world)).filename == "better.wav"
    world.sound.refusal = None
    opened = await press(world, again)
    assert filled(opened)["input_audio"] == ["file"]
    await opened.send(world.ada, **filled(opened))
    source = world.source_of(newest(world))
    assert (source.filename, source.uploaded, source.size_bytes) == ("better.wav", True, 4)


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_window_beyond_the_audio_is_changed(world: World, restarted: bool) -> None:
    used = await refused(world, None, continuation=True, continuation_start=0, continuation_end=20)
    assert used.result.followups[0].content == (
        "Your audio is 4.0 s long, so 20 s lies beyond its end. "
        "Choose `continuation_start` and `continuation_end` inside it."
    )
    if restarted:
        await world.restart()
    opened = await press(world, used)
    shown = {"prompt", *WINDOW, "input_audio"}
    assert {name: filled(opened)[name] for name in shown} == (
        {"prompt": "slow tango"} | WINDOW | FILE
    )
    again = await opened.send(world.ada, **filled(opened) | {"continuation_end": "30"})
    await world.pass_s(1)
    # A form's fields are named by its labels.
    assert "Choose **Start of the part, in seconds** and" in again.result.followups[0].content
    opened = await press(world, again)
    made = await opened.send(world.ada, **filled(opened) | {"continuation_end": "3"})
    assert made.card.embed.title == "slow tango"
    inputs = newest(world).inputs
    assert (inputs.continuation, inputs.continuation_end) == (True, 3)
    await world.done()
    assert newest(world).state is State.DELIVERED


async def test_too_long_a_prompt_of_audio_names_what_to_change(world: World) -> None:
    world.sound.duration_s = 9.0
    used = await refused(world, None, continuation=True, duration=8)
    fields = list((await press(world, used)).fields)
    assert fields[:4] == ["prompt", "duration", *WINDOW]


async def test_a_refused_extension_opens_with_its_piece(world: World) -> None:
    scene = await finished(world)
    world.sound.refusal = errors.AudioUnreadable("wav")
    form = await scene.press(world.ada, "Extend")
    sent = await form.send(world.ada, **filled(form) | {"more": "7", "prompt": "with drums"})
    await world.pass_s(1)
    world.sound.refusal = None
    await world.restart()
    opened = await press(world, sent)
    assert (filled(opened)["more"], filled(opened)["prompt"]) == ("7", "with drums")
    await opened.send(world.ada, **filled(opened))
    made = newest(world)
    assert (made.parent_id, made.more_s) == (scene.first.id, 7)
    assert world.source_of(made).url == scene.asked.reply.attachments[0].url


async def test_it_outlives_a_process_that_dies_before_it_tells(world: World) -> None:
    world.sound.slow = True
    asked = await world.musicgen("slow tango", input_audio=UPLOAD)
    failure = errors.AudioBroken()
    ended = world.generation.evolve(State.FAILED, failure=failure, ended_at=world.clock.now())
    world.journal.rows[ended.id] = ended.kept
    await world.restart()
    await world.pass_s(5)
    opened = await press(world, told(world, asked))
    assert filled(opened)["input_audio"] == ["file"]


async def test_where_no_token_leads_to_its_person_the_card_has_the_button(world: World) -> None:
    world.sound.slow = True
    asked = await world.musicgen("slow tango", input_audio=UPLOAD, duration=4)
    await world.outage(20 * 60)
    world.sound.slow, world.sound.refusal = False, errors.AudioBroken()
    await world.restart()
    await world.pass_s(60)
    [card] = world.messages
    assert card.id == asked.reply.id
    assert asked.buttons == ["Change it", "Info", "Delete"]
    assert strings.errors.sentence(errors.AudioBroken()) in asked.text
    # It names who may, to whoever else presses; and gives them nothing.
    pressed = Used(world, await world.bo.click(asked.reply, label="Change it"))
    assert pressed.told == strings.errors.sentence(errors.DraftOfAnother(world.ada.id))
    assert pressed.result.modal is None
    opened = Used(world, await world.ada.click(asked.reply, label="Change it"))
    assert filled(opened) == {"prompt": "slow tango", "input_audio": ["file"], "duration": "4"}
    await world.pass_s((DRAFT_LIFE + timedelta(minutes=1)).total_seconds())
    late = Used(world, await world.ada.click(asked.reply, label="Change it"))
    assert late.told == strings.errors.sentence(errors.DraftGone())


async def test_what_replicate_does_not_accept_can_be_changed_too(world: World) -> None:
    world.predictions.on_create = errors.InputRefused("duration: too long")
    asked = await world.musicgen("slow tango", duration=4)
    await world.pass_s(1)
    assert asked.buttons == ["Change it", "Again", "Edit", "Info", "Delete"]
    opened = Used(world, await world.ada.click(asked.reply, label="Change it"))
    assert filled(opened)["duration"] == "4"


def test_what_no_other_try_mends_has_no_button() -> None:
    assert not may_be_changed(errors.SourceGone())
    assert may_be_changed(errors.GaveWay())
