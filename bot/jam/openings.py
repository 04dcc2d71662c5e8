"""Fetches the audio that jams begin with."""

from __future__ import annotations

from bot.domain.errors import AudioBroken, AudioWorkFailed, PieceTooLong
from bot.domain.extension import PIECE_MAX_S
from bot.domain.generation import AudioSource
from bot.domain.inputs import INPUT_AUDIO_MAX_BYTES
from bot.engine.disk_space import track_bytes
from bot.engine.ports import Sound
from bot.engine.work_room import WorkRoom
from bot.jam.pieces import Pieces
from bot.jam.ports import TakeSound


class Openings:
    """Makes any audio the first section of a piece, as carefully as any input audio is taken in."""

    def __init__(self, sound: Sound, pieces: Pieces, room: WorkRoom) -> None:
        self._sound = sound
        self._pieces = pieces
        self._room = room

    async def fetch(
        self, take_id: str, user_id: int, source: AudioSource, asked_bpm: float | None
    ) -> TakeSound:
        """Fetch it in its person's turn; it is still to be written down.

        `asked_bpm` is the tempo of its jam.

        Raises:
            RequestRefused: it cannot be had, or not be used, or there is no room for it.
            OSError: the disk does not take it.
        """
        size_bytes = INPUT_AUDIO_MAX_BYTES if source.size_bytes is None else source.size_bytes
        # Beside it, a WAV and a FLAC of it.
        needed_bytes = size_bytes + 2 * track_bytes(PIECE_MAX_S)
        async with self._room.taken(user_id, needed_bytes), self._room.reading(user_id):
            taken = await self._sound.take_in(source, INPUT_AUDIO_MAX_BYTES)
            decoded = taken.path.with_name(f"{taken.path.name}.wav")
            try:
                if taken.duration_s > PIECE_MAX_S:
                    raise PieceTooLong(taken.duration_s, PIECE_MAX_S)
                # What a stranger made is decoded where it harms no piece, and as it was measured.
                await self._sound.decode(taken, decoded)
                return await self._pieces.made_of(take_id, decoded, 0.0, asked_bpm)
            except AudioWorkFailed as error:
                raise AudioBroken from error
            finally:
                for path in (taken.path, decoded):
                    await self._sound.discard(path)
