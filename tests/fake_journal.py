"""The journal in memory. It passes the journal's contract suite (tests/contract)."""

from __future__ import annotations

import itertools
import secrets
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.community.charges import (
    HISTORY,
    Kind,
    asked_for,
    ending_of,
    estimate_us,
    kind_of,
    price_micro_usd,
    reservation,
)
from bot.community.limits import Tally, holds
from bot.community.lines import Lines, Load, Standing
from bot.community.settings import loaded, person_needed_since
from bot.domain.amounts import ServerLimits
from bot.domain.charges import Charge, ChargeState, Spent, Sums
from bot.domain.drafts import DRAFT_LIFE, StoredDraft
from bot.domain.errors import NoRoomLeft, PressedTwice
from bot.domain.generation import REMADE, TRANSITIONS, Generation, Reply, State
from bot.domain.journal_values import Forgotten, Kept, PendingAnswer, Push, Renewal, TrackPage
from bot.domain.presets import Named, PresetOwner
from bot.domain.presses import ButtonPress, is_one_press
from bot.jam.from_track import ById, ByMessage, FromTrack, NewJam
from bot.journal import JournalConflict, JournalError, LeaseLost, RowTaken, Terms
from bot.journal.rows import folded
from bot.journal.tables import to_us
from tests.fake_community import CommunityTables, FakeChartPosts, FakePresets, FakeStars
from tests.fake_jams import FakeJams, JamTables
from tests.fake_server_rules import FakeServerRules, ServerRuleTables

_FIRST_LEASE_S = 20.0
_WORD_LIMIT = 20


@dataclass(frozen=True)
class Lease:
    """Who has something, and until when by the monotonic clock."""

    owner: str | None
    incarnation: str | None
    until_s: float

    @property
    def ran_out(self) -> bool:
        return self.until_s <= time.monotonic()


@dataclass
class Tables:
    """What processes share."""

    rows: dict[str, Generation] = field(default_factory=dict[str, Generation])
    history: list[Generation] = field(default_factory=list[Generation])
    """Every saved state in order, so that tests see what was journalled when."""
    facts: dict[str, str] = field(default_factory=dict[str, str])
    wanted: dict[str, Reply] = field(default_factory=dict[str, Reply])
    """Where some are to be shown from now on, by whoever follows them."""
    leases: dict[str, Lease] = field(default_factory=dict[str, Lease])
    members: dict[str | None, Lease] = field(default_factory=dict[str | None, Lease])
    locks: dict[str, Lease] = field(default_factory=dict[str, Lease])
    community: CommunityTables = field(default_factory=CommunityTables)
    rule_tables: ServerRuleTables = field(default_factory=ServerRuleTables)
    jams: JamTables = field(default_factory=JamTables)
    charges: dict[str, Charge] = field(default_factory=dict[str, Charge])
    presses: dict[tuple[int, str], datetime] = field(
        default_factory=dict[tuple[int, str], datetime]
    )
    drafts: dict[str, StoredDraft] = field(default_factory=dict[str, StoredDraft])
    answers: dict[str, tuple[PendingAnswer, str]] = field(
        default_factory=dict[str, tuple[PendingAnswer, str]]
    )
    """With who has begun it."""
    pushes: dict[tuple[str, str], tuple[Push, datetime]] = field(
        default_factory=dict[tuple[str, str], tuple[Push, datetime]]
    )
    """By the prediction and the process that is to be told."""


