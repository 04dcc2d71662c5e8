"""Keeps every other web page out of the stand-ins.

They listen on loopback, where any page that is open in the same browser can send requests: by a
form, by `fetch`, by a websocket, by a frame, or under a name of its own that it lets resolve to
loopback (DNS rebinding). A browser tells where a request comes from, and a page cannot change
that; programs that are no browser say nothing, and have to know a token or an address.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable
from ipaddress import ip_address

from aiohttp import hdrs, web
from yarl import URL

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

DOORS = frozenset({"/playground/faults", "/playground/scripts"})
"""What tests order from stand-ins in other processes; it takes the control token."""
_FROM_OURSELVES = frozenset({"same-origin", "none"})
"""`Sec-Fetch-Site` of our own page, and of a person who types an address. Another port of the same
host counts as "same-site"."""
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": _PAGE_POLICY,
}


def new_token() -> str:
    """A token that nobody guesses."""
    return secrets.token_urlsafe(32)


class Guard:
    """Lets in who may come in; `middleware` stands before every other one of an application."""

    def __init__(self, host: str, control_token: str | None = None) -> None:
        self.control_token = control_token or new_token()
        """Opens `DOORS`, as `Authorization: Bearer <token>`."""
        self._host = host
        self._port = 0

    def bound(self, port: int) -> str:
        """It is known now at which port it listens; the address that its page is at."""
        self._port = port
        return f"http://{self._host}:{port}"

    def stand_before(self, app: web.Application) -> None:
        """Check whatever comes to `app`, and say with each answer what a browser may do with it."""
        app.middlewares.insert(0, self._middleware)
        app.on_response_prepare.append(_add_headers)

    @web.middleware
    async def _middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not self._is_for_us(request):
            return _refused(421, "This address is not one that the playground is at.")
        if not _is_from_us(request):
            return _refused(403, "The playground answers its own page only.")
        if request.path in DOORS and not self._has_control(request):
            return _refused(401, "This takes the playground's control token.")
        return await handler(request)

    def _is_for_us(self, request: web.Request) -> bool:
        """Whether the one name it was asked by is loopback's, with our port."""
        hosts = request.headers.getall(hdrs.HOST, [])
        if len(hosts) != 1:
            return False
        try:
            url = URL(f"http://{hosts[0]}")
            name, port = url.host or "", url.port
        except ValueError:
            return False
        plain = f"[{name}]" if ":" in name else name
        # Nothing but a name and a port, in the one way to write them.
        if hosts[0].lower() not in {f"{plain}:{port}", plain if port == 80 else ""}:
            return False
        return port == self._port and (name in {"localhost", self._host} or _is_loopback(name))

    def _has_control(self, request: web.Request) -> bool:
        given = request.headers.get(hdrs.AUTHORIZATION, "").encode(errors="replace")
        return hmac.compare_digest(given, f"Bearer {self.control_token}".encode())


def _is_from_us(request: web.Request) -> bool:
    """Whether no browser says that it comes from somewhere else."""
    own = f"http://{request.headers[hdrs.HOST].lower()}"
    if any(origin != own for origin in request.headers.getall(hdrs.ORIGIN, [])):
        return False
    site = request.headers.get("Sec-Fetch-Site", "none")
    if site in _FROM_OURSELVES:
        return True
    # A link on another page leads here. It shows our page, and does nothing.
    return (
        request.method == hdrs.METH_GET
        and hdrs.ORIGIN not in request.headers
        and request.headers.get("Sec-Fetch-Mode") == "navigate"
        and request.headers.get("Sec-Fetch-Dest") == "document"
    )


def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _refused(status: int, words: str) -> web.Response:
    return web.Response(status=status, text=words)


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
