"""What log lines are about: each names the generation that it was written for."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

_GENERATION: ContextVar[str | None] = ContextVar("generation", default=None)


@contextmanager
def about(generation_id: str) -> Generator[None]:
    """Lines written in here, and in tasks begun in here, are about this generation."""
    token = _GENERATION.set(generation_id)
    try:
        yield
    finally:
        _GENERATION.reset(token)


class AboutGeneration(logging.Filter):
    """Gives each record `about`: "generation ID: " where it is about one, else nothing."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through."""
        generation_id = _GENERATION.get()
        record.about = "" if generation_id is None else f"generation {generation_id}: "
        return True
