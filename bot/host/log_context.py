"""What log lines are about: each names the generation, or the jam, that it was written for."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subject:
    """What a line is about."""

    generation_id: str | None = None
    guild_id: int | None = None
    jam_id: str | None = None

    @property
    def words(self) -> str:
        """What a line begins with: "generation ID: ", or "jam ID: "; a server has none."""
        if self.generation_id is not None:
            return f"generation {self.generation_id}: "
        return "" if self.jam_id is None else f"jam {self.jam_id}: "


_SUBJECT: ContextVar[Subject | None] = ContextVar("subject", default=None)


@contextmanager
def about(
    generation_id: str | None = None, guild_id: int | None = None, *, jam_id: str | None = None
) -> Generator[None]:
    """Lines written in here, and in tasks begun in here, are about this."""
    token = _SUBJECT.set(Subject(generation_id, guild_id, jam_id))
    try:
        yield
    finally:
        _SUBJECT.reset(token)


class AddSubject(logging.Filter):
    """Gives each record its `subject`, and `about`, its words: empty where it has none."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through."""
        record.subject = subject = _SUBJECT.get()
        record.about = "" if subject is None else subject.words
        return True
