"""The ledger in the journal: reserved with the row, settled with the end, never too many or few."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.community.charges import kind_of, price_micro_usd
from bot.community.limits import Limits, Period, window
from bot.community.lines import Places
from bot.community.settings import role_stored
from bot.community.written_amounts import parse_amounts
from bot.domain.amounts import ServerLimits
from bot.domain.charges import ChargeState, Spent
from bot.domain.errors import LimitReached, LineFull
from bot.domain.generation import Generation, State
from bot.domain.inputs import Inputs
from bot.engine.queue import Queue, QueueEntry
from bot.journal import RowTaken, SqlJournal, Terms, async_url
from bot.journal.database import create_engine
from tests.contract.journal_kit import NOW, a_generation, execute
from tests.fake_journal import FakeJournal

Journal = SqlJournal | FakeJournal
Open = Callable[[Limits], Awaitable[Journal]]
ESTIMATE = price_micro_usd(62_000_000, 1400)
SERVER = 50


@pytest.fixture
async def open_with(database: str | None) -> AsyncGenerator[Open]:
    """Opens a process at the journal, with limits."""
    memory = FakeJournal()
    async with AsyncExitStack() as opened:

        async def start(limits: Limits) -> Journal:
            terms = Terms(limits)
            if database is None:
                owner = str(random.random())
                return FakeJournal(beside=memory, owner=owner, terms=terms, now=lambda: NOW)
            journal = await SqlJournal.open(
                database, owner=str(random.random()), now=lambda: NOW, terms=terms
            )
            return await opened.enter_async_context(journal)

        yield start


def by(
    user: int, server: int | None = SERVER, number: int = 1, **changes: object
) -> list[Generation]:
    one = a_generation(requester_id=user, **changes)
    reply = replace(one.reply, guild_id=server)
    return [replace(a_generation(**changes), requester_id=user, reply=reply) for _ in range(number)]


async def granted(
    journal: Journal, takes: Sequence[Generation], limits: ServerLimits | None = None
) -> bool:
    try:
        await journal.add(*takes, limits=limits)
    except (LimitReached, LineFull):
        return False
    return True


async def end(journal: Journal, one: Generation, state: State, **changes: Any) -> None:
    """Bring it to its end, by way of what leads there."""
    way = {
        State.CANCELED: (),
        State.FAILED: (),
        State.DELIVERED: (
            State.QUEUED, State.SUBMITTING, State.RUNNING, State.COLLECTING, State.DELIVERING,
        ),
    }[state]  # fmt: skip
    for step in way:
        await journal.save(replace(one, state=step))
    await journal.save(replace(one, state=state, **changes))


async def today(journal: Journal, **whose: int) -> Spent:
    day = window(Period.DAY, NOW)
    ids: dict[str, Any] = {**whose}
    return await journal.spent(day.begins_at, day.ends_at, **ids)


async def test_a_row_and_its_reservation_are_one(open_with: Open) -> None:
    journal = await open_with(Limits(per_user=parse_amounts("1 tracks/day")))
    [one], [other] = by(1), by(1)
    await journal.add(one)
    with pytest.raises(LimitReached) as caught:
        await journal.add(other)
    assert (caught.value.left, caught.value.room_for) == (0, 0)
    assert await journal.get(other.id) is None
    found = await journal.charges([one.id, other.id])
    assert set(found) == {one.id}
    charge = found[one.id]
    assert (charge.requester_id, charge.guild_id, charge.seconds) == (1, SERVER, 8)
    assert (charge.micro_usd, charge.is_estimate) == (ESTIMATE, True)
    assert await today(journal, requester_id=1) == await today(journal, guild_id=SERVER)
    assert (await today(journal)).estimated == 1


async def test_what_cost_is_settled_once_and_what_did_not_is_given_back(open_with: Open) -> None:
    journal = await open_with(Limits(per_user=parse_amounts("2 tracks/day")))
    [paid, canceled] = by(1, number=2)
    await journal.add(paid, canceled)
    run: dict[str, Any] = {"prediction_id": "p", "predict_time_s": 10.0, "submitted_at": NOW}
    await end(journal, paid, State.DELIVERED, **run)
    await journal.save(
        replace(paid, state=State.DELIVERED, told=True, **run | {"predict_time_s": 99.0})
    )  # type: ignore[arg-type]
    await end(journal, canceled, State.CANCELED)
    found = await journal.charges([paid.id, canceled.id])
    assert (found[paid.id].micro_usd, found[paid.id].is_estimate) == (14_000, False)
    assert found[canceled.id].state is ChargeState.GIVEN_BACK
    assert (await today(journal)).sums.micro_usd == 14_000
    assert await granted(journal, by(1))
    assert not await granted(journal, by(1))


async def test_takes_are_all_or_none(open_with: Open) -> None:
    journal = await open_with(Limits(total=parse_amounts("20 s/day")))
    three = by(1, number=3)
    with pytest.raises(LimitReached) as caught:
        await journal.add(*three)
    assert caught.value.room_for == 2
    assert not await journal.open_ids()
    assert await granted(journal, three[:2])


async def test_others_in_the_same_batch_go_through(open_with: Open) -> None:
    journal = await open_with(Limits(per_user=parse_amounts("1 tracks/day")))
    asked = [by(user) for user in (1, 1, 2, 2, 3)]
    told = await asyncio.gather(*(granted(journal, one) for one in asked))
    assert told == [True, False, True, False, True]
    assert await journal.open_ids() == {takes[0].id for takes in asked[::2]}


async def test_yesterday_counts_no_more_and_this_month_does(open_with: Open) -> None:
    journal = await open_with(Limits(per_user=parse_amounts("1 tracks/day, 2 tracks/month")))
    last_month = NOW - timedelta(days=1)
    assert await granted(journal, by(1, created_at=last_month)), "NOW is on the first"
    assert not await granted(journal, by(1, created_at=last_month))
    assert await granted(journal, by(1))
    assert not await granted(journal, by(1))
    assert await granted(journal, by(1, created_at=NOW + timedelta(days=1)))
    assert not await granted(journal, by(1, created_at=NOW + timedelta(days=2)))


async def test_what_was_spent_on_each_day(open_with: Open) -> None:
    journal = await open_with(Limits())
    midnight = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
    tick, day = timedelta(microseconds=1), timedelta(days=1)
    moments = [
        midnight - 2 * day - tick,
        midnight - 2 * day,
        midnight - tick,
        midnight,
        midnight + day - tick,
        midnight + day,
    ]
    for moment in moments:
        await journal.add(*by(1, created_at=moment))
    await journal.add(*by(2, None, created_at=midnight))
    first = midnight - 2 * day
    of_all = await journal.spent_by_day(first, 3)
    assert [one.sums.tracks for one in of_all] == [1, 1, 3]
    assert [one.sums.seconds for one in of_all] == [8, 8, 24]
    assert [one.estimated for one in of_all] == [1, 1, 3]
    assert [one.sums.micro_usd for one in of_all] == [ESTIMATE, ESTIMATE, 3 * ESTIMATE]
    here = await journal.spent_by_day(first, 3, guild_id=SERVER)
    assert [one.sums.tracks for one in here] == [1, 1, 2]
    theirs = await journal.spent_by_day(first, 2, requester_id=2)
    assert theirs == [Spent(), Spent()]


async def test_a_batch_across_midnight(open_with: Open) -> None:
    journal = await open_with(Limits(total=parse_amounts("1 tracks/day")))
    midnight = window(Period.DAY, NOW).ends_at
    just_before = midnight - timedelta(microseconds=1)
    moments = [just_before, just_before, midnight, midnight]
    asked = [by(1, created_at=moment) for moment in moments]
    told = await asyncio.gather(*(granted(journal, one) for one in asked))
    assert told == [True, False, True, False]


async def test_who_waits_in_line_is_counted_by_the_rows(open_with: Open) -> None:
    journal = await open_with(Limits(max_waiting_per_user=1, places=ONE))
    [one, two] = by(1, number=2)
    await journal.add(one)
    await journal.add(two)
    with pytest.raises(LineFull):
        await journal.add(*by(1))
    assert await granted(journal, by(2))
    for state in (State.QUEUED, State.SUBMITTING):
        await journal.save(replace(one, state=state))
    assert not await granted(journal, by(1)), "the other one waits as before"
    await end(journal, one, State.CANCELED)
    assert await granted(journal, by(1)), "the other one begins"
    assert not await granted(journal, by(1))


@pytest.mark.parametrize(("running", "room_for"), [(9, 3), (4, 2), (3, 1), (2, 0), (1, 0)])
async def test_where_all_places_are_taken_everybody_waits(
    open_with: Open, running: int, room_for: int
) -> None:
    """Bo has two that run here, and one elsewhere; of Ada's, one may wait."""
    limits = Limits(max_waiting_per_user=1, places=Places(running, running_per_user=3))
    journals = [await open_with(limits), await open_with(limits)]
    for at in (0, 0, 1):
        [row] = by(2)
        await journals[at].add(row)
        for state in (State.QUEUED, State.SUBMITTING):
            await journals[at].save(replace(row, state=state))
    [waits] = by(1)
    await journals[0].add(waits)
    with pytest.raises(LineFull) as caught:
        await journals[0].add(*by(1, number=4))
    assert caught.value.room_for == room_for


