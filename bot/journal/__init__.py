"""The journal: every generation, written down before anything happens to it."""

from bot.journal.database import async_url
from bot.journal.errors import JournalConflict, JournalError, JournalTooNew, RowUnreadable
from bot.journal.journal import Event, Journal

__all__ = [
    "Event",
    "Journal",
    "JournalConflict",
    "JournalError",
    "JournalTooNew",
    "RowUnreadable",
    "async_url",
]
