"""What a worker process does with files. Called by name, so nothing here is renamed lightly.

Arguments are paths, numbers and text, results are made of plain values: both go through JSON. A
job's errors are a `UserError`, an OSError, or a fault of ours.
"""

from __future__ import annotations

import logging
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.audio import usage_picture
from bot.audio.convert import Fitted, fit
from bot.audio.cut import cut_beginning
from bot.audio.end_cut import measure_end
from bot.audio.examination import Examined, examine
from bot.audio.join import cut_context, join
from bot.audio.loop import make_loop
from bot.audio.measuring import measure_track
from bot.audio.mixing import mix
from bot.audio.picture import draw_waveform, stack_pictures
from bot.audio.piece import keep_lossless, splice, splice_end, split_sections
from bot.audio.probe import AudioFacts, probe
from bot.audio.tags import TagsNotWritten, write_tags
from bot.audio.voice import encode_voice
from bot.domain.mixes import Chapter, Credits, Mixed, MixFormat, MixLabels
from bot.domain.picture import UsageRow

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A track's measures, and why it has no tags, where it has none."""

    facts: AudioFacts
    untagged: str | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture, its PNG in base64."""

    png: str
    duration_s: float
    thirds_db: list[float]


def label(path: Path, *, title: str, comment: str, software: str) -> Labelled:
    """Measure a track and write its tags. Raises as `probe` does."""
    facts = probe(path)
    try:
        write_tags(path, title=title, comment=comment, software=software)
    except TagsNotWritten as error:
        # The music is what counts; it goes out without.
        return Labelled(facts, str(error))
    return Labelled(facts, None)


def draw(path: Path, *, given_s: float) -> Drawn:
    """Draw a track, `given_s` seconds of which were there before. Raises as `probe` does."""
    picture = draw_waveform(path, given_s=given_s)
    png = b64encode(picture.png).decode()
    return Drawn(png, picture.duration_s, [*picture.thirds_db])


def draw_piece(path: Path, *, starts_s: Sequence[float], colours: Sequence[Sequence[int]]) -> Drawn:
    """Draw a piece, each of its sections in a colour. Raises as `probe` does."""
    parts = [
        (start_s, (colour[0], colour[1], colour[2]))
        for start_s, colour in zip(starts_s, colours, strict=True)
    ]
    picture = draw_waveform(path, parts=parts)
    png = b64encode(picture.png).decode()
    return Drawn(png, picture.duration_s, [*picture.thirds_db])


def mix_piece(
    piece: Path,
    *,
    formats: Sequence[str],
    fade_s: float,
    limit_bytes: int,
    title: str,
    comment: str,
    software: str,
    artists: Sequence[str],
    chapters: Sequence[tuple[float, str]],
    cover: str | None,
) -> Mixed:
    """Make the mix of a piece; its picture is in base64. Raises as `mix` does."""
    png = None if cover is None else b64decode(cover)
    parts = [Chapter(start_s, name) for start_s, name in chapters]
    labels = MixLabels(title, comment, software, Credits(artists, parts, png))
    return mix(
        piece, [*map(MixFormat, formats)], fade_s=fade_s, limit_bytes=limit_bytes, labels=labels
    )


def stack(pngs: Sequence[str], numbers: Sequence[int]) -> str:
    """Put pictures of `draw` one below the other, numbered; PNGs in base64."""
    return b64encode(stack_pictures([b64decode(png) for png in pngs], numbers)).decode()


def draw_usage(rows: Sequence[dict[str, Any]], days: Sequence[str], nothing: str) -> str:
    """Draw what was used, as `usage_picture` does; a PNG in base64."""
    return b64encode(
        usage_picture.draw_usage([UsageRow(**row) for row in rows], days, nothing)
    ).decode()


_ALL: tuple[Callable[..., Any], ...] = (
    probe,
    examine,
    cut_beginning,
    cut_context,
    join,
    label,
    measure_end,
    measure_track,
    draw,
    stack,
    fit,
    make_loop,
    draw_piece,
    draw_usage,
    encode_voice,
    keep_lossless,
    mix_piece,
    splice,
    splice_end,
    split_sections,
)
JOBS: dict[str, Callable[..., Any]] = {job.__name__: job for job in _ALL}

__all__ = [
    "JOBS",
    "AudioFacts",
    "Drawn",
    "Examined",
    "Fitted",
    "Labelled",
    "Mixed",
    "cut_beginning",
    "cut_context",
    "draw",
    "draw_piece",
    "draw_usage",
    "encode_voice",
    "examine",
    "fit",
    "join",
    "keep_lossless",
    "label",
    "make_loop",
    "measure_end",
    "measure_track",
    "mix_piece",
    "probe",
    "splice",
    "splice_end",
    "split_sections",
    "stack",
]
