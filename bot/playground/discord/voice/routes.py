"""The routes of voice states: what the bot may ask about itself, and about others, over REST."""

from __future__ import annotations

from aiohttp import web

from bot.playground.discord import payloads
from bot.playground.discord.forms import Form, Snowflake, parse
from bot.playground.discord.model import Guild, VoiceState
from bot.playground.discord.wire import ApiError, Code, Refused, answer, read_body, with_token
from bot.playground.discord.world import World

from .calls import Calls


class _MyState(Form):
    channel_id: Snowflake | None = None
    suppress: bool | None = None
    request_to_speak_timestamp: str | None = None

    @classmethod
    def null_fields(cls) -> frozenset[str]:
        """The fields where null means something."""
        return frozenset({"request_to_speak_timestamp"})


class VoiceRoutes:
    """Voice states (docs: resources/voice)."""

    def __init__(self, world: World, calls: Calls, token: str) -> None:
        self._world = world
        self._calls = calls
        self._token = token

    def add_routes(self, app: web.Application, api: str) -> None:
        """Put them under the API's path."""
        states = f"{api}/guilds/{{guild_id:\\d+}}/voice-states"
        app.router.add_get(f"{states}/{{user_id:\\d+|@me}}", with_token(self._token, self._state))
        app.router.add_patch(f"{states}/@me", with_token(self._token, self._change))

    async def _state(self, request: web.Request) -> web.Response:
        asked = request.match_info["user_id"]
        user = self._world.bot if asked == "@me" else self._world.user(int(asked))
        state = self._calls.state_of(user, self._guild(request))
        if state is None:
            raise ApiError(Code.UNKNOWN_VOICE_STATE)
        return answer(payloads.voice_state_update(state, gone=False))

    async def _change(self, request: web.Request) -> web.Response:
        guild = self._guild(request)
        wish = parse(_MyState, (await read_body(request)).json)
        state = self._mine(guild, wish)
        me = state.user
        try:
            if wish.suppress is not None and wish.suppress != state.suppress:
                self._calls.set_suppressed(me, me, guild, suppressed=wish.suppress)
            if "request_to_speak_timestamp" in wish.model_fields_set:
                asks = wish.request_to_speak_timestamp is not None
                self._calls.ask_to_speak(me, guild, asks=asks)
        except Refused as error:
            raise ApiError(Code.MISSING_PERMISSIONS) from error
        return web.Response(status=204)

    def _mine(self, guild: Guild, wish: _MyState) -> VoiceState:
        state = self._calls.state_of(self._world.bot, guild)
        if state is None or wish.channel_id not in (None, state.channel.id):
            raise ApiError(Code.UNKNOWN_VOICE_STATE)
        return state

    def _guild(self, request: web.Request) -> Guild:
        wanted = int(request.match_info["guild_id"])
        for guild in self._world.guilds:
            if guild.id == wanted:
                return guild
        raise ApiError(Code.UNKNOWN_GUILD)
