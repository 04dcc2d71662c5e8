"""What stands inside a track's file, where players show it: title, comment, authors, chapters.

Chapters are `CHAP` and `CTOC` frames in the ID3 tags of an MP3 or WAV (id3.org, ID3v2 Chapter Frame
Addendum), `CHAPTER001` comments in FLAC and Ogg (wiki.xiph.org/Chapter_Extension), and cue points
with labels in a WAV as well, which editors show. Blocks; see `probe`.

mutagen declares its types halfway, so its objects are `Any` here; the tests read what was written.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from bot.audio.cue_points import CuePoint, add_cue_points
from bot.audio.probe import AudioFacts, probe
from bot.domain.audio_formats import Format
from bot.domain.errors import BotError
from bot.domain.generation import Generation
from bot.domain.inputs import plain
from bot.domain.mixes import NO_CREDITS, Chapter, Credits
from bot.host.whole_files import whole_file

_UNTOLD = frozenset({"prompt", "input_audio"})


class TagsNotWritten(BotError):
    """The file stays as it was, without tags."""


@dataclass(frozen=True, slots=True)
class _Tags:
    title: str
    comment: str
    software: str
    credits: Credits


def settings_of(generation: Generation) -> str:
    """Every setting that was sent, with the seed that the model used."""
    values = generation.as_sent.set_values() | {"seed": generation.seed}
    told = [f"{name} {plain(value)}" for name, value in values.items() if name not in _UNTOLD]
    return ", ".join(told)


def write_tags(
    path: Path, *, title: str, comment: str, software: str, credits_: Credits = NO_CREDITS
) -> None:
    """Write tags into a WAV, MP3, FLAC, Ogg Vorbis or Opus file; its audio stays as it is.

    The file is replaced in one step by a tagged copy that has been measured: whoever dies or fails
    here leaves the track whole.

    Raises:
        TagsNotWritten: the file is none of these, or does not take them.
        OSError: the disk does not.
    """
    with whole_file(path) as copy:
        shutil.copyfile(path, copy)
        _write_and_check(copy, _Tags(title, comment, software, credits_))


def _write_and_check(path: Path, tags: _Tags) -> None:
    try:
        before = probe(path)
        _write(path, before, tags)
        after = probe(path)
    except (OSError, MemoryError):
        raise
    except Exception as error:
        # As in `probe`: a file that is not what it seems fails in any way at all.
        raise TagsNotWritten(f"{type(error).__name__}: {error}") from error
    if after != before:
        raise TagsNotWritten("the tagged copy is not the same audio")


def _write(path: Path, facts: AudioFacts, tags: _Tags) -> None:
    if facts.format == "wav":
        _write_wav(path, facts, tags)
    elif facts.format == "mp3":
        _write_mp3(path, facts, tags)
    elif facts.format in {"flac", "ogg", "opus"}:
        _write_vorbis_comment(path, facts.format, tags)
    else:
        raise TagsNotWritten(f"no tags for {facts.format}")


def _write_wav(path: Path, facts: AudioFacts, tags: _Tags) -> None:
    from mutagen.wave import WAVE

    points = [
        CuePoint(round(chapter.start_s * facts.sample_rate_hz), chapter.title)
        for chapter in tags.credits.chapters
    ]
    if points:
        add_cue_points(path, points)
    audio: Any = WAVE(path)
    if audio.tags is None:
        audio.add_tags()
    _set_frames(audio.tags, facts, tags)
    audio.save(v2_version=3)


def _write_mp3(path: Path, facts: AudioFacts, tags: _Tags) -> None:
    from mutagen.id3 import ID3, ID3NoHeaderError

    try:
        id3: Any = ID3(path)
    except ID3NoHeaderError:
        id3 = ID3()
    _set_frames(id3, facts, tags)
    id3.save(path, v2_version=3)


def _set_frames(id3: Any, facts: AudioFacts, tags: _Tags) -> None:
    """ID3v2.3 rather than 2.4: Windows shows no other."""
    from mutagen.id3 import APIC, COMM, TIT2, TPE1, TSSE, Encoding, PictureType

    id3.setall("TIT2", [TIT2(encoding=Encoding.UTF16, text=[tags.title])])
    id3.setall("COMM", [COMM(encoding=Encoding.UTF16, lang="eng", desc="", text=[tags.comment])])
    id3.setall("TSSE", [TSSE(encoding=Encoding.UTF16, text=[tags.software])])
    given = tags.credits
    if given.artists:
        id3.setall("TPE1", [TPE1(encoding=Encoding.UTF16, text=[*given.artists])])
    if given.cover_png is not None:
        front = PictureType.COVER_FRONT
        cover = APIC(mime="image/png", type=front, desc="", data=given.cover_png)
        id3.setall("APIC", [cover])
    if given.chapters:
        _set_chapters(id3, facts.duration_s, given.chapters)


def _set_chapters(id3: Any, length_s: float, chapters: Sequence[Chapter]) -> None:
    from mutagen.id3 import CHAP, CTOC, TIT2, CTOCFlags, Encoding

    starts_ms = [round(chapter.start_s * 1000) for chapter in chapters]
    frames: list[Any] = [
        CHAP(
            element_id=f"chapter{number}",
            start_time=start_ms,
            end_time=end_ms,
            sub_frames=[TIT2(encoding=Encoding.UTF16, text=[chapter.title])],
        )
        for number, (chapter, (start_ms, end_ms)) in enumerate(
            zip(chapters, pairwise([*starts_ms, round(length_s * 1000)]), strict=True), start=1
        )
    ]
    contents = CTOC(
        element_id="contents",
        flags=CTOCFlags.TOP_LEVEL | CTOCFlags.ORDERED,
        child_element_ids=[frame.element_id for frame in frames],
    )
    id3.setall("CHAP", frames)
    id3.setall("CTOC", [contents])


def _write_vorbis_comment(path: Path, format_: Format, tags: _Tags) -> None:
    from mutagen.flac import FLAC
    from mutagen.oggopus import OggOpus
    from mutagen.oggvorbis import OggVorbis

    audio: Any = {"flac": FLAC, "ogg": OggVorbis, "opus": OggOpus}[format_](path)
    audio["title"] = tags.title
    audio["comment"] = tags.comment
    audio["encoder"] = tags.software
    given = tags.credits
    if given.artists:
        audio["artist"] = [*given.artists]
    for number, chapter in enumerate(given.chapters, start=1):
        minutes, ms = divmod(round(chapter.start_s * 1000), 60_000)
        hours, minutes = divmod(minutes, 60)
        audio[f"chapter{number:03}"] = f"{hours:02}:{minutes:02}:{ms // 1000:02}.{ms % 1000:03}"
        audio[f"chapter{number:03}name"] = chapter.title
    if given.cover_png is not None and format_ == "flac":
        audio.clear_pictures()
        audio.add_picture(_flac_picture(given.cover_png))
    audio.save()


def _flac_picture(png: bytes) -> Any:
    from mutagen.flac import Picture
    from mutagen.id3 import PictureType

    picture: Any = Picture()
    picture.type, picture.mime, picture.data = PictureType.COVER_FRONT, "image/png", png
    return picture
