"""The voice channels that music plays in, one a server: begun, added to, turned down, left.

A server's gateway events come to the process of its shard, so that process alone plays there.
What plays is in memory, and gone with its process; its card tells, by `bot.delivery.voice_cards`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Concatenate, ParamSpec

from bot.domain.errors.voice import VoiceElsewhere, VoiceIsOver
from bot.domain.generation import Reply
from bot.engine.background import BackgroundTasks
from bot.host.log_context import about
from bot.voice import session as rules
from bot.voice.player import Player, PlayerParts
from bot.voice.session import Ending, Item, Session

P = ParamSpec("P")

_CLOSES_WITHIN_S = 1.2


class VoicePlayers:
    """What plays in which server."""

    def __init__(self, parts: PlayerParts) -> None:
        self._parts = parts
        self._players: dict[int, Player] = {}
        self._runs: dict[int, asyncio.Task[None]] = {}
        self._owner = BackgroundTasks()

    def is_sounding(self) -> bool:
        """Whether something plays anywhere."""
        sessions = (player.session for player in self._players.values())
        return any(session.playing and not session.is_over for session in sessions)

    def session(self, guild_id: int) -> Session | None:
        """What plays in a server; None where nothing does."""
        player = self._players.get(guild_id)
        return None if player is None or player.session.is_over else player.session

    def card(self, guild_id: int) -> Reply | None:
        """The message that shows it; None where there is none."""
        player = self._players.get(guild_id)
        return None if player is None or player.session.is_over else player.reply

    def has_lost_card(self, guild_id: int) -> bool:
        """Whether it plays, and no message shows it any more."""
        return self.session(guild_id) is not None and (
            guild_id in self._runs and self._players[guild_id].reply is None
        )

    def begin(self, guild_id: int, channel_id: int, items: Sequence[Item]) -> None:
        """Have a session that is to play there; it does so from `start` on.

        Raises:
            VoiceElsewhere: people listen to another one of this server.
            VoiceQueueFull: there is no room for so many items.
        """
        session = rules.add(Session(channel_id), items)
        present = self.session(guild_id)
        if present is not None:
            if self._parts.speakers.listeners(guild_id, present.channel_id):
                raise VoiceElsewhere(present.channel_id)
            self.change(guild_id, rules.end, Ending.ALONE)
        self._players[guild_id] = Player(self._parts, guild_id, session)

    def start(self, guild_id: int, reply: Reply | None) -> None:
        """Join and play, and show it in this message."""
        player = self._players[guild_id]
        if reply is not None:
            player.show_at(reply)
        before = self._runs.get(guild_id)
        run = self._owner.start(self._run(guild_id, player, before), f"voice in {guild_id}")
        self._runs[guild_id] = run

    def drop(self, guild_id: int) -> None:
        """Nobody has taken the answer: what was begun does not start."""
        del self._players[guild_id]

    async def _run(self, guild_id: int, player: Player, before: asyncio.Task[None] | None) -> None:
        # A server has one connection, and the last one may not be closed yet.
        if before is not None:
            await asyncio.wait({before})
        try:
            with about(guild_id=guild_id):
                await player.run()
        finally:
            if self._players.get(guild_id) is player:
                del self._players[guild_id]
            if self._runs.get(guild_id) is asyncio.current_task():
                del self._runs[guild_id]

    def change(
        self,
        guild_id: int,
        rule: Callable[Concatenate[Session, P], Session],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Session:
        """Have a rule make something of a server's session.

        Raises:
            VoiceIsOver: nothing plays there.
            RequestRefused: the rule does not allow it.
        """
        if self.session(guild_id) is None:
            raise VoiceIsOver
        return self._players[guild_id].change(rule, *args, **kwargs)

    def show_at(self, guild_id: int, reply: Reply) -> None:
        """Show it in this message from now on, or by its new token."""
        if guild_id in self._players:
            self._players[guild_id].show_at(reply)

    # ------------------------------------------------------------------ what Discord tells

    def look(self, guild_id: int) -> None:
        """Somebody has come, gone, or may do other things than before."""
        if guild_id in self._players:
            self._players[guild_id].look()

    def moved(self, guild_id: int, channel_id: int) -> None:
        """The bot is in this channel now, by whomever."""
        player = self._players.get(guild_id)
        if player is not None and player.session.is_joined and not player.session.is_over:
            player.change(rules.joined, channel_id)
            player.look()

    def thrown_out(self, guild_id: int, *, channel_is_gone: bool) -> None:
        """The bot is in no channel any more."""
        player = self._players.get(guild_id)
        if player is not None and player.session.is_joined:
            ending = Ending.CHANNEL_GONE if channel_is_gone else Ending.DISCONNECTED
            player.change(rules.end, ending)

    async def close(self) -> None:
        """Leave every channel, and say why."""
        for player in self._players.values():
            player.change(rules.end, Ending.RESTARTED)
        if self._runs:
            await asyncio.wait(set(self._runs.values()), timeout=_CLOSES_WITHIN_S)
        await self._owner.close()
