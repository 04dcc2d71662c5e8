"""What every run works with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from bot.clock import Clock
from bot.disk import Disk
from bot.gate import CreateGate
from bot.generation import State
from bot.inputs import InputTable
from bot.line import Line
from bot.poller import Poller
from bot.ports import Delivery, Journal, Predictions, Shelf, Sound
from bot.room import Room
from bot.troubles import Troubles

if TYPE_CHECKING:
    from bot.run import Run

Step: TypeAlias = "Callable[[Run], Awaitable[None]]"


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
    line: Line
    reading_line: Line
    """Turns at fetching and reading input audio."""
    gate: CreateGate
    poller: Poller
    troubles: Troubles
    shelf: Shelf
    room: Room
    disk: Disk
    steps: Mapping[State, Step]
    parked: set[Run] = field(default_factory=set)
    """Those that wait for a way to their persons."""
