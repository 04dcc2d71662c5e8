"""A track as a voice channel takes it: 20 ms a packet, in stereo, and the same music."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest
import soundfile  # pyright: ignore[reportMissingTypeStubs] - its source is typed well enough
from av.audio.codeccontext import AudioCodecContext

from bot.audio.split import split_wav
from bot.audio.voice import PACKET_FRAMES, RATE_HZ, encode_voice
from bot.audio.voice_files import VoiceFiles
from bot.discord_internals import ogg_packets
from bot.domain.errors import AudioUnreadable

FULLBAND_20_MS_STEREO = 31 << 3 | 1 << 2
"""The first byte of such a packet (RFC 6716, 3.1)."""


def music(rate_hz: int, seconds: float, channels: int) -> npt.NDArray[np.float32]:
    at = np.arange(round(rate_hz * seconds)) / rate_hz
    left = 0.3 * np.sin(2 * np.pi * 220 * at) + 0.1 * np.sin(2 * np.pi * 1760 * at)
    right = 0.3 * np.sin(2 * np.pi * 330 * at)
    return np.stack([left, right][:channels], axis=1).astype(np.float32)


def decoded(packets: list[bytes]) -> npt.NDArray[np.float32]:
    """What FFmpeg makes of packets, which is another decoder than that of libsndfile."""
    codec: Any = AudioCodecContext.create("opus", "r")
    # It tells how much of the beginning is to be dropped.
    codec.extradata = packets[0]
    frames = [frame for packet in packets[2:] for frame in codec.decode(av.Packet(packet))]
    return np.concatenate([frame.to_ndarray() for frame in frames], axis=1).T.astype(np.float32)


def level(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return np.sqrt((samples**2).mean(axis=0))


@pytest.mark.parametrize(
    ("rate_hz", "channels", "seconds"), [(32_000, 1, 2.0), (32_000, 2, 3.01), (44_100, 2, 0.015)]
)
def test_it_is_the_same_music(tmp_path: Path, rate_hz: int, channels: int, seconds: float) -> None:
    given = music(rate_hz, seconds, channels)
    track, target = tmp_path / "track.wav", tmp_path / "voice.ogg"
    soundfile.write(track, given, rate_hz, subtype="PCM_16")
    length_s = encode_voice([track], 100, target)
    packets = ogg_packets(target)

    assert length_s == pytest.approx(seconds, abs=1e-3)
    assert {packet[0] for packet in packets[2:]} == {FULLBAND_20_MS_STEREO}
    assert 0 <= len(packets[2:]) * PACKET_FRAMES - length_s * RATE_HZ < 2 * PACKET_FRAMES
    if seconds < 1:
        return
    heard = decoded(packets)
    expected = music(RATE_HZ, seconds, channels)
    if channels == 1:
        expected = np.repeat(expected, 2, axis=1)
    inner = slice(RATE_HZ // 10, len(expected) - RATE_HZ // 10)
    error = level(heard[inner] - expected[inner]) / level(expected[inner])
    assert error.max() < 0.03, "30 dB below the music"


def test_quieter_is_quieter(tmp_path: Path) -> None:
    track, target = tmp_path / "track.wav", tmp_path / "voice.ogg"
    soundfile.write(track, music(32_000, 1.0, 2), 32_000, subtype="PCM_16")
    levels = list[npt.NDArray[np.float32]]()
    for volume in (100, 25):
        encode_voice([track], volume, target)
        levels.append(level(decoded(ogg_packets(target))))
    assert levels[1] / levels[0] == pytest.approx(0.25, rel=0.02)


def test_parts_have_no_seam(tmp_path: Path) -> None:
    track = tmp_path / "track.wav"
    soundfile.write(track, music(32_000, 4.0, 2), 32_000, subtype="PCM_16")
    parts = split_wav(track, 200_000, 10)
    assert len(parts) > 1
    encode_voice(parts, 100, tmp_path / "parts.ogg")
    encode_voice([track], 100, tmp_path / "whole.ogg")
    assert ogg_packets(tmp_path / "parts.ogg")[2:] == ogg_packets(tmp_path / "whole.ogg")[2:]


async def test_what_is_no_audio_is_refused_in_another_process(tmp_path: Path) -> None:
    track = tmp_path / "track.wav"
    track.write_bytes(b"RIFF\0\0\0\0WAVEfmt ")
    async with VoiceFiles() as files:
        with pytest.raises(AudioUnreadable):
            await files.encode([track], 100, tmp_path / "voice.ogg")
