"""Reserve, settle, give back, crash, in any order: every balance is that of what was granted."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from bot.community.charges import price_micro_usd
from bot.community.limits import Amount, Limits, Period, window
from bot.community.lines import Places
from bot.community.written_amounts import parse_amounts
from bot.domain.amounts import ServerLimits
from bot.domain.charges import Sums
from bot.domain.errors import LimitReached, LineFull, PredictionFailed
from bot.domain.generation import Generation, State
from bot.domain.inputs import Inputs
from bot.journal import SqlJournal, Terms
from tests.contract.journal_kit import a_generation
from tests.examples import examples
from tests.fake_journal import FakeJournal

PRICE = 1000
LIMITS = Limits(
    parse_amounts("4 tracks/day, 9 tracks/month"),
    parse_amounts("100 s/day, 1 usd/month"),
    parse_amounts("0.6 usd/day, 200 s/month"),
    1,
    Places(running=4, running_per_user=2),
)
OWN = {
    7: ServerLimits(parse_amounts("2 tracks/day, 0.5 usd/month"), parse_amounts("60 s/day")),
    8: ServerLimits(parse_amounts("40 s/month"), parse_amounts("5 tracks/month")),
}
"""What two servers allow, and no limit for each of those who have a role."""
NOON = datetime(2026, 2, 27, 12, tzinfo=UTC)
"""Two days before a month's end: both kinds of windows close within a few steps."""
WAY = (State.QUEUED, State.SUBMITTING, State.RUNNING)
Journal = SqlJournal | FakeJournal
Matches = Callable[[Generation], bool]


def everybodys(_: Generation) -> bool:
    return True


def of_person(user: int) -> Matches:
    return lambda row: row.requester_id == user


def of_server(server: int | None) -> Matches:
    return lambda row: row.reply.guild_id == server


def of_member(user: int, server: int | None) -> Matches:
    return lambda row: row.requester_id == user and row.reply.guild_id == server


@dataclass
class Known:
    """One generation as it should be counted."""

    row: Generation
    seconds: int
    micro_usd: int
    at: int
    """Which process follows it."""
    counts: bool = True


