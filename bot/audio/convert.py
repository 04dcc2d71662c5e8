"""Making a track small enough for Discord, with as little loss as that takes.

Everything here blocks; see `probe`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, cast

from bot.audio.probe import probe, sniff
from bot.audio.resampling import resampled
from bot.audio.samples import mixed, opened
from bot.audio.tags import write_tags
from bot.domain.audio_formats import Format
from bot.domain.errors import AudioUnreadable, OutputTooLarge
from bot.host.whole_files import whole_file

log = logging.getLogger(__name__)

_FLAC_SUBTYPES = {"PCM_U8": "PCM_S8", "PCM_S8": "PCM_S8", "PCM_16": "PCM_16", "PCM_24": "PCM_24"}
"""What FLAC can hold without loss, by the source's encoding."""
_FLAC_MAX_CHANNELS = 8
_FLAC_MAX_RATE_HZ = 655_350
_FLAC_LEVEL = 0.6
_MP3_RATES_HZ = (32_000, 44_100, 48_000)
"""MPEG-1's. The lower ones of MPEG-2 would save nothing that a lower bit rate does not."""
_MP3_KBPS = (320, 256, 192, 160, 128, 112, 96, 80, 64)
"""Below 64 kb/s there is little music left."""
_BLOCK_FRAMES = 1 << 16
_OVERHEAD_BYTES = 4096
"""What an MP3 holds beside its frames, at a guess; the file that was written decides."""


_Writer = Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A track that fits: the file, its format, and what was done to it."""

    path: Path
    format: Format
    note: Literal["as it was", "flac", "mp3"]


def fit(
    path: Path,
    limit_bytes: int,
    formats: Collection[str] = ("flac", "mp3"),
    *,
    as_it_is: bool = True,
) -> Fitted:
    """The track in at most `limit_bytes`: as it is, else as FLAC, else as MP3, of those `formats`.

    Where it is not wanted `as_it_is`, it is made anew even if it fits.

    A new file stands beside the old one, which stays; its title, comment and software are the same.
    FLAC is made of a WAV or AIFF only, and loses nothing. The MP3 has the highest bit rate that
    fits.

    Raises:
        OutputTooLarge: not even an MP3 of 64 kb/s fits, or the file is too large and cannot be
            decoded.
        NotAudio: it is none.
        OSError: the disk failed.
    """
    with path.open("rb") as file:
        format_ = sniff(file)
    if as_it_is and path.stat().st_size <= limit_bytes:
        return Fitted(path, format_, "as it was")
    try:
        for smaller, write in _transport(path, limit_bytes):
            if smaller not in formats:
                continue
            target = path.with_name(f"{path.stem}.fitted.{smaller}")
            try:
                _make(path, target, limit_bytes, write)
            except OutputTooLarge:
                continue
            except (AudioUnreadable, OSError):
                raise
            except Exception:
                # Whatever it is that this format cannot hold, the next one may.
                log.exception("%s cannot be made %s", path.name, smaller.upper())
                continue
            return Fitted(target, smaller, smaller)
    except AudioUnreadable as error:
        raise OutputTooLarge(limit_bytes) from error
    raise OutputTooLarge(limit_bytes)


def _transport(source: Path, limit_bytes: int) -> Iterator[tuple[Literal["flac", "mp3"], _Writer]]:
    """What to try, the best first."""
    facts = probe(source)
    is_plain = facts.format in {"wav", "aiff"} and facts.channels <= _FLAC_MAX_CHANNELS
    if is_plain and facts.sample_rate_hz <= _FLAC_MAX_RATE_HZ:
        with opened(source) as stream:
            subtype = _FLAC_SUBTYPES.get(stream.subtype)
        if subtype is not None:
            yield "flac", partial(_write_flac, source, subtype)
    for kbps in _MP3_KBPS:
        expected_bytes = facts.duration_s * kbps * 1000 / 8 + _OVERHEAD_BYTES
        # The guess is not the last word on the last chance.
        if expected_bytes <= limit_bytes or kbps == _MP3_KBPS[-1]:
            yield "mp3", partial(_write_mp3, source, kbps)


def _make(source: Path, target: Path, limit_bytes: int, write: _Writer) -> None:
    """Write `target` with the source's tags; it appears only if it then fits.

    Raises:
        OutputTooLarge: it does not.
    """
    with whole_file(target) as draft:
        write(draft)
        _copy_tags(source, draft)
        if draft.stat().st_size > limit_bytes:
            raise OutputTooLarge(limit_bytes)


def _write_flac(source: Path, subtype: str, target: Path) -> None:
    import soundfile  # pyright: ignore[reportMissingTypeStubs] - its source is typed well enough

    with (
        opened(source) as stream,
        soundfile.SoundFile(
            target,
            "w",
            stream.rate_hz,
            stream.channels,
            subtype,
            format="FLAC",
            compression_level=_FLAC_LEVEL,
        ) as sound,
    ):
        for block in stream.integer_blocks(_BLOCK_FRAMES):
            sound.write(block)


def _write_mp3(source: Path, kbps: int, target: Path) -> None:
    import soundfile  # pyright: ignore[reportMissingTypeStubs] - its source is typed well enough

    with opened(source) as stream:
        channels = min(2, stream.channels)
        rate_hz = next((rate for rate in _MP3_RATES_HZ if rate >= stream.rate_hz), 48_000)
        blocks = (mixed(block, channels) for block in stream.blocks(_BLOCK_FRAMES))
        with soundfile.SoundFile(
            target,
            "w",
            rate_hz,
            channels,
            "MPEG_LAYER_III",
            format="MP3",
            # libsndfile makes 320 kb/s of 0 and 32 of 1.
            compression_level=(320 - kbps) / (320 - 32),
            bitrate_mode="CONSTANT",
        ) as sound:
            for block in resampled(blocks, stream.rate_hz, rate_hz):
                # Floats: libsndfile 1.2.2 garbles a stereo MP3 that it is given as integers.
                sound.write(block.clip(-1.0, 1.0))


def _copy_tags(source: Path, target: Path) -> None:
    """Title, comment and software, where the source has any of them."""
    import mutagen

    try:
        with source.open("rb") as file:
            # mutagen declares its types halfway.
            audio: Any = cast("Any", mutagen).File(file)
        tags: Any = audio.tags if audio is not None else None
        if tags is None:
            return
        if hasattr(tags, "getall"):
            found = [tags.getall(name) for name in ("TIT2", "COMM", "TSSE")]
        else:
            found = [tags.get(name, []) for name in ("title", "comment", "encoder")]
        title, comment, software = (str(values[0]) if values else "" for values in found)
        if title or comment or software:
            write_tags(target, title=title, comment=comment, software=software)
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - tags fail in any way at all, a bomb among them for want of memory
        # The music is what counts; it goes out without.
        log.warning("%s keeps no tags: %r", target.name, error)
