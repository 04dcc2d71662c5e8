from __future__ import annotations

import asyncio

import discord
import pytest

from bot.card import strings
from bot.card.action import Action
from bot.card.actions import CANCEL
from bot.card.buttons import card_view
from bot.domain import errors
from bot.domain.generation import State
from bot.domain.prediction import Prediction
from bot.locales import Text
from tests.discord.card_kit import finished
from tests.discord.token_kit import allow_files, among_strangers, token_dead, track_waiting
from tests.discord.world import (
    CALLBACK,
    ENDED,
    TOKEN_LIFE_S,
    Asked,
    Pressed,
    World,
    delivered,
)
from tests.fakes import FakeJournal

UNKNOWN = strings.errors.sentence(errors.GenerationUnknown())
TOO_LATE = strings.errors.sentence(errors.TooLateToCancel())
MADE = strings.errors.sentence(errors.TooLateToCancel(made=True))


def not_yours(world: World) -> str:
    return strings.errors.sentence(errors.NotYours(world.ada.id))


def canceled(world: World, asked: Asked) -> bool:
    """Whether it is canceled, at Replicate, in the journal, and for all to see."""
    assert ("**Canceled" in asked.text) == (asked.buttons == ENDED)
    signs = {
        world.predictions.canceled == ["p1"],
        world.generation.state is State.CANCELED,
        "**Canceled" in asked.text,
    }
    [sign] = signs
    return sign


@pytest.mark.parametrize("after_s", [0, 1, 20, 100])
async def test_the_requester_cancels(world: World, after_s: float) -> None:
    asked = await world.musicgen()
    await world.pass_s(after_s)
    pressed = await asked.press(world.ada)
    assert pressed.told == []
    assert canceled(world, asked)
    assert asked.reply.attachments == []
    assert len(world.messages) == 1


async def test_a_press_is_acknowledged_before_anything_else(world: World) -> None:
    asked = await world.musicgen()
    before = len(world.requests())
    await asked.press(world.ada)
    first, *_ = world.requests()[before:]
    assert first.path.endswith("/callback")
    assert first.body == {"type": 6}


async def test_who_manages_messages_cancels(world: World) -> None:
    asked = await world.musicgen()
    assert (await asked.press(world.mod)).told == []
    assert world.generation.state is State.CANCELED
    assert world.generation.canceled_by == world.mod.id, "a restart knows it too"
    assert f"**Canceled** by <@{world.mod.id}>." in asked.text
    assert f"Asked for by <@{world.ada.id}>" in asked.text


async def test_a_stranger_cannot_cancel(world: World) -> None:
    asked = await world.musicgen()
    assert (await asked.press(world.bo)).told == [not_yours(world)]
    assert not canceled(world, asked)
    await world.done()
    assert len(asked.reply.attachments) == 1


async def test_cancel_while_the_input_audio_is_on_its_way(world: World) -> None:
    world.sound.slow = True
    asked = await world.musicgen(input_audio=("song.wav", b"RIFF"))
    assert strings.card.CHECKING() in asked.text
    assert (await asked.press(world.ada)).told == []
    assert strings.card.CANCELED() in asked.text
    assert world.predictions.created == []


async def test_cancel_while_the_track_is_being_labelled(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_: object) -> None:
        await world.clock.wait(asyncio.Event(), None)

    monkeypatch.setattr(world.sound, "label", hang)
    asked = await world.musicgen()
    await world.done()
    assert world.generation.state is State.COLLECTING
    assert (await asked.press(world.ada)).told == []
    assert strings.card.CANCELED() in asked.text


async def test_pressed_twice_before_replicate_answers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = asyncio.Event()
    cancel = world.predictions.cancel

    async def slow(prediction_id: str) -> Prediction:
        await world.clock.wait(answered, None)
        return await cancel(prediction_id)

    monkeypatch.setattr(world.predictions, "cancel", slow)
    asked = await world.musicgen()
    assert (await asked.press(world.ada)).told == []
    assert (await asked.press(world.ada)).told == []
    answered.set()
    await world.pass_s(1)
    assert canceled(world, asked)


async def test_replicate_is_asked_again_when_it_does_not_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancel, refusals = world.predictions.cancel, [errors.ServiceFault(503)]

    async def flaky(prediction_id: str) -> Prediction:
        if refusals:
            raise refusals.pop()
        return await cancel(prediction_id)

    monkeypatch.setattr(world.predictions, "cancel", flaky)
    asked = await world.musicgen()
    await asked.press(world.ada)
    assert not canceled(world, asked)
    await world.pass_s(5)
    assert canceled(world, asked)


# ------------------------------------------------------------------ acknowledgements cut off


@pytest.mark.parametrize("how", ["cuts", "lost"])
async def test_a_press_whose_acknowledgement_is_cut_off(world: World, how: str) -> None:
    asked = await world.musicgen()
    getattr(world, how).append(CALLBACK)
    assert (await asked.press(world.ada)).told == []
    assert canceled(world, asked)


async def test_a_press_of_which_discord_is_never_heard(world: World) -> None:
    asked = await token_dead(world)
    world.cuts.append(CALLBACK)
    world.lost.append(CALLBACK)
    await asked.press(world.ada)
    assert canceled(world, asked)


async def test_a_refusal_reaches_a_press_whose_acknowledgement_is_cut_off(world: World) -> None:
    asked = await world.musicgen()
    world.lost.append(CALLBACK)
    assert (await asked.press(world.bo)).told == [not_yours(world)]
    assert not canceled(world, asked)