class Books(RuleBasedStateMachine):
    """Two processes at one journal, and what a clerk would write down of them."""

    asked = Bundle("asked")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.now = NOON
        self.known: dict[str, Known] = {}
        self.journals: list[Journal] = [self.run(self.open(n)) for n in range(2)]

    async def open(self, number: int) -> Journal:
        raise NotImplementedError

    def run(self, work: Any) -> Any:
        return self.runner.run(work)

    @rule(
        target=asked,
        at=st.integers(0, 1),
        user=st.integers(1, 3),
        server=st.sampled_from([None, 7, 8]),
        takes=st.sampled_from([1, 1, 1, 3]),
        seconds=st.sampled_from([1, 8, 30]),
        has_role=st.sampled_from([False, False, True]),
    )
    def ask(
        self, at: int, user: int, server: int | None, takes: int, seconds: int, has_role: bool
    ) -> list[str]:
        one = a_generation(
            requester_id=user, created_at=self.now, inputs=Inputs(prompt="x", duration=seconds)
        )
        reply = replace(one.reply, guild_id=server)
        made = [replace(one, id=secrets.token_hex(6), reply=reply) for _ in range(takes)]
        price = price_micro_usd((30 + 4 * seconds) * 1_000_000, PRICE)
        own = OWN.get(server or 0)
        if own is not None and has_role:
            own = ServerLimits((), own.together)
        fits = self.fits(at, user, server, own, Sums(takes, takes * seconds, takes * price))
        try:
            self.run(self.journals[at].add(*made, limits=own))
        except (LimitReached, LineFull):
            assert not fits, "one too few"
            return []
        assert fits, "one too many"
        for row in made:
            self.known[row.id] = Known(row, seconds, price, at)
        return [row.id for row in made]

    def fits(
        self, at: int, user: int, server: int | None, own: ServerLimits | None, more: Sums
    ) -> bool:
        whose: list[tuple[tuple[Amount, ...], Matches]] = [
            (LIMITS.per_user, of_person(user)),
            (LIMITS.total, everybodys),
        ]
        if server is not None:
            whose.append((LIMITS.per_server, of_server(server)))
        if own is not None:
            whose.append((own.per_person, of_member(user, server)))
            whose.append((own.together, of_server(server)))
        for amounts, matches in whose:
            for amount in amounts:
                counted = window(amount.period, self.now)
                sums = self.sums(counted.begins_at, counted.ends_at, matches) + more
                by_unit = {"tracks": sums.tracks, "s": sums.seconds, "usd": sums.micro_usd}
                if by_unit[amount.unit] > amount.number:
                    return False
        waiting = [
            self.waiting(at, user, new) + self.waiting(1 - at, user) for new in (0, more.tracks)
        ]
        return waiting[1] <= max(waiting[0], 1)

    def waiting(self, at: int, user: int, new: int = 0) -> int:
        """How many of a person's have no place in a process, once all others have theirs."""
        rows = [one.row for one in self.known.values() if one.at == at]
        free = 4 - sum(row.state in WAY[1:] for row in rows)
        wait = 0
        for person in sorted({1, 2, 3}, key=lambda one: one == user):
            theirs = [row for row in rows if row.requester_id == person]
            wait = sum(row.state.unpaid for row in theirs) + (new if person == user else 0)
            places = 2 - sum(row.state in WAY[1:] for row in theirs)
            begin = max(0, min(wait, places, free))
            free, wait = free - begin, wait - begin
        return wait

    def sums(self, since: datetime, until: datetime, matches: Matches) -> Sums:
        counted = [
            one
            for one in self.known.values()
            if one.counts and since <= one.row.created_at < until and matches(one.row)
        ]
        return Sums(
            len(counted), sum(one.seconds for one in counted), sum(one.micro_usd for one in counted)
        )

    @rule(ids=asked, steps=st.sampled_from([1, 2, 3, 3]))
    def begin(self, ids: list[str], steps: int) -> None:
        for key in ids:
            if self.known[key].row.state is State.ACCEPTED:
                for state in WAY[:steps]:
                    self.save(key, state=state)

    @rule(ids=asked, ran_s=st.sampled_from([None, 0.0, 3.0, 90.0]))
    def is_canceled(self, ids: list[str], ran_s: float | None) -> None:
        self.end(ids, State.CANCELED, ran_s)

    @rule(ids=asked, ran_s=st.sampled_from([None, 0.0, 2.0]))
    def fails(self, ids: list[str], ran_s: float | None) -> None:
        self.end(ids, State.FAILED, ran_s)

    def end(self, ids: list[str], state: State, ran_s: float | None) -> None:
        for key in ids:
            one = self.known[key]
            if one.row.state.final:
                # What came first stays, whatever is saved after it.
                self.save(key, predict_time_s=500.0)
                continue
            ran_s = ran_s if one.row.state is State.RUNNING else None
            prediction_id = None if one.row.state.unpaid else key
            self.save(
                key,
                state=state,
                predict_time_s=ran_s,
                prediction_id=prediction_id,
                failure=PredictionFailed("") if state is State.FAILED else None,
            )
            one.counts = bool(ran_s)
            one.micro_usd = round((ran_s or 0) * PRICE)

    def save(self, key: str, **changes: Any) -> None:
        one = self.known[key]
        one.row = replace(one.row, **changes)
        for journal in self.journals:
            # Whichever follows it.
            try:
                self.run(journal.save(one.row))
            except Exception:  # noqa: BLE001, S112 - the other one's
                continue
            return
        raise AssertionError("nobody may save it")

    @rule(hours=st.sampled_from([1, 13, 24]))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(at=st.integers(0, 1))
    def dies_and_starts_again(self, at: int) -> None:
        self.run(self.die(at))

    async def die(self, at: int) -> None:
        """What was confirmed is all that is left; the other, or its next start, goes on."""
        self.journals[at] = await self.open(at)
        await self.journals[at].claim(3600)

    @invariant()
    def balances_are_right(self) -> None:
        for period in Period:
            counted = window(period, self.now)
            between = counted.begins_at, counted.ends_at
            journal = self.journals[0]
            assert self.run(journal.spent(*between)).sums == self.sums(*between, everybodys)
            for user in (1, 2, 3):
                expected = self.sums(*between, of_person(user))
                assert self.run(journal.spent(*between, requester_id=user)).sums == expected
            for server in (7, 8):
                expected = self.sums(*between, of_server(server))
                assert self.run(journal.spent(*between, guild_id=server)).sums == expected

    def teardown(self) -> None:
        self.runner.close()


class FakeBooks(Books):
    """In memory."""

    def __init__(self) -> None:
        self.memory = FakeJournal(terms=Terms(LIMITS, PRICE))
        super().__init__()

    async def open(self, number: int) -> Journal:
        return FakeJournal(beside=self.memory, owner=str(number))


class SqlBooks(Books):
    """In SQLite."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.opened: list[SqlJournal] = []
        super().__init__()

    async def open(self, number: int) -> Journal:
        journal = await SqlJournal.open(
            f"sqlite:///{Path(self.folder.name)}/journal.db",
            owner=str(number),
            terms=Terms(LIMITS, PRICE),
        )
        self.opened.append(journal)
        return journal

    def teardown(self) -> None:
        for journal in self.opened:
            self.run(journal.close())
        super().teardown()
        self.folder.cleanup()


FakeBooks.TestCase.settings = settings(
    max_examples=examples(100), stateful_step_count=30, deadline=None
)
SqlBooks.TestCase.settings = settings(
    max_examples=examples(15),
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestInMemory = FakeBooks.TestCase
TestInSqlite = SqlBooks.TestCase
