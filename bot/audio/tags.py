"""Title and comment inside a track's file, where players show them. Blocks; see `probe`.

mutagen declares its types halfway, so its objects are `Any` here; the tests read what was written.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.audio.probe import probe
from bot.domain.audio_formats import Format
from bot.domain.errors import BotError
from bot.domain.generation import Generation
from bot.domain.inputs import plain
from bot.host.whole_files import whole_file

_UNTOLD = frozenset({"prompt", "input_audio"})


class TagsNotWritten(BotError):
    """The file stays as it was, without tags."""


@dataclass(frozen=True, slots=True)
class _Tags:
    title: str
    comment: str
    software: str


def settings_of(generation: Generation) -> str:
    """Every setting that was sent, with the seed that the model used."""
    values = generation.as_sent.set_values() | {"seed": generation.seed}
    told = [f"{name} {plain(value)}" for name, value in values.items() if name not in _UNTOLD]
    return ", ".join(told)


def write_tags(path: Path, *, title: str, comment: str, software: str) -> None:
    """Write tags into a WAV, MP3, FLAC, Ogg Vorbis or Opus file; its audio stays as it is.

    The file is replaced in one step by a tagged copy that has been measured: whoever dies or fails
    here leaves the track whole.

    Raises:
        TagsNotWritten: the file is none of these, or does not take them.
        OSError: the disk does not.
    """
    with whole_file(path) as copy:
        shutil.copyfile(path, copy)
        _write_and_check(copy, _Tags(title, comment, software))


def _write_and_check(path: Path, tags: _Tags) -> None:
    try:
        before = probe(path)
        _write(path, before.format, tags)
        after = probe(path)
    except (OSError, MemoryError):
        raise
    except Exception as error:
        # As in `probe`: a file that is not what it seems fails in any way at all.
        raise TagsNotWritten(f"{type(error).__name__}: {error}") from error
    if after != before:
        raise TagsNotWritten("the tagged copy is not the same audio")


def _write(path: Path, format_: Format, tags: _Tags) -> None:
    if format_ == "wav":
        _write_wav(path, tags)
    elif format_ == "mp3":
        _write_mp3(path, tags)
    elif format_ in {"flac", "ogg", "opus"}:
        _write_vorbis_comment(path, format_, tags)
    else:
        raise TagsNotWritten(f"no tags for {format_}")


def _write_wav(path: Path, tags: _Tags) -> None:
    from mutagen.wave import WAVE

    audio: Any = WAVE(path)
    if audio.tags is None:
        audio.add_tags()
    _set_frames(audio.tags, tags)
    audio.save(v2_version=3)


def _write_mp3(path: Path, tags: _Tags) -> None:
    from mutagen.id3 import ID3, ID3NoHeaderError

    try:
        id3: Any = ID3(path)
    except ID3NoHeaderError:
        id3 = ID3()
    _set_frames(id3, tags)
    id3.save(path, v2_version=3)


def _set_frames(id3: Any, tags: _Tags) -> None:
    """ID3v2.3 rather than 2.4: Windows shows no other."""
    from mutagen.id3 import COMM, TIT2, TSSE, Encoding

    id3.setall("TIT2", [TIT2(encoding=Encoding.UTF16, text=[tags.title])])
    id3.setall("COMM", [COMM(encoding=Encoding.UTF16, lang="eng", desc="", text=[tags.comment])])
    id3.setall("TSSE", [TSSE(encoding=Encoding.UTF16, text=[tags.software])])


def _write_vorbis_comment(path: Path, format_: Format, tags: _Tags) -> None:
    from mutagen.flac import FLAC
    from mutagen.oggopus import OggOpus
    from mutagen.oggvorbis import OggVorbis

    audio: Any = {"flac": FLAC, "ogg": OggVorbis, "opus": OggOpus}[format_](path)
    audio["title"] = tags.title
    audio["comment"] = tags.comment
    audio["encoder"] = tags.software
    audio.save()
