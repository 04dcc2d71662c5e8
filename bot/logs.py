"""Logging for the whole process: one line a record, secrets taken out."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable
from copy import copy
from logging import INFO as INFO
from typing import Any

from bot.domain.plain_text import escaped
from bot.host.log_context import AboutGeneration

_HIDDEN = "[hidden]"
_SIGNED = re.compile(
    r"(/webhooks/\d+/|/interactions/\d+/)[\w.-]{20,}"  # an interaction's token in a route
    r"|([?&](?:hm|token|signature|sig)=)[^\s&\"']+",  # a signed address
    re.IGNORECASE,
)


class SecretlessFormatter(logging.Formatter):
    """Formats a record, traceback included, and takes the given secrets out of it."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        super().__init__(
            "%(asctime)s %(levelname)s %(name)s: %(about)s%(message)s", defaults={"about": ""}
        )
        self._secrets = tuple(secret for secret in secrets if secret)
        self.is_fault: Callable[[BaseException], bool] = lambda _: False
        self.words: Callable[[BaseException], str] = str

    def format(self, record: logging.LogRecord) -> str:
        """The record as text."""
        # Another formatter may have left the traceback as it came.
        record = copy(record)
        record.exc_text = None
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and self.is_fault(error):
            record.msg, record.args = f"{record.getMessage()}: {self.words(error)}", None
            record.exc_info = None
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return _SIGNED.sub(lambda found: f"{found[1] or found[2]}{_HIDDEN}", text)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - its name there
        """The line of a record: nothing in it begins another, or does anything to a terminal."""
        return escaped(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - its name there
        """A traceback, set in so that no line of it looks like a record."""
        return _set_in(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:  # noqa: N802 - its name there
        """The same for a stack."""
        return _set_in(super().formatStack(stack_info))


def _set_in(text: str) -> str:
    return "\n".join(f"    {escaped(line)}" for line in text.split("\n"))


def shorten(
    is_fault: Callable[[BaseException], bool], words: Callable[[BaseException], str]
) -> None:
    """Log the errors that are such faults by their words, without a traceback."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, SecretlessFormatter):
            handler.formatter.is_fault = is_fault
            handler.formatter.words = words


def set_up(level: int, secrets: tuple[str, ...]) -> None:
    """Log to standard error; libraries at INFO or above, whatever `level` is."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(SecretlessFormatter(secrets))
    handler.addFilter(AboutGeneration())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.INFO))
    for ours in ("bot", "cogs"):
        logging.getLogger(ours).setLevel(level)
    # Every gateway connect is worth a line, each HTTP detail is not.
    logging.getLogger("discord").setLevel(max(level, logging.WARNING))
