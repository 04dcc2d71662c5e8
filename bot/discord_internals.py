"""Every touch of what discord.py keeps to itself; `verify` tells what a release has moved.

Nobody else uses its private names, nor modules and attributes that it does not document. Written
for discord.py 2.7.1.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import aiohttp
import discord
from discord.app_commands import tree
from discord.ext import commands
from discord.gateway import DiscordClientWebSocketResponse, DiscordWebSocket
from discord.http import HTTPClient, Route
from discord.oggparse import OggStream
from discord.webhook.async_ import AsyncWebhookAdapter, async_context
from yarl import URL

from bot.discord_errors import DiscordAway
from bot.discord_login import who_am_i
from bot.domain.backoff import growing_waits_s
from bot.domain.clock import Clock
from bot.domain.language import SOURCE, Language
from bot.locales import speaking, spoken
from bot.network.resolver import Resolver

LIMITS = aiohttp.ClientTimeout(total=180.0, sock_connect=10.0, sock_read=20.0)
"""What a request to Discord may take; discord.py leaves that to aiohttp's 300 s. Time for 10 MB
over a slow line, but not for an answer that does not come."""
_APPLICATION_WEBHOOK = 3
_SESSION = "_HTTPClient__session"
_CREATED, _EDITED, _INTERACTION = "MESSAGE_CREATE", "MESSAGE_UPDATE", "INTERACTION_CREATE"


def point_at(discord_base_url: str) -> None:
    """Let discord.py speak to another address than Discord's, such as a REST proxy."""
    Route.BASE = f"{discord_base_url}/api/v10"


def api_host() -> str | None:
    """The host that requests to Discord's API go to."""
    return _host(Route.BASE)


@lru_cache(maxsize=1)
def _host(address: str) -> str | None:
    return URL(address).host


def role_ids(person: discord.User | discord.Member) -> frozenset[int]:
    """The roles that came with an interaction; `Member.roles` has only those of a cached server."""
    if not isinstance(person, discord.Member):
        return frozenset()
    return frozenset(person._roles)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - see above


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


def open_session(
    client: discord.Client, token: str, *middlewares: aiohttp.ClientMiddlewareType
) -> None:
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
        middlewares=middlewares,
    )
    vars(http)[_SESSION] = session
    http.token = token
    http._global_over = asyncio.Event()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - as its own login does
    http._global_over.set()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - the same

    async def static_login(token: str) -> Any:
        http.token = token
        headers = {"User-Agent": http.user_agent, "Authorization": f"Bot {token}"}
        return await who_am_i(session, Route("GET", "/users/@me").url, headers)

    http.static_login = static_login


def session_of(client: discord.Client) -> aiohttp.ClientSession:
    """The HTTP session of a client that has one; its interactions take theirs from it, too."""
    return vars(client.http)[_SESSION]


def interaction_webhook(client: discord.Client, application_id: int, token: str) -> discord.Webhook:
    """What an interaction's token reaches, rebuilt from the two.

    The public constructors make only a channel's webhook, which may not send ephemerally.
    """
    return discord.Webhook.from_state(
        data={"id": application_id, "type": _APPLICATION_WEBHOOK, "token": token},
        state=client._connection,  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - see above
    )


async def original_response(webhook: discord.Webhook) -> Any:
    """The first answer to an interaction, as the API gives it; the interaction is not at hand."""
    return await async_context.get().get_original_interaction_response(
        webhook.id,
        webhook.token or "",
        session=webhook.session,
        proxy=webhook.proxy,
        proxy_auth=webhook.proxy_auth,
    )


def before_each_request(client: discord.Client, wait: Callable[[], Awaitable[None]]) -> None:
    """Have all that is asked with the bot's own token wait; interactions are answered elsewhere."""
    send = client.http.request

    async def request(route: Route, **given: Any) -> Any:
        await wait()
        return await send(route, **given)

    vars(client.http)["request"] = request


def hear_only_ours(client: discord.Client) -> None:
    """Drop every message in servers that does not mention the bot, and every edit, unread.

    discord.py would make a Message, and its author, of each that is written anywhere.
    """
    state = client._connection  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - see above
    parsers = state.parsers
    create = parsers[_CREATED]

    def created(data: Any) -> None:
        me = None if state.user is None else str(state.user.id)
        if "guild_id" not in data or any(user["id"] == me for user in data["mentions"]):
            create(data)

    parsers[_CREATED] = created
    del parsers[_EDITED]


class _IdsAlone:
    """Leaves the message out of what Discord answers to an acknowledgement.

    discord.py would make a Message of each; all that anybody asks for is its id, and whether only
    its person sees it.
    """

    def __init__(self, adapter: AsyncWebhookAdapter) -> None:
        self._adapter = adapter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._adapter, name)

    async def create_interaction_response(self, *args: Any, **kwargs: Any) -> Any:
        sent: Any = self._adapter.create_interaction_response(*args, **kwargs)
        answer: dict[str, Any] = await sent
        return {part: answer[part] for part in answer if part != "resource"}