class FakeJournal(FakeStars, FakePresets, FakeChartPosts, FakeServerRules, FakeJams):
    """A process at the journal; `beside` is another one, or its earlier start.

    A row that a test has put there by hand is anybody's to claim and to save.
    """

    def __init__(
        self,
        *,
        beside: FakeJournal | None = None,
        owner: str = "all",
        terms: Terms | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.tables = tables = Tables() if beside is None else beside.tables
        self.terms = terms or (Terms() if beside is None else beside.terms)
        self._now = now
        self.rows, self.history, self.facts = tables.rows, tables.history, tables.facts
        self.wanted, self._leases = tables.wanted, tables.leases
        self.rule_tables = tables.rule_tables
        FakeStars.__init__(self, tables.community, self.rows, self._tracks)
        FakePresets.__init__(self, tables.community)
        FakeChartPosts.__init__(self, tables.community)
        FakeJams.__init__(self, tables.jams)
        self.forgotten: list[tuple[datetime, datetime, datetime]] = []
        """Of when what has outlived its use was to be forgotten."""
        self._owner = owner
        self._incarnation = secrets.token_hex(8)
        self._has_claimed = False
        self._closed = False
        self.with_places: Callable[[], Collection[str]] = tuple

    # ------------------------------------------------------------------ writing

    def ask_who_has_places(self, unsent: Callable[[], Collection[str]]) -> None:
        self.with_places = unsent

    async def add(
        self,
        *takes: Generation,
        limits: ServerLimits | None = None,
        press: ButtonPress | None = None,
        named: Named[Sequence[Generation]] | None = None,
    ) -> Sequence[Generation]:
        self._check_open()
        if named is not None:
            takes = tuple(named.complete(await self.preset(named.owners, named.key)))
        for generation in takes:
            if generation.id in self.rows:
                raise RowTaken(generation.id)
        if press is not None:
            button, presses = (press.user_id, press.button), self.tables.presses
            before = presses.get(button)
            presses[button] = press.at if before is None else max(before, press.at)
            if is_one_press(before, press.at):
                raise PressedTwice
            try:
                self._reserve(takes, limits)
            except NoRoomLeft:
                del presses[button]
                raise
        else:
            self._reserve(takes, limits)
        for generation in takes:
            self._leases[generation.id] = self._lease(_FIRST_LEASE_S)
            self._write(generation)
        return takes

    def _reserve(self, takes: Sequence[Generation], limits: ServerLimits | None) -> None:
        each = self._price(kind_of(takes[0]))
        asked = asked_for(takes, each, limits)
        tally = Tally(self.terms.limits)
        for hold in holds(self.terms.limits, asked):
            _, person, server, window, jam_id = hold.key
            found = self._sum(window.begins_at, window.ends_at, person, server, jam_id)
            tally.sums[hold.key] = found.sums
        if self.terms.limits.max_waiting_per_user is not None:
            tally.lines = self._lines()
        if (refusal := tally.decide(asked)) is not None:
            raise refusal
        for generation in takes:
            self.tables.charges[generation.id] = reservation(generation, each)

    def _lines(self) -> Lines:
        places = self.terms.limits.places
        lines, with_places = Lines(places, self._owner), self.with_places()
        counted: Counter[tuple[int, str | None, bool]] = Counter()
        for row in self.rows.values():
            is_unpaid = row.state.unpaid
            is_placed = row.id in with_places if is_unpaid else row.state.has_slot
            if is_unpaid or is_placed:
                lease = self._leases.get(row.id)
                process = None if lease is None else lease.owner
                counted[row.requester_id, process, is_placed] += 1
        for person, process, _ in counted:
            lines.standings.setdefault(person, {})[process] = Standing(
                counted[person, process, False], counted[person, process, True]
            )
        everyones = [item for theirs in lines.standings.values() for item in theirs.items()]
        for process, standing in everyones:
            load = lines.loads.get(process, Load())
            lines.loads[process] = Load(
                load.could_begin + standing.could_begin(places), load.running + standing.running
            )
        return lines

    def _price(self, kind: Kind) -> int:
        charges = self.tables.charges.values()
        same = [one for one in charges if one.run_us is not None and _kind(one) == kind]
        same.sort(key=lambda one: one.accepted_at)
        runs_us = [one.run_us or 0 for one in same[-HISTORY:]]
        return price_micro_usd(estimate_us(kind, runs_us), self.terms.per_second_micro_usd)

    async def expected_micro_usd(self, kind: Kind) -> int:
        return self._price(kind)

    async def expect_answer(self, answer: PendingAnswer) -> None:
        self._check_open()
        self.tables.answers[answer.id] = answer, self._incarnation

    async def answered(self, *answer_ids: str) -> None:
        self._check_open()
        for answer_id in answer_ids:
            self.tables.answers.pop(answer_id, None)

    async def lost_answers(self) -> list[PendingAnswer]:
        # One bot runs at a time beside it.
        kept = self.tables.answers.values()
        return [answer for answer, whose in kept if whose != self._incarnation]

    async def keep_draft(self, draft: StoredDraft) -> None:
        self._check_open()
        self.tables.drafts[draft.id] = draft

    async def draft(self, draft_id: str) -> StoredDraft | None:
        self._check_open()
        found, row = self.tables.drafts.get(draft_id), self.rows.get(draft_id)
        if found is None and row is not None and row.state is State.FAILED:
            if row.draft is None or row.ended_at is None:
                return None
            found = StoredDraft(row.id, row.requester_id, row.ended_at, row.draft, row.failure)
        if found is None:
            return None
        return found if found.made_at > self.tables.community.now() - DRAFT_LIFE else None

    async def add_earlier(self, generation: Generation) -> None:
        """Have a row that an earlier start of this process has added."""
        await FakeJournal(beside=self, owner=self._owner).add(generation)

    async def add_jam(self, jam: NewJam) -> bool:
        if isinstance(jam, FromTrack):
            match jam.place:
                case ById(generation_id):
                    tracks = self._found(lambda row: row.id == generation_id)
                case ByMessage(channel_id, message_id):
                    tracks = await self.by_message(channel_id, message_id)
            jam = jam.complete(tracks)
        if isinstance(jam, Named):
            jam = jam.complete(await self.preset(jam.owners, jam.key))
        return await super().add_jam(jam)

    async def save(self, generation: Generation) -> None:
        self._check_open()
        old = self.rows.get(generation.id)
        if old is None:
            raise JournalConflict(generation.id, None, generation.state)
        lease = self._leases.get(generation.id)
        if lease is not None and lease.incarnation != self._incarnation:
            raise LeaseLost(generation.id, old.state, generation.state, lease.owner)
        follows = generation.state is old.state or generation.state in TRANSITIONS[old.state]
        if not follows or (old.told and not generation.told):
            raise JournalConflict(generation.id, old.state, generation.state)
        canceled = old.cancel_requested or generation.cancel_requested
        by = generation.canceled_by if old.canceled_by is None else old.canceled_by
        kept = replace(generation, parent_id=old.parent_id, cancel_requested=canceled)
        self._write(replace(kept, canceled_by=by))
        ending = ending_of(generation, self.terms.per_second_micro_usd)
        charge = self.tables.charges.get(generation.id)
        if ending and charge and charge.state is ChargeState.RESERVED:
            self.tables.charges[generation.id] = replace(charge, **asdict(ending))

    def _write(self, generation: Generation) -> None:
        self.history.append(generation)
        row = generation.kept
        if not row.open:
            row = replace(row, reply=replace(row.reply, token=""))
        self.rows[row.id] = row
        wanted = self.wanted.get(row.id, row.reply)
        if wanted.token_expires_at <= row.reply.token_expires_at or not row.open:
            self.wanted.pop(row.id, None)

    async def forget_spent(
        self, died_before: datetime, stored_before: datetime, looked_for_before: datetime
    ) -> None:
        self.forgotten.append((died_before, stored_before, looked_for_before))
        self.forget_dead_openings(died_before)
        for answer, _ in list(self.tables.answers.values()):
            if answer.token_expires_at <= died_before:
                del self.tables.answers[answer.id]
        lapsed = self.tables.community.now() - DRAFT_LIFE
        for draft in [one for one in self.tables.drafts.values() if one.made_at <= lapsed]:
            del self.tables.drafts[draft.id]
        for key, (_, at) in list(self.tables.pushes.items()):
            if at <= self._now() - timedelta(minutes=5):
                del self.tables.pushes[key]
        self._forget_spent_charges()
        for row in list(self.rows.values()):
            if not row.open and row.ended_at is not None and row.ended_at <= lapsed:
                row = self.rows[row.id] = replace(row, draft=None)
            if row.open and row.reply.token_expires_at <= died_before:
                self.rows[row.id] = replace(row, reply=replace(row.reply, token=""))
            is_gone = row.stored_at is not None and row.stored_at <= stored_before
            is_lost = (
                row.prediction_id is None
                and row.submitted_at is not None
                and row.submitted_at <= looked_for_before
                and (row.more_s is not None or row.relation in REMADE)
            )
            if row.stored_at is not None and not row.open and (is_gone or is_lost):
                inputs = replace(row.inputs, input_audio=None)
                self.rows[row.id] = replace(row, inputs=inputs, stored_at=None)
        for key, reply in self.wanted.items():
            if reply.token_expires_at <= died_before:
                self.wanted[key] = replace(reply, token="")

    # ------------------------------------------------------------------ reading

    async def get(self, generation_id: str) -> Generation | None:
        self._check_open()
        return next(iter(self._found(lambda row: row.id == generation_id)), None)

    async def open_of(self, user_id: int, channel_id: int) -> list[Generation]:
        return self._found(
            lambda row: (
                row.open and (row.requester_id, row.reply.channel_id) == (user_id, channel_id)
            )
        )

    async def open_ids(self) -> frozenset[str]:
        return frozenset(row.id for row in self.rows.values() if row.open)

    async def prediction_known(self, prediction_id: str) -> bool:
        return any(row.prediction_id == prediction_id for row in self.rows.values())

    def _found(self, matches: Callable[[Generation], bool]) -> list[Generation]:
        """Those that match, oldest first, each in the reply it is wanted in."""
        rows = sorted(filter(matches, self.rows.values()), key=_age)
        return [replace(row, reply=self.wanted.get(row.id, row.reply)) for row in rows]

    # ------------------------------------------------------------------ sharing

    async def claim(self, lease_s: float) -> list[Generation]:
        self._check_open()
        free = [row for row in self._found(lambda row: row.open) if self._is_free(row.id)]
        self._has_claimed = True
        self._leases |= {row.id: self._lease(lease_s) for row in free}
        return free

    def _is_free(self, generation_id: str) -> bool:
        lease = self._leases.get(generation_id)
        if lease is None or lease.incarnation is None:
            return True
        before = lease.owner == self._owner and not self._has_claimed
        return lease.incarnation != self._incarnation and (lease.ran_out or before)

    async def renew(self, lease_s: float, held: Collection[str]) -> Renewal:
        self.tables.members[self._owner] = self._lease(lease_s)
        mine = self._mine()
        self._leases |= {key: self._lease(lease_s) for key in mine}
        taken = {
            key for key, lease in self._leases.items() if lease.incarnation != self._incarnation
        }
        return Renewal(
            lost=frozenset(held) & taken,
            cancel_requested={
                key: self.rows[key].canceled_by for key in mine if self.rows[key].cancel_requested
            },
            wanted_replies={key: reply for key, reply in self.wanted.items() if key in mine},
            unfollowed=mine - frozenset(held),
        )

    async def release(self) -> None:
        self._leases |= {key: Lease(None, None, 0.0) for key in self._mine()}
        member = self.tables.members.get(self._owner)
        if member is not None and member.incarnation == self._incarnation:
            del self.tables.members[self._owner]

    def _mine(self) -> frozenset[str]:
        leases = self._leases.items()
        ours = {key for key, lease in leases if lease.incarnation == self._incarnation}
        return frozenset(key for key in ours if key in self.rows and self.rows[key].open)

    async def request_cancel(self, generation_id: str, by_id: int) -> bool:
        row = self.rows.get(generation_id)
        if row is None or not row.state.cancelable:
            return False
        self.rows[generation_id] = replace(
            row,
            cancel_requested=True,
            canceled_by=by_id if row.canceled_by is None else row.canceled_by,
        )
        return True

    async def request_bring(self, generation_id: str, reply: Reply) -> bool:
        row = self.rows.get(generation_id)
        if row is None or not row.open:
            return False
        self.wanted.pop(generation_id, None)
        if reply.token_expires_at > row.reply.token_expires_at:
            self.wanted[generation_id] = reply
        return True

    async def pass_on(self, *told: Push) -> None:
        for push in told:
            for row in self.rows.values():
                named = row.id == push.generation_id or row.prediction_id == push.prediction_id
                holder = self._leases[row.id].incarnation if row.id in self._leases else None
                if named and row.open and holder not in {None, self._incarnation}:
                    self.tables.pushes[push.prediction_id, holder or ""] = push, self._now()

    async def take_passed_on(self) -> list[Push]:
        mine = [key for key in self.tables.pushes if key[1] == self._incarnation]
        return [self.tables.pushes.pop(key)[0] for key in mine]

    async def live_members(self) -> int:
        others = (lease for owner, lease in self.tables.members.items() if owner != self._owner)
        return 1 + sum(not lease.ran_out for lease in others)

    async def try_lock(self, name: str, ttl_s: float) -> bool:
        return self._lock(name, ttl_s, is_ours_free=True)

    async def take_turn(self, name: str, ttl_s: float) -> bool:
        return self._lock(name, ttl_s, is_ours_free=False)

    async def unlock(self, name: str) -> None:
        if (lease := self.tables.locks.get(name)) and lease.incarnation == self._incarnation:
            del self.tables.locks[name]

    def _lock(self, name: str, ttl_s: float, *, is_ours_free: bool) -> bool:
        lease = self.tables.locks.get(name)
        is_ours = lease is not None and lease.incarnation == self._incarnation
        if lease is not None and not lease.ran_out and not (is_ours and is_ours_free):
            return False
        self.tables.locks[name] = self._lease(ttl_s)
        return True

    def _lease(self, lease_s: float) -> Lease:
        return Lease(self._owner, self._incarnation, time.monotonic() + lease_s)

    # ------------------------------------------------------------------ looking back

    async def tracks_of(
        self, user_id: int, words: str = "", limit: int = 10, before: str | None = None
    ) -> TrackPage:
        tracks = self._tracks(user_id, words)
        if before is not None:
            created_us, _, key = before.partition(".")
            last = int(created_us), key
            tracks = [row for row in tracks if (to_us(row.created_at), row.id) < last]
        shown = tracks[:limit]
        more = f"{to_us(shown[-1].created_at)}.{shown[-1].id}" if len(tracks) > limit else None
        return TrackPage(tuple(shown), more)

    async def count_tracks(self, user_id: int, words: str = "") -> int:
        return len(self._tracks(user_id, words))

    def _tracks(self, user_id: int, words: str) -> list[Generation]:
        has_words = _having(words)
        theirs = self._found(lambda row: row.requester_id == user_id and has_words(row))
        return [row for row in reversed(theirs) if row.state is State.DELIVERED]

    async def prompts_of(self, user_id: int, words: str = "", limit: int = 25) -> list[str]:
        has_words = _having(words)
        found = dict[str, str]()
        for row in self._found(lambda row: row.requester_id == user_id and has_words(row))[::-1]:
            if folded(row.inputs.prompt):
                found.setdefault(folded(row.inputs.prompt), row.inputs.prompt)
        return list(found.values())[:limit]

    async def ancestry(self, generation_id: str, limit: int = 20) -> list[Generation]:
        line: dict[str, Generation] = {}
        row = self.rows.get(generation_id)
        while row is not None and row.parent_id is not None and len(line) < limit:
            row = self.rows.get(row.parent_id)
            if row is None or row.id in {generation_id, *line}:
                break
            line[row.id] = row
        return list(line.values())

    async def batch(self, batch_id: str) -> list[Generation]:
        return self._found(lambda row: row.batch_id == batch_id)

    async def by_message(self, channel_id: int | None, message_id: int) -> list[Generation]:
        return self._found(
            lambda row: (
                row.reply.message_id == message_id and channel_id in {None, row.reply.channel_id}
            )
        )

    async def tracks_in(
        self, guild_id: int, channel_ids: Collection[int], words: str, limit: int
    ) -> list[Generation]:
        has_words = _having(words)
        found = self._found(
            lambda row: (
                row.state is State.DELIVERED
                and row.reply.guild_id == guild_id
                and row.reply.channel_id in channel_ids
                and not row.reply.private
                and has_words(row)
            )
        )
        return found[::-1][:limit]

    async def hide(self, channel_id: int, *message_ids: int) -> None:
        for message_id in message_ids:
            for row in await self.by_message(channel_id, message_id):
                if not row.open:  # and so wanted nowhere else
                    reply = replace(row.reply, private=True, gone=True)
                    self.rows[row.id] = replace(row, reply=reply)

    async def kept_of(self, user_id: int) -> Kept:
        rows = self.rows.values()
        theirs = [row for row in rows if row.requester_id == user_id]
        ended = [row for row in theirs if not row.open]
        tracks = sum(row.state is State.DELIVERED for row in ended)
        cancels = sum(row.canceled_by == user_id != row.requester_id for row in rows)
        presets = len(await self.presets([PresetOwner.person(user_id)]))
        stars = self.stars_given(user_id)
        open_ = len(theirs) - len(ended)
        drafts = sum(one.user_id == user_id for one in self.tables.drafts.values())
        jams = self.jams_with(user_id)
        return Kept(tracks, len(ended) - tracks, presets, stars, cancels, drafts, open_, jams)

    async def forget(self, user_id: int) -> Forgotten:
        kept = await self.kept_of(user_id)
        theirs = {row.id for row in self.rows.values() if row.requester_id == user_id}
        ended = {key for key in theirs if not self.rows[key].open}
        for row in list(self.rows.values()):
            of_other = row.canceled_by == user_id and row.requester_id != user_id
            by = None if of_other else row.canceled_by
            parent_id = None if row.parent_id in ended else row.parent_id
            self.rows[row.id] = replace(row, parent_id=parent_id, canceled_by=by)
        removed = self._found(lambda row: row.id in ended)
        self.forget_stars(user_id, ended)
        self.forget_presets(PresetOwner.person(user_id))
        self.forget_in_jams(user_id)
        for draft in [one for one in self.tables.drafts.values() if one.user_id == user_id]:
            del self.tables.drafts[draft.id]
        self._remove(*ended)
        return Forgotten(tuple(removed), kept)

    async def forget_one(self, user_id: int, generation_id: str) -> Generation | None:
        row = self.rows.get(generation_id)
        if row is None or row.open or row.requester_id != user_id:
            return None
        for child in list(self.rows.values()):
            if child.parent_id == generation_id:
                self.rows[child.id] = replace(child, parent_id=None)
        self.forget_stars(0, {generation_id})
        self._remove(generation_id)
        return row

    async def forget_ended(self, ended_before: datetime, at_most: int) -> int:
        self._check_open()
        starred = {key for key, _ in self.tables.community.stars}
        old = [
            row
            for row in self.rows.values()
            if not row.open
            and row.ended_at is not None
            and row.ended_at <= ended_before
            and row.id not in starred
            and row.id not in self.tables.jams.takes
        ]
        old.sort(key=lambda row: (row.ended_at, row.id))
        for row in old[:at_most]:
            await self.forget_one(row.requester_id, row.id)
        return len(old[:at_most])

    def _remove(self, *keys: str) -> None:
        for key in keys:
            del self.rows[key]
            self._leases.pop(key, None)
        for key, charge in self.tables.charges.items():
            if key not in self.rows:
                self.tables.charges[key] = replace(charge, generation_id=None)
        self._forget_spent_charges()

    def _forget_spent_charges(self) -> None:
        now = self._now()
        of_all = self.terms.limits.person_needed_since(now)
        for key, charge in self.tables.charges.items():
            here = loaded(self.rule_tables.settings.get(charge.guild_id or 0, {}))
            needed = {of_all, person_needed_since(here, now)} - {None}
            is_over = all(charge.accepted_at < since for since in needed if since is not None)
            if charge.generation_id is None and is_over:
                self.tables.charges[key] = replace(charge, requester_id=None)

    async def charges(self, ids: Collection[str]) -> dict[str, Charge]:
        known = self.tables.charges
        return {key: known[key] for key in ids if key in known and known[key].generation_id}

    async def spent(
        self,
        since: datetime,
        until: datetime,
        *,
        requester_id: int | None = None,
        guild_id: int | None = None,
        jam_id: str | None = None,
    ) -> Spent:
        return self._sum(since, until, requester_id, guild_id, jam_id)

    async def spent_by_day(
        self,
        since: datetime,
        days: int,
        *,
        requester_id: int | None = None,
        guild_id: int | None = None,
    ) -> list[Spent]:
        begins = [since + timedelta(days=day) for day in range(days + 1)]
        return [
            self._sum(start, end, requester_id, guild_id)
            for start, end in itertools.pairwise(begins)
        ]

    def _sum(
        self,
        since: datetime,
        until: datetime,
        requester_id: int | None,
        guild_id: int | None,
        jam_id: str | None = None,
    ) -> Spent:
        counted = [
            one
            for one in self.tables.charges.values()
            if since <= one.accepted_at < until
            and one.state is not ChargeState.GIVEN_BACK
            and requester_id in {None, one.requester_id}
            and guild_id in {None, one.guild_id}
            and jam_id in {None, one.jam_id}
        ]
        sums = Sums(
            len(counted),
            sum(one.seconds for one in counted),
            sum(one.micro_usd for one in counted),
        )
        return Spent(sums, sum(one.is_estimate for one in counted))

    async def forget_server(self, guild_id: int) -> None:
        await super().forget_server(guild_id)
        self.forget_presets(PresetOwner.server(guild_id))
        self.tables.community.chart_posts.pop(guild_id, None)

    # ------------------------------------------------------------------ facts

    async def fact(self, key: str) -> str | None:
        return self.facts.get(key)

    async def remember(self, key: str, value: str) -> None:
        self._check_open()
        self.facts[key] = value

    async def identity(self) -> str:
        return self.facts.setdefault("journal_id", secrets.token_hex(8))

    async def close(self) -> None:
        if not self._closed:
            await self.release()
            self._closed = True

    def _check_open(self) -> None:
        if self._closed:
            raise JournalError("the journal is closed")


def _kind(charge: Charge) -> Kind:
    return Kind(charge.version, charge.model, charge.seconds)


def _age(generation: Generation) -> tuple[datetime, str]:
    return generation.created_at, generation.id


def _having(words: str) -> Callable[[Generation], bool]:
    wanted = folded(words).split()[:_WORD_LIMIT]
    return lambda row: all(word in folded(row.inputs.prompt) for word in wanted)
