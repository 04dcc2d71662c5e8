"""Which proxy leads to an address: HTTPS_PROXY, HTTP_PROXY and NO_PROXY, as curl has them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib import request

import aiohttp
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
from yarl import URL

# CPython has it on every system (Lib/urllib/request.py); typeshed does not know it.
_bypasses: Callable[[str, dict[str, str]], object] = vars(request)["proxy_bypass_environment"]


def proxy_address(text: str) -> str:
    """The address of a proxy; without a scheme it is an http one.

    Raises:
        ValueError: it is no such address. The message does not repeat it: it may hold a password.
    """
    try:
        url = URL(text if "://" in text else f"http://{text}")
        port = url.port
    except ValueError:
        raise ValueError("must be the address of a proxy, like http://proxy:3128") from None
    if url.scheme != "http":
        # aiohttp 3.14 speaks neither TLS to a proxy that it reads from the environment nor SOCKS.
        raise ValueError("must be a proxy that is spoken to by plain http, like http://proxy:3128")
    if not url.host or port is None:
        raise ValueError("must be the address of a proxy, like http://proxy:3128")
    return str(url)


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxies of a process. An instance is a middleware for aiohttp's sessions.

    aiohttp's own way, `trust_env`, looks for WSS_PROXY where a websocket is opened, sends what
    ~/.netrc has for a host, and knows nothing of `.env`.
    """

    https: str | None = field(default=None, repr=False)
    http: str | None = field(default=None, repr=False)
    bypass: str = ""

    def for_url(self, url: URL) -> URL | None:
        """The proxy that leads there; None is the direct way."""
        proxy = self.https if url.scheme in {"https", "wss"} else self.http
        if proxy is None or url.host is None:
            return None
        skips = _bypasses(f"{url.host}:{url.port}", {"no": self.bypass})
        return None if skips else URL(proxy)

    async def __call__(self, sent: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """Send a request by its proxy."""
        proxy = self.for_url(sent.url)
        if proxy is not None:
            login = None
            if proxy.user is not None:
                login = aiohttp.BasicAuth(proxy.user, proxy.password or "")
            sent.update_proxy(proxy.with_user(None), login, None)
        return await handler(sent)
