"""The journal: every generation, written down before anything happens to it."""

from bot.journal.addresses import async_url, sqlite_address
from bot.journal.alone import alone
from bot.journal.errors import (
    JournalConflict,
    JournalError,
    JournalNotReady,
    JournalTooNew,
    LeaseLost,
    RowTaken,
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
    "JournalNotReady",
    "JournalTooNew",
    "LeaseLost",
    "Renewal",
    "RowTaken",
    "RowUnreadable",
    "TrackPage",
    "alone",
    "async_url",
    "sqlite_address",
]
