"""What a worker process does with files. Called by name, so nothing here is renamed lightly.

Arguments are paths, numbers and text, results are made of plain values: both go through JSON. A
job's errors are a `UserError`, an OSError, or a fault of ours.
"""

from __future__ import annotations

import logging
import traceback
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
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
from bot.domain.errors import UserError
from bot.domain.measures import Measures
from bot.domain.mixes import Chapter, Credits, Mixed, MixFormat, MixLabels
from bot.domain.picture import UsageRow

log = logging.getLogger(__name__)

_LIBRARIES = (
    *("numpy.fft", "numpy.ma", "soundfile", "mutagen.id3", "mutagen.wave"),
    *("PIL.ImageDraw", "PIL.ImageFont", "PIL.PngImagePlugin"),
)
"""What it takes to label, measure and draw a WAV."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """What is known of a track, why it has no tags, and why no measures, where it has none."""

    facts: AudioFacts
    measures: Measures | None
    untagged: str | None
    unmeasured: str | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture, its PNG in base64."""

    png: str
    duration_s: float
    thirds_db: list[float]


def load_libraries() -> None:
    """Load what a track's first job would: nobody has to wait for that then."""
    for library in _LIBRARIES:
        import_module(library)


def label(path: Path, *, title: str, comment: str, software: str, measured: bool) -> Labelled:
    """Write a track's tags, and have it `measured`. Raises as `probe` does.

    One job, not two: a process waits for the next as long as the bot's event loop is busy.
    """
    facts = probe(path)
    # The music is what counts; it goes out without whatever fails here.
    measures = untagged = unmeasured = None
    try:
        write_tags(path, title=title, comment=comment, software=software)
    except TagsNotWritten as error:
        untagged = str(error)
    if measured:
        try:
            measures = measure_track(path)
        except (OSError, MemoryError):
            raise
        except UserError as error:
            unmeasured = repr(error)
        except Exception:  # noqa: BLE001 - a fault of ours; told to the bot
            unmeasured = traceback.format_exc()
    return Labelled(facts, measures, untagged, unmeasured)


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
    load_libraries,
    probe,
    examine,
    cut_beginning,
    cut_context,
    join,
    label,
    measure_end,
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
    "load_libraries",
    "make_loop",
    "measure_end",
    "mix_piece",
    "probe",
    "splice",
    "splice_end",
    "split_sections",
    "stack",
]
