"""Bringing a generation to its person, whichever process follows it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from bot.domain.errors import AlreadyHere, JournalFault, NotFollowedHere
from bot.domain.generation import Generation, Reply, State
from bot.domain.inputs import Inputs
from bot.domain.request import GenerationRequest
from bot.engine.ports import Unreachable
from bot.engine.relocation import Relocation
from tests.fakes import NOON, FakeJournal, a_generation, a_reply
from tests.unit.service_kit import Rig, a_rig

FRESH = replace(a_reply(), token="fresh", token_expires_at=NOON + timedelta(hours=1))
LATER = NOON + timedelta(minutes=20)
"""The token of a reply at noon is dead."""
WAITS = a_generation(state=State.DELIVERING)
AT_ONCE_S = 30.0
PERSON, CHANNEL = WAITS.requester_id, WAITS.reply.channel_id


async def elsewhere(*generations: Generation) -> tuple[Relocation, FakeJournal]:
    """A process that follows none of these."""
    rig = a_rig()
    rig.clock.pass_s((LATER - NOON).total_seconds())
    for generation in generations:
        await rig.journal.add(generation)
    context, registry = rig.service._context, rig.service._registry  # pyright: ignore[reportPrivateUsage] - its parts
    context.share_between(2)
    return Relocation(context, registry), rig.journal


async def parked() -> tuple[Rig, str]:
    """A run whose track waits for its person."""
    rig = a_rig()
    rig.delivery.on_deliver.append(Unreachable())
    generation = await rig.submit(GenerationRequest(Inputs(prompt="x")), PERSON, a_reply())
    async with asyncio.timeout(AT_ONCE_S):
        while not await rig.service.waiting_for(PERSON, CHANNEL):  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0)
    return rig, generation.id


async def all_ended(rig: Rig) -> None:
    async with asyncio.timeout(AT_ONCE_S):
        await rig.service.idle()


# ------------------------------------------------------------------ by a press


async def test_what_another_process_follows_is_asked_of_it() -> None:
    bringing, journal = await elsewhere(WAITS)
    await bringing.bring([WAITS], FRESH)
    assert journal.wanted == {WAITS.id: FRESH}
    assert journal.rows[WAITS.id] == WAITS


async def test_every_take_that_is_open_is_brought() -> None:
    ended = replace(WAITS, id="e" * 12, state=State.CANCELED, told=True)
    untold = replace(WAITS, id="u" * 12, state=State.FAILED)
    bringing, journal = await elsewhere(WAITS, ended, untold)
    await bringing.bring([WAITS, ended, untold], FRESH)
    assert journal.wanted == {WAITS.id: FRESH, untold.id: FRESH}


async def test_what_ends_meanwhile_is_told() -> None:
    bringing, journal = await elsewhere(WAITS)
    await journal.save(WAITS.evolve(State.DELIVERED, told=True))
    with pytest.raises(AlreadyHere):
        await bringing.bring([WAITS], FRESH)
    assert journal.wanted == {}


async def test_a_run_that_another_process_has_taken_over_is_asked_of_that_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig, generation_id = await parked()

    async def refuse(generation: Generation) -> None:
        raise NotFollowedHere

    monkeypatch.setattr(rig.journal, "save", refuse)
    await rig.service.bring(generation_id, FRESH)
    assert rig.journal.wanted == {generation_id: FRESH}
    await rig.service.close()


# ------------------------------------------------------------------ by the next command


@dataclass(frozen=True)
class Row:
    """A generation that another process follows, and whether it waits for its person."""

    waits: bool
    generation: Generation


@pytest.mark.parametrize(
    "row",
    [
        Row(True, WAITS),
        Row(True, replace(WAITS, state=State.FAILED)),
        Row(True, replace(WAITS, reply=replace(FRESH, token=""))),
        Row(False, replace(WAITS, reply=FRESH)),
        Row(False, replace(WAITS, state=State.DELIVERED, told=True)),
        Row(False, replace(WAITS, state=State.COLLECTING)),
        Row(False, replace(WAITS, requester_id=PERSON + 1)),
        Row(False, replace(WAITS, reply=replace(WAITS.reply, channel_id=CHANNEL + 1))),
    ],
)
async def test_what_waits_elsewhere_is_found_by_its_row(row: Row) -> None:
    bringing, _ = await elsewhere(row.generation)
    assert await bringing.waiting_for(PERSON, CHANNEL) == [WAITS.id] * row.waits


async def test_of_a_batch_one_is_named() -> None:
    takes = [replace(WAITS, id=name * 12, batch_id="b") for name in "xyz"]
    bringing, _ = await elsewhere(*takes)
    assert len(await bringing.waiting_for(PERSON, CHANNEL)) == 1


async def test_what_is_on_its_way_to_a_press_waits_no_more() -> None:
    bringing, _ = await elsewhere(WAITS)
    await bringing.bring([WAITS], FRESH)
    assert await bringing.waiting_for(PERSON, CHANNEL) == []


async def test_a_run_of_its_own_is_known_better_than_its_row() -> None:
    rig, generation_id = await parked()
    rig.predictions.members = 2
    rig.clock.pass_s(3600)
    assert await rig.service.waiting_for(PERSON, CHANNEL) == [generation_id]
    await rig.service.bring(generation_id, replace(FRESH, token_expires_at=NOON))
    await all_ended(rig)
    assert await rig.service.waiting_for(PERSON, CHANNEL) == []


@pytest.mark.parametrize("fault", [JournalFault, TimeoutError])
async def test_without_the_journal_ones_own_are_found_all_the_same(
    monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    rig, generation_id = await parked()

    async def fail(user_id: int, channel_id: int) -> list[Generation]:
        raise fault

    rig.predictions.members = 2
    monkeypatch.setattr(rig.journal, "open_of", fail)
    assert await rig.service.waiting_for(PERSON, CHANNEL) == [generation_id]
    await rig.service.close()


# ------------------------------------------------------------------ as its follower hears of it


async def test_a_wish_that_another_process_took_down_is_fulfilled() -> None:
    rig, generation_id = await parked()
    await rig.journal.request_bring(generation_id, FRESH)
    await rig.service.start()
    await all_ended(rig)
    row = rig.journal.rows[generation_id]
    assert (row.state, row.reply) == (State.DELIVERED, replace(FRESH, token=""))
    assert rig.journal.wanted == {}
    await rig.service.close()


async def test_a_wish_that_cannot_be_journalled_is_fulfilled_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig, generation_id = await parked()
    await rig.journal.request_bring(generation_id, FRESH)
    save = rig.journal.save
    faults = [JournalFault(), JournalFault()]

    async def fail_at_first(generation: Generation) -> None:
        if faults:
            raise faults.pop()
        await save(generation)

    monkeypatch.setattr(rig.journal, "save", fail_at_first)
    await rig.service.start()
    await all_ended(rig)
    assert rig.journal.rows[generation_id].reply == replace(FRESH, token="")
    await rig.service.close()


async def test_who_adopts_a_generation_fulfils_the_wish_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = a_rig()
    await rig.journal.add_earlier(WAITS)
    await rig.journal.request_bring(WAITS.id, FRESH)
    tries: list[Reply] = []

    async def no_way(generation: Generation, track: object, *, untouched: bool) -> Reply:
        tries.append(generation.reply)
        raise Unreachable

    monkeypatch.setattr(rig.delivery, "deliver", no_way)
    await rig.service.start()
    rounds = rig.clock.monotonic() + 60
    while rig.clock.monotonic() < rounds:  # noqa: ASYNC110 - the clock is a fake
        await asyncio.sleep(0)
    assert tries == [FRESH]
    assert await rig.service.waiting_for(PERSON, CHANNEL) == [WAITS.id]
    await rig.service.close()


async def test_who_is_alone_asks_no_journal_what_others_follow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is asked at every command, and a burst of them has something to write."""
    rig, generation_id = await parked()

    async def fail(user_id: int, channel_id: int) -> list[Generation]:
        raise AssertionError("nobody else is there")

    monkeypatch.setattr(rig.journal, "open_of", fail)
    assert await rig.service.waiting_for(PERSON, CHANNEL) == [generation_id]
    await rig.service.close()
