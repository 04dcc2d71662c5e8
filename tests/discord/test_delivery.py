"""What Discord may do to a reply on its way, and what becomes of the track."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.card import strings
from bot.domain import errors
from bot.domain.generation import State
from bot.domain.prediction import Prediction
from tests.discord.world import (
    BY_BOT,
    BY_TOKEN,
    ENDED,
    TRACK,
    World,
    delivered,
    has_track,
    mentions_ada,
)

CLOSED = [(403, 50001), (404, 10015), (401, 50027)]
"""A way that will not open again."""
UNREACHABLE = "Replicate can't be reached"
FAULTS = [(500, 0), (503, 0)]
"""A way that may well."""


@pytest.mark.parametrize(("status", "code"), [*CLOSED, *FAULTS, (400, 200000)])
async def test_a_refused_edit_does_not_stop_the_next(world: World, status: int, code: int) -> None:
    asked = await world.musicgen()
    world.generates(100)
    world.fail("PATCH", BY_TOKEN, status, code)
    await world.pass_s(6)
    assert "25%" in asked.text
    await world.done()
    assert delivered(asked)
    assert len(world.messages) == 1


@pytest.mark.parametrize(("status", "code"), [*CLOSED, *FAULTS, (400, 200000)])
async def test_the_bots_own_token_delivers_where_the_interactions_does_not(
    world: World, status: int, code: int
) -> None:
    asked = await world.musicgen()
    world.fail("PATCH", BY_TOKEN, status, code)
    await world.done()
    assert delivered(asked)
    assert world.edits[-1].path.startswith("/channels/")
    assert len(world.messages) == 1
    assert world.generation.state is State.DELIVERED


@pytest.mark.parametrize(("status", "code"), CLOSED)
async def test_a_new_message_delivers_where_no_edit_does(
    world: World, status: int, code: int
) -> None:
    asked = await world.musicgen()
    world.fail("PATCH", f"*/messages/{asked.reply.id}", status, code, times=None)
    await world.done()
    old, new = world.messages
    assert old.id == asked.reply.id
    assert has_track(new)
    assert mentions_ada(world, new)
    [sent] = world.requests("POST", BY_BOT)
    assert sent.body["allowed_mentions"] == {"parse": [], "users": [world.ada.id]}
    assert sent.body["nonce"] == world.generation.id, "sent twice, it stays one message"
    assert world.generation.state is State.DELIVERED


@pytest.mark.parametrize(("status", "code"), FAULTS)
async def test_a_fault_of_discords_is_waited_out(world: World, status: int, code: int) -> None:
    asked = await world.musicgen()
    world.fail("PATCH", "*", status, code, times=6)
    await world.done()
    assert world.generation.state is State.DELIVERING
    await world.pass_s(60)
    assert delivered(asked)
    assert len(world.messages) == 1, "an edit that may have worked is never made up for"
    assert len(world.predictions.created) == 1
    assert world.generation.told


async def test_what_is_shown_may_be_wanted_again_before_its_turn(world: World) -> None:
    asked = await world.musicgen()
    await world.pass_s(62)
    starting, down = world.predictions.answers, (errors.ServiceFault(503),)
    world.predictions.answers = down
    await world.pass_s(1)
    assert UNREACHABLE in asked.text
    world.predictions.answers = starting
    await world.pass_s(5)
    world.predictions.answers = down
    await world.pass_s(10)
    assert UNREACHABLE in asked.text
    world.predictions.answers = starting
    await world.pass_s(15)
    assert UNREACHABLE not in asked.text
    await world.done()
    assert delivered(asked)


async def test_an_edit_whose_connection_breaks_does_not_stop_the_next(world: World) -> None:
    asked = await world.musicgen()
    world.generates(100)
    world.cuts.append(("PATCH", BY_TOKEN))
    await world.pass_s(6)
    assert world.cuts == []
    assert "25%" in asked.text


async def test_a_track_whose_connection_breaks_takes_another_way(world: World) -> None:
    asked = await world.musicgen()
    world.cuts.append(("PATCH", BY_TOKEN))
    await world.done()
    assert delivered(asked)
    assert len(world.messages) == 1


async def test_a_mention_whose_connection_breaks_is_let_go(world: World) -> None:
    asked = await world.musicgen()
    await world.pass_s(60)
    world.cuts.append(("POST", BY_TOKEN))
    await world.done()
    assert delivered(asked)
    assert len(world.messages) == 1
    assert world.generation.state is State.DELIVERED


REFUSALS = [(403, 50001), (403, 50013), (400, 50083), (403, 160005), (400, 200000)]
"""No access, no permission, archived, locked, blocked by AutoMod."""


@pytest.mark.parametrize(("status", "code"), REFUSALS)
async def test_a_moment_without_any_way_is_waited_out(world: World, status: int, code: int) -> None:
    asked = await world.musicgen()
    # AutoMod is asked twice: with the words of the request, and without.
    times = 2 if code == 200000 else 1
    for method, path in (("PATCH", BY_TOKEN), ("PATCH", BY_BOT), ("POST", BY_BOT)):
        world.fail(method, path, status, code, times=times)
    await world.done()
    assert world.generation.state is State.DELIVERING
    if code != 200000:
        assert strings.card.WAITS() in asked.text
    await world.pass_s(20)
    assert delivered(asked)
    assert len(world.messages) == 1
    assert len(world.predictions.created) == 1


@pytest.mark.parametrize(("status", "code"), REFUSALS)
async def test_a_track_for_a_channel_that_takes_nothing_is_kept(
    world: World, status: int, code: int
) -> None:
    asked = await world.musicgen()
    for method, path in (("PATCH", BY_TOKEN), ("PATCH", BY_BOT), ("POST", BY_BOT)):
        world.fail(method, path, status, code, times=None)
    await world.done(3600)
    assert "**Starting**" in asked.text
    assert world.generation.state is State.DELIVERING
    assert await asyncio.to_thread(Path(world.generation.track_path or "").read_bytes) == TRACK
    tries = len(world.requests("PATCH", BY_BOT))
    await world.pass_s(3600)
    assert len(world.requests("PATCH", BY_BOT)) <= tries + 5, "ever more rarely"


@pytest.mark.parametrize(("status", "code"), [(413, 40005), (413, 0), (400, 50045)])
async def test_a_track_that_discord_finds_too_large_is_kept(
    world: World, status: int, code: int
) -> None:
    asked = await world.musicgen()
    world.fail("PATCH", BY_TOKEN, status, code)
    await world.done()
    assert "MiB that Discord takes here" in asked.text
    assert asked.buttons == [strings.card.BRING()]
    assert asked.reply.attachments == []
    assert len(world.messages) == 1
    assert world.generation.state is State.DELIVERING
    await world.ada.click(asked.reply, label=strings.card.BRING())
    await world.pass_s(1)
    assert delivered(asked)


async def test_a_track_above_the_limit_is_not_even_sent(world: World) -> None:
    asked = await world.musicgen()
    limit_bytes = world.generation.reply.filesize_limit_bytes
    world.predictions.track = bytes(limit_bytes + 1)
    await world.done()
    assert "MiB that Discord takes here" in asked.text
    assert not [edit for edit in world.edits if "attachments" in edit.body]


@pytest.mark.parametrize(
    ("ending", "failure"),
    [
        (Prediction("p1", "failed", error="CUDA"), errors.PredictionFailed("CUDA")),
        (Prediction("p1", "aborted"), errors.PredictionAborted()),
        (Prediction("p1", "succeeded"), errors.OutputMissing()),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_a_bad_end_is_told_in_the_reply(
    world: World, ending: Prediction | errors.UserError, failure: errors.UserError
) -> None:
    asked = await world.musicgen()
    world.predictions.answers = (ending,)
    await world.pass_s(2)
    assert strings.card.FAILED() in asked.text
    assert strings.errors.sentence(failure) in asked.text
    assert asked.buttons == ENDED
    assert len(world.messages) == 1
