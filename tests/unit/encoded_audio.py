"""Audio as phones, browsers and cameras write it: encoded here, so that nothing large is kept."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

import av
import numpy as np

SECONDS = 3.0
PADDING_S = 0.08
"""What an encoder's whole frames may add to the length."""
KINDS: dict[str, tuple[str, str, int]] = {
    "aac": ("adts", "aac", 44_100),
    "amr": ("amr", "libopencore_amrnb", 8000),
    "m4a": ("ipod", "aac", 44_100),
    "mp4": ("mp4", "aac", 48_000),
    "mov": ("mov", "pcm_s16le", 44_100),
    "3gp": ("3gp", "libopencore_amrnb", 8000),
    "webm": ("webm", "libopus", 48_000),
    "mkv": ("matroska", "ac3", 48_000),
    "mp3": ("mp3", "libmp3lame", 44_100),
}
"""By their format: FFmpeg's names for container and codec, and a rate in Hz."""
FRAGMENTS = {"movflags": "frag_every_frame+empty_moov+default_base_moof"}
"""As browsers and phones record, so that nothing is lost when they are stopped."""
_VIDEO_CODECS = {"webm": "libvpx"}
_FRAMES_PER_S = 10


def encoded(
    format_: str,
    *,
    seconds: float = SECONDS,
    pitch_hz: float = 330.0,
    options: dict[str, str] | None = None,
    with_video: bool = False,
    with_sound: bool = True,
) -> bytes:
    """A tone in one of `KINDS`, mono."""
    container_name, codec, rate_hz = KINDS[format_]
    file = io.BytesIO()
    # PyAV tells what a stream is by the literal name of its codec.
    container: Any
    with av.open(file, "w", format=container_name, options=options or {}) as container:
        picture = sound = None
        if with_video:
            picture = container.add_stream(_VIDEO_CODECS.get(format_, "mpeg4"), _FRAMES_PER_S)
            picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        if with_sound:
            sound = container.add_stream(codec, rate_hz, layout="mono")
        if picture is not None:
            for number in range(round(seconds * _FRAMES_PER_S)):
                frame = av.VideoFrame(64, 48, "yuv420p")
                frame.pts, frame.time_base = number, Fraction(1, _FRAMES_PER_S)
                container.mux(picture.encode(frame))
            container.mux(picture.encode(None))
        if sound is not None:
            time = np.arange(round(seconds * rate_hz)) / rate_hz
            tone = (0.3 * np.sin(2 * np.pi * pitch_hz * time)).astype(np.float32)[None, :]
            chunk = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
            chunk.rate = rate_hz
            container.mux(sound.encode(chunk))
            container.mux(sound.encode(None))
    return file.getvalue()
