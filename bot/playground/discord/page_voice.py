"""The web page's side of voice: coming and going, what moderators do, and what is to be heard."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from aiohttp import web

from .forms import Form, Snowflake
from .model import Guild, User, VoiceState
from .page_forms import person_of, place_of, read_form, sorry
from .voice.calls import Calls
from .voice.webm import PACKET_MS, SILENCE, WebmOpus
from .wire import JsonObject, Refused, read_body
from .world import World

if TYPE_CHECKING:
    # They want the `voice` extra.
    from .voice.recording import Recording
    from .voice.rtp import Packet
    from .voice.server import VoiceServer

NOT_INSTALLED = (
    "The bot can't play here, as its voice is not installed. "
    "The README's command of the playground installs it."
)
_WRITE_EVERY_S = 0.06
_LONGEST = 500
"""Packets at once: this machine may have slept."""
_PAUSE_S = 0.2
"""After so long without a packet it is a pause, which is filled with silence: a browser that runs
out of sound would wait for more of it each time."""


class _VoiceDeed(Form):
    as_: Snowflake
    kind: Literal["join", "leave", "move", "disconnect", "mute", "unmute", "speak", "listen"]
    user_id: Snowflake = 0
    channel_id: Snowflake = 0

    model_config = Form.model_config | {"alias_generator": lambda name: name.rstrip("_")}


class VoicePage:
    """The page's routes of voice."""

    def __init__(
        self, world: World, calls: Calls, server: Callable[[], VoiceServer | None]
    ) -> None:
        self._world = world
        self._calls = calls
        self._server = server
        self._streams: set[asyncio.Task[None]] = set()

    def add_routes(self, app: web.Application) -> None:
        """Put them beside the page's others."""
        app.router.add_post("/playground/voice", self._act)
        app.router.add_get("/playground/voice/{channel_id:\\d+}.webm", self._stream)

    def close(self) -> None:
        """End every stream."""
        for stream in list(self._streams):
            stream.cancel()

    async def _act(self, request: web.Request) -> web.Response:
        try:
            deed = read_form(_VoiceDeed, await read_body(request))
            self._do(deed, person_of(self._world, str(deed.as_)))
        except Refused as error:
            return sorry(error)
        return web.Response(status=204)

    def _do(self, deed: _VoiceDeed, actor: User) -> None:
        if deed.kind == "join":
            self._calls.join(actor, place_of(self._world, deed.channel_id))
            return
        whom = next((s for s in self._states() if s.user.id == (deed.user_id or actor.id)), None)
        if whom is None:
            raise Refused("They are not in a voice channel.")
        user, guild = whom.user, whom.guild
        match deed.kind:
            case "leave":
                self._calls.leave(actor, guild)
            case "move":
                self._calls.move(actor, user, place_of(self._world, deed.channel_id))
            case "disconnect":
                self._calls.disconnect(actor, user, guild)
            case "mute" | "unmute":
                self._calls.set_muted(actor, user, guild, muted=deed.kind == "mute")
            case "speak" | "listen":
                suppressed = deed.kind == "listen"
                self._calls.set_suppressed(actor, user, guild, suppressed=suppressed)

    def _states(self) -> list[VoiceState]:
        ours = self._world.guild
        return [state for state in self._world.voice_states.values() if state.guild is ours]

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        """What is heard in a voice channel, as long as this person is in it."""
        try:
            user = person_of(self._world, request.query.get("as", ""))
            state = self._state_in(int(request.match_info["channel_id"]), user)
            recording = self._recording(state.guild)
        except Refused as error:
            return sorry(error)
        channel = state.channel

        def goes_on() -> bool:
            mine = self._calls.state_of(user, state.guild)
            return mine is state and state.channel is channel

        headers = {"Content-Type": "audio/webm", "Cache-Control": "no-store"}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        sending = asyncio.create_task(self._send(response, recording, goes_on))
        self._streams.add(sending)
        try:
            await asyncio.wait({sending})
        finally:
            sending.cancel()
            self._streams.discard(sending)
        return response

    def _state_in(self, channel_id: int, user: User) -> VoiceState:
        for state in self._calls.inside(place_of(self._world, channel_id)):
            if state.user is user:
                return state
        raise Refused("You are not in this voice channel.")

    def _recording(self, guild: Guild) -> Recording:
        server = self._server()
        if server is None:
            raise Refused(NOT_INSTALLED)
        return server.recording(guild)

    @staticmethod
    async def _send(
        response: web.StreamResponse, recording: Recording, goes_on: Callable[[], bool]
    ) -> None:
        webm, came = WebmOpus(), list[bytes]()
        began_s = heard_s = time.monotonic()
        written = 0

        def hear(packet: Packet) -> None:
            nonlocal heard_s
            heard_s = time.monotonic()
            came.append(packet.payload)

        stop = recording.listen(hear)
        try:
            await response.write(webm.header())
            while goes_on():
                packets = came[:]
                came.clear()
                now_s = time.monotonic()
                if now_s - heard_s > _PAUSE_S or not written:
                    missing = (
                        int((now_s - began_s) / (PACKET_MS / 1000)) + 1 - written - len(packets)
                    )
                    packets += [SILENCE] * min(missing, _LONGEST)
                if packets:
                    await response.write(webm.part(packets))
                    written += len(packets)
                await asyncio.sleep(_WRITE_EVERY_S)
        except ConnectionError:
            pass
        finally:
            stop()


def state_json(state: VoiceState) -> JsonObject:
    """Somebody in a voice channel, as the page shows it."""
    return {
        "user": state.user.to_json(),
        "channel_id": str(state.channel.id),
        "muted": state.mute or state.self_mute,
        "suppressed": state.suppress,
        "asks": state.asked_to_speak_at is not None,
        "speaking": state.speaking,
    }
