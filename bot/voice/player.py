"""One server's voice channel: keeps what sounds and what is shown up with its session."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Concatenate, ParamSpec

from bot.domain.clock import Clock
from bot.domain.errors import TrackNotRead, UserError
from bot.domain.errors.voice import VoiceUnreachable
from bot.domain.generation import Reply
from bot.voice import session as rules
from bot.voice.ports import Packets, Sounds, Speaker, Speakers, VoiceDisplay
from bot.voice.session import Ending, Entry, Session

log = logging.getLogger(__name__)

P = ParamSpec("P")

_BETWEEN_EDITS_S = 1.0
_LEAVES_WITHIN_S = 5.0
_READY_WITHIN_S = 300.0
"""Somebody else's hour of music may be made ready before."""


@dataclass(frozen=True, slots=True)
class PlayerParts:
    """What a player works with."""

    speakers: Speakers
    sounds: Sounds
    display: VoiceDisplay
    clock: Clock


@dataclass(frozen=True, slots=True)
class _Version:
    """An entry at a volume."""

    serial: int
    volume: int


class Player:
    """Plays a session until it is over; what happens to that comes in by `change`."""

    def __init__(self, parts: PlayerParts, guild_id: int, session: Session) -> None:
        self._parts = parts
        self._guild_id = guild_id
        self._speaker: Speaker = parts.speakers.speaker(guild_id)
        self.session = session
        self.reply: Reply | None = None
        """The card; None while there is none."""
        self._shown: Session | None = None
        self._changed = asyncio.Event()
        self._to_show = asyncio.Event()
        self._is_over = asyncio.Event()
        self._sounding: _Version | None = None
        self._is_paused = False
        self._making: tuple[_Version, asyncio.Task[Packets]] | None = None

    def change(
        self, rule: Callable[Concatenate[Session, P], Session], *args: P.args, **kwargs: P.kwargs
    ) -> Session:
        """Have a rule of `bot.voice.session` make something of it. Raises as that does."""
        after = rule(self.session, *args, **kwargs)
        if after != self.session:
            self.session = after
            self._changed.set()
            self._to_show.set()
        if after.is_over:
            self._is_over.set()
        return after

    def show_at(self, reply: Reply) -> None:
        """Show it in this message from now on, or by its new token."""
        self.reply = reply
        self._to_show.set()

    async def run(self) -> None:
        """Join, play, and leave when it is over."""
        showing = asyncio.create_task(self._keep_showing(), name="voice card")
        try:
            await self._play()
        except VoiceUnreachable:
            self.change(rules.end, Ending.CONNECTION_LOST)
        except Exception:
            log.exception("what plays met a fault of ours")
            self.change(rules.end, Ending.CONNECTION_LOST)
        finally:
            self.change(rules.end, Ending.RESTARTED)
            self._drop_making()
            leaving = asyncio.create_task(self._speaker.leave(), name="voice leaves")
            with suppress(TimeoutError):
                async with asyncio.timeout(_LEAVES_WITHIN_S):
                    await asyncio.wait({showing, leaving})
            showing.cancel()
            leaving.cancel()

    async def _play(self) -> None:
        await self._speaker.join(self.session.channel_id, self._lost)
        self.change(rules.joined, self.session.channel_id)
        self.look()
        while True:
            self._changed.clear()
            now = self._parts.clock.now()
            if self.change(rules.looked_at, now).is_over:
                return
            await self._catch_up()
            leaves_at = self.session.leaves_at
            wait_s = None
            if leaves_at is not None:
                wait_s = max(0.0, (leaves_at - self._parts.clock.now()).total_seconds())
            await self._parts.clock.wait(self._changed, wait_s)

    def _lost(self) -> None:
        self.change(rules.end, Ending.CONNECTION_LOST)

    def look(self) -> None:
        """Take note of who listens, and whether it may speak there."""
        session, speakers, now = self.session, self._parts.speakers, self._parts.clock.now()
        if session.is_over or not session.is_joined:
            return
        self.change(rules.heard_by, speakers.listeners(self._guild_id, session.channel_id), now)
        is_silenced = speakers.is_silenced(self._guild_id)
        self.change(rules.silenced, now, is_silenced=is_silenced)
        if speakers.lacks(self._guild_id, session.channel_id):
            self.change(rules.end, Ending.FORBIDDEN)

    async def _catch_up(self) -> None:
        """Have that sound which is to."""
        playing, volume = self.session.playing, self.session.volume
        if self._sounding is not None and (
            playing is None or playing.serial != self._sounding.serial
        ):
            self._sounding = None
            await self._speaker.stop()
        if playing is None:
            self._drop_making()
            return
        wanted = _Version(playing.serial, volume)
        if self._sounding != wanted:
            self._make(playing, wanted)
            await self._take_over(wanted)
        if self._sounding == wanted:
            self._pause_or_go_on(playing)
            self._make_next()

    def _make(self, entry: Entry, version: _Version) -> None:
        if self._making is not None and self._making[0] == version:
            return
        self._drop_making()
        work = self._ready(entry, version.volume)
        task = asyncio.create_task(work, name="voice makes ready")
        task.add_done_callback(self._made)
        self._making = version, task

    def _made(self, task: asyncio.Task[Packets]) -> None:
        if not task.cancelled():
            # Nobody may ask for it: its entry may be gone.
            task.exception()
        self._changed.set()

    async def _ready(self, entry: Entry, volume: int) -> Packets:
        try:
            async with asyncio.timeout(_READY_WITHIN_S):
                return await self._parts.sounds.packets(entry.item, volume)
        except UserError:
            raise
        except Exception as error:
            log.exception("what is to be played cannot be made ready")
            raise TrackNotRead from error

    async def _take_over(self, wanted: _Version) -> None:
        """Play what has been made ready."""
        if self._making is None or not self._making[1].done():
            return
        made, self._making = self._making[1], None
        is_playing = self._sounding is not None
        try:
            packets = made.result()
        except UserError as error:
            if is_playing:
                log.info("the volume of what plays stays as it is: %r", error)
                self._sounding = wanted
            else:
                now = self._parts.clock.now()
                self.change(rules.cannot_be_played, wanted.serial, error, now)
            return
        if is_playing:
            self._speaker.turn(packets)
        else:
            self._is_paused = False
            await self._speaker.play(packets, partial(self._ended, wanted.serial))
        self._sounding = wanted

    def _ended(self, serial: int) -> None:
        if self._sounding is not None and self._sounding.serial == serial:
            self._sounding = None
        self.change(rules.ended, serial, self._parts.clock.now())

    def _pause_or_go_on(self, playing: Entry) -> None:
        is_heard = self.session.is_heard
        if not is_heard and not self._is_paused:
            self._speaker.pause()
        elif self._is_paused and is_heard:
            self._speaker.resume()
        self._is_paused = not is_heard
        if is_heard and self.session.ends_at is None:
            left = timedelta(seconds=self._speaker.left_s)
            self.change(rules.sounds, playing.serial, self._parts.clock.now() + left)

    def _make_next(self) -> None:
        """Have the next one ready when its turn comes."""
        if self.session.waiting and self._making is None:
            following = self.session.waiting[0]
            self._make(following, _Version(following.serial, self.session.volume))

    def _drop_making(self) -> None:
        if self._making is not None:
            self._making[1].cancel()
            self._making = None

    async def _keep_showing(self) -> None:
        clock = self._parts.clock
        while True:
            await clock.wait(self._to_show, None)
            self._to_show.clear()
            session = self.session
            if self.reply is not None and session != self._shown:
                self._shown = session
                try:
                    reply = await self._parts.display.show(self.reply, session)
                except Exception:
                    log.exception("what plays cannot be shown")
                    reply = None
                # A press may have brought a new token meanwhile.
                if reply is None or self.reply.message_id != reply.message_id:
                    self.reply = reply
            if session.is_over:
                return
            await clock.wait(self._is_over, _BETWEEN_EDITS_S)
