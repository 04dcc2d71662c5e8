"""Logging for the whole process: one line a record, secrets taken out."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable, Iterator
from copy import copy
from datetime import UTC, datetime
from enum import StrEnum
from logging import ERROR as ERROR
from logging import INFO as INFO
from typing import Any

from bot.domain.plain_text import escaped
from bot.host.log_context import AddSubject, Subject

_HIDDEN = "[hidden]"
_SIGNED = re.compile(
    r"(/webhooks/\d+/|/interactions/\d+/)[\w.-]{20,}"  # an interaction's token in a route
    r"|([?&](?:hm|[\w-]*(?:token|signature|sig))=)[^\s&\"']+"  # a signed address
    r"|(://[^\s/:@]*:)[^\s/@]+(?=@)"  # a password in one
    r"|(authorization['\"]?: ?['\"]?\w+ )[\w.~+/=-]+",  # what aiohttp's errors tell of a request
    re.IGNORECASE,
)

_QUERY = re.compile(r"(https?://(?!discord\.com/oauth2/)[^\s?'\"<>]+\?)[^\s'\"<>]+")
"""Of any address: whatever a storage signs with is there. What invites the bot is no secret."""


class LogFormat(StrEnum):
    """How records are written."""

    TEXT = "text"
    JSON = "json"


class SecretlessFormatter(logging.Formatter):
    """Formats a record, traceback included, and takes the given secrets out of it."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        super().__init__(
            "%(asctime)s %(levelname)s %(name)s: %(about)s%(message)s", defaults={"about": ""}
        )
        self._secrets = tuple(secret for secret in secrets if secret)
        self.is_fault: Callable[[BaseException], bool] = lambda _: False
        self.words: Callable[[BaseException], str] = str
        self.shard_count: int | None = None
        """Of all the bot's processes; None until it is known."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text."""
        return self.clean(super().format(self.brief(record)))

    def clean(self, text: str) -> str:
        """A text without the secrets."""
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        text = _SIGNED.sub(lambda found: f"{found[found.lastindex or 0]}{_HIDDEN}", text)
        return _QUERY.sub(lambda found: f"{found[1]}{_HIDDEN}", text)

    def brief(self, record: logging.LogRecord) -> logging.LogRecord:
        """A copy of a record; a fault that is no bug of ours has words, and no traceback."""
        # Another formatter may have left the traceback as it came.
        record = copy(record)
        record.exc_text = None
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and self.is_fault(error):
            record.msg, record.args = f"{record.getMessage()}: {self.words(error)}", None
            record.exc_info = None
        return record

    def subject_of(self, record: logging.LogRecord) -> dict[str, str]:
        """What a record is about: reference, generation, jam, server, shard, where known."""
        found: dict[str, str] = {}
        if (reference := getattr(record, "reference", None)) is not None:
            found["reference"] = str(reference)
        subject: object = getattr(record, "subject", None)
        if not isinstance(subject, Subject):
            return found
        if subject.generation_id is not None:
            found["generation"] = subject.generation_id
        if subject.jam_id is not None:
            found["jam"] = subject.jam_id
        if subject.guild_id is not None:
            found["server"] = str(subject.guild_id)
            if self.shard_count is not None:
                found["shard"] = str((subject.guild_id >> 22) % self.shard_count)
        return found

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - its name there
        """The line of a record: nothing in it begins another, or does anything to a terminal."""
        return escaped(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - its name there
        """A traceback, set in so that no line of it looks like a record."""
        return _set_in(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:  # noqa: N802 - its name there
        """The same for a stack."""
        return _set_in(super().formatStack(stack_info))


class JsonFormatter(SecretlessFormatter):
    """The same as one JSON object a record, for whatever collects logs."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line of JSON."""
        record = self.brief(record)
        at = datetime.fromtimestamp(record.created, UTC)
        fields: dict[str, str] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": self.clean(record.getMessage()),
        }
        fields |= self.subject_of(record)
        if record.exc_info:
            trace = logging.Formatter.formatException(self, record.exc_info)
            fields["error"] = self.clean(trace)
        # In ASCII nothing begins another line, or does anything to a terminal.
        return json.dumps(fields)


def _set_in(text: str) -> str:
    return "\n".join(f"    {escaped(line)}" for line in text.split("\n"))


def shorten(
    is_fault: Callable[[BaseException], bool], words: Callable[[BaseException], str]
) -> None:
    """Log the errors that are such faults by their words, without a traceback."""
    for formatter in _formatters():
        formatter.is_fault = is_fault
        formatter.words = words


def know_shards(count: int | None) -> None:
    """Name the shard of each line that is about a server."""
    for formatter in _formatters():
        formatter.shard_count = count


def _formatters() -> Iterator[SecretlessFormatter]:
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, SecretlessFormatter):
            yield handler.formatter


def set_up(level: int, secrets: tuple[str, ...], style: LogFormat | None = None) -> None:
    """Log to standard error; libraries at INFO or above, whatever `level` is.

    Without a `style` people read text on their terminal, and everything else reads JSON.
    """
    handler = logging.StreamHandler(sys.stderr)
    if style is None:
        style = LogFormat.TEXT if sys.stderr.isatty() else LogFormat.JSON
    formatter = JsonFormatter if style is LogFormat.JSON else SecretlessFormatter
    handler.setFormatter(formatter(secrets))
    handler.addFilter(AddSubject())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.INFO))
    for ours in ("bot", "cogs"):
        logging.getLogger(ours).setLevel(level)
    # Every gateway connect is worth a line, each HTTP detail is not.
    logging.getLogger("discord").setLevel(max(level, logging.WARNING))
