"""The journal: every generation, written down before anything happens to it."""

from bot.journal.addresses import async_url, sqlite_address
from bot.journal.alone import alone
from bot.journal.charges import Terms
from bot.journal.errors import (
    JournalConflict,
    JournalError,
    JournalNotReady,
    JournalTooNew,
    JournalTooOld,
    LeaseLost,
    RowTaken,
    RowUnreadable,
)
from bot.journal.journal import SqlJournal
from bot.journal.schema import JournalForm, form_of

__all__ = [
    "JournalConflict",
    "JournalError",
    "JournalForm",
    "JournalNotReady",
    "JournalTooNew",
    "JournalTooOld",
    "LeaseLost",
    "RowTaken",
    "RowUnreadable",
    "SqlJournal",
    "Terms",
    "alone",
    "async_url",
    "form_of",
    "sqlite_address",
]
