"""Rules of servers: what is set, who is blocked, and the log of who has changed what."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from bot.community.server_rules import ServerRules
from bot.community.settings import Asked
from bot.domain.errors import PersonBlocked, RequestRefused, ServerPaused
from bot.domain.server_rules import EVERYWHERE, Block, CanceledAll, Change, StoredRules
from bot.engine.journal_watch import LOOK_EVERY_S
from tests.contract.journal_kit import (
    NOW,
    OpenJournal,
    Start,
    a_generation,
    added,
    execute,
    scalars,
)
from tests.unit.stepped_clock import SteppedClock

SERVER, OTHER_SERVER = 2**62 + 1, 2**62 + 2
ADA, BO, MANAGER = 2**62 + 3, 2**62 + 4, 2**62 + 5
BLOCK = Block(SERVER, ADA, "spam", NOW + timedelta(hours=1))


def told(changes: list[Change]) -> list[tuple[int, str, str | None, str | None]]:
    return [(one.number, one.what, one.old, one.new) for one in changes]


async def test_nothing_is_set_at_first(journal: OpenJournal) -> None:
    assert await journal.rules() == StoredRules()
    assert await journal.rules_revision() is None
    assert await journal.changes_of(SERVER) == []


async def test_what_is_set_is_there_for_all(start: Start) -> None:
    here, there = await start("here"), await start("there")
    await here.set_rules(SERVER, MANAGER, {"roles": "[1]", "pause": '"late"'})
    await there.set_rules(OTHER_SERVER, MANAGER, {"roles": "[2]"})
    rules = await here.rules()
    assert rules == await there.rules()
    assert rules.revision == await there.rules_revision()
    assert rules.settings == {
        SERVER: {"roles": "[1]", "pause": '"late"'},
        OTHER_SERVER: {"roles": "[2]"},
    }


async def test_every_change_gives_another_revision(journal: OpenJournal) -> None:
    seen = {await journal.rules_revision()}
    await journal.set_rules(SERVER, MANAGER, {"roles": "[1]"})
    seen.add(await journal.rules_revision())
    await journal.block(BLOCK, MANAGER)
    seen.add(await journal.rules_revision())
    await journal.unblock(SERVER, ADA, MANAGER)
    seen.add(await journal.rules_revision())
    assert len(seen) == 4


async def test_what_is_the_default_again_is_not_kept(journal: OpenJournal) -> None:
    await journal.set_rules(SERVER, MANAGER, {"roles": "[1]"})
    changes = await journal.set_rules(SERVER, MANAGER, {"roles": None})
    assert told(changes) == [(2, "roles", "[1]", None)]
    assert (await journal.rules()).settings == {}


async def test_what_stays_as_it_is_is_no_change(journal: OpenJournal) -> None:
    await journal.set_rules(SERVER, MANAGER, {"roles": "[1]"})
    changes = await journal.set_rules(SERVER, MANAGER, {"roles": "[1]", "pause": None})
    assert changes == []
    assert len(await journal.changes_of(SERVER)) == 1


async def test_a_block_and_its_end(journal: OpenJournal) -> None:
    [begun] = await journal.block(BLOCK, MANAGER)
    assert (await journal.rules()).blocks == (BLOCK,)
    assert await journal.block(BLOCK, MANAGER) == []
    for_ever = replace(BLOCK, until=None)
    [longer] = await journal.block(for_ever, MANAGER)
    assert (await journal.rules()).blocks == (for_ever,)
    [ended] = await journal.unblock(SERVER, ADA, MANAGER)
    assert (await journal.rules()).blocks == ()
    assert await journal.unblock(SERVER, ADA, MANAGER) == []
    assert begun.old is None
    assert begun.new == longer.old
    assert longer.new == ended.old
    assert ended.new is None
    assert {one.about_id for one in (begun, longer, ended)} == {ADA}
    assert {one.by_id for one in (begun, longer, ended)} == {MANAGER}


async def test_a_block_holds_in_its_place_and_for_its_person_alone(journal: OpenJournal) -> None:
    all_blocks = {
        BLOCK,
        replace(BLOCK, user_id=BO),
        replace(BLOCK, guild_id=OTHER_SERVER),
        replace(BLOCK, guild_id=EVERYWHERE),
    }
    for block in all_blocks:
        await journal.block(block, MANAGER)
    await journal.unblock(SERVER, ADA, MANAGER)
    assert set((await journal.rules()).blocks) == all_blocks - {BLOCK}


async def test_blocks_that_have_ended_are_deleted(journal: OpenJournal) -> None:
    later = replace(BLOCK, user_id=BO, until=NOW + timedelta(hours=2))
    never = replace(BLOCK, guild_id=EVERYWHERE, until=None)
    for block in (BLOCK, later, never):
        await journal.block(block, MANAGER)
    await journal.forget_ended_blocks(NOW + timedelta(hours=1))
    assert set((await journal.rules()).blocks) == {later, never}


async def test_the_log_is_numbered_in_each_server(journal: OpenJournal) -> None:
    for number in range(1, 5):
        await journal.set_rules(SERVER, MANAGER, {"roles": f"[{number}]"})
    await journal.set_rules(OTHER_SERVER, ADA, {"roles": "[7]", "pause": '"x"'})
    for _ in range(3):
        await added(journal, requester_id=ADA, reply=replace(a_generation().reply, guild_id=SERVER))
    await journal.cancel_all(SERVER, BO, ADA)
    log = await journal.changes_of(SERVER, 3)
    assert told(log) == [
        (5, "cancel_all", None, "3"),
        (4, "roles", "[3]", "[4]"),
        (3, "roles", "[2]", "[3]"),
    ]
    assert (log[0].by_id, log[0].about_id) == (BO, ADA)
    assert told(await journal.changes_of(SERVER, 3, before=3)) == [
        (2, "roles", "[1]", "[2]"),
        (1, "roles", None, "[1]"),
    ]
    assert [one.number for one in await journal.changes_of(OTHER_SERVER)] == [2, 1]


async def test_two_managers_at_once_get_two_numbers(start: Start) -> None:
    managers = [await start(name) for name in ("here", "there")]
    await asyncio.gather(
        *(
            managers[at % 2].set_rules(SERVER, MANAGER + at % 2, {"roles": f"[{at}]"})
            for at in range(20)
        )
    )
    log = await managers[0].changes_of(SERVER, 30)
    assert [one.number for one in log] == list(range(20, 0, -1))
    # Each saw what the one before had left.
    for newer, older in pairwise(log):
        assert newer.old == older.new
    assert (await managers[0].rules()).settings[SERVER]["roles"] == log[0].new


async def test_processes_agree_on_the_rules(start: Start) -> None:
    clock = SteppedClock()
    here = ServerRules(await start("here"), clock)
    there = ServerRules(await start("there"), clock)
    await here.start()
    await there.start()
    await there.block(replace(BLOCK, until=None), MANAGER)
    assert refusal(here) is None
    await clock.advance(LOOK_EVERY_S)
    await _until(lambda: refusal(here) is PersonBlocked)
    await here.unblock(SERVER, ADA, MANAGER)
    await here.change(SERVER, MANAGER, pause="night")
    assert refusal(there) is PersonBlocked
    await clock.advance(LOOK_EVERY_S)
    await _until(lambda: refusal(there) is ServerPaused)
    await here.close()
    await there.close()


def refusal(rules: ServerRules) -> type[RequestRefused] | None:
    """What a process says to Ada."""
    try:
        rules.check(Asked(ADA, SERVER))
    except RequestRefused as error:
        return type(error)
    return None


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(0.01)


async def test_two_settings_at_once_are_both_kept(start: Start) -> None:
    here, there = await start("here"), await start("there")
    await asyncio.gather(
        here.set_rules(SERVER, MANAGER, {"roles": "[1]"}),
        there.set_rules(SERVER, ADA, {"pause": '"x"'}),
    )
    assert (await here.rules()).settings[SERVER] == {"roles": "[1]", "pause": '"x"'}


async def test_a_server_is_forgotten(journal: OpenJournal) -> None:
    for guild_id in (SERVER, OTHER_SERVER):
        await journal.set_rules(guild_id, MANAGER, {"roles": "[1]"})
        await journal.block(replace(BLOCK, guild_id=guild_id), MANAGER)
    before = await journal.rules_revision()
    await journal.forget_server(SERVER)
    rules = await journal.rules()
    assert rules.revision != before
    assert set(rules.settings) == {OTHER_SERVER}
    assert rules.blocks == (replace(BLOCK, guild_id=OTHER_SERVER),)
    assert await journal.changes_of(SERVER) == []
    assert len(await journal.changes_of(OTHER_SERVER)) == 2


async def test_all_of_one_persons_in_a_server_are_stopped_and_that_is_noted(
    journal: OpenJournal,
) -> None:
    reply = replace(a_generation().reply, guild_id=SERVER)
    theirs = await added(journal, 2, requester_id=ADA, reply=reply)
    others = [
        await added(journal, requester_id=BO, reply=reply),
        await added(journal, requester_id=ADA, reply=replace(reply, guild_id=OTHER_SERVER)),
        await added(journal, requester_id=ADA, reply=replace(reply, guild_id=None)),
    ]
    canceled = await journal.cancel_all(SERVER, MANAGER, ADA)
    assert set(canceled.ids) == {one.id for one in theirs}
    assert list(canceled.changes) == await journal.changes_of(SERVER)
    for one in theirs:
        row = await journal.get(one.id)
        assert row is not None
        assert (row.cancel_requested, row.canceled_by) == (True, MANAGER)
    for one in (one for some in others for one in some):
        assert (await journal.get(one.id)) == one
    assert await journal.cancel_all(SERVER, MANAGER, ADA) == CanceledAll()
    assert len(await journal.changes_of(SERVER)) == 1


async def test_the_log_does_not_grow_for_ever(journal: OpenJournal, url: str) -> None:
    await journal.set_rules(SERVER, MANAGER, {"roles": "[1]"})
    await execute(url, "UPDATE servers SET changes = 500")
    await journal.set_rules(SERVER, MANAGER, {"roles": "[2]"})
    assert [one.number for one in await journal.changes_of(SERVER)] == [501]


async def test_settings_that_cannot_be_read_are_none(journal: OpenJournal, url: str) -> None:
    await journal.set_rules(SERVER, MANAGER, {"roles": "[1]"})
    await execute(url, "UPDATE servers SET settings = 'no JSON'")
    assert (await journal.rules()).settings == {}
    assert await scalars(url, "SELECT changes FROM servers") == [1]
