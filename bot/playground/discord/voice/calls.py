"""Who is in which voice channel: joining, leaving, moving, being allowed to speak. No I/O."""

from __future__ import annotations

import secrets

from bot.playground.discord.events import ChannelDeleted, Event, SpeakingChanged, VoiceStateChanged
from bot.playground.discord.model import Channel, ChannelKind, Guild, Permissions, User, VoiceState
from bot.playground.discord.wire import Refused
from bot.playground.discord.world import World


class Calls:
    """The rules of voice channels; each method refuses what Discord would."""

    def __init__(self, world: World) -> None:
        self._world = world
        world.subscribe(self._see)

    def state_of(self, user: User, guild: Guild) -> VoiceState | None:
        """Where somebody is in this server, if anywhere."""
        return self._world.voice_states.get((guild.id, user.id))

    def inside(self, channel: Channel) -> list[VoiceState]:
        """Everybody in a voice channel, in the order they came."""
        return [s for s in self._world.voice_states.values() if s.channel is channel]

    def others(self, state: VoiceState) -> set[int]:
        """The ids of all who are in the same channel."""
        return {one.user.id for one in self.inside(state.channel) if one is not state}

    def join(
        self,
        user: User,
        channel: Channel,
        session_id: str | None = None,
        *,
        self_mute: bool = False,
        self_deaf: bool = False,
    ) -> VoiceState:
        """Come into a voice channel, from another one of this server perhaps.

        Raises:
            Refused: it is none, or is full, or may not be entered.
        """
        guild = _guild_of(channel)
        mine = channel.permissions(user)
        needed = Permissions.VIEW_CHANNEL | Permissions.CONNECT
        if needed not in mine:
            raise Refused("You do not have permission to connect to this voice channel.")
        before = self.state_of(user, guild)
        is_here = before is not None and before.channel is channel
        if not is_here and self._is_full(channel) and Permissions.MOVE_MEMBERS not in mine:
            raise Refused("This voice channel is full.")
        state = self._place(user, channel, session_id, before)
        state.self_mute, state.self_deaf = self_mute, self_deaf
        self._tell(state, placed=True)
        return state

    def leave(self, user: User, guild: Guild) -> None:
        """Leave whichever voice channel somebody is in."""
        state = self._world.voice_states.pop((guild.id, user.id), None)
        if state is not None:
            self.set_speaking(state, speaking=False)
            self._tell(state, gone=True)

    def end_session(self, session_id: str) -> None:
        """Leave all channels that were joined by a gateway session."""
        for state in list(self._world.voice_states.values()):
            if state.session_id == session_id:
                self.leave(state.user, state.guild)

    def move(self, mover: User, user: User, channel: Channel) -> None:
        """Take somebody from one voice channel to another.

        Raises:
            Refused: the mover may not, or they are in none.
        """
        state = self._in_voice(user, _guild_of(channel))
        for place in (state.channel, channel):
            if Permissions.MOVE_MEMBERS not in place.permissions(mover):
                raise Refused("You do not have permission to move members.")
        for who in (user, mover):
            if Permissions.CONNECT in channel.permissions(who):
                break
        else:
            raise Refused("Neither of you may connect to that voice channel.")
        if state.channel is not channel:
            self._place(user, channel, None, state)
            self._tell(state, placed=True)

    def disconnect(self, mover: User, user: User, guild: Guild) -> None:
        """Throw somebody out of voice.

        Raises:
            Refused: the mover may not, or they are in none.
        """
        state = self._in_voice(user, guild)
        if Permissions.MOVE_MEMBERS not in state.channel.permissions(mover):
            raise Refused("You do not have permission to disconnect members.")
        self.leave(user, guild)

    def set_muted(self, mover: User, user: User, guild: Guild, *, muted: bool) -> None:
        """Mute somebody for all, or end that.

        Raises:
            Refused: the mover may not, or they are in none.
        """
        state = self._in_voice(user, guild)
        if Permissions.MUTE_MEMBERS not in state.channel.permissions(mover):
            raise Refused("You do not have permission to mute members.")
        state.mute = muted
        self._change(state)

    def set_suppressed(self, mover: User, user: User, guild: Guild, *, suppressed: bool) -> None:
        """Let somebody speak on a stage, or make a listener of them.

        Raises:
            Refused: the mover may not, or they are on none.
        """
        state = self._in_voice(user, guild)
        if state.channel.kind is not ChannelKind.STAGE:
            raise Refused("This is not a stage.")
        steps_down = suppressed and mover is user
        if not steps_down and Permissions.MUTE_MEMBERS not in state.channel.permissions(mover):
            raise Refused("You do not have permission to choose who speaks here.")
        state.suppress, state.asked_to_speak_at = suppressed, None
        self._change(state)

    def ask_to_speak(self, user: User, guild: Guild, *, asks: bool) -> None:
        """Raise or lower a hand on a stage.

        Raises:
            Refused: they may not, or are in no voice channel.
        """
        state = self._in_voice(user, guild)
        if asks and Permissions.REQUEST_TO_SPEAK not in state.channel.permissions(user):
            raise Refused("You do not have permission to ask to speak.")
        state.asked_to_speak_at = self._world.clock.now() if asks else None
        self._change(state)

    def set_speaking(self, state: VoiceState, *, speaking: bool) -> None:
        """Somebody begins or ends to send audio; who is not heard does not count as speaking."""
        speaking = speaking and state.is_heard
        if speaking != state.speaking:
            state.speaking = speaking
            self._world.emit(SpeakingChanged(state))

    def _see(self, event: Event) -> None:
        if isinstance(event, ChannelDeleted):
            for state in self.inside(event.channel):
                self.leave(state.user, state.guild)

    def _place(
        self, user: User, channel: Channel, session_id: str | None, before: VoiceState | None
    ) -> VoiceState:
        guild = _guild_of(channel)
        state = before or VoiceState(user, channel, guild, "")
        if session_id is not None or before is None:
            state.session_id = session_id or secrets.token_hex(16)
        if before is None or before.channel is not channel:
            on_stage = channel.kind is ChannelKind.STAGE
            state.suppress = on_stage or Permissions.SPEAK not in channel.permissions(user)
            state.asked_to_speak_at = None
            self.set_speaking(state, speaking=False)
        state.channel = channel
        # Whoever comes is the last of those inside.
        self._world.voice_states.pop((guild.id, user.id), None)
        self._world.voice_states[guild.id, user.id] = state
        return state

    def _change(self, state: VoiceState) -> None:
        if not state.is_heard:
            self.set_speaking(state, speaking=False)
        self._tell(state)

    def _is_full(self, channel: Channel) -> bool:
        return 0 < channel.user_limit <= len(self.inside(channel))

    def _in_voice(self, user: User, guild: Guild) -> VoiceState:
        state = self.state_of(user, guild)
        if state is None:
            raise Refused("They are not in a voice channel.")
        return state

    def _tell(self, state: VoiceState, *, gone: bool = False, placed: bool = False) -> None:
        self._world.emit(VoiceStateChanged(state, gone, placed))


def _guild_of(channel: Channel) -> Guild:
    if channel.guild is None or not channel.has_voice:
        raise Refused("This is not a voice channel.")
    return channel.guild
