"""What one bot is set up to run."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from bot.domain.models import Models
from bot.engine.observer import Observer, Unobserved
from bot.engine.pushes import PushAddress


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """What this bot runs: its models, its budget, its folder."""

    models: Models
    requests_per_minute: int
    tracks_folder: Path
    journal_id: str = ""
    """Tells this bot's journal from another's, whose bot has the same token."""
    tracks_max_bytes: int = 1_000_000_000
    """Room for all files of the data folder but the journal's."""
    tracks_max_bytes_per_user: int = 250_000_000
    keep_rows: timedelta | None = None
    """How long the row of a generation stays after its end; None: until its person forgets it."""
    max_running: int = 10_000
    max_running_per_user: int = 4
    push_address: PushAddress | None = None
    """Where pushes are taken; None where nobody can push to this bot."""
    observer: Observer = field(default_factory=Unobserved)

    @property
    def work_folder(self) -> Path:
        """Where things are made of tracks that have been delivered."""
        return self.tracks_folder.with_name("work")
