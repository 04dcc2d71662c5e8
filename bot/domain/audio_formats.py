"""The formats that input audio may have: THE list, for what is decoded, offered and told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Format = Literal[
    "wav",
    "mp3",
    "flac",
    "ogg",
    "opus",
    "aiff",
    "aac",
    "amr",
    "m4a",
    "mp4",
    "mov",
    "3gp",
    "webm",
    "mkv",
]


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """How people call a format, what its files are called, and as what they are sent."""

    label: str
    endings: tuple[str, ...]
    content_type: str
    is_video: bool = False


FORMATS: Final[dict[Format, AudioFormat]] = {
    "wav": AudioFormat("WAV", (".wav",), "audio/wav"),
    "mp3": AudioFormat("MP3", (".mp3",), "audio/mpeg"),
    "flac": AudioFormat("FLAC", (".flac",), "audio/flac"),
    "ogg": AudioFormat("OGG", (".ogg", ".oga"), "audio/ogg"),
    "opus": AudioFormat("Opus", (".opus",), "audio/ogg"),
    "aiff": AudioFormat("AIFF", (".aif", ".aiff", ".aifc"), "audio/aiff"),
    "aac": AudioFormat("AAC", (".aac",), "audio/aac"),
    "amr": AudioFormat("AMR", (".amr",), "audio/amr"),
    "m4a": AudioFormat("M4A", (".m4a", ".m4b"), "audio/mp4"),
    "mp4": AudioFormat("MP4", (".mp4", ".m4v"), "video/mp4", is_video=True),
    "mov": AudioFormat("MOV", (".mov",), "video/quicktime", is_video=True),
    "3gp": AudioFormat("3GP", (".3gp", ".3g2"), "video/3gpp", is_video=True),
    "webm": AudioFormat("WebM", (".webm", ".weba"), "video/webm", is_video=True),
    "mkv": AudioFormat("MKV", (".mkv", ".mka"), "video/x-matroska", is_video=True),
}
ENDINGS: Final = tuple(ending for known in FORMATS.values() for ending in known.endings)
CONTENT_TYPES: Final = frozenset(known.content_type for known in FORMATS.values())


def label_of(format_: str) -> str:
    """How people call a format of this list, or one that another release has named."""
    labels = {str(name): known.label for name, known in FORMATS.items()}
    return labels.get(format_, format_)
