"""How much may be made: by one person, in one server, by all together. No I/O.

A limit counts what was accepted in the present day or month of the calendar, in UTC; what is given
back counts no more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias

from bot.community.lines import Lines, Places
from bot.domain.amounts import Amount, Period, ServerLimits, Unit
from bot.domain.charges import Sums
from bot.domain.errors import LimitReached, LineFull, NotAllowed

_NOTHING = Sums()
_EVER = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


class Scope(StrEnum):
    """Whose requests count together."""

    PERSON = "person"
    SERVER = "server"
    ALL = "all"
    MEMBER = "member"
    """One person in one server."""
    JAM = "jam"
    """One jam, whoever proposes."""


@dataclass(frozen=True, slots=True)
class Window:
    """From when until when something is counted."""

    period: Period
    begins_at: datetime
    ends_at: datetime


def window(period: Period, at: datetime) -> Window:
    """The day or month that a moment is in, in UTC; of a jam, all that there is."""
    return _window(period, at.astimezone(UTC).date())


@lru_cache(maxsize=16)
def _window(period: Period, day: date) -> Window:
    # Every request of a day is held against the same few.
    if period is Period.JAM:
        return Window(period, _EVER[0], _EVER[1])
    begins_at = datetime.combine(day, time(), UTC)
    if period is Period.DAY:
        return Window(period, begins_at, begins_at + timedelta(days=1))
    begins_at = begins_at.replace(day=1)
    # Four days past the 28th is in the next month, whichever it is.
    ends_at = (begins_at.replace(day=28) + timedelta(days=4)).replace(day=1)
    return Window(period, begins_at, ends_at)


def earliest(amounts: Iterable[Amount], now: datetime) -> datetime | None:
    """Since when something is counted at present; None where nothing is."""
    periods = {amount.period for amount in amounts}
    return min((window(period, now).begins_at for period in periods), default=None)


@dataclass(frozen=True, slots=True)
class Limits:
    """What this bot's owner allows."""

    per_user: tuple[Amount, ...] = ()
    per_server: tuple[Amount, ...] = ()
    total: tuple[Amount, ...] = ()
    max_waiting_per_user: int | None = None
    places: Places = field(default_factory=Places)
    """What does not have to wait."""
    per_jam: tuple[Amount, ...] = ()

    def __bool__(self) -> bool:
        amounts = (*self.of.values(), self.per_jam)
        return any((*amounts, self.max_waiting_per_user is not None))

    @property
    def of(self) -> Mapping[Scope, tuple[Amount, ...]]:
        """The amounts of each scope."""
        return {
            Scope.PERSON: self.per_user,
            Scope.SERVER: self.per_server,
            Scope.ALL: self.total,
        }

    def person_needed_since(self, now: datetime) -> datetime | None:
        """Since when it has to be known who asked for what, so that nobody begins anew."""
        return earliest(self.per_user, now)


@dataclass(frozen=True, slots=True)
class Allowed:
    """Who may use this bot at all."""

    servers: frozenset[int] | None = None
    users: frozenset[int] | None = None

    def check(self, user_id: int, guild_id: int | None) -> None:
        """Whoever is named may use it anywhere, and everyone in a server that is named.

        Raises:
            NotAllowed: both the person and the place are others.
        """
        if self.servers is None and self.users is None:
            return
        by_server = guild_id is not None and guild_id in (self.servers or ())
        if not by_server and user_id not in (self.users or ()):
            raise NotAllowed(elsewhere=self.servers is not None)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for room: so many takes, all or none."""

    requester_id: int
    guild_id: int | None
    at: datetime
    takes: int
    each: Sums
    server_limits: ServerLimits | None = None
    """What its server allows this person; None where it has set nothing."""
    jam_id: str | None = None
    """The jam that they propose in."""


Key: TypeAlias = tuple[Scope, int | None, int | None, Window, str | None]
"""What is counted together: in a scope, of this person, in this server, in this jam, where it is
about one."""


@dataclass(frozen=True, slots=True)
class Hold:
    """An amount that a request is held against."""

    key: Key
    amount: Amount
    is_servers: bool = False
    """Whether those who manage the server have set it, not the bot's owner."""


