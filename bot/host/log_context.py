"""What log lines are about: each names the generation that it was written for."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subject:
    """What a line is about."""

    generation_id: str | None
    guild_id: int | None = None


_SUBJECT: ContextVar[Subject | None] = ContextVar("subject", default=None)


@contextmanager
def about(generation_id: str | None, guild_id: int | None = None) -> Generator[None]:
    """Lines written in here, and in tasks begun in here, are about this generation, or server."""
    token = _SUBJECT.set(Subject(generation_id, guild_id))
    try:
        yield
    finally:
        _SUBJECT.reset(token)


class AboutGeneration(logging.Filter):
    """Gives each record its `subject`, and `about`: "generation ID: " where it has one."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through."""
        record.subject = subject = _SUBJECT.get()
        about_it = None if subject is None else subject.generation_id
        record.about = "" if about_it is None else f"generation {about_it}: "
        return True
