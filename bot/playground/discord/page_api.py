"""The web page's side: its files, its live socket, and what people do on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from aiohttp import web
from pydantic import Field
from yarl import URL

from .commands import Command
from .forms import Form, Snowflake
from .messages import Interaction, Message
from .options import FieldValue, GivenOption
from .page_forms import person_of, place_of, read_form, sorry
from .page_live import Live
from .page_voice import NOT_INSTALLED, VoicePage
from .people import People, suggestions
from .wire import File, JsonObject, Refused, answer, read_body
from .world import World

FOLDER = Path(__file__).parent.parent / "page"
_COMMAND, _MESSAGE_COMMAND = 1, 3


class _Deed(Form):
    as_: Snowflake
    channel_id: Snowflake

    model_config = Form.model_config | {"alias_generator": lambda name: name.rstrip("_")}


class _InteractionDeed(_Deed):
    kind: Literal["command", "message_command", "component", "modal", "autocomplete"]
    command_id: Snowflake = 0
    message_id: Snowflake = 0
    interaction_id: Snowflake = 0
    custom_id: str = ""
    options: tuple[GivenOption, ...] = ()
    values: list[str] | None = None
    components: tuple[JsonObject, ...] = ()


class _PostDeed(_Deed):
    content: str = ""


class _LanguageDeed(Form):
    of_id: Snowflake
    """A person, or our server."""
    locale: str = Field(pattern=r"^[a-z]{2}(-[A-Z]{2}|-419)?$")


class PageRoutes:
    """The page's routes."""

    def __init__(
        self,
        world: World,
        people: People,
        notice: str | None,
        base_url: Callable[[], str],
        plug: Callable[[], Callable[[], None] | None],
        voice: VoicePage,
        *,
        has_voice: bool,
    ) -> None:
        self._world = world
        self._people = people
        self._plug = plug
        self._voice = voice
        voice_note = None if has_voice else NOT_INSTALLED
        self._live = Live(world, notice, voice_note, lambda: plug() is not None)
        self._base_url = base_url

    def add_routes(self, app: web.Application) -> None:
        """Put them at the root."""
        app.router.add_get("/", self._index)
        app.router.add_get("/playground/live", self._watch)
        app.router.add_post("/playground/interactions", self._interact)
        app.router.add_post("/playground/messages", self._post)
        app.router.add_delete(
            "/playground/messages/{channel_id:\\d+}/{message_id:\\d+}", self._delete
        )
        app.router.add_post("/playground/plug", self._pull_the_plug)
        app.router.add_post("/playground/language", self._read_in)
        self._voice.add_routes(app)
        app.router.add_static("/page/", FOLDER)

    async def close(self) -> None:
        """Close every page's socket, and its sound."""
        self._voice.close()
        await self._live.close()

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        first = str(self._world.people[0].id)
        try:
            user = person_of(self._world, request.query.get("as", first))
        except Refused as error:
            return sorry(error)
        return await self._live.handle(request, user)

    async def _index(self, request: web.Request) -> web.StreamResponse:
        here = URL(self._base_url())
        if (request.url.host, request.url.port) != (here.host, here.port):
            # The files that it shows are at one address only, which is its own there.
            raise web.HTTPTemporaryRedirect(here.join(request.rel_url))
        return web.FileResponse(FOLDER / "index.html", headers={"Cache-Control": "no-cache"})

    async def _interact(self, request: web.Request) -> web.StreamResponse:
        try:
            body = await read_body(request)
            deed = read_form(_InteractionDeed, body)
            interaction = self._started(deed, body.files)
            if deed.kind == "autocomplete":
                return answer({"choices": [*await suggestions(self._world, interaction)]})
        except Refused as error:
            return sorry(error)
        return answer({"interaction_id": str(interaction.id)})

    def _started(self, deed: _InteractionDeed, files: Mapping[str, File]) -> Interaction:
        user = person_of(self._world, str(deed.as_))
        channel = place_of(self._world, deed.channel_id)
        match deed.kind:
            case "command":
                command = self._command(deed.command_id, _COMMAND)
                return self._people.use_command(user, channel, command, deed.options, files)
            case "autocomplete":
                command = self._command(deed.command_id, _COMMAND)
                return self._people.autocomplete(user, channel, command, deed.options)
            case "message_command":
                command = self._command(deed.command_id, _MESSAGE_COMMAND)
                message = self._message(deed.message_id)
                return self._people.use_message_command(user, channel, command, message)
            case "component":
                message = self._message(deed.message_id)
                return self._people.use_component(user, message, deed.custom_id, deed.values)
            case "modal":
                opener = self._world.interactions.get(deed.interaction_id)
                if opener is None:
                    raise Refused("This form is not open.")
                given = dict(_fields(deed.components))
                return self._people.submit_modal(user, opener, deed.custom_id, given, files)

    async def _post(self, request: web.Request) -> web.StreamResponse:
        try:
            body = await read_body(request)
            deed = read_form(_PostDeed, body)
            user, channel = (
                person_of(self._world, str(deed.as_)),
                place_of(self._world, deed.channel_id),
            )
            message = self._people.post(user, channel, deed.content, list(body.files.values()))
        except Refused as error:
            return sorry(error)
        return answer({"message_id": str(message.id)})

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        try:
            user = person_of(self._world, request.query.get("as", ""))
            message = self._message(int(request.match_info["message_id"]))
            self._people.delete(user, message)
        except Refused as error:
            return sorry(error)
        return web.Response(status=204)

    async def _read_in(self, request: web.Request) -> web.StreamResponse:
        try:
            deed = read_form(_LanguageDeed, await read_body(request))
            if deed.of_id != self._world.guild.id:
                person_of(self._world, str(deed.of_id))
        except Refused as error:
            return sorry(error)
        self._world.read_in(deed.of_id, deed.locale)
        return web.Response(status=204)

    async def _pull_the_plug(self, _: web.Request) -> web.StreamResponse:
        pull = self._plug()
        if pull is None:
            return sorry(Refused("The bot is not run by this playground."))
        pull()
        return web.Response(status=204)

    def _message(self, message_id: int) -> Message:
        message = self._world.messages.get(message_id)
        if message is None or message.deleted:
            raise Refused("This message is gone.")
        return message

    def _command(self, command_id: int, kind: int) -> Command:
        command = self._world.commands.find(command_id)
        if command is None or command.form.type != kind:
            raise Refused("This command does not exist any more.")
        return command


def _fields(components: Sequence[JsonObject]) -> Iterator[tuple[str, FieldValue]]:
    """The fields of a modal submission, wherever they stand in it."""
    for component in components:
        inner = component.get("components", component.get("component"))
        for item in inner if isinstance(inner, list) else [inner]:
            if not isinstance(item, dict) or not isinstance(item.get("custom_id"), str):
                continue
            value = item.get("values", item.get("value"))
            if isinstance(value, list):
                yield str(item["custom_id"]), [str(one) for one in value]
            elif isinstance(value, str | bool):
                yield str(item["custom_id"]), value