@dataclass(slots=True)
class Tally:
    """What has been counted so far, for requests to be decided in their order."""

    limits: Limits
    sums: dict[Key, Sums] = field(default_factory=dict[Key, Sums])
    lines: Lines | None = None
    """Who waits; None where that is not limited."""

    def decide(self, asked: Asked) -> LimitReached | LineFull | None:
        """Count a request, or tell which limit keeps it out, the one that opens last."""
        reached: list[LimitReached] = []
        room_for = asked.takes
        held = tuple(holds(self.limits, asked))
        for hold in held:
            amount = hold.amount
            left = amount.number - _of(self.sums.get(hold.key, _NOTHING), amount.unit)
            each = _of(asked.each, amount.unit)
            fits = asked.takes if each <= 0 else max(0, left) // each
            room_for = min(room_for, fits)
            if fits < asked.takes:
                reached.append(_reached(hold, left))
        in_line = self._room_in_line(asked)
        room_for = min(room_for, in_line)
        if reached:
            last = max(reached, key=lambda one: one.opens_at)
            last.room_for = room_for
            return last
        if in_line < asked.takes and self.lines is not None:
            waiting = self.lines.waiting_of(asked.requester_id)
            return LineFull(room_for, self.limits.max_waiting_per_user or 0, waiting)
        self._count(asked, {hold.key for hold in held})
        return None

    def _room_in_line(self, asked: Asked) -> int:
        """How many of the takes either begin at once, or may wait."""
        most = self.limits.max_waiting_per_user
        if most is None or self.lines is None:
            return asked.takes
        waits = self.lines.waiting_of
        most = max(most, waits(asked.requester_id))
        fits = (n for n in range(asked.takes, 0, -1) if waits(asked.requester_id, n) <= most)
        return next(fits, 0)

    def _count(self, asked: Asked, keys: Collection[Key]) -> None:
        wanted = asked.each.times(asked.takes)
        for key in keys:
            self.sums[key] = self.sums.get(key, _NOTHING) + wanted
        if self.lines is not None:
            self.lines.add(asked.requester_id, asked.takes)


def holds(limits: Limits, asked: Asked) -> Iterator[Hold]:
    """Every amount that a request is held against: the owner's, and those of its server."""
    for scope, amounts in limits.of.items():
        if scope is Scope.SERVER and asked.guild_id is None:
            continue
        for amount in amounts:
            yield Hold(_key(scope, asked, amount), amount)
    servers = asked.server_limits
    if servers is not None and asked.guild_id is not None:
        for amount in servers.per_person:
            yield Hold(_key(Scope.MEMBER, asked, amount), amount, is_servers=True)
        for amount in servers.together:
            yield Hold(_key(Scope.SERVER, asked, amount), amount, is_servers=True)
    if asked.jam_id is not None:
        for amount in limits.per_jam:
            yield Hold(_key(Scope.JAM, asked, amount), amount)
        for amount in () if servers is None else servers.per_jam:
            yield Hold(_key(Scope.JAM, asked, amount), amount, is_servers=True)


def holds_of_jam(
    limits: Limits, servers: ServerLimits | None, jam_id: str, now: datetime
) -> list[Hold]:
    """The budget of a jam: every amount that its takes are held against as such."""
    asked = Asked(0, None, now, 1, Sums(), servers, jam_id)
    return [hold for hold in holds(limits, asked) if hold.key[0] is Scope.JAM]


def _key(scope: Scope, asked: Asked, amount: Amount) -> Key:
    counted = window(amount.period, asked.at)
    match scope:
        case Scope.PERSON:
            return scope, asked.requester_id, None, counted, None
        case Scope.MEMBER:
            return scope, asked.requester_id, asked.guild_id, counted, None
        case Scope.SERVER:
            return scope, None, asked.guild_id, counted, None
        case Scope.JAM:
            return scope, None, None, counted, asked.jam_id
        case Scope.ALL:
            return scope, None, None, counted, None


def left_of(amount: Amount, spent: Sums) -> int:
    """What is left of an amount, in its unit."""
    return max(0, amount.number - _of(spent, amount.unit))


def _reached(hold: Hold, left: int) -> LimitReached:
    scope, _, _, counted, _ = hold.key
    return LimitReached(
        room_for=0,
        scope=scope.value,
        number=hold.amount.number,
        unit=hold.amount.unit.value,
        period=hold.amount.period.value,
        left=max(0, left),
        opens_at=int(counted.ends_at.timestamp()),
        is_servers=hold.is_servers,
    )


def _of(sums: Sums, unit: Unit) -> int:
    match unit:
        case Unit.TRACKS:
            return sums.tracks
        case Unit.SECONDS:
            return sums.seconds
        case Unit.USD:
            return sums.micro_usd


PRICE_PER_SECOND_MICRO_USD = 1400
"""Of an A100 with 80 GB, by Replicate's public model pages as noted on 2026-11-29."""
