"""A bot that starts where another one stopped, from the journal's rows alone."""

from __future__ import annotations

import asyncio

import pytest

from bot.card import strings
from bot.domain import errors
from bot.domain.generation import State
from bot.domain.inputs import Inputs
from bot.domain.prediction import Prediction
from tests.discord.world import FINISHED, Asked, World

AUDIO = ("song.wav", b"RIFF")


async def goes_on(world: World, asked: Asked) -> bool:
    """Whether the next bot ends it in the same reply, and pays once."""
    await world.restart()
    await world.done(12)
    assert len(world.predictions.created) == 1
    assert [message.id for message in world.messages] == [asked.reply.id]
    assert asked.buttons == FINISHED
    assert world.generation.state is State.DELIVERED
    assert world.generation.told
    return len(asked.reply.attachments) == 1


async def test_a_running_generation_goes_on_in_the_same_reply(world: World) -> None:
    asked = await world.musicgen()
    world.generates(100)
    await world.pass_s(3)
    assert world.generation.state is State.RUNNING
    await world.restart()
    world.generates(200)
    await world.pass_s(4)
    assert "50%" in asked.text
    assert await goes_on(world, asked)


async def test_input_audio_that_was_on_its_way_is_fetched_again(world: World) -> None:
    world.sound.slow = True
    asked = await world.musicgen(input_audio=AUDIO)
    assert world.generation.state is State.ACCEPTED
    world.sound.slow = False
    assert await goes_on(world, asked)
    assert world.predictions.uploaded == ["song.wav"]


async def test_a_request_whose_answer_was_lost_is_found_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cut_off(version: str, inputs: Inputs, *_: object) -> Prediction:
        world.predictions.created.append(inputs)
        await world.clock.wait(asyncio.Event(), None)
        raise AssertionError

    monkeypatch.setattr(world.predictions, "create", cut_off)
    asked = await world.musicgen()
    assert world.generation.state is State.SUBMITTING
    assert await goes_on(world, asked)


async def test_a_track_that_was_being_fetched_is_fetched_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_: object) -> None:
        await world.clock.wait(asyncio.Event(), None)

    with monkeypatch.context() as patch:
        patch.setattr(world.sound, "label", hang)
        asked = await world.musicgen()
        await world.done()
        assert world.generation.state is State.COLLECTING
    assert await goes_on(world, asked)


async def test_a_track_that_was_being_uploaded_is_uploaded_again(world: World) -> None:
    asked = await world.musicgen()
    track = world.config.tracks_folder / "kept.wav"
    track.write_bytes(b"RIFF")
    await world.die(state=State.DELIVERING, track_path=str(track))
    assert await goes_on(world, asked)
    assert world.predictions.polls == 1, "what is on disk is not fetched again"


async def test_an_end_that_nobody_saw_is_shown(world: World) -> None:
    asked = await world.musicgen()
    await world.die(state=State.FAILED, failure=errors.PredictionFailed("CUDA"))
    await world.restart()
    assert strings.errors.sentence(errors.PredictionFailed("CUDA")) in asked.text
    assert world.generation.told


async def test_a_cancel_that_had_not_reached_replicate_does_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(prediction_id: str) -> Prediction:
        raise errors.ServiceFault(503)

    with monkeypatch.context() as patch:
        patch.setattr(world.predictions, "cancel", down)
        asked = await world.musicgen()
        await asked.press(world.ada)
        assert world.generation.state is State.RUNNING
    await world.restart()
    assert world.predictions.canceled == ["p1"]
    assert strings.card.CANCELED() in asked.text


async def test_the_minute_counts_across_a_restart(world: World) -> None:
    asked = await world.musicgen()
    await world.pass_s(60)
    await world.restart()
    await world.done(2)
    await world.restart()
    assert [followup.content for followup in asked.result.followups] == [
        strings.card.ready(world.ada.id)
    ]


async def test_a_long_sleep_outlives_the_token(world: World) -> None:
    asked = await world.musicgen()
    await world.outage(16 * 60)
    await world.done()
    assert len(asked.reply.attachments) == 1
    assert world.edits[-1].path.startswith("/channels/")


async def test_everyones_open_generations_are_taken_up(world: World) -> None:
    of_ada = await world.musicgen("hers")
    of_bo = Asked(world, await world.bo.slash(world.channel, "musicgen", prompt="his"))
    await world.restart()
    await world.done(3)
    assert [of_ada.embed.title, of_bo.embed.title] == ["hers", "his"]
    assert len(of_ada.reply.attachments) == len(of_bo.reply.attachments) == 1
    assert len(world.predictions.created) == 2


async def test_closing_cancels_nothing(world: World) -> None:
    asked = await world.musicgen()
    await world.bot.close()
    assert world.generation.state is State.RUNNING
    assert world.predictions.canceled == []
    assert asked.buttons == ["Cancel"]
    assert await goes_on(world, asked)


async def test_what_has_ended_is_left_alone(world: World) -> None:
    await world.musicgen()
    await world.done()
    assert not world.generation.open
    edits = len(world.edits)
    await world.restart()
    await world.pass_s(30)
    assert len(world.edits) == edits
