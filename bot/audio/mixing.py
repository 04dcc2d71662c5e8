"""The mix of a piece: as loud as other music, with a fade, in the format that was asked for.

The file that was written is measured again: an MP3 has peaks that what it was made of had not.
Everything here blocks; see `probe`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from bot.audio.convert import fit
from bot.audio.loudness import loudness_of
from bot.audio.probe import probe
from bot.audio.samples import mixed, opened, pcm_file
from bot.audio.tags import TagsNotWritten, write_tags
from bot.domain.errors import OutputTooLarge
from bot.domain.mixes import Loudness, Mixed, MixFormat, MixLabels

if TYPE_CHECKING:
    from bot.audio.samples import Samples

log = logging.getLogger(__name__)

LOUDNESS_LUFS = -14.0
"""What streaming services play at; EBU R128 measures it, its own -23 is for broadcasting."""
PEAK_MAX_DB = -1.0
"""True peak, so that no player's converter clips."""
_HIGHEST_DB = PEAK_MAX_DB - 0.05
"""What is aimed at: 16 bits round, and the next try of an MP3 is not quite the same."""
_TRIES = 4
_TAGS_BYTES = 64 * 1024
"""What chapters and credits take beside the picture, at most."""


def mix(
    piece: Path,
    formats: Sequence[MixFormat],
    *,
    fade_s: float,
    limit_bytes: int,
    labels: MixLabels,
) -> Mixed:
    """Write a piece at the usual loudness, within its peaks, in the first of `formats` that fits.

    A piece with peaks so high that it would clip stays quieter than usual; nothing is squeezed. The
    last `fade_s` seconds fade out. The file stands beside the piece.

    Raises:
        AudioUnreadable, NotAudio, AudioBeyondBounds: it cannot be decoded.
        OutputTooLarge: it fits in none of them.
    """
    was = measure_loudness(piece)
    gain_db = 0.0
    if was.lufs is not None:
        gain_db = min(LOUDNESS_LUFS - was.lufs, _HIGHEST_DB - was.peak_db)
    room_bytes = limit_bytes - _TAGS_BYTES - len(labels.credits.cover_png or b"")
    for format_ in formats:
        with suppress(OutputTooLarge):
            path, loudness = _within_peaks(piece, format_, gain_db, fade_s, room_bytes)
            _label(path, labels)
            return Mixed(path, format_, probe(path).duration_s, loudness)
    raise OutputTooLarge(limit_bytes)


def _within_peaks(
    piece: Path,
    format_: MixFormat,
    gain_db: float,
    fade_s: float,
    limit_bytes: int,
    tries: int = _TRIES,
) -> tuple[Path, Loudness]:
    """The mix in this format, quieter where its peaks want it. Raises `OutputTooLarge`."""
    levelled = piece.with_name(f"{piece.stem}.mix.wav")
    _level(piece, gain_db, fade_s, levelled)
    try:
        path = _encoded(levelled, format_, limit_bytes)
    except OutputTooLarge:
        levelled.unlink()
        raise
    if path != levelled:
        levelled.unlink()
    loudness = measure_loudness(path)
    if loudness.peak_db <= PEAK_MAX_DB or tries == 1:
        return path, loudness
    gain_db -= loudness.peak_db - _HIGHEST_DB
    return _within_peaks(piece, format_, gain_db, fade_s, limit_bytes, tries - 1)


def measure_loudness(path: Path) -> Loudness:
    """How loud a file is, and how high its peaks are.

    Raises:
        AudioUnreadable, NotAudio, AudioBeyondBounds: it cannot be decoded.
    """
    with opened(path) as stream:
        channels = min(stream.channels, 2)
        blocks = (mixed(block, channels) for block in stream.blocks())
        return loudness_of(blocks, stream.rate_hz, channels)


def _level(piece: Path, gain_db: float, fade_s: float, target: Path) -> None:
    """Write the piece louder or quieter, its end faded, as 16-bit WAV."""
    facts = probe(piece)
    frames = round(facts.duration_s * facts.sample_rate_hz)
    fade = min(frames, round(fade_s * facts.sample_rate_hz))
    gain = 10 ** (gain_db / 20)
    with opened(piece) as stream, pcm_file(target, stream.rate_hz, stream.channels) as file:
        for block in stream.blocks():
            file.write(block * _levels(gain, frames - file.frames, len(block), fade))


def _levels(gain: float, left: int, count: int, fade: int) -> Samples:
    """The level of each of `count` frames, after the first of which `left` are left in all."""
    import numpy as np

    share = np.clip((left - np.arange(count)) / max(fade, 1), 0.0, 1.0)
    # A quarter of a sine: what fades seems to do so evenly.
    return (gain * np.sin(share * np.pi / 2)).astype(np.float32)[:, None]


def _encoded(levelled: Path, format_: MixFormat, limit_bytes: int) -> Path:
    """The file in this format. Raises `OutputTooLarge`."""
    if format_ is not MixFormat.WAV:
        return fit(levelled, limit_bytes, (format_,), as_it_is=False).path
    if levelled.stat().st_size > limit_bytes:
        raise OutputTooLarge(limit_bytes)
    return levelled


def _label(path: Path, labels: MixLabels) -> None:
    try:
        write_tags(
            path,
            title=labels.title,
            comment=labels.comment,
            software=labels.software,
            credits_=labels.credits,
        )
    except TagsNotWritten as error:
        # The music is what counts; it goes out without.
        log.warning("a mix has no tags: %s", error)
