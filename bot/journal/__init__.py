"""The journal: every generation, written down before anything happens to it."""

from bot.journal.addresses import async_url, sqlite_address
from bot.journal.alone import alone
from bot.journal.charges import Terms
from bot.journal.errors import (
    JournalConflict,
    JournalError,
    JournalNotReady,
    JournalTooNew,
    LeaseLost,
    RowTaken,
    RowUnreadable,
)
from bot.journal.journal import SqlJournal

__all__ = [
    "JournalConflict",
    "JournalError",
    "JournalNotReady",
    "JournalTooNew",
    "LeaseLost",
    "RowTaken",
    "RowUnreadable",
    "SqlJournal",
    "Terms",
    "alone",
    "async_url",
    "sqlite_address",
]
