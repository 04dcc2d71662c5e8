"""/tracks forget in every table that there is: whoever adds one decides what is whose."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.domain.drafts import StoredDraft
from bot.domain.generation import State
from bot.domain.inputs import Inputs
from bot.domain.journal_values import PendingAnswer, Push
from bot.domain.presets import PresetOwner
from bot.domain.presses import ButtonPress
from bot.domain.server_rules import Block
from bot.jam import rules, steps
from bot.jam.jam import Beginning, Jam, Opening, Shown, Terms
from bot.jam.ports import TakeRow
from bot.journal.tables import metadata
from tests.contract.journal_kit import NOW, OpenJournal, Start, added
from tests.contract.test_journal_retention import ADA, BO, CARD, adas, bos, cells, ended, holding

SERVER = 5
OF_SERVERS = {("blocks", "user_id"), ("server_changes", "by_id"), ("server_changes", "about_id")}
"""What is the server's: who is blocked there, and its log (docs/privacy.md)."""
OF_NOBODY = {"facts", "members", "locks", "pushes", "chart_posts", "servers", "answers"}
"""They name no person; a token is in one until it is answered, or dead."""
WORDS = "zebraphone of hers"


def a_jam(jam_id: str, **changes: object) -> Jam:
    values: dict[str, object] = {"guild_id": SERVER, "channel_id": 2, "host_id": ADA}
    return rules.start(jam_id, NOW, terms=Terms("gongs"), **(values | changes))  # pyright: ignore[reportArgumentType] - by name


async def jams(journal: OpenJournal) -> None:
    """One that she begins with a file of hers, and one whose piece, round and votes have her."""
    begun = Opening(1, "jam-token", NOW + timedelta(minutes=15), draft=WORDS)
    beginning = Beginning(ADA, WORDS, source=CARD)
    await journal.add_jam(a_jam("begun", opening=begun))
    stored = await journal.jam("begun")
    assert stored is not None
    assert await journal.change_jam(stored.version, replace(stored.jam, beginning=beginning))
    jam, version = a_jam("going"), 1
    assert await journal.add_jam(jam)
    for number in range(3):
        take_id = f"take-{number}"
        jam = rules.propose(jam, NOW, ADA, take_id, WORDS, 10)
        row = TakeRow(take_id, jam.id, ADA, WORDS, jam.round.number, jam.head)
        assert await journal.change_jam(version, jam, row)
        jam = rules.vote(rules.made(jam, NOW, take_id, 10.0), NOW, ADA, take_id)
        jam = rules.end(jam, NOW, ADA) if number < 2 else rules.done(jam, NOW, ADA)
        assert await journal.change_jam(version + 1, jam)
        version += 2
    jam = steps.opened(steps.showed(jam, NOW, Shown(9, jam.revision, jam.head)), NOW, 77)
    assert await journal.change_jam(version, jam)


async def everything(journal: OpenJournal, other: OpenJournal) -> None:
    """A row in every table, of hers where it can be anybody's."""
    mine, alone = adas(), adas(id="hers-alone")
    others = [ended(one, canceled_by=ADA) for one in bos(mine)]
    press = ButtonPress(ADA, "again:1", NOW)
    await journal.add(mine, press=press)
    for one in (alone, *others):
        await journal.add(one)
    assert await journal.toggle_star(others[0].id, ADA)
    assert await journal.toggle_star(mine.id, BO)
    owner = PresetOwner.person(ADA)
    await journal.save_preset(owner, "zebra", WORDS, Inputs("", duration=5), 9)
    await journal.choose_default(ADA, "zebra")
    await journal.keep_draft(StoredDraft("draft", ADA, NOW, "her notes"))
    await jams(journal)
    await journal.set_rules(SERVER, ADA, {"roles": "[1]"})
    await journal.block(Block(SERVER, ADA, "spam", None), BO)
    await journal.claim_chart(SERVER, NOW, 60.0)
    await journal.expect_answer(
        PendingAnswer("answer", 1, "answer-token", NOW + timedelta(minutes=15))
    )
    [running] = await added(journal, state=State.RUNNING, prediction_id="p", requester_id=BO)
    await other.pass_on(Push("p", running.id))
    await journal.remember("fact", "value")
    assert await journal.try_lock("lock", 60.0)
    await journal.renew(60.0, ())


async def test_of_every_table_it_is_known_what_is_whose(start: Start, url: str) -> None:
    journal = await start("here")
    await everything(journal, await start("there"))
    before = await cells(url)
    tables = {table for table, *_ in before} - {"alembic_version"}
    assert tables == metadata.tables.keys(), "a new table is to be filled above"
    named = {table for table, _ in holding(before, ADA)}
    assert named == metadata.tables.keys() - OF_NOBODY - {"generation_events"}
    await journal.forget(ADA)
    after = await cells(url)
    assert holding(after, ADA) == OF_SERVERS
    for words in (WORDS, "hers-alone", "her notes"):
        assert not holding(after, words), words
    # What is still to be fetched, and the reply that is still to be edited, have their ends.
    for one in (CARD.url, "jam-token"):
        assert holding(after, one) == {("jams", "state")}


async def test_no_table_keeps_a_token_that_is_dead(start: Start, url: str) -> None:
    journal = await start("here")
    await everything(journal, await start("there"))
    tokens = ("interaction-token", "jam-token", "answer-token")
    before = await cells(url)
    named = {table for token in tokens for table, _ in holding(before, token)}
    assert named == {"generations", "jams", "answers"}
    await journal.forget_spent(NOW + timedelta(minutes=15), NOW, NOW)
    after = await cells(url)
    for token in tokens:
        assert not holding(after, token), token