async def test_what_came_too_late_for_discord_is_not_done(world: World) -> None:
    asked = await world.musicgen()
    world.fail(*CALLBACK, 404, 10062)
    await asked.press(world.ada)
    assert not canceled(world, asked)


@pytest.mark.parametrize("is_theirs", [True, False])
async def test_only_its_persons_press_takes_over_a_card_whose_token_lives(
    world: World, monkeypatch: pytest.MonkeyPatch, is_theirs: bool
) -> None:
    """What is refused later is told in private by that token: to nobody else."""
    asked = await world.musicgen()
    before = world.generation.reply.token

    async def too_late(*_: object) -> None:
        raise errors.TooLateToCancel

    monkeypatch.setattr(world.bot.service, "cancel", too_late)
    await asked.press(world.ada if is_theirs else world.mod)
    assert (world.generation.reply.token != before) is is_theirs


# ------------------------------------------------------------------ tokens that have died


@pytest.mark.parametrize("who", ["ada", "mod"])
async def test_a_press_shows_what_it_has_done(world: World, who: str) -> None:
    asked = await token_dead(world)
    assert (await asked.press(getattr(world, who))).told == []
    assert canceled(world, asked)


async def test_who_may_not_cancel_hands_nothing_over(world: World) -> None:
    asked = await token_dead(world)
    before = world.generation
    assert (await asked.press(world.bo)).told == [not_yours(world)]
    assert world.generation == before


async def test_a_batch_too(world: World) -> None:
    scene = await finished(world)
    among_strangers(world)
    world.generates(100)
    card = (await scene.press(world.ada, "Variations")).card
    await world.pass_s(3)
    await world.outage(TOKEN_LIFE_S)
    assert (await card.press(world.ada)).told == []
    await world.pass_s(5)
    assert [take.state for take in scene.newer] == [State.CANCELED] * 3
    assert card.text.count("canceled") == 3
    assert card.buttons == ENDED


async def test_a_track_that_waits_comes_with_the_press(world: World) -> None:
    asked = await track_waiting(world)
    assert (await asked.press(world.ada)).told == [MADE]
    await world.pass_s(1)
    assert delivered(asked)
    assert world.generation.state is State.DELIVERED


async def test_a_failure_that_waits_comes_with_the_press(world: World) -> None:
    asked = await token_dead(world)
    world.predictions.answers = (Prediction("p1", "failed", error="CUDA"),)
    await world.pass_s(10)
    assert not world.generation.told
    assert (await asked.press(world.ada)).told == [TOO_LATE]
    await world.pass_s(1)
    assert strings.card.FAILED() in asked.text
    assert world.generation.told


async def test_where_the_track_may_not_be_posted_it_goes_on_waiting(world: World) -> None:
    asked = await track_waiting(world)
    await allow_files(world, False)
    missing = strings.errors.sentence(errors.PermissionsMissing(("attach_files",)))
    assert (await asked.press(world.ada)).told == [missing]
    await world.pass_s(1)
    assert world.generation.state is State.DELIVERING


async def brought_elsewhere(world: World) -> Asked:
    """The card that a waiting track had, before a command moved it into trouble of Discord's."""
    asked = await track_waiting(world)
    world.fail("PATCH", "/webhooks/*/messages/1*", 500, times=2)
    await world.ada.slash(world.channel, "tracks list")
    assert world.generation.reply.message_id != asked.reply.id
    return asked


async def test_a_card_that_lives_on_elsewhere_stays_there(world: World) -> None:
    asked = await brought_elsewhere(world)
    elsewhere = world.generation.reply
    assert (await asked.press(world.ada)).told == [MADE]
    assert world.generation.reply == elsewhere
    await world.pass_s(20)
    [card] = [message for message in world.messages if message.attachments]
    assert card.id == elsewhere.message_id


async def test_a_card_whose_token_is_dead_elsewhere_comes_back(world: World) -> None:
    asked = await brought_elsewhere(world)
    await world.outage(TOKEN_LIFE_S)
    assert (await asked.press(world.ada)).told == [MADE]
    await world.pass_s(20)
    assert delivered(asked)


# ------------------------------------------------------------------ buttons that outlive their run


async def test_a_button_works_after_a_restart(world: World) -> None:
    asked = await world.musicgen()
    await world.restart()
    assert (await asked.press(world.ada)).told == []
    assert canceled(world, asked)


async def test_a_stranger_cannot_cancel_after_a_restart(world: World) -> None:
    asked = await world.musicgen()
    await world.restart()
    assert (await asked.press(world.bo)).told == [not_yours(world)]
    assert not canceled(world, asked)


@pytest.mark.parametrize("state", [State.DELIVERED, State.FAILED, State.CANCELED])
async def test_the_button_of_what_has_ended_is_too_late(world: World, state: State) -> None:
    asked = await world.musicgen()
    await world.die(state=state, told=True)
    await world.restart()
    assert (await asked.press(world.ada)).told == [TOO_LATE]
    assert world.predictions.canceled == []


async def test_the_button_of_what_nobody_knows(world: World) -> None:
    asked = await world.musicgen()
    await world.restart(journal=FakeJournal())
    assert (await asked.press(world.ada)).told == [UNKNOWN]


async def test_a_button_whose_action_this_release_lacks(world: World) -> None:
    asked = await world.musicgen()
    channel = world.bot.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    view = card_view((Action("remix", CANCEL.press, Text("Remix")),), world.generation.id)
    assert view is not None
    message = await channel.send("a card of another release", view=view)
    pressed = Pressed(await world.ada.click(message, custom_id=f"mg:1:remix:{world.generation.id}"))
    assert pressed.told == [UNKNOWN]
    assert not canceled(world, asked)
