"""Audio as it was given with a command: a file, or an address."""

from __future__ import annotations

from bot.domain.errors import AudioAddressBad, AudioTooLarge, TwoInputAudios
from bot.domain.generation import AudioSource
from bot.domain.inputs import INPUT_AUDIO_MAX_BYTES
from bot.network.http_address import http_address


def given_audio(upload: AudioSource | None, address: str | None) -> AudioSource | None:
    """The one of the two that was given, if any.

    Raises:
        TwoInputAudios, AudioAddressBad, AudioTooLarge: it cannot be taken as it was given.
    """
    if upload is not None:
        if address is not None:
            raise TwoInputAudios
        if (upload.size_bytes or 0) > INPUT_AUDIO_MAX_BYTES:
            raise AudioTooLarge(INPUT_AUDIO_MAX_BYTES)
        return upload
    if address is None:
        return None
    try:
        url = http_address(address.strip())
    except ValueError:
        raise AudioAddressBad(address) from None
    return AudioSource(str(url), url.name or "audio", False)
