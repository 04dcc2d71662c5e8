"""Jams as rows: each is one row with its state, which changes by compare-and-set."""

from __future__ import annotations

from pydantic import TypeAdapter

from bot.jam.jam import Jam

_JAM = TypeAdapter(Jam)


def dumped(jam: Jam) -> str:
    """A jam as it is kept."""
    return _JAM.dump_json(jam).decode()


def loaded(text: str) -> Jam:
    """The jam that `dumped` wrote.

    Raises:
        ValueError: it is none.
    """
    return _JAM.validate_json(text)
