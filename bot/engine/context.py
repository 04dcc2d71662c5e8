"""What every job works with, and none owns."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from bot.domain.clock import Clock
from bot.domain.models import Models
from bot.engine.disk_health import Disk
from bot.engine.disk_space import DiskSpace
from bot.engine.observer import Observer, Unobserved
from bot.engine.poller import Poller
from bot.engine.ports import Delivery, Journal, Predictions, Sound, TrackStore
from bot.engine.queue import Queue
from bot.engine.submit_gate import SubmitGate
from bot.engine.troubles import Troubles


@dataclass(frozen=True, slots=True)
class JobContext:
    """The ports, and what all jobs of this process share."""

    journal: Journal
    predictions: Predictions
    sound: Sound
    delivery: Delivery
    track_store: TrackStore
    clock: Clock
    models: Models
    tracks_folder: Path
    queue: Queue
    reading_queue: Queue
    """Turns at fetching and reading input audio."""
    submit_gate: SubmitGate
    poller: Poller
    troubles: Troubles
    disk_space: DiskSpace
    disk: Disk
    observer: Observer = field(default_factory=Unobserved)
    unreachable: set[str] = field(default_factory=set[str])
    """The ids of those whose persons cannot be reached now."""

    @property
    def processes(self) -> int:
        """How many share the work, and with it every budget."""
        return self.poller.members

    def share_between(self, processes: int) -> None:
        """Take this process's part of every budget, now that so many share them."""
        self.poller.members = self.submit_gate.members = processes
        self.disk_space.ledger.members = processes
        self.disk_space.settle()
