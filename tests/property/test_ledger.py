"""Whatever is asked for, held and given back: the budget holds, and nothing paid gives way."""

from __future__ import annotations

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from bot.domain.errors import AudioBeyondRoom
from bot.engine.disk_ledger import Ledger, Standing
from tests.examples import examples

BUDGET, SHARE = 100, 40
SIZES = st.integers(0, 120)
USERS = st.integers(1, 3)


class Folder(RuleBasedStateMachine):
    """What people ask for, in any order, and what they are told."""

    keys = Bundle("keys")

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger(BUDGET, SHARE)
        self.held: dict[str, tuple[int, int, Standing]] = {}
        """By key: user, size, standing, as the outside sees them."""
        self.asked: dict[str, tuple[int, int, bool]] = {}
        self.number = 0
        self.order: list[str] = []
        """Keys in the order in which they first held something."""

    @rule(target=keys, user_id=USERS, size=SIZES, paid=st.booleans())
    def ask(self, user_id: int, size: int, paid: bool) -> str:
        self.number += 1
        key = str(self.number)
        try:
            self.ledger.ask(key, user_id, size, paid=paid)
        except AudioBeyondRoom:
            assert not paid
            assert size > SHARE
        else:
            self.asked[key] = user_id, size, paid
        self._settle()
        return key

    @rule(key=keys, size=SIZES, paid=st.booleans())
    def ask_for_more(self, key: str, size: int, paid: bool) -> None:
        if key not in self.held or (not paid and size > SHARE):
            return
        user_id, _, standing = self.held[key]
        if standing is not Standing.UNPAID and not paid:
            return
        if key in self.asked:
            return
        self.ledger.ask(key, user_id, size, paid=paid)
        if paid:
            self.held[key] = user_id, self.held[key][1], Standing.PAID
        self.asked[key] = user_id, size, paid
        self._settle()

    @rule(key=keys)
    def is_paid(self, key: str) -> None:
        if key in self.held and key not in self.asked:
            self._stand(key, Standing.PAID)

    @rule(key=keys)
    def is_kept(self, key: str) -> None:
        if key in self.held and self.held[key][2] is Standing.PAID and key not in self.asked:
            self._stand(key, Standing.KEPT)

    @rule(key=keys)
    def goes_out_again(self, key: str) -> None:
        if key in self.held and self.held[key][2] is Standing.KEPT:
            self._stand(key, Standing.PAID)

    @rule(key=keys, size=SIZES)
    def is_smaller(self, key: str, size: int) -> None:
        if key in self.held:
            user_id, held, standing = self.held[key]
            self.ledger.shrink(key, size)
            self.held[key] = user_id, min(size, held), standing
            self._settle()

    @rule(key=consumes(keys))
    def ends(self, key: str) -> None:
        self.ledger.release(key)
        self.held.pop(key, None)
        self.asked.pop(key, None)
        self._settle()

    @rule()
    def the_paid_wait_for_too_long(self) -> None:
        overdue = next((key for key, (_, _, paid) in self.asked.items() if paid), None)
        if overdue is not None:
            self._settle(overdue=overdue)
            assert overdue not in self.asked

    @invariant()
    def counts_what_is_held(self) -> None:
        assert self.ledger.used_bytes == sum(size for _, size, _ in self.held.values())
        assert all(self.ledger.held_bytes(key) == size for key, (_, size, _) in self.held.items())

    @invariant()
    def nobody_waits_without_reason(self) -> None:
        """Who waits does so for room that somebody else gives up, or behind another."""
        if not self.asked:
            return
        key, (user_id, size, paid) = min(self.asked.items(), key=lambda one: not one[1][2])
        more = size - self.ledger.held_bytes(key)
        assert more > 0
        others = [
            (held, standing) for other, (_, held, standing) in self.held.items() if other != key
        ]
        if paid:
            assert self.ledger.used_bytes + more > BUDGET
            assert any(held and standing is not Standing.KEPT for held, standing in others)
        elif not any(paid for _, _, paid in self.asked.values()):
            theirs = sum(s for u, s, _ in self.held.values() if u == user_id)
            assert self.ledger.used_bytes + more > BUDGET or theirs + more > SHARE

    def _stand(self, key: str, standing: Standing) -> None:
        self.ledger.stands(key, standing)
        user_id, size, _ = self.held[key]
        self.held[key] = user_id, size, standing
        self._settle()

    def _settle(self, overdue: str | None = None) -> None:
        before = self.ledger.used_bytes
        settled = self.ledger.settle(overdue=overdue)
        grown = set[int]()
        for key in settled.granted:
            user_id, size, paid = self.asked.pop(key)
            size = max(size, self.held[key][1] if key in self.held else 0)
            grew = size > (self.held[key][1] if key in self.held else 0)
            self.held[key] = user_id, size, Standing.PAID if paid else Standing.UNPAID
            self.order += [key] if key not in self.order else []
            if grew and not paid:
                grown.add(user_id)
        if grown:
            assert self.ledger.used_bytes <= BUDGET, "what is not paid never goes over the budget"
            shares = Counter[int]()
            for user_id, size, _ in self.held.values():
                shares[user_id] += size
            assert all(shares[user] <= SHARE for user in grown)
        for key in settled.yielding:
            assert self.held[key][2] is Standing.UNPAID, "what is paid gives way to nothing"
            later = self.order[self.order.index(key) + 1 :]
            assert not [
                other
                for other in later
                if other in self.held
                and self.held[other][2] is Standing.UNPAID
                and self.held[other][1] > 0
                and not self._yields(other)
            ], "the newest first"
        assert settled.granted or self.ledger.used_bytes == before

    def _yields(self, key: str) -> bool:
        hold = self.ledger._holds.get(key)  # pyright: ignore[reportPrivateUsage] - nobody else asks
        return hold is not None and hold.yielding


Folder.TestCase.settings = settings(
    max_examples=examples(200), stateful_step_count=40, deadline=None
)
TestFolder = Folder.TestCase