@pytest.mark.parametrize("seed", [0, 2])
async def test_what_waits_by_the_rows_is_what_the_queue_lets_wait(
    open_with: Open, seed: int
) -> None:
    """Places are nearly all taken, and who has one is not always sent yet."""
    most, places = 1, Places(running=4, running_per_user=2)
    journal = await open_with(Limits(max_waiting_per_user=most, places=places))
    queue = Queue(places.running, places.running_per_user, at_gate=places.running)
    journal.ask_who_has_places(queue.unsent)
    dice, present = random.Random(seed), list[tuple[Generation, QueueEntry]]()
    told = Counter[bool]()

    def waiting_of(user: int) -> int:
        return sum(row.requester_id == user and not at.granted.is_set() for row, at in present)

    for _ in range(60):
        match dice.choice(("ask", "ask", "send", "end")):
            case "ask":
                [row] = by(dice.randint(1, 4))
                before = waiting_of(row.requester_id)
                entry = queue.join(row.requester_id, key=row.id)
                present.append((row, entry))
                may = waiting_of(row.requester_id) <= max(most, before)
                if not may:
                    queue.leave(entry)
                    present.pop()
                # The queue knows of it once it is journalled.
                unsent = [key for key in queue.unsent() if key != row.id]
                journal.ask_who_has_places(lambda unsent=unsent: unsent)
                assert await granted(journal, [row]) == may, row.requester_id
                journal.ask_who_has_places(queue.unsent)
                told[may] += 1
                if may:
                    await journal.save(replace(row, state=State.QUEUED))
            case "send" if unsent := [one for one in present if one[0].id in queue.unsent()]:
                row, entry = dice.choice(unsent)
                await journal.save(replace(row, state=State.SUBMITTING))
                queue.sent(entry)
            case "end" if present:
                row, entry = present.pop(dice.randrange(len(present)))
                await end(journal, row, State.CANCELED)
                queue.leave(entry)
            case _:
                pass
    assert min(told.values()) > 5, "some are let in, and some are not"


