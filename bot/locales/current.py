"""In which language words are said at the moment: each task has its own."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

from bot.domain.language import SOURCE, Language

_current: ContextVar[Language] = ContextVar("language", default=SOURCE)


def current() -> Language:
    """The language that is spoken now."""
    return _current.get()


@contextmanager
def speaking(language: Language) -> Generator[None]:
    """Speak this language within, and in the tasks that are started there."""
    token = _current.set(language)
    try:
        yield
    finally:
        _current.reset(token)
