"""What every run works with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from bot.domain.clock import Clock
from bot.domain.generation import State
from bot.domain.inputs import InputTable
from bot.engine.disk_health import Disk
from bot.engine.disk_space import DiskSpace
from bot.engine.poller import Poller
from bot.engine.ports import Delivery, Journal, Predictions, Sound, TrackStore
from bot.engine.queue import Queue
from bot.engine.submit_gate import SubmitGate
from bot.engine.troubles import Troubles

if TYPE_CHECKING:
    from bot.engine.job import Job

Step: TypeAlias = "Callable[[Job], Awaitable[None]]"


@dataclass(frozen=True, slots=True)
class Kit:
    """What every run works with."""

    journal: Journal
    predictions: Predictions
    sound: Sound
    delivery: Delivery
    clock: Clock
    table: InputTable
    tracks_folder: Path
    line: Queue
    reading_line: Queue
    """Turns at fetching and reading input audio."""
    submit_gate: SubmitGate
    poller: Poller
    troubles: Troubles
    track_store: TrackStore
    disk_space: DiskSpace
    disk: Disk
    steps: Mapping[State, Step]
    parked: set[Job] = field(default_factory=set)
    """Those that wait for a way to their persons."""
