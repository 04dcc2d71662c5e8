"""The piece of a jam: kept without loss, put together from its takes, and taken apart.

A take begins with the end of the piece that it goes on from, sample by sample, and fades into what
is new there (`join`). So a piece is put together by laying each take over the end of the one before
it: the joint is the one that was heard when the take was chosen. Everything here blocks; see
`probe`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from bot.audio.cut import cut_beginning
from bot.audio.join import cut_context
from bot.audio.probe import probe
from bot.audio.resampling import resampled
from bot.audio.samples import Tail, mixed, opened, pcm_file
from bot.host.whole_files import whole_file

if TYPE_CHECKING:
    from bot.audio.samples import Samples


_USUAL_HZ = 48_000


def keep_lossless(source: Path, target: Path) -> float:
    """Write audio as FLAC of 16 bits and two channels at most; returns its length in seconds.

    A rate that FLAC's encoder does not take, which hardly any audio has, becomes a usual one.

    Raises:
        AudioUnreadable, NotAudio, AudioBeyondBounds: it cannot be decoded.
    """
    with opened(source) as stream:
        channels = min(2, stream.channels)
        rate_hz = stream.rate_hz if _is_of_flac(stream.rate_hz) else _USUAL_HZ
        blocks = (mixed(block, channels) for block in stream.blocks())
        with pcm_file(target, rate_hz, channels, format_="FLAC") as file:
            for block in resampled(blocks, stream.rate_hz, rate_hz):
                file.write(block)
        return file.frames / rate_hz


def _is_of_flac(rate_hz: int) -> bool:
    """Whether a frame's header can tell the rate (RFC 9639, 9.1.2): 16 bits of Hz, or of 10 Hz."""
    return rate_hz < 1 << 16 or (rate_hz % 10 == 0 and rate_hz < 10 << 16)


def splice(sounds: Sequence[Path], over_s: Sequence[float], target: Path) -> float:
    """Write the piece that takes make, as 16-bit WAV; returns its length in seconds.

    Each take stands in place of the last `over_s` seconds of what is there before it, with the end
    of which it begins. The whole has the sample rate of the last take, and the channels of the one
    that has most.

    Raises:
        AudioUnreadable, NotAudio, AudioBeyondBounds: one of them cannot be decoded.
    """
    facts = [probe(path) for path in sounds]
    rate_hz = facts[-1].sample_rate_hz
    channels = min(2, max(one.channels for one in facts))
    overlaps = [*(round(one * rate_hz) for one in over_s[1:]), 0]
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
    sounds: Sequence[Path], over_s: Sequence[float], last_s: float, tail_s: float, target: Path
) -> float:
    """The last seconds before the tail of what `splice` writes; returns their length."""
    whole_s = splice(sounds, over_s, target)
    if tail_s > 0:
        cut_beginning(target, whole_s - tail_s, target)
    return cut_context(target, last_s, target)


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


def _blocks(path: Path, rate_hz: int, channels: int) -> Iterator[Samples]:
    with opened(path) as stream:
        blocks = (mixed(block, channels) for block in stream.blocks())
        yield from resampled(blocks, stream.rate_hz, rate_hz)
