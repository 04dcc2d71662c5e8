"""Whom something is done for, as far down as that matters: a limit of a person's own."""

from __future__ import annotations

from contextvars import ContextVar

ASKER: ContextVar[int | None] = ContextVar("asker", default=None)
"""The id of the person whose input audio is being read; None where it is nobody's."""