async def test_a_servers_own_limits_count_what_is_made_there(open_with: Open) -> None:
    journal = await open_with(Limits(per_user=parse_amounts("5 tracks/day")))
    own = ServerLimits(parse_amounts("2 tracks/day"), parse_amounts("24 s/day, 9 usd/month"))
    assert await granted(journal, by(1, server=None), own), "and not what is made elsewhere"
    assert await granted(journal, by(1, server=SERVER + 1), own)
    assert await granted(journal, by(1), own)
    assert await granted(journal, by(1), own)
    with pytest.raises(LimitReached) as caught:
        await journal.add(*by(1), limits=own)
    assert (caught.value.scope, caught.value.is_servers) == ("member", True)
    with pytest.raises(LimitReached) as caught:
        await journal.add(*by(2, number=2), limits=own)
    assert (caught.value.scope, caught.value.is_servers) == ("server", True)
    assert (caught.value.number, caught.value.left, caught.value.room_for) == (24, 8, 1)
    assert await granted(journal, by(2), own)
    assert await granted(journal, by(3)), "a server that has set nothing"


async def test_of_all_limits_the_smallest_counts(open_with: Open) -> None:
    journal = await open_with(Limits(per_user=parse_amounts("3 tracks/day")))
    more, none = ServerLimits(parse_amounts("40 tracks/day")), ServerLimits()
    asked = [by(user) for user in (1, 2) for _ in range(5)]
    told = await asyncio.gather(
        *(granted(journal, takes, (more, none)[n // 5]) for n, takes in enumerate(asked))
    )
    assert told == [True, True, True, False, False] * 2


async def test_the_limits_of_roles_in_one_batch(open_with: Open) -> None:
    """What each may is another number of the same sum."""
    journals = [await open_with(Limits()), await open_with(Limits())]
    together = parse_amounts("30 tracks/day")
    kinds = [ServerLimits(parse_amounts(f"{most} tracks/day"), together) for most in (2, 5)]
    kinds.append(ServerLimits((), together))
    asked = [(user, kinds[user % 3]) for user in range(6) for _ in range(10)]
    random.Random(7).shuffle(asked)
    told = await asyncio.gather(
        *(granted(journals[n % 2], by(user), own) for n, (user, own) in enumerate(asked))
    )
    assert sum(told) == 30
    theirs = Counter(user for (user, _), yes in zip(asked, told, strict=True) if yes)
    assert all(theirs[user] <= (2, 5, 10)[user % 3] for user in range(6))


async def test_what_was_delivered_twice_is_no_refusal(open_with: Open) -> None:
    """One process has had the last room for it; the other is to let go, not to refuse."""
    limits = Limits(per_user=parse_amounts("2 tracks/day"))
    first, second = await open_with(limits), await open_with(limits)
    takes = by(1, number=2)
    await first.add(*takes)
    with pytest.raises(RowTaken):
        await second.add(*takes)


async def test_estimates_come_from_what_was_run(open_with: Open) -> None:
    journal = await open_with(Limits())
    runs = by(1, number=3)
    await journal.add(*runs)
    for one, ran_s in zip(runs, (10.0, 20.0, 40.0), strict=True):
        await end(journal, one, State.DELIVERED, prediction_id=one.id, predict_time_s=ran_s)
    again = await open_with(Limits())
    [same], [longer] = by(1), by(1, inputs=Inputs(prompt="x", duration=30))
    await again.add(same)
    await again.add(longer)
    found = await again.charges([same.id, longer.id])
    assert found[same.id].micro_usd == 28_000
    assert found[longer.id].micro_usd == price_micro_usd(150_000_000, 1400)
    assert await again.expected_micro_usd(kind_of(same)) == 28_000
    assert await again.expected_micro_usd(kind_of(longer)) == found[longer.id].micro_usd


async def test_forgetting_is_no_way_round_a_limit(open_with: Open) -> None:
    journal = await open_with(Limits(per_user=parse_amounts("1 tracks/day")))
    yesterday = NOW - timedelta(days=1)
    for moment in (yesterday, NOW):
        [one] = by(1, created_at=moment)
        await journal.add(one)
        await end(journal, one, State.CANCELED, prediction_id=one.id, predict_time_s=1.0)
        await journal.save(replace(one, state=State.CANCELED, told=True, prediction_id=one.id))
    before = await journal.spent(yesterday, NOW + timedelta(days=1))
    forgotten = await journal.forget(1)
    assert not await journal.charges([one.id for one in forgotten.removed])
    assert not await granted(journal, by(1))
    month = NOW - timedelta(days=2), NOW + timedelta(days=1)
    assert await journal.spent(*month) == before, "money stays counted"
    assert (await journal.spent(*month, requester_id=1)).sums.tracks == 1, "today's alone is theirs"


async def test_who_was_forgotten_goes_when_no_limit_needs_them(open_with: Open) -> None:
    journal = await open_with(Limits(per_user=parse_amounts("1 tracks/day")))
    [one] = by(1)
    await journal.add(one)
    await journal.save(replace(one, state=State.CANCELED, told=True, **RAN))
    await journal.forget(1)
    without = await open_with(Limits())
    month = NOW - timedelta(days=2), NOW + timedelta(days=1)
    assert (await without.spent(*month, requester_id=1)).sums.tracks == 1
    await without.forget_spent(NOW, NOW, NOW)
    assert (await without.spent(*month, requester_id=1)).sums.tracks == 0
    assert (await without.spent(*month)).sums.tracks == 1


async def test_who_was_forgotten_goes_when_no_servers_limit_needs_them(open_with: Open) -> None:
    journal = await open_with(Limits())
    await journal.set_rules(SERVER, 9, role_stored(7, parse_amounts("1 tracks/day")))
    own = ServerLimits(parse_amounts("1 tracks/day"))
    yesterday = NOW - timedelta(days=1)
    for server, moment in ((SERVER, yesterday), (SERVER, NOW), (SERVER + 1, NOW), (None, NOW)):
        [one] = by(1, server, created_at=moment)
        await journal.add(one)
        await journal.save(replace(one, state=State.CANCELED, told=True, **RAN))
    await journal.forget(1)
    since = NOW - timedelta(days=2), NOW + timedelta(days=1)
    left = await journal.spent(*since, requester_id=1)
    assert left == await journal.spent(*since, requester_id=1, guild_id=SERVER)
    assert left.sums.tracks == 1, "today's"
    assert not await granted(journal, by(1), own)
    await journal.forget_server(SERVER)
    await journal.forget_spent(NOW, NOW, NOW)
    assert (await journal.spent(*since, requester_id=1)).sums.tracks == 0


RAN: dict[str, Any] = {"prediction_id": "p", "predict_time_s": 1.0}
ONE = Places(running_per_user=1)
PEOPLE, SERVERS, REQUESTS = 50, 5, 500
EACH = ESTIMATE


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        # Each person asks 10 times, in one server; each server is asked 100 times.
        (Limits(), 500),
        (Limits(per_user=parse_amounts("7 tracks/day")), 350),
        (Limits(per_user=parse_amounts("60 s/month")), 350),
        (Limits(per_server=parse_amounts("33 tracks/day")), 165),
        (Limits(per_server=parse_amounts("500 s/day, 1000 tracks/month")), 310),
        (Limits(total=parse_amounts("123 tracks/month")), 123),
        (Limits(total=parse_amounts("10 usd/day")), 10_000_000 // EACH),
        (Limits(max_waiting_per_user=3, places=ONE), 250),
        (
            Limits(
                parse_amounts("7 tracks/day"),
                parse_amounts("40 tracks/day, 4 usd/month"),
                parse_amounts("1500 s/day, 100 usd/month"),
                6,
                ONE,
            ),
            187,
        ),
    ],
)
async def test_a_crowd_at_two_processes_gets_exactly_what_fits(
    open_with: Open, limits: Limits, expected: int
) -> None:
    journals = [await open_with(limits), await open_with(limits)]
    asked = [by(n % PEOPLE, n % SERVERS) for n in range(REQUESTS)]
    order = random.Random(7).sample(range(REQUESTS), REQUESTS)
    # Everybody asks at both.
    told = await asyncio.gather(*(granted(journals[n // PEOPLE % 2], asked[n]) for n in order))
    assert sum(told) == expected
    assert len(await journals[0].open_ids()) == expected
    sums = (await today(journals[0])).sums
    assert (sums.tracks, sums.micro_usd) == (expected, expected * EACH)
    theirs = Counter(n % PEOPLE for n, yes in zip(order, told, strict=True) if yes)
    if limits.max_waiting_per_user is not None:
        assert max(theirs.values()) <= limits.max_waiting_per_user + 2, "one begins at each"


async def test_a_jams_budget_is_held_with_the_others_whoever_asks_where(open_with: Open) -> None:
    limits = Limits(
        per_user=parse_amounts("3 tracks/day"), per_jam=parse_amounts("9 tracks", per_jam=True)
    )
    servers = ServerLimits(per_jam=parse_amounts("7 tracks/day", per_jam=True))
    journals = [await open_with(limits), await open_with(limits)]

    def jammed(n: int, jam_id: str = "j") -> list[Generation]:
        return by(n % 5, jam_id=jam_id)

    asked = [jammed(n) for n in range(30)]
    told = await asyncio.gather(
        *(granted(journals[n % 2], takes, servers) for n, takes in enumerate(asked))
    )
    assert sum(told) == 7
    assert await granted(journals[0], by(50, jam_id="other"), servers)
    ever = window(Period.JAM, NOW)

    async def tracks(jam_id: str) -> int:
        spent = await journals[1].spent(ever.begins_at, ever.ends_at, jam_id=jam_id)
        return spent.sums.tracks

    assert (await tracks("j"), await tracks("other"), await tracks("none")) == (7, 1, 0)
    # What comes to nothing is given back, and what is forgotten is not.
    mine = [takes[0] for takes, yes in zip(asked, told, strict=True) if yes]
    holder = journals[asked.index([mine[0]]) % 2]
    await end(holder, mine[0], State.CANCELED, told=True)
    await journals[0].forget(mine[0].requester_id)
    assert await tracks("j") == 6
    assert await granted(journals[0], by(51, jam_id="j"), servers)
    assert not await granted(journals[0], by(52, jam_id="j"), servers)
    # Without the server's, the owner's alone.
    assert [await granted(journals[0], by(53 + n, jam_id="j")) for n in range(3)] == [
        *(True, True),
        False,
    ]


async def test_takes_race_as_well(open_with: Open) -> None:
    limits = Limits(total=parse_amounts("100 tracks/day"))
    journals = [await open_with(limits), await open_with(limits)]
    asked = [by(n, number=3) for n in range(60)]
    told = await asyncio.gather(*(granted(journals[n % 2], takes) for n, takes in enumerate(asked)))
    assert sum(told) == 33
    assert (await today(journals[0])).sums.tracks == 99


@pytest.mark.parametrize(
    ("index", "condition"),
    [
        ("accepted_at", "accepted_at >= 1 AND accepted_at < 2"),
        ("requester_id", "requester_id IN (1, 2) AND accepted_at >= 1 AND accepted_at < 999"),
        ("guild_id", "guild_id IN (1, 2) AND accepted_at >= 1 AND accepted_at < 999"),
        ("generation_id", "generation_id IN ('a', 'b')"),
        ("jam_id", "jam_id IN ('a', 'b') AND accepted_at >= 1 AND accepted_at < 999"),
        ("runs", "version = 'v' AND model = '' AND seconds = 8 AND run_us IS NOT NULL"),
        ("generation_id", "generation_id IS NULL AND requester_id IS NOT NULL"),
    ],
)
async def test_sums_are_taken_by_an_index(url: str, index: str, condition: str) -> None:
    async with await SqlJournal.open(url):
        pass
    rows = (
        "INSERT INTO charges (generation_id, requester_id, guild_id, accepted_at, version, model,"
        " seconds, reserved_micro_usd, state, run_us, jam_id) WITH RECURSIVE numbers (n) AS (SELECT"
        " 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2000) SELECT CASE WHEN n % 50 = 0 THEN"
        " NULL ELSE 'g' || n END, n % 97, n % 31, n, 'v', '', n % 20, 1, 'settled', CASE WHEN"
        " n % 9 = 0 THEN n END, CASE WHEN n % 7 = 0 THEN 'j' || n END FROM numbers"
    )
    is_sqlite = url.startswith("sqlite")
    await execute(url, rows, "ANALYZE charges")
    engine = create_engine(async_url(url))
    async with engine.connect() as connection:
        if not is_sqlite:
            await connection.execute(sa.text("SET enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
        query = f"{explain} SELECT * FROM charges WHERE {condition}"  # noqa: S608 - our own words
        plan = str((await connection.execute(sa.text(query))).all())
    await engine.dispose()
    assert f"ix_charges_{index}" in plan, plan
