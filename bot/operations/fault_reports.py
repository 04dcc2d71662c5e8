"""Faults of ours, sent to Sentry under the reference that the log has them by: `SENTRY_DSN`.

What goes there is where in the code it happened, and what it was about; no text of the fault, for
that may hold anything: it is in the log. The event loop only puts it in line.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import PurePath
from queue import Full, Queue
from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from yarl import URL

from bot.card import strings
from bot.host.log_context import AddSubject
from bot.logs import SecretlessFormatter
from bot.network.proxies import Proxies

if TYPE_CHECKING:
    # Only who sets SENTRY_DSN waits for what this imports.
    from sentry_sdk import Client
    from sentry_sdk.types import Event, Hint

log = logging.getLogger(__name__)

_WAITING_MAX = 100
"""Faults in line; beyond that they are in the log alone."""
_LEFT_WITHIN_S = 1.5
"""For what is in line at the end."""
_TRIED_WITHIN_S = 5.0
_EVENT = (
    *("event_id", "timestamp", "platform", "level", "logger", "logentry", "tags", "release"),
    *("environment", "server_name", "sdk"),
)
_FRAME = (
    *("filename", "function", "module", "lineno", "in_app"),
    *("pre_context", "context_line", "post_context"),
)
"""Lines of code, but no variables, and no folder of this machine."""
_TEXT = "what it says is in the log"

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]
_Clean = Callable[[str], str]


def is_installed() -> bool:
    """Whether the extra `sentry` is there."""
    return find_spec("sentry_sdk") is not None


@contextmanager
def reporting_faults(
    dsn: str, process: str, secrets: tuple[str, ...], proxies: Proxies
) -> Generator[None]:
    """Send what is logged as a fault in here to the project that `dsn` names.

    `process` tells this one from others that send there. Without the extra it says so, once.
    """
    if not is_installed():
        log.warning("%s", strings.operating.SENTRY_NOT_INSTALLED)
        yield
        return
    reports = FaultReports(dsn, process, secrets, proxies)
    root = logging.getLogger()
    root.addHandler(reports)
    try:
        yield
    finally:
        root.removeHandler(reports)
        reports.close()


def try_out(dsn: str, process: str, proxies: Proxies) -> str | None:
    """Send an event that is no fault; what is wrong where it is not taken. It blocks."""
    client = _client(dsn, process, proxies, str)
    dropped: list[str] = []
    late: list[int] = []
    if client.transport is not None:
        client.transport.on_dropped_event = dropped.append  # pyright: ignore[reportAttributeAccessIssue] - its hook for this
    event = {"level": "info", "logentry": {"message": "python -m bot check"}}
    client.capture_event(cast("Event", event))
    client.close(timeout=_TRIED_WITHIN_S, callback=lambda left, _: late.append(left))
    if not dropped:
        return "does not answer" if late else None
    _, is_answer, status = dropped[0].partition("status_")
    return f"answers with status {status}" if is_answer else "cannot be reached"


@dataclass(frozen=True, slots=True)
class _Fault:
    """What is sent of a record."""

    error: _ExcInfo
    level: str
    logger: str
    words: str
    tags: Mapping[str, str]


class FaultReports(logging.Handler):
    """Hands faults to Sentry's client in a thread of its own."""

    def __init__(self, dsn: str, process: str, secrets: tuple[str, ...], proxies: Proxies) -> None:
        super().__init__(logging.ERROR)
        self._told = SecretlessFormatter((*secrets, dsn))
        self._client = _client(dsn, process, proxies, self._told.clean)
        self._waiting = Queue[_Fault | None](_WAITING_MAX)
        self._is_closed = False
        self._thread = Thread(target=self._send, name="sentry", daemon=True)
        self.setFormatter(self._told)
        self.addFilter(AddSubject())
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Put a fault in line; what is none of ours, or finds no room, is passed over."""
        error = record.exc_info
        if not error or error[1] is None or self._told.is_fault(error[1]):
            return
        tags = self._told.subject_of(record)
        level = "fatal" if record.levelno >= logging.CRITICAL else "error"
        fault = _Fault(error, level, record.name, _words(record), tags)
        with suppress(Full):
            self._waiting.put_nowait(fault)

    def close(self) -> None:
        """Send what is in line, as far as there is time for it."""
        # At the end of the process Python closes every handler once more.
        if not self._is_closed:
            self._is_closed = True
            ends_at_s = time.monotonic() + _LEFT_WITHIN_S
            with suppress(Full):
                self._waiting.put(None, timeout=_LEFT_WITHIN_S)
            self._thread.join(max(0.0, ends_at_s - time.monotonic()))
            self._client.close(timeout=max(0.0, ends_at_s - time.monotonic()))
        super().close()

    def _send(self) -> None:
        from sentry_sdk import Scope
        from sentry_sdk.utils import event_from_exception

        while (fault := self._waiting.get()) is not None:
            event, hint = event_from_exception(fault.error, self._client.options)
            found = cast("dict[str, Any]", event)
            found |= {"level": fault.level, "logger": fault.logger, "tags": dict(fault.tags)}
            found["logentry"] = {"message": fault.words}
            self._client.capture_event(event, hint, Scope())


def _words(record: logging.LogRecord) -> str:
    """What was logged, without what was filled in; others may have written that in themselves."""
    is_ours = record.name.partition(".")[0] in {"bot", "cogs"}
    return str(record.msg) if is_ours or record.args else f"a fault that {record.name} has met"


def _client(dsn: str, process: str, proxies: Proxies, clean: _Clean) -> Client:
    """Sentry's client, which looks at nothing but what it is given.

    `send_default_pii` is False unless set, and deprecated (sentry-sdk 2.75).
    """
    from sentry_sdk import Client

    proxy = proxies.for_url(URL(dsn))
    return Client(
        dsn,
        before_send=partial(_allowed, clean),
        default_integrations=False,
        auto_enabling_integrations=False,
        auto_session_tracking=False,
        include_local_variables=False,
        send_client_reports=False,
        max_breadcrumbs=0,
        server_name=process,
        # For either scheme; an empty one keeps it from reading the environment, as we have done.
        https_proxy="",
        http_proxy="" if proxy is None else str(proxy),
    )


def _allowed(clean: _Clean, event: Event, _: Hint) -> Event:
    """Of all that the client has put together, what may leave the machine."""
    found = cast("dict[str, Any]", event)
    kept = {name: found[name] for name in _EVENT if name in found}
    faults: list[dict[str, Any]] = _part(found, "exception").get("values") or []
    if faults:
        kept["exception"] = {"values": [_code_of(fault) for fault in faults]}
    return cast("Event", _cleaned(kept, clean))


def _code_of(fault: Mapping[str, Any]) -> dict[str, Any]:
    """Its type, and the lines that it came through."""
    frames: list[dict[str, Any]] = _part(fault, "stacktrace").get("frames") or []
    kept = [_line_of(frame) for frame in frames]
    facts = {"type": fault.get("type"), "module": fault.get("module"), "value": _TEXT}
    return facts | {"stacktrace": {"frames": kept}}


def _line_of(frame: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: frame[name] for name in _FRAME if name in frame}
    file = PurePath(str(kept.get("filename")))
    # Of a package that is no part of another its place is told; its name will do.
    return kept | ({"filename": file.name} if file.is_absolute() else {})


def _part(of: Mapping[str, Any], name: str) -> dict[str, Any]:
    return of.get(name) or {}


def _cleaned(value: Any, clean: _Clean) -> Any:
    match value:
        case str():
            return clean(value)
        case dict():
            named = cast("dict[str, Any]", value)
            return {name: _cleaned(part, clean) for name, part in named.items()}
        case list():
            return [_cleaned(part, clean) for part in cast("list[Any]", value)]
        case _:
            return value
