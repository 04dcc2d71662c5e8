"""How much audio is decoded at all: small files can unpack to gigabytes, or to days of silence."""

from __future__ import annotations

from bot.domain.errors import AudioBeyondBounds

CHANNELS_MAX = 8
"""7.1 surround; Vorbis and WAV can claim 255 and more."""
RATE_MIN_HZ, RATE_MAX_HZ = 1000, 384_000
"""Outside, resampling to a usual rate would take or make absurd amounts of audio."""
SAMPLES_MAX = 8 * 192_000 * 300
"""Of all channels together: an hour in stereo at 48 kHz, or five minutes of anything usual."""
STRETCHES_MAX = 1000
"""Of files that were joined by laying one on the other: nobody has so many."""


def check_form(channels: int, rate_hz: int) -> None:
    """Hold a header against what is decoded. Raises `AudioBeyondBounds`."""
    if channels > CHANNELS_MAX:
        raise AudioBeyondBounds("channels", channels, CHANNELS_MAX)
    if rate_hz > RATE_MAX_HZ:
        raise AudioBeyondBounds("sample_rate_hz", rate_hz, RATE_MAX_HZ)
    if rate_hz < RATE_MIN_HZ:
        raise AudioBeyondBounds("sample_rate_hz", rate_hz, RATE_MIN_HZ)


def check_amount(channels: int, frames: float) -> None:
    """Hold an amount of audio against what is decoded. Raises `AudioBeyondBounds`."""
    if channels * frames > SAMPLES_MAX:
        raise AudioBeyondBounds("samples", channels * frames, SAMPLES_MAX)
