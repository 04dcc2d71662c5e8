"""Fetches the audio that jams begin with."""

from __future__ import annotations

from bot.domain.errors import AudioBroken, AudioWorkFailed, PieceTooLong
from bot.domain.extension import PIECE_MAX_S
from bot.domain.generation import AudioSource
from bot.domain.inputs import INPUT_AUDIO_MAX_BYTES
from bot.engine.ports import Sound
from bot.jam.pieces import Pieces
from bot.jam.ports import TakeSound


class Openings:
    """Makes any audio the first section of a piece."""

    def __init__(self, sound: Sound, pieces: Pieces) -> None:
        self._sound = sound
        self._pieces = pieces

    async def fetch(self, take_id: str, source: AudioSource, asked_bpm: float | None) -> TakeSound:
        """Fetch it; it is still to be written down. `asked_bpm` is the tempo of its jam.

        Raises:
            RequestRefused: it cannot be had, or not be used.
        """
        taken = await self._sound.take_in(source, INPUT_AUDIO_MAX_BYTES)
        try:
            if taken.duration_s > PIECE_MAX_S:
                raise PieceTooLong(taken.duration_s, PIECE_MAX_S)
            try:
                return await self._pieces.made_of(take_id, taken.path, 0.0, asked_bpm)
            except AudioWorkFailed as error:
                raise AudioBroken from error
        finally:
            await self._sound.discard(taken.path)
