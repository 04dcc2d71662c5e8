"""What travels between Discord and a bot: JSON, error bodies, ids."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum

from aiohttp import BodyPartReader, web
from pydantic import JsonValue, TypeAdapter

JsonObject = dict[str, JsonValue]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)
_EPOCH_S = 1_420_070_400
"""The first second of 2015, where Discord's ids begin (docs: reference, Snowflakes)."""


class Code(Enum):
    """Discord's error answers the stand-in gives: status, code, message (docs: opcodes)."""

    UNAUTHORIZED = (401, 0, "401: Unauthorized")
    UNKNOWN_APPLICATION = (404, 10002, "Unknown Application")
    UNKNOWN_CHANNEL = (404, 10003, "Unknown Channel")
    UNKNOWN_GUILD = (404, 10004, "Unknown Guild")
    UNKNOWN_MEMBER = (404, 10007, "Unknown Member")
    UNKNOWN_MESSAGE = (404, 10008, "Unknown Message")
    UNKNOWN_USER = (404, 10013, "Unknown User")
    UNKNOWN_WEBHOOK = (404, 10015, "Unknown Webhook")
    UNKNOWN_INTERACTION = (404, 10062, "Unknown interaction")
    UNKNOWN_VOICE_STATE = (404, 10065, "Unknown Voice State")
    UNKNOWN_COMMAND = (404, 10063, "Unknown application command")
    TOO_MANY_ATTACHMENTS = (400, 30015, "Maximum number of attachments in a message reached (10)")
    TOO_MANY_COMMANDS = (400, 30032, "Maximum number of application commands reached")
    ENTITY_TOO_LARGE = (413, 40005, "Request entity too large")
    ALREADY_ACKNOWLEDGED = (400, 40060, "Interaction has already been acknowledged.")
    TOO_MANY_FOLLOWUPS = (400, 40094, "Maximum number of follow-up messages reached")
    THREAD_ARCHIVED = (400, 50083, "Thread is archived")
    THREAD_EXISTS = (400, 160004, "A thread has already been created for this message")
    THREAD_LOCKED = (403, 160005, "Thread is locked")
    WRONG_CHANNEL_TYPE = (400, 50024, "Cannot execute action on this channel type")
    CANNOT_MESSAGE_USER = (403, 50007, "Cannot send messages to this user")
    BLOCKED_BY_AUTOMOD = (400, 200000, "Message was blocked by automatic moderation")
    MISSING_ACCESS = (403, 50001, "Missing Access")
    NOT_YOUR_MESSAGE = (403, 50005, "Cannot edit a message authored by another user")
    EMPTY_MESSAGE = (400, 50006, "Cannot send an empty message")
    MISSING_PERMISSIONS = (403, 50013, "Missing Permissions")
    INVALID_WEBHOOK_TOKEN = (401, 50027, "Invalid Webhook Token")
    INVALID_FORM = (400, 50035, "Invalid Form Body")
    INVALID_JSON = (400, 50109, "The request body contains invalid JSON.")


class ApiError(Exception):
    """A request Discord refuses, with the body it would answer."""

    def __init__(self, code: Code, errors: JsonObject | None = None) -> None:
        self.status, self.code, self.message = code.value
        self.errors = errors
        super().__init__(f"{self.status} {self.code}: {self.message}")

    def to_json(self) -> JsonObject:
        """The answer's body."""
        body: JsonObject = {"message": self.message, "code": self.code}
        if self.errors is not None:
            body["errors"] = self.errors
        return body


class Refused(Exception):
    """What Discord's own client would not let a person do; the text is the sentence they see."""


@dataclass(frozen=True, slots=True)
class File:
    """A file on its way in: its name as sent, and its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Body:
    """A parsed request body: its JSON (None when there was none) and files by field name.

    A field that comes again is kept as `name#2`, `name#3`, ….
    """

    json: JsonValue
    files: dict[str, File]


_READ: web.RequestKey[Body] = web.RequestKey("_READ", Body)


def with_token(token: str, handler: Handler) -> Handler:
    """The same, for whoever knows the bot's token."""

    async def checked(request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bot {token}":
            raise ApiError(Code.UNAUTHORIZED)
        return await handler(request)

    return checked


async def read_body(request: web.Request) -> Body:
    """The JSON and the files of a JSON or multipart request; asking again gives the same.

    Raises:
        ApiError: 50109 when the JSON cannot be read.
    """
    if (known := request.get(_READ)) is not None:
        return known
    body = request[_READ] = await _read(request)
    return body


async def _read(request: web.Request) -> Body:
    if not request.content_type.startswith("multipart/"):
        raw = await request.read()
        return Body(_parse(raw) if raw else None, {})
    payload: JsonValue = None
    files: dict[str, File] = {}
    reader = await request.multipart()
    while (part := await reader.next()) is not None:
        if not isinstance(part, BodyPartReader) or part.name is None:
            continue
        name = part.name
        if name == "payload_json":
            payload = _parse(bytes(await part.read()))
        else:
            again = sum(known.partition("#")[0] == name for known in files)
            key = f"{name}#{again + 1}" if again else name
            files[key] = File(part.filename or name, bytes(await part.read()))
    return Body(payload, files)


def _parse(raw: bytes) -> JsonValue:
    try:
        return _JSON.validate_json(raw)
    except ValueError as error:
        raise ApiError(Code.INVALID_JSON) from error


def answer(body: JsonValue, status: int = 200) -> web.Response:
    """A JSON answer whose content type is bare, the only one discord.py reads as JSON."""
    return web.Response(
        status=status, body=_JSON.dump_json(body), headers={"Content-Type": "application/json"}
    )


def dumps(body: JsonValue) -> str:
    """JSON text for a socket."""
    return _JSON.dump_json(body).decode()


def as_object(value: JsonValue) -> JsonObject:
    """The value when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


class Snowflakes:
    """Discord's ids: milliseconds since 2015, then a counter, so ids sort by time."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._last = 0

    def next(self) -> int:
        """An id no other thing has."""
        milliseconds = int((self._now() - _EPOCH_S) * 1000)
        self._last = max(milliseconds << 22, self._last + 1)
        return self._last

    def skip(self, last: int) -> None:
        """Go on behind this one."""
        self._last = max(self._last, last)
