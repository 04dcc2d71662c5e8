"""The journal: every generation, written down before anything happens to it."""

from bot.journal.database import async_url
from bot.journal.errors import (
    JournalConflict,
    JournalError,
    JournalTooNew,
    LeaseLost,
    RowUnreadable,
)
from bot.journal.journal import Event, Journal
from bot.journal.leases import Renewal
from bot.journal.library import Forgotten, TrackPage

__all__ = [
    "Event",
    "Forgotten",
    "Journal",
    "JournalConflict",
    "JournalError",
    "JournalTooNew",
    "LeaseLost",
    "Renewal",
    "RowUnreadable",
    "TrackPage",
    "async_url",
]
