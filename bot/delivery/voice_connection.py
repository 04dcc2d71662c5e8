"""A connection to a voice channel that comes back at once where it is lost.

discord.py's thread that reads the socket may wait for the old one, up to 30 s, while the new one's
first answer lies there: it is told to rest only after it has begun to wait again. (discord.py
2.7.1, voice_state.py, `SocketReader`.)
"""

from __future__ import annotations

import socket
from contextlib import suppress

import discord
from discord.voice_state import VoiceConnectionState


class VoiceConnection(discord.VoiceClient):
    """As discord.py's own, but for the end of a lost connection."""

    def create_connection_state(self) -> VoiceConnectionState:
        """Called by discord.py."""
        return _WakingState(self)


class _WakingState(VoiceConnectionState):
    async def disconnect(
        self, *, force: bool = True, cleanup: bool = True, wait: bool = False
    ) -> None:
        """Wake who waits for a socket before it is closed for the next one."""
        if self.socket and not cleanup:
            # It has no other side: Linux says so, and wakes who waits for it all the same.
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_RDWR)
        await super().disconnect(force=force, cleanup=cleanup, wait=wait)
