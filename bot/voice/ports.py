"""What playing in voice channels needs from the world."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from bot.domain.generation import Reply
from bot.voice.session import Item, Session

Packets = Sequence[bytes]
"""Encoded audio as it is sent: Opus, 20 ms in stereo each."""
PACKET_S = 0.02


class Speaker(Protocol):
    """The bot in one server's voice channel. Methods raise `VoiceUnreachable`."""

    async def join(self, channel_id: int, lost: Callable[[], None]) -> None:
        """Join a channel; `lost` is told once it can't be heard there any more, unasked."""
        ...

    async def play(self, packets: Packets, ended: Callable[[], None]) -> None:
        """Play in place of what plays; `ended` is told once all of it was sent."""
        ...

    def turn(self, packets: Packets) -> None:
        """Go on with the same music in another volume."""
        ...

    def pause(self) -> None:
        """Pause what plays."""
        ...

    def resume(self) -> None:
        """Go on from there."""
        ...

    @property
    def left_s(self) -> float:
        """How many seconds of what plays are still to be heard."""
        ...

    async def stop(self) -> None:
        """End what plays; it is told to nobody."""
        ...

    async def leave(self) -> None:
        """Leave the channel; whatever goes wrong in that is logged."""
        ...


class Speakers(Protocol):
    """Voice channels, as far as this process sees them."""

    def speaker(self, guild_id: int) -> Speaker:
        """One for a server, which has joined no channel yet."""
        ...

    def listeners(self, guild_id: int, channel_id: int) -> int:
        """How many people are in a channel, other than bots."""
        ...

    def is_silenced(self, guild_id: int) -> bool:
        """Whether the bot cannot be heard where it is: muted, or no speaker of a stage."""
        ...

    def lacks(self, guild_id: int, channel_id: int) -> bool:
        """Whether the bot lacks a permission that it needs in a channel."""
        ...


class Sounds(Protocol):
    """Makes what somebody wants to hear ready to be sent."""

    async def packets(self, item: Item, volume: int) -> Packets:
        """Its packets at a volume in percent.

        Raises:
            RequestRefused: its audio is not there any more, or cannot be read.
        """
        ...


class VoiceSound(Protocol):
    """Encodes audio for voice channels, in a process that may die of it."""

    async def encode(self, parts: Sequence[Path], volume: int, target: Path) -> float:
        """Write audio in one or more files as Ogg Opus; its length in seconds.

        Raises `AudioWorkFailed`, and `NotAudio`, `AudioUnreadable` or `AudioBeyondBounds`.
        """
        ...


class VoiceDisplay(Protocol):
    """Where people see what plays. Methods raise nothing that Discord answers."""

    async def show(self, reply: Reply, session: Session) -> Reply | None:
        """Have the card show a session; where it is now, None where it cannot be shown."""
        ...
