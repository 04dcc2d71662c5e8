"""Logging for the whole process: one line a record, secrets taken out."""

from __future__ import annotations

import logging
import re
import sys
from logging import INFO as INFO

_HIDDEN = "[hidden]"
_SIGNED = re.compile(
    r"(/webhooks/\d+/|/interactions/\d+/)[\w.-]{20,}"  # an interaction's token in a route
    r"|([?&](?:hm|token|signature|sig)=)[^\s&\"']+",  # a signed address
    re.IGNORECASE,
)


class SecretlessFormatter(logging.Formatter):
    """Formats a record, traceback included, and takes the given secrets out of it."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secrets = tuple(secret for secret in secrets if secret)

    def format(self, record: logging.LogRecord) -> str:
        """The record as text."""
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return _SIGNED.sub(lambda found: f"{found[1] or found[2]}{_HIDDEN}", text)


def set_up(level: int, secrets: tuple[str, ...]) -> None:
    """Log to standard error; libraries at INFO or above, whatever `level` is."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(SecretlessFormatter(secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.INFO))
    for ours in ("bot", "cogs"):
        logging.getLogger(ours).setLevel(level)
    # Every gateway connect is worth a line, each HTTP detail is not.
    logging.getLogger("discord").setLevel(max(level, logging.WARNING))