def speak_to_each(client: discord.Client, learn: Callable[[int, Language], None]) -> None:
    """Handle each interaction, and what it starts, in the language of its person; `learn` it.

    No Message is made of its acknowledgement. discord.py makes the tasks of commands, presses and
    forms in this parser, and they inherit its context.
    """
    parsers = client._connection.parsers  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - see above
    create = parsers[_INTERACTION]

    def created(data: Any) -> None:
        language = spoken(data.get("locale")) or SOURCE
        person = data["member"]["user"] if "member" in data else data["user"]
        learn(int(person["id"]), language)
        with speaking(language):
            before = async_context.set(_IdsAlone(async_context.get()))  # pyright: ignore[reportArgumentType] - used as one
            create(data)
            async_context.reset(before)

    parsers[_INTERACTION] = created


def message_flags(number: int) -> discord.MessageFlags:
    """A message's flags, of their number at the API."""
    return discord.MessageFlags._from_value(number)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - there is no public way


def ogg_packets(path: Path) -> list[bytes]:
    """The packets of an Ogg file, those of its head included. Blocks.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return list(OggStream(file).iter_packets())


def quiet(is_worth_a_log: Callable[[logging.LogRecord], bool]) -> None:
    """Have discord.py log of commands only what is, and not that voice is not installed."""
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    logging.getLogger(tree.__name__).addFilter(is_worth_a_log)


class _NextTry(Exception):
    """A shard could not be connected, and is to be tried again."""


class ReconnectingBot(commands.AutoShardedBot):
    """Connects a shard again and again, however long Discord is away.

    discord.py's own `launch_shard` calls itself for each try, which ends at Python's limit of calls
    within calls: with Discord away for an hour and a half.
    """

    clock: Clock
    """Set by whoever inherits."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._launching: set[int] = set()

    async def launch_shard(self, gateway: URL, shard_id: int, *, initial: bool = False) -> None:
        """Connect a shard."""
        if shard_id in self._launching:
            raise _NextTry
        self._launching.add(shard_id)
        try:
            for wait_s in growing_waits_s():
                try:
                    await super().launch_shard(gateway, shard_id, initial=initial)
                except _NextTry:
                    initial = False
                    await self.clock.sleep(wait_s)
                else:
                    return
        finally:
            self._launching.discard(shard_id)


# ---------------------------------------------------------------------- what all this rests on

_HTTP_ATTRIBUTES = (*(_SESSION, "_global_over", "connector", "request", "token", "user_agent"),)
_PARAMETERS = (
    (HTTPClient, "static_login", ("self", "token")),
    (HTTPClient, "get_bot_gateway", ("self",)),
    (discord.AutoShardedClient, "launch_shard", ("self", "gateway", "shard_id", "initial")),
    (discord.Webhook, "from_state", ("data", "state")),
    (discord.MessageFlags, "_from_value", ("value",)),
    (OggStream, "__init__", ("self", "stream")),
    (OggStream, "iter_packets", ("self",)),
    (
        *(AsyncWebhookAdapter, "get_original_interaction_response"),
        ("self", "application_id", "token", "session", "proxy", "proxy_auth"),
    ),
)
_SOURCES = (
    (HTTPClient, "static_login", "self.__session = aiohttp.ClientSession("),
    (HTTPClient, "static_login", "self._global_over.set()"),
    (discord.AutoShardedClient, "launch_shard", "self.launch_shard("),
    (discord.Webhook, "from_state", f"http.{_SESSION}"),
    (discord.InteractionResponse, "defer", "await adapter.create_interaction_response("),
    (discord.InteractionCallbackResponse, "_update", "resource = data.get('resource')"),
    (DiscordWebSocket, "from_client", "ws._discord_parsers = client._connection.parsers"),
    (DiscordWebSocket, "received_message", "func = self._discord_parsers[event]"),
)
_CLASS_ATTRIBUTES = (
    (Route, ("BASE",)),
    (DiscordWebSocket, ("DEFAULT_GATEWAY",)),
    (discord.VoiceClient, ("warn_nacl", "warn_dave", "create_connection_state")),
    (discord.Webhook, ("session", "proxy", "proxy_auth")),
    (discord.Member, ("_roles",)),
)


def verify() -> list[str]:
    """What this file counts on and the installed discord.py does not have, a sentence each."""
    return [f"discord.py {discord.__version__}: {problem}" for problem in _problems()]


def _problems() -> Iterator[str]:
    client = discord.AutoShardedClient(intents=discord.Intents.none())
    yield from _missing(client, ("_connection", "http"))
    yield from _missing(client.http, _HTTP_ATTRIBUTES)
    parsers = getattr(client._connection, "parsers", {})  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - see above
    named = _CREATED, _EDITED, _INTERACTION
    yield from (f"no parser of {name}" for name in named if name not in parsers)
    for owner, names in _CLASS_ATTRIBUTES:
        yield from _missing(owner, names)
    for owner, name, expected in _PARAMETERS:
        if not hasattr(owner, name):
            yield from _missing(owner, (name,))
        elif (found := tuple(inspect.signature(getattr(owner, name)).parameters)) != expected:
            yield f"{owner.__name__}.{name} takes {', '.join(found)}"
    for owner, name, line in _SOURCES:
        if hasattr(owner, name) and line not in inspect.getsource(getattr(owner, name)):
            yield f"{owner.__name__}.{name} does not say `{line}`"
    if vars(tree)["_log"].name != tree.__name__:
        yield f"commands are not logged as {tree.__name__}"


def _missing(owner: object, names: tuple[str, ...]) -> Iterator[str]:
    called = owner.__name__ if isinstance(owner, type) else type(owner).__name__
    yield from (f"{called} has no `{name}`" for name in names if not hasattr(owner, name))
