"""The piece of a jam: kept without loss, put together from its takes, and mixed.

A take begins with the end of the piece that it goes on from, sample by sample, and fades into what
is new there (`join`). So a piece is put together by laying each take over the end of the one before
it: the joint is the one that was heard when the take was chosen. Everything here blocks; see
`probe`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.audio.cut import cut_beginning
from bot.audio.join import cut_context
from bot.audio.probe import probe
from bot.audio.resampling import resampled
from bot.audio.samples import Tail, mixed, opened, pcm_file
from bot.host.whole_files import whole_file

if TYPE_CHECKING:
    from bot.audio.samples import Samples

LOUDNESS_LUFS = -14.0
"""What streaming services play at; EBU R128 measures it, its own -23 is for broadcasting."""
PEAK_MAX_DB = -1.0
"""True peak, so that an MP3 made of it does not clip."""
_MOMENT_S = 0.4
"""Of less the loudness cannot be measured (ITU-R BS.1770)."""


@dataclass(frozen=True, slots=True)
class Mixed:
    """How loud a piece was, and what it was turned up by; None where it cannot be measured."""

    loudness_lufs: float | None
    gain_db: float


def keep_lossless(source: Path, target: Path) -> float:
    """Write audio as FLAC of 16 bits and two channels at most; returns its length in seconds.

    Raises:
        AudioUnreadable, NotAudio, AudioBeyondBounds: it cannot be decoded.
    """
    with opened(source) as stream:
        channels = min(2, stream.channels)
        with pcm_file(target, stream.rate_hz, channels, format_="FLAC") as file:
            for block in stream.blocks():
                file.write(mixed(block, channels))
        return file.frames / stream.rate_hz


def splice(sounds: Sequence[Path], given_s: Sequence[float], target: Path) -> float:
    """Write the piece that takes make, as 16-bit WAV; returns its length in seconds.

    Of each take the first `given_s` seconds are the end of what is there before it. The whole has
    the sample rate of the last take, and the channels of the one that has most.

    Raises:
        AudioUnreadable, NotAudio, AudioBeyondBounds: one of them cannot be decoded.
    """
    facts = [probe(path) for path in sounds]
    rate_hz = facts[-1].sample_rate_hz
    channels = min(2, max(one.channels for one in facts))
    overlaps = [*(round(given * rate_hz) for given in given_s[1:]), 0]
    held = Tail(max(overlaps))
    with pcm_file(target, rate_hz, channels) as file:
        for path, overlap in zip(sounds, overlaps, strict=True):
            for block in _blocks(path, rate_hz, channels):
                for settled in held.push(block):
                    file.write(settled)
            held.drop(overlap)
        for block in held.blocks():
            file.write(block)
    return file.frames / rate_hz


def splice_end(
    sounds: Sequence[Path], given_s: Sequence[float], last_s: float, target: Path
) -> float:
    """The last seconds of what `splice` writes; returns their length."""
    splice(sounds, given_s, target)
    return cut_context(target, last_s, target)


def mix(piece: Path, fade_s: float, target: Path) -> Mixed:
    """Write a piece at the usual loudness, within its peaks, and with a fade at its end.

    Raises:
        AudioUnreadable, NotAudio, AudioBeyondBounds: it cannot be decoded.
    """
    import numpy as np

    loudness, peak_db = _measured(piece)
    gain_db = 0.0
    if loudness is not None:
        gain_db = min(LOUDNESS_LUFS - loudness, PEAK_MAX_DB - peak_db)
    facts = probe(piece)
    frames = round(facts.duration_s * facts.sample_rate_hz)
    fade = min(frames, round(fade_s * facts.sample_rate_hz))
    with (
        opened(piece) as stream,
        pcm_file(target, stream.rate_hz, stream.channels) as file,
    ):
        for block in stream.blocks():
            at = np.arange(file.frames, file.frames + len(block))
            left = np.clip((frames - at) / max(fade, 1), 0.0, 1.0)
            # A quarter of a sine: what fades seems to do so evenly.
            curve = np.sin(left * np.pi / 2) if fade else np.ones(len(block))
            level = (10 ** (gain_db / 20) * curve).astype(np.float32)
            file.write(block * level[:, None])
    return Mixed(loudness, gain_db)


def split_sections(piece: Path, starts_s: Sequence[float], target: Path) -> int:
    """Write a zip of a piece's sections, each a FLAC; returns how many."""
    import zipfile

    bounds = [*starts_s, probe(piece).duration_s]
    with whole_file(target) as draft, zipfile.ZipFile(draft, "w") as archive:
        for number, (start_s, end_s) in enumerate(pairwise(bounds), start=1):
            part = target.with_name(f"{target.stem}.section{number}.wav")
            flac = part.with_suffix(".flac")
            try:
                cut_beginning(piece, end_s, part)
                cut_context(part, end_s - start_s, part)
                keep_lossless(part, flac)
                archive.write(flac, f"section-{number:02}.flac")
            finally:
                for path in (part, flac):
                    path.unlink(missing_ok=True)
    return len(starts_s)


def _measured(piece: Path) -> tuple[float | None, float]:
    """Integrated loudness in LUFS, and the true peak in dB; None for what is silent, or short."""
    import math

    import numpy as np
    import pyebur128  # pyright: ignore[reportMissingTypeStubs] - a compiled module without types

    meter: Any = pyebur128

    with opened(piece) as stream:
        modes = meter.MeasurementMode.MODE_I | meter.MeasurementMode.MODE_TRUE_PEAK
        state = meter.R128State(stream.channels, stream.rate_hz, modes)
        frames = 0
        for block in stream.blocks():
            state.add_frames(np.ascontiguousarray(block).reshape(-1), len(block))
            frames += len(block)
        peak = max(float(meter.get_true_peak(state, n)) for n in range(stream.channels))
        if frames < _MOMENT_S * stream.rate_hz or peak <= 0:
            return None, 0.0
        loudness = float(meter.get_loudness_global(state))
    return (loudness if math.isfinite(loudness) else None), 20 * math.log10(peak)


def _blocks(path: Path, rate_hz: int, channels: int) -> Iterator[Samples]:
    with opened(path) as stream:
        blocks = (mixed(block, channels) for block in stream.blocks())
        yield from resampled(blocks, stream.rate_hz, rate_hz)
