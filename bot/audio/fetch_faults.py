"""What goes wrong while a stranger's address is fetched -> the refusal that its person is told."""

from __future__ import annotations

import logging
import re
import socket
import ssl
from collections.abc import Iterator

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError, PayloadEncodingError

from bot.domain.errors import AudioAddressBad, AudioUnavailable, FetchFault, RequestRefused
from bot.network.public_addresses import NotPublic
from bot.network.resolver import NameServerSilent

log = logging.getLogger(__name__)

_ADDRESS_SHOWN_CHARS = 200
_UNKNOWN_NAME = frozenset(
    getattr(socket, name) for name in ("EAI_NONAME", "EAI_NODATA") if hasattr(socket, name)
)


def refusal(error: Exception, address: str) -> RequestRefused:
    """The refusal for anything that aiohttp, yarl, the system or its resolver have raised.

    Nothing that a stranger's server or name does may end as a fault of our own.
    """
    causes = tuple(_causes(error))
    if any(isinstance(cause, NotPublic | aiohttp.InvalidURL | UnicodeError) for cause in causes):
        return AudioAddressBad(shown(address))
    for fault in (*map(_root_fault, causes), _fault(error)):
        if fault is not None:
            return AudioUnavailable(None, fault)
    log.warning("an address failed in a way that is new", exc_info=error)
    return AudioUnavailable(None, "nonsense")


def shown(address: str) -> str:
    """An address fit to be shown: without the parts where secrets are kept."""
    path = re.split(r"[?#]", address, maxsplit=1)[0]
    return re.sub(r"//[^/]*@", "//", path)[:_ADDRESS_SHOWN_CHARS]


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    if error is not None:
        os_error = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else None
        yield from _causes(error.__cause__ or os_error)
        yield error


def _root_fault(error: BaseException) -> FetchFault | None:
    """What is at the root of it, where that tells more than what aiohttp makes of it."""
    match error:
        case NameServerSilent():
            return "name server"
        case socket.gaierror():
            return "unknown name" if error.errno in _UNKNOWN_NAME else "name server"
        case ssl.SSLError() | aiohttp.ClientSSLError():
            return "insecure"
        case _:
            return None


def _fault(error: BaseException) -> FetchFault | None:
    match error:
        case (
            aiohttp.ClientConnectorError()
            | aiohttp.ConnectionTimeoutError()
            | aiohttp.ClientHttpProxyError()
        ):
            return "unreachable"
        case TimeoutError():
            return "silent"
        case PayloadEncodingError():
            return "broken off"
        case HttpProcessingError() | aiohttp.ClientResponseError():
            return "nonsense"
        case aiohttp.ClientError() | OSError() | EOFError():
            return "broken off"
        case _:
            return None
