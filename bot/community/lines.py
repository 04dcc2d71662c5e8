"""Who has to wait in line, by what all processes have journalled. No I/O.

Each process lets so many run at once, and of each person's so many. What is accepted there and
begins at once, because such a place is free, does not wait. Nor does what has a place and is still
to be sent, which a process knows of its own alone; of another's, only where all places are taken
is it of any account.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeAlias

Process: TypeAlias = str | None
"""What a process is called that follows generations; None of those that none does just now."""


@dataclass(frozen=True, slots=True)
class Places:
    """How many may run at once in one process, and how many of one person's."""

    running: int = 10_000
    running_per_user: int = 4


@dataclass(frozen=True, slots=True)
class Standing:
    """How many of one person's are with one process."""

    unpaid: int = 0
    """Those without a place: they wait, or are about to begin."""
    running: int = 0
    """Those that have one, sent or about to be."""

    def could_begin(self, places: Places) -> int:
        """For how many of them their person has places left."""
        return min(self.unpaid, max(0, places.running_per_user - self.running))


_NONE = Standing()


@dataclass(frozen=True, slots=True)
class Load:
    """How many of all people's are with one process."""

    could_begin: int = 0
    running: int = 0


@dataclass(slots=True)
class Lines:
    """All that wait, as they were counted, and as more are accepted `here`."""

    places: Places
    here: Process = None
    standings: dict[int, dict[Process, Standing]] = field(
        default_factory=dict[int, dict[Process, Standing]]
    )
    """By person and process."""
    loads: dict[Process, Load] = field(default_factory=dict[Process, Load])
    """Of the processes whose places may all be taken."""

    def waiting_of(self, person: int, more: int = 0) -> int:
        """How many of a person's have to wait, if so many more are accepted here."""
        theirs = self.standings.get(person, {})
        return sum(
            self._waiting_at(process, theirs.get(process, _NONE), more * (process == self.here))
            for process in {*theirs, self.here}
        )

    def _waiting_at(self, process: Process, before: Standing, more: int) -> int:
        standing = Standing(before.unpaid + more, before.running) if more else before
        begin = standing.could_begin(self.places)
        if (load := self.loads.get(process)) is not None:
            others = load.could_begin - before.could_begin(self.places)
            begin = min(begin, max(0, self.places.running - load.running - others))
        return standing.unpaid - begin

    def add(self, person: int, number: int) -> None:
        """Count so many more of a person's, accepted here."""
        theirs = self.standings.setdefault(person, {})
        before = theirs.get(self.here, _NONE)
        after = theirs[self.here] = Standing(before.unpaid + number, before.running)
        if (load := self.loads.get(self.here)) is not None:
            more = after.could_begin(self.places) - before.could_begin(self.places)
            self.loads[self.here] = replace(load, could_begin=load.could_begin + more)
