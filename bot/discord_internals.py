"""Where discord.py (2.7.1) has no door: its session, its gateway, its endless tries."""

from __future__ import annotations

import asyncio
import html
import json
import re
from typing import Any

import aiohttp
import discord
from discord.gateway import DiscordClientWebSocketResponse, DiscordWebSocket
from discord.http import HTTPClient, Route
from yarl import URL

from bot.network.proxies import Proxies
from bot.network.resolver import Resolver

LIMITS = aiohttp.ClientTimeout(total=180.0, sock_connect=10.0, sock_read=20.0)
"""Time for 10 MB over a slow line, but not for an answer that does not come."""
_TITLE = re.compile(r"<title>(.{1,200}?)</title>", re.IGNORECASE | re.DOTALL)
_UNAUTHORIZED = 401


class DiscordAway(Exception):
    """Discord, or something in front of it, has answered that it is not to be had now."""

    def __init__(self, status: int, text: str, retry_after_s: float) -> None:
        super().__init__(http_words(status, text))
        self.retry_after_s = retry_after_s
        """How long it asks to be left alone; 0 where it does not say."""


def point_at(discord_base_url: str) -> None:
    """Let discord.py speak to another address than Discord's, such as a REST proxy."""
    Route.BASE = f"{discord_base_url}/api/v10"


async def find_gateway(client: discord.Client) -> None:
    """Reconnect to the gateway that the REST API names; discord.py would go to Discord's own.

    Raises:
        DiscordAway: something else answered in the API's place.
    """
    try:
        _, address, _ = await client.http.get_bot_gateway()
    except (TypeError, KeyError) as error:
        raise DiscordAway(200, "", 0.0) from error
    DiscordWebSocket.DEFAULT_GATEWAY = URL(address)


def open_session(client: discord.Client, token: str, proxies: Proxies) -> None:
    """Give a client its HTTP session before its login, and one for all its logins.

    discord.py opens one at each, so that before the first nothing could be delivered; and it
    sleeps through 25 s of a bad gateway without a word.
    """
    http = client.http
    http.connector = aiohttp.TCPConnector(limit=0, resolver=Resolver())
    session = aiohttp.ClientSession(
        connector=http.connector,
        ws_response_class=DiscordClientWebSocketResponse,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=LIMITS,
        trace_configs=None if http.http_trace is None else [http.http_trace],
        middlewares=(proxies,),
    )
    vars(http)["_HTTPClient__session"] = session
    http.token = token
    http._global_over = asyncio.Event()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - as its own login does
    http._global_over.set()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - the same

    async def static_login(token: str) -> Any:
        http.token = token
        return await _who_am_i(http, session)

    http.static_login = static_login


async def _who_am_i(http: HTTPClient, session: aiohttp.ClientSession) -> Any:
    """The bot's own user.

    Raises:
        LoginFailure: Discord does not accept the token.
        DiscordAway: it gives no user, for whatever reason.
    """
    headers = {"User-Agent": http.user_agent, "Authorization": f"Bot {http.token}"}
    async with session.get(Route("GET", "/users/@me").url, headers=headers) as response:
        text = await response.text(errors="replace")
    user = _object(text)
    if response.status == _UNAUTHORIZED and user is not None:
        raise discord.LoginFailure("Improper token has been passed.")
    if response.status != 200 or user is None or "id" not in user:
        asked = response.headers.get("Retry-After", "")
        raise DiscordAway(response.status, text, float(asked) if asked.isdigit() else 0.0)
    return user


def http_words(status: int, text: str) -> str:
    """An answer's status, and what a page instead of JSON is headed by, such as Cloudflare's."""
    title = _TITLE.search(text)
    if title is None:
        return f"HTTP {status}"
    return f"HTTP {status}, {' '.join(html.unescape(title[1]).split())[:100]}"


def _object(text: str) -> dict[str, Any] | None:
    try:
        value: Any = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None  # pyright: ignore[reportUnknownVariableType] - JSON
