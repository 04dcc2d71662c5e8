"""What is wrong with the services at present: told to the owner once, and readable at any time."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.clock import Clock
from bot.domain.waits import Obstacle

log = logging.getLogger(__name__)


class Task(StrEnum):
    """What is being tried; each may go well while another one does not."""

    CREATE = "starting predictions"
    FOLLOW = "following predictions"
    STORE = "storing input audio"
    FETCH = "fetching tracks"
    KEEP = "keeping tracks on disk"
    JOURNAL = "writing the journal"
    DELIVER = "delivering to Discord"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that does not work, and since when."""

    task: Task
    obstacle: Obstacle
    since: datetime

    @property
    def needs_owner(self) -> bool:
        """Whether it stays until the bot's owner does something about it."""
        return self.obstacle in _FOR_THE_OWNER


_FOR_THE_OWNER = frozenset(
    {
        Obstacle.TOKEN_REFUSED,
        Obstacle.CREDIT_MISSING,
        Obstacle.FORBIDDEN,
        Obstacle.CERTIFICATE,
        Obstacle.DISK_FULL,
        Obstacle.DISK_FAULT,
    }
)

_PLAINLY = {
    Obstacle.OUTAGE: "Replicate can't be reached, or answers with faults",
    Obstacle.THROTTLED: "Replicate throttles this account (429)",
    Obstacle.LOW_CREDIT: (
        "Replicate takes few requests from this account because its credit is low (429): add some"
    ),
    Obstacle.TOKEN_REFUSED: (
        "Replicate does not accept the API token (401): set a valid REPLICATE_API_TOKEN"
    ),
    Obstacle.CREDIT_MISSING: "the Replicate account has no credit left (402): add some",
    Obstacle.FORBIDDEN: (
        "Replicate refuses access (403): check what the token's account may do, and whether a "
        "proxy or firewall stands between"
    ),
    Obstacle.CERTIFICATE: (
        "Replicate's certificate is not trusted on this machine: check its clock, and whether a "
        "proxy stands between, whose authority SSL_CERT_FILE can name"
    ),
    Obstacle.SERVERS_BUSY: "the servers of COG_URL run something else",
    Obstacle.SERVERS_LOADING: "the servers of COG_URL are still loading their model",
    Obstacle.SERVERS_DOWN: "no server of COG_URL can be reached, or each answers with faults",
    Obstacle.DISK_FULL: "the disk of DATA_FOLDER is full: make room",
    Obstacle.DISK_FAULT: "DATA_FOLDER cannot be written: check the disk and its permissions",
    Obstacle.JOURNAL: "the database cannot be used at the moment",
    Obstacle.DISCORD: "Discord does not take messages at the moment",
}


class Troubles:
    """The troubles of this process, one for each task; a change is logged, a repetition is not."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._current: dict[Task, Trouble] = {}

    @property
    def current(self) -> tuple[Trouble, ...]:
        """All that is wrong now, oldest first."""
        return tuple(sorted(self._current.values(), key=lambda trouble: trouble.since))

    def met(self, task: Task, obstacle: Obstacle) -> Trouble:
        """Something did not work, for this reason; the trouble it is part of."""
        known = self._current.get(task)
        if known is not None and known.obstacle is obstacle:
            return known
        trouble = self._current[task] = Trouble(task, obstacle, self._clock.now())
        level = logging.ERROR if trouble.needs_owner else logging.WARNING
        log.log(level, "trouble with %s: %s", task, _PLAINLY[obstacle])
        return trouble

    def over(self, task: Task) -> None:
        """Note that it works again."""
        trouble = self._current.pop(task, None)
        if trouble is not None:
            lasted_s = (self._clock.now() - trouble.since).total_seconds()
            log.info("%s works again after %.0f s (%s)", task, lasted_s, trouble.obstacle)
