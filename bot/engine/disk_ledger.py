"""Who holds how many bytes of the data folder, who may have more, and who gives way. No I/O.

Everything in the folder counts: tracks, pieces to extend, input audio, files half written. What
does not is the journal's own file, which grows by a kilobyte or two a track and is nobody's to
delete. Bytes are claimed before they are written, and given back once their file is gone.

A claim that does not fit waits. This is the order in which room is made:

1. Files of no open generation are removed (`bot.audio.track_store`); until they are, they count.
2. What is not paid waits: a claim is granted only where it fits into the budget and into its
   person's share, in the order of asking; a large one is not overtaken by others' small ones.
   Where what waits for its people leaves no room at all, new requests are refused instead.
3. What is paid goes first of those that wait. It waits for tracks on their way out, which takes
   moments; where that is not enough, what is not paid gives way, the newest first, and its person
   is told so. Nothing was charged for it.
4. What is paid gives way to nothing, not even to what is paid. Where nobody is left that will end
   by itself, or it has waited for too long, it goes over the budget; from then on the disk itself
   is the limit, and new requests are refused until it fits again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import Enum, auto
from itertools import count

from bot.domain.errors import AudioBeyondRoom, OwnRoomTaken, RoomTaken


class Standing(Enum):
    """What stands behind a claim."""

    UNPAID = auto()
    """Nothing was sent yet that costs money."""
    PAID = auto()
    """It is on its way to its person."""
    KEPT = auto()
    """The same, and there is no way to them now: it may stay for days."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Bytes that a generation's files have, or are about to have."""

    user_id: int
    size_bytes: int
    standing: Standing
    arrival: int
    yielding: bool = False
    """Told to give way, and about to."""


@dataclass(frozen=True, slots=True)
class _Wish:
    user_id: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Settled:
    """What has changed: whose claims are granted, and who is to give way."""

    granted: Collection[str]
    yielding: Collection[str]


