"""What the report of a test shows when it fails."""

from __future__ import annotations

from collections.abc import Callable

LONGEST = 20_000
"""Of a text, so many characters of its end are shown."""
_shown: list[tuple[str, Callable[[], str]]] = []


def show_on_failure(title: str, text: Callable[[], str]) -> None:
    """Have `text` called and shown if the running test fails."""
    _shown.append((title, text))


def forget_evidence() -> None:
    """Begin another test."""
    _shown.clear()


def collect_evidence() -> list[tuple[str, str]]:
    """What there is to show, by its titles."""
    return [(title, text()[-LONGEST:]) for title, text in _shown]
