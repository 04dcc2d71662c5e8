"""Kinds of interactions and of answers to them, by Discord's numbers."""

from __future__ import annotations

from enum import Enum, IntEnum


class InteractionKind(IntEnum):
    """Discord's interaction types."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL = 5


class CallbackType(IntEnum):
    """The first answers a bot can give (docs: receiving-and-responding)."""

    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    AUTOCOMPLETE = 8
    MODAL = 9


class Stage(Enum):
    """How an interaction stands."""

    WAITING = "waiting"
    """No answer yet, the three seconds run."""
    ANSWERED = "answered"
    """The bot has answered; its token works until it expires."""
    FAILED = "failed"
    """The three seconds passed, or the bot was offline."""
