"""The routes of the bot token: itself, its commands, and the channels it is in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from aiohttp import web
from pydantic import TypeAdapter

from . import payloads
from .commands import Command, CommandForm
from .events import CommandsChanged, TypingStarted
from .forms import Form, Snowflake, length, parse, parse_list, refuse
from .message_forms import AllowedMentions, MessageReference
from .messages import Message, MessageType
from .model import Channel, ChannelKind, Guild, Permissions
from .posting import (
    Draft,
    address,
    check_open,
    check_permissions,
    edited_body,
    new_body,
    new_message,
)
from .wire import ApiError, Code, Handler, answer, read_body, with_token
from .world import World

NONCE_LIFE_S = 300.0
"""How long `enforce_nonce` remembers; the docs say "the past few minutes"."""
_TEXT_CHANNEL = 0
_COMMANDS = TypeAdapter(list[CommandForm])
_EVERYBODY = AllowedMentions(parse=("users", "roles", "everyone"), replied_user=True)


class _Recipient(Form):
    recipient_id: Snowflake


class _ThreadForm(Form):
    name: Annotated[str, length(1, 100)]
    auto_archive_duration: Literal[60, 1440, 4320, 10080] = 1440


class BotRoutes:
    """What the bot may ask with `Authorization: Bot <token>`."""

    def __init__(self, world: World, token: str, gateway_url: Callable[[], str]) -> None:
        self._world = world
        self._token = token
        self._gateway_url = gateway_url

    def add_routes(self, app: web.Application, api: str) -> None:
        """Put them under the API's path."""
        commands = f"{api}/applications/{{application_id:\\d+}}/commands"
        in_guild = f"{api}/applications/{{application_id:\\d+}}/guilds/{{guild_id:\\d+}}/commands"
        messages = f"{api}/channels/{{channel_id:\\d+}}/messages"
        message = f"{messages}/{{message_id:\\d+}}"
        table: list[tuple[str, str, Handler]] = [
            ("GET", f"{api}/users/@me", self._me),
            ("POST", f"{api}/users/@me/channels", self._open_dm),
            ("GET", f"{api}/users/{{user_id:\\d+}}", self._user),
            ("GET", f"{api}/applications/@me", self._application),
            ("GET", f"{api}/oauth2/applications/@me", self._application),
            ("GET", f"{api}/gateway/bot", self._gateway_bot),
            ("GET", f"{api}/guilds/{{guild_id:\\d+}}", self._guild),
            ("GET", f"{api}/guilds/{{guild_id:\\d+}}/members/{{user_id:\\d+}}", self._member),
            ("GET", f"{api}/channels/{{channel_id:\\d+}}", self._channel),
            ("POST", f"{api}/channels/{{channel_id:\\d+}}/typing", self._typing),
            ("GET", messages, self._history),
            ("POST", messages, self._send),
            ("GET", message, self._message),
            ("PATCH", message, self._edit),
            ("DELETE", message, self._delete),
            ("POST", f"{message}/threads", self._open_thread),
        ]
        for path in (commands, in_guild):
            table += [
                ("GET", path, self._commands),
                ("PUT", path, self._sync),
                ("POST", path, self._add_command),
                ("DELETE", f"{path}/{{command_id:\\d+}}", self._remove_command),
            ]
        for method, path, handler in table:
            app.router.add_route(method, path, with_token(self._token, handler))
        app.router.add_get(f"{api}/gateway", self._gateway)

    async def _me(self, _: web.Request) -> web.Response:
        me = self._world.bot.to_json() | {"verified": True, "mfa_enabled": True, "flags": 0}
        return answer(me)

    async def _application(self, _: web.Request) -> web.Response:
        return answer(payloads.application_json(self._world))

    async def _gateway(self, _: web.Request) -> web.Response:
        return answer({"url": self._gateway_url()})

    async def _gateway_bot(self, _: web.Request) -> web.Response:
        limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
        return answer({"url": self._gateway_url(), "shards": 1, "session_start_limit": {**limit}})

    async def _user(self, request: web.Request) -> web.Response:
        return answer(self._world.user(int(request.match_info["user_id"])).to_json())

    async def _open_dm(self, request: web.Request) -> web.Response:
        wish = parse(_Recipient, (await read_body(request)).json)
        channel = self._world.dm(self._world.user(wish.recipient_id))
        return answer(payloads.channel_json(self._world, channel))

    async def _guild(self, request: web.Request) -> web.Response:
        return answer(payloads.guild_json(self._world, self._joined(request)))

    async def _member(self, request: web.Request) -> web.Response:
        guild = self._joined(request)
        user = self._world.user(int(request.match_info["user_id"]))
        return answer(payloads.member_json(guild, user))

    def _joined(self, request: web.Request) -> Guild:
        wanted = int(request.match_info["guild_id"])
        for guild in self._world.guilds:
            if guild.id == wanted:
                return guild
        known = wanted == self._world.elsewhere.id
        raise ApiError(Code.MISSING_ACCESS if known else Code.UNKNOWN_GUILD)

    async def _commands(self, request: web.Request) -> web.Response:
        return self._list(self._world.commands.listed(self._scope(request)))

    async def _sync(self, request: web.Request) -> web.Response:
        scope = self._scope(request)
        forms = parse_list(_COMMANDS, (await read_body(request)).json)
        commands = self._world.commands.replace(forms, scope)
        self._world.emit(CommandsChanged())
        return self._list(commands)

    async def _add_command(self, request: web.Request) -> web.Response:
        scope = self._scope(request)
        form = parse(CommandForm, (await read_body(request)).json)
        command = self._world.commands.upsert(form, scope)
        self._world.emit(CommandsChanged())
        return answer(command.to_json(), status=201)

    async def _remove_command(self, request: web.Request) -> web.Response:
        scope = self._scope(request)
        command = self._world.commands.find(int(request.match_info["command_id"]))
        if command is None or command.guild_id != scope:
            raise ApiError(Code.UNKNOWN_COMMAND)
        self._world.commands.remove(command)
        self._world.emit(CommandsChanged())
        return web.Response(status=204)

    @staticmethod
    def _list(commands: list[Command]) -> web.Response:
        return answer([command.to_json() for command in commands])

    def _scope(self, request: web.Request) -> int | None:
        if int(request.match_info["application_id"]) != self._world.bot.id:
            raise ApiError(Code.UNKNOWN_APPLICATION)
        return self._joined(request).id if "guild_id" in request.match_info else None

    def _place(
        self, request: web.Request, needs: Permissions = Permissions.VIEW_CHANNEL
    ) -> Channel:
        channel = self._world.channels.get(int(request.match_info["channel_id"]))
        if channel is None:
            raise ApiError(Code.UNKNOWN_CHANNEL)
        if not channel.bot_member or Permissions.VIEW_CHANNEL not in channel.bot_permissions:
            raise ApiError(Code.MISSING_ACCESS)
        if needs is Permissions.SEND_MESSAGES and channel.parent is not None:
            needs = Permissions.SEND_MESSAGES_IN_THREADS
        if needs not in channel.bot_permissions:
            raise ApiError(Code.MISSING_PERMISSIONS)
        return channel

    def _found(self, request: web.Request, channel: Channel) -> Message:
        message = self._world.messages.get(int(request.match_info["message_id"]))
        if message is None or message.deleted or message.ephemeral:
            raise ApiError(Code.UNKNOWN_MESSAGE)
        if message.channel is not channel:
            raise ApiError(Code.UNKNOWN_MESSAGE)
        return message

    async def _channel(self, request: web.Request) -> web.Response:
        return answer(payloads.channel_json(self._world, self._place(request)))

    async def _typing(self, request: web.Request) -> web.Response:
        channel = self._place(request, Permissions.SEND_MESSAGES)
        self._world.emit(TypingStarted(channel))
        return web.Response(status=204)

    async def _history(self, request: web.Request) -> web.Response:
        channel = self._place(request, Permissions.READ_MESSAGE_HISTORY)
        query = request.query
        before = int(query.get("before", 1 << 63))
        after = int(query.get("after", 0))
        limit = min(100, int(query.get("limit", 50)))
        wanted = [
            message
            for message in self._world.channel_messages(channel)
            if after < message.id < before and not message.ephemeral
        ]
        page = wanted[:limit] if "after" in query else wanted[-limit:]
        return answer([message.to_json(self._world.cdn) for message in reversed(page)])

    async def _send(self, request: web.Request) -> web.Response:
        channel = self._place(request, Permissions.SEND_MESSAGES)
        body = await read_body(request)
        if channel.kind is ChannelKind.DM and channel.people[0].id in self._world.closed_dms:
            raise ApiError(Code.CANNOT_MESSAGE_USER)
        draft = Draft.read(body, body.json)
        check_permissions(draft, channel.bot_permissions)
        check_open(self._world, channel, new=True)
        if draft.form.enforce_nonce and (sent := self._sent_before(channel, draft.form.nonce)):
            return answer(sent.to_json(self._world.cdn))
        message = new_message(
            self._world, channel, self._world.bot, new_body(self._world, channel, draft)
        )
        message.nonce = draft.form.nonce
        if (reference := draft.form.message_reference) is not None:
            self._refer(message, reference)
        address(self._world, message, draft.form.allowed_mentions or _EVERYBODY)
        self._world.add(message)
        return answer(message.to_json(self._world.cdn))

    def _sent_before(self, channel: Channel, nonce: str | int | None) -> Message | None:
        since = self._world.clock.now() - NONCE_LIFE_S
        for message in self._world.channel_messages(channel):
            if nonce is not None and message.nonce == nonce and message.created_at >= since:
                return message
        return None

    def _refer(self, message: Message, reference: MessageReference) -> None:
        other = self._world.messages.get(reference.message_id)
        here = other is not None and other.channel is message.channel and not other.deleted
        if not here or other is None or other.ephemeral:
            if reference.fail_if_not_exists:
                raise refuse("REPLIES_UNKNOWN_MESSAGE", "Unknown message", "message_reference")
            return
        message.reference, message.type = other, MessageType.REPLY

    async def _message(self, request: web.Request) -> web.Response:
        channel = self._place(request, Permissions.READ_MESSAGE_HISTORY)
        return answer(self._found(request, channel).to_json(self._world.cdn))

    async def _edit(self, request: web.Request) -> web.Response:
        channel = self._place(request)
        message = self._found(request, channel)
        if message.author is not self._world.bot:
            raise ApiError(Code.NOT_YOUR_MESSAGE)
        body = await read_body(request)
        draft = Draft.read(body, body.json)
        check_permissions(draft, channel.bot_permissions)
        check_open(self._world, channel, new=False)
        edited = edited_body(self._world, message, draft)
        if draft.form.given("content"):
            allowed = draft.form.allowed_mentions or _EVERYBODY
            address(self._world, message, allowed, edited.content)
        self._world.revise(message, edited)
        return answer(message.to_json(self._world.cdn))

    async def _open_thread(self, request: web.Request) -> web.Response:
        channel = self._place(request, Permissions.CREATE_PUBLIC_THREADS)
        message = self._found(request, channel)
        form = parse(_ThreadForm, (await read_body(request)).json)
        if channel.type != _TEXT_CHANNEL:
            raise ApiError(Code.WRONG_CHANNEL_TYPE)
        if message.id in self._world.channels:
            raise ApiError(Code.THREAD_EXISTS)
        thread = self._world.open_thread(channel, form.name, message)
        return answer(payloads.channel_json(self._world, thread), status=201)

    async def _delete(self, request: web.Request) -> web.Response:
        channel = self._place(request)
        message = self._found(request, channel)
        manages = Permissions.MANAGE_MESSAGES in channel.bot_permissions
        if message.author is not self._world.bot and not manages:
            raise ApiError(Code.MISSING_PERMISSIONS)
        self._world.remove(message)
        return web.Response(status=204)
