"""A token that has died, a reply that was deleted: the track finds its person all the same."""

from __future__ import annotations

import pytest

from bot.card import strings
from bot.domain import errors
from bot.domain.generation import State
from bot.domain.prediction import Prediction
from tests.discord.world import (
    BY_BOT,
    BY_TOKEN,
    TOKEN_LIFE_S,
    Asked,
    World,
    delivered,
    has_track,
    mentions_ada,
    text_of,
)


async def long_run(world: World) -> Asked:
    """A generation that is still on its way when the interaction's token dies."""
    asked = await world.musicgen()
    world.generates(100)
    await world.outage(TOKEN_LIFE_S)
    return asked


async def test_after_the_token_the_bots_own_goes_on(world: World) -> None:
    asked = await long_run(world)
    by_token = len(world.requests("PATCH", BY_TOKEN))
    world.generates(300)
    await world.pass_s(20)
    assert "75%" in asked.text
    assert "Cancel" in asked.buttons
    await world.done()
    assert delivered(asked)
    assert len(world.requests("PATCH", BY_TOKEN)) == by_token, "a dead token is left alone"


async def test_after_the_token_the_mention_is_a_reply_in_the_channel(world: World) -> None:
    await long_run(world)
    await world.done()
    card, mention = world.messages
    assert has_track(card)
    assert mention.content == strings.card.ready(world.ada.id)
    assert mentions_ada(world, mention)
    assert mention.reference is not None
    assert mention.reference.message_id == card.id
    [sent] = world.requests("POST", BY_BOT)
    assert sent.body["allowed_mentions"] == {"parse": [], "users": [world.ada.id]}


async def test_after_the_token_cancel_still_works(world: World) -> None:
    asked = await long_run(world)
    assert (await asked.press(world.ada)).told == []
    assert strings.card.CANCELED() in asked.text
    assert world.predictions.canceled == ["p1"]


async def test_after_the_token_it_goes_on_in_a_direct_message(world: World) -> None:
    asked = await world.musicgen_in_dm()
    await world.outage(TOKEN_LIFE_S)
    await world.done()
    assert delivered(asked)
    [mention] = world.requests("POST", BY_BOT)
    assert mention.body["content"] == strings.card.ready(world.ada.id)


@pytest.mark.parametrize(("status", "code"), [(401, 50027), (404, 10015)])
async def test_a_token_that_dies_before_its_time(world: World, status: int, code: int) -> None:
    asked = await world.musicgen()
    world.fail("*", BY_TOKEN, status, code, times=None)
    world.generates(100)
    await world.pass_s(6)
    assert "25%" in asked.text
    await world.done()
    assert delivered(asked)


# ------------------------------------------------------------------ the reply is deleted


async def test_a_deleted_reply_costs_nobody_the_track(world: World) -> None:
    asked = await world.musicgen()
    await world.mod.delete(asked.reply.message)
    world.generates(100)
    await world.pass_s(10)
    assert world.messages == [], "progress is not worth a new message"
    await world.done()
    [new] = world.messages
    assert has_track(new)
    assert mentions_ada(world, new)


async def test_a_deleted_reply_is_replaced_by_token_where_the_bot_is_no_member(
    world: World,
) -> None:
    asked = await world.musicgen()
    await world.mod.delete(asked.reply.message)
    for method in ("PATCH", "POST"):
        world.fail(method, BY_BOT, 403, 50001, times=None)
    await world.done()
    [new] = world.messages
    assert has_track(new)
    assert mentions_ada(world, new)
    [sent] = world.requests("POST", BY_TOKEN)
    assert sent.body["allowed_mentions"] == {"parse": [], "users": [world.ada.id]}


async def test_a_deleted_reply_of_a_long_run_mentions_once(world: World) -> None:
    asked = await world.musicgen()
    await world.mod.delete(asked.reply.message)
    await world.pass_s(70)
    await world.done()
    [new] = world.messages
    assert has_track(new)


async def test_a_deleted_reply_still_tells_of_the_failure(world: World) -> None:
    asked = await world.musicgen()
    await world.mod.delete(asked.reply.message)
    await world.pass_s(70)
    world.predictions.answers = (Prediction("p1", "failed", error="CUDA"),)
    await world.pass_s(1)
    [new] = world.messages
    assert strings.errors.sentence(errors.PredictionFailed("CUDA")) in text_of(new.embeds[0])
    assert new.content == world.ada.mention


async def test_a_deleted_reply_of_what_was_canceled_stays_away(world: World) -> None:
    asked = await world.musicgen()
    await asked.press(world.ada)
    assert strings.card.CANCELED() in asked.text
    await world.mod.delete(asked.reply.message)
    await world.pass_s(70)
    assert world.messages == []


async def test_a_reply_deleted_while_it_is_being_canceled_stays_away(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancel = world.predictions.cancel

    async def slow(prediction_id: str) -> Prediction:
        await world.clock.sleep(5)
        return await cancel(prediction_id)

    monkeypatch.setattr(world.predictions, "cancel", slow)
    asked = await world.musicgen()
    await asked.press(world.ada)
    await world.mod.delete(asked.reply.message)
    await world.pass_s(70)
    assert world.generation.state is State.CANCELED
    assert world.generation.told
    assert world.messages == []