class Ledger:
    """The claims of one process; `members` processes share the folder, and its budget evenly."""

    def __init__(self, budget_bytes: int, share_bytes: int) -> None:
        """`share_bytes` is what one person may have of it, by what is not paid yet."""
        self.members = 1
        self.left_over_bytes = 0
        """In files that belong to no open generation."""
        self._budget_bytes = budget_bytes
        self._share_bytes = share_bytes
        self._holds: dict[str, Hold] = {}
        self._paid_wishes: dict[str, _Wish] = {}
        self._unpaid_wishes: dict[str, _Wish] = {}
        self._arrivals = count()
        self._of: Counter[int] = Counter()
        self._kept_of: Counter[int] = Counter()
        self._as: Counter[Standing] = Counter()

    @property
    def budget_bytes(self) -> int:
        """What this process may fill."""
        return self._budget_bytes // self.members

    @property
    def share_bytes(self) -> int:
        """What one person may have of it."""
        return min(self._share_bytes, self.budget_bytes)

    @property
    def used_bytes(self) -> int:
        """What is claimed, and what is left over."""
        return self.left_over_bytes + self._as.total()

    def held_bytes(self, key: str) -> int:
        """What one generation has."""
        hold = self._holds.get(key)
        return 0 if hold is None else hold.size_bytes

    def check_new(self, user_id: int, size_bytes: int) -> None:
        """Whether there is any use in waiting for so much.

        Raises:
            OwnRoomTaken: what waits for this person fills their share.
            RoomTaken: what waits for people fills the budget.
        """
        if self._kept_of[user_id] + size_bytes > self.share_bytes:
            raise OwnRoomTaken(self.share_bytes)
        if self.left_over_bytes + self._as[Standing.KEPT] + size_bytes > self.budget_bytes:
            raise RoomTaken

    def ask(self, key: str, user_id: int, size_bytes: int, *, paid: bool) -> None:
        """Ask for so much in all; `settle` tells when it is granted.

        Raises:
            AudioBeyondRoom: it is not paid, and more than one person may have.
        """
        if not paid and size_bytes > self.share_bytes:
            raise AudioBeyondRoom(size_bytes, self.share_bytes)
        if paid:
            self.stands(key, Standing.PAID)
        wishes = self._paid_wishes if paid else self._unpaid_wishes
        wishes[key] = _Wish(user_id, size_bytes)

    def withdraw(self, key: str) -> None:
        """Ask for it no longer."""
        self._paid_wishes.pop(key, None)
        self._unpaid_wishes.pop(key, None)

    def settle(self, *, overdue: str | None = None) -> Settled:
        """Grant what may be granted now, in turn; a paid claim that is `overdue` is in any case."""
        granted, yielding = list[str](), list[str]()
        for key, wish in tuple(self._paid_wishes.items()):
            more_bytes = self._more_bytes(key, wish)
            if more_bytes > 0 and key != overdue:
                yielding += self._make_way(key, more_bytes)
                if self._over_bytes(more_bytes) > 0 and self._ends_by_itself(key):
                    break
            self._grant(key, wish, Standing.PAID)
            granted.append(key)
        if not self._paid_wishes:
            granted += self._settle_unpaid()
        return Settled(granted, yielding)

    def in_share(self, key: str, user_id: int, size_bytes: int) -> bool:
        """Whether a claim is within what one person may have, however full the folder is."""
        return self._of[user_id] - self.held_bytes(key) + size_bytes <= self.share_bytes

    def hold(self, key: str, user_id: int, size_bytes: int, standing: Standing) -> None:
        """Count what is there already, or is granted; it replaces what was held before."""
        self.withdraw(key)
        old = self._holds.get(key)
        arrival = next(self._arrivals) if old is None else old.arrival
        self._put(key, Hold(user_id, size_bytes, standing, arrival))

    def shrink(self, key: str, size_bytes: int) -> None:
        """Keep no more than so much: its files are smaller than was claimed."""
        if (hold := self._holds.get(key)) is not None:
            self._put(key, replace(hold, size_bytes=min(hold.size_bytes, size_bytes)))

    def stands(self, key: str, standing: Standing) -> None:
        """What stands behind a claim has changed; what is paid gives way no more."""
        if (hold := self._holds.get(key)) is not None:
            self._put(key, replace(hold, standing=standing, yielding=False))

    def release(self, key: str) -> None:
        """Its files are gone."""
        self.withdraw(key)
        self._put(key, None)

    def _settle_unpaid(self) -> list[str]:
        granted = list[str]()
        for key, wish in tuple(self._unpaid_wishes.items()):
            more_bytes = self._more_bytes(key, wish)
            if more_bytes and not self.in_share(key, wish.user_id, wish.size_bytes):
                # Only what is their own becomes free for them; the others need not wait for that.
                continue
            if self._over_bytes(more_bytes) > 0:
                break
            self._grant(key, wish, Standing.UNPAID)
            granted.append(key)
        return granted

    def _grant(self, key: str, wish: _Wish, standing: Standing) -> None:
        self.hold(key, wish.user_id, max(wish.size_bytes, self.held_bytes(key)), standing)

    def _more_bytes(self, key: str, wish: _Wish) -> int:
        return max(0, wish.size_bytes - self.held_bytes(key))

    def _over_bytes(self, more_bytes: int) -> int:
        """How far beyond the budget so much more would be."""
        return self.used_bytes + more_bytes - self.budget_bytes if more_bytes else 0

    def _make_way(self, key: str, more_bytes: int) -> list[str]:
        """Who is to give way for a paid claim: as few as will do, the newest first."""
        passing = self._as[Standing.PAID] - self.held_bytes(key)
        over_bytes = self._over_bytes(more_bytes) - passing
        told = list[str]()
        if over_bytes <= 0:
            return told
        unpaid = [(h.arrival, k) for k, h in self._holds.items() if h.standing is Standing.UNPAID]
        for _, other in sorted(unpaid, reverse=True):
            hold = self._holds[other]
            if over_bytes <= 0:
                break
            over_bytes -= hold.size_bytes
            if not hold.yielding:
                self._put(other, replace(hold, yielding=True))
                told.append(other)
        return told

    def _ends_by_itself(self, key: str) -> bool:
        """Whether anybody else's room becomes free without its person's doing."""
        return any(
            hold.size_bytes > 0 and (hold.yielding or hold.standing is Standing.PAID)
            for other, hold in self._holds.items()
            if other != key and other not in self._paid_wishes
        )

    def _put(self, key: str, hold: Hold | None) -> None:
        for sign, one in ((-1, self._holds.pop(key, None)), (1, hold)):
            if one is not None:
                self._as[one.standing] += sign * one.size_bytes
                _add(self._of, one.user_id, sign * one.size_bytes)
                if one.standing is Standing.KEPT:
                    _add(self._kept_of, one.user_id, sign * one.size_bytes)
        if hold is not None:
            self._holds[key] = hold


def _add(counter: Counter[int], user_id: int, size_bytes: int) -> None:
    counter[user_id] += size_bytes
    if not counter[user_id]:
        del counter[user_id]
