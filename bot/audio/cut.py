"""The beginning of a piece of audio as a file of its own. Blocks; see `probe`."""

from __future__ import annotations

from pathlib import Path

from bot.audio.decoding import decoded
from bot.audio.samples import mixed, opened, pcm_file


def cut_beginning(
    source: Path, first_s: float, target: Path, *, reads_cleanly: bool = True
) -> float:
    """Write the first `first_s` seconds as 16-bit WAV; returns their exact length.

    Sample rate and channels are the source's; more than two channels are mixed to two. Audio that
    is shorter is written whole. What does not read cleanly is decoded as it was measured.
    `target` appears once it is whole, and may be the source itself.

    Raises:
        AudioUnreadable, NotAudio: the source cannot be decoded.
    """
    with (opened if reads_cleanly else decoded)(source) as stream:
        channels = min(2, stream.channels)
        left = max(1, round(first_s * stream.rate_hz))
        with pcm_file(target, stream.rate_hz, channels) as file:
            for block in stream.blocks():
                file.write(mixed(block[:left], channels))
                left -= len(block)
                if left <= 0:
                    break
            frames = file.frames
        return frames / stream.rate_hz
