"""Why something could not be reached, opened or written, in the system's own words.

For sentences and log lines: no class name, no traceback, one line.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
from collections.abc import Generator

_NUMBERED = re.compile(r"\[Errno (-?\d+)\]")
_UNREADABLE = "no reason was given"


def reason(error: BaseException) -> str:
    """What went wrong, as short as whoever noticed it said it."""
    certificate = untrusted_certificate(error)
    if certificate is not None:
        return f"its certificate is not trusted: {certificate}"
    for cause in _chain(error):
        if isinstance(cause, TimeoutError):
            return "no answer in time"
        if isinstance(cause, ssl.SSLError):
            return f"no TLS could be agreed on: {_tls_words(cause)}"
        if isinstance(cause, UnicodeError) and "idna" in str(cause):
            # Python puts a host's name into the form of name servers (RFC 3490) before it asks.
            return "its name cannot be one of a host"
        if isinstance(cause, OSError) and (words := _system_words(cause)):
            return words
    return first_line(str(error)) or _UNREADABLE


def untrusted_certificate(error: BaseException) -> str | None:
    """What is the matter with the other side's certificate, if that is why it failed."""
    for cause in _chain(error):
        # aiohttp's error is of this type too, and has only wrapped it.
        said = getattr(cause, "verify_message", None)
        if isinstance(cause, ssl.SSLCertVerificationError) and isinstance(said, str):
            return first_line(said)
    return None


def first_line(text: str) -> str:
    """The first line that says anything, without a full stop; the rest is for a log."""
    lines = (line.strip() for line in text.splitlines())
    return next((line.rstrip(".") for line in lines if line), "")


def _chain(error: BaseException) -> Generator[BaseException, None, None]:
    """The error, what it wraps, and what it was raised from."""
    seen = set[int]()
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop(0)
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        # aiohttp's connector errors keep what they are about beside themselves.
        for name in ("certificate_error", "os_error"):
            wrapped = getattr(current, name, None)
            waiting.append(wrapped if isinstance(wrapped, BaseException) else None)
        waiting.append(current.__cause__)


def _tls_words(error: ssl.SSLError) -> str:
    name = getattr(error, "reason", None)
    return name.replace("_", " ").lower() if isinstance(name, str) else first_line(str(error))


def _system_words(error: OSError) -> str:
    """What a number of the system's means; asyncio and others put their own words beside it."""
    number = error.errno
    if number is None:
        # asyncio, where several addresses of one name failed.
        found = _NUMBERED.search(str(error))
        number = int(found[1]) if found else None
    if isinstance(error, socket.gaierror) and error.strerror:
        return f"its name could not be looked up: {error.strerror}"
    if number is not None and number > 0:
        return os.strerror(number)
    return first_line(error.strerror or str(error))
