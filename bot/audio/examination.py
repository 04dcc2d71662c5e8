"""Strangers' audio measured, and judged whether the model may have it as it is.

Everything here blocks and may crash the process; see `probe`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.audio.decoding import decoded, told_s
from bot.audio.probe import LONGEST_S, AudioFacts, measure
from bot.audio.samples import opened
from bot.audio.sniffing import Data, Found, find, mapped
from bot.audio.stretches import stretches
from bot.domain.errors import AudioUnreadable, RequestRefused

_AS_THEY_ARE: Final = frozenset({"wav", "mp3", "flac"})
_ENCODERS_FRAMES: Final = 3 * 1152
"""An MP3's decoder may leave out what its encoder has put before and behind the audio."""

_PIECES_S: Final = 600.0
"""Twice what can be extended. What is longer is decoded only as far as it is needed."""


@dataclass(frozen=True, slots=True)
class Examined:
    """A file's measures, and whether any decoder finds in it all that is there, and no more."""

    facts: AudioFacts
    reads_cleanly: bool


def examine(path: Path) -> Examined:
    """Measure a stranger's file.

    A WAV, FLAC or MP3 reads cleanly if nothing strange stands in it and its header is right about
    its length: the frames of a FLAC or MP3 are counted, and it is decoded to be sure. The length of
    anything else is that of what has been decoded.

    Raises:
        NotAudio: it is nothing that we take.
        AudioUnreadable: nothing in it can be decoded.
        SoundMissing: it is a video without any.
        AudioBeyondBounds: it has more channels or audio, or another rate, than anybody's.
        OSError: the file itself cannot be read.
    """
    facts = _read_cleanly(path)
    if facts is not None:
        return Examined(facts, reads_cleanly=True)
    with decoded(path) as stream:
        duration_s = stream.count() / stream.rate_hz
        if not 0 < duration_s <= LONGEST_S:
            raise AudioUnreadable(stream.format)
        facts = AudioFacts(stream.format, duration_s, stream.channels, stream.rate_hz)
    return Examined(facts, reads_cleanly=False)


def _read_cleanly(path: Path) -> AudioFacts | None:
    """The measures of what reads cleanly; None of what does not."""
    with path.open("rb", buffering=0) as file, mapped(file) as data:
        found = find(data)
        if found.format not in _AS_THEY_ARE or not _begins_cleanly(data, found):
            return None
        file.seek(0)
        try:
            facts, claimed_s = measure(file, found.format)
        except (RequestRefused, MemoryError):
            raise
        except Exception:  # noqa: BLE001 - libsndfile fails in whatever way the bytes make it
            return None
        if not 0 < facts.duration_s <= LONGEST_S:
            return None
        counted_s = facts.duration_s if found.format == "wav" else told_s(data, found)
    most_s = (_ENCODERS_FRAMES if found.format == "mp3" else 0.5) / facts.sample_rate_hz
    lengths_s = claimed_s, facts.duration_s, counted_s, _decoded_s(path, facts)
    return facts if max(lengths_s) - min(lengths_s) <= most_s else None


def _decoded_s(path: Path, facts: AudioFacts) -> float:
    """How much the decoder of a piece makes of it, where it may become one."""
    if facts.format == "wav" or facts.duration_s > _PIECES_S:
        return facts.duration_s
    try:
        with opened(path) as stream:
            return sum(map(len, stream.blocks())) / stream.rate_hz
    except AudioUnreadable:
        return 0.0


def _begins_cleanly(data: Data, found: Found) -> bool:
    """Whether it is there from the first byte on, and once, with its sizes right."""
    if found.format == "wav":
        first, *more = stretches(data, found)
        return found.at == 0 and not more and not first.mended
    return found.at == 0 or (found.is_tagged and found.format == "mp3")
