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
    article: Literal["a", "an"] = "a"

    @property
    def with_article(self) -> str:
        """As in "looks like an M4A"."""
        return f"{self.article} {self.label}"


FORMATS: Final[dict[Format, AudioFormat]] = {
    "wav": AudioFormat("WAV", (".wav",), "audio/wav"),
    "mp3": AudioFormat("MP3", (".mp3",), "audio/mpeg", article="an"),
    "flac": AudioFormat("FLAC", (".flac",), "audio/flac"),
    "ogg": AudioFormat("OGG", (".ogg", ".oga"), "audio/ogg", article="an"),
    "opus": AudioFormat("Opus", (".opus",), "audio/ogg", article="an"),
    "aiff": AudioFormat("AIFF", (".aif", ".aiff", ".aifc"), "audio/aiff", article="an"),
    "aac": AudioFormat("AAC", (".aac",), "audio/aac", article="an"),
    "amr": AudioFormat("AMR", (".amr",), "audio/amr", article="an"),
    "m4a": AudioFormat("M4A", (".m4a", ".m4b"), "audio/mp4", article="an"),
    "mp4": AudioFormat("MP4", (".mp4", ".m4v"), "video/mp4", is_video=True, article="an"),
    "mov": AudioFormat("MOV", (".mov",), "video/quicktime", is_video=True),
    "3gp": AudioFormat("3GP", (".3gp", ".3g2"), "video/3gpp", is_video=True),
    "webm": AudioFormat("WebM", (".webm", ".weba"), "video/webm", is_video=True),
    "mkv": AudioFormat("MKV", (".mkv", ".mka"), "video/x-matroska", is_video=True, article="an"),
}
ENDINGS: Final = tuple(ending for known in FORMATS.values() for ending in known.endings)
CONTENT_TYPES: Final = frozenset(known.content_type for known in FORMATS.values())


def with_article(format_: str) -> str:
    """A format of this list, or one that another release has named, for a sentence."""
    known = {str(name): known.with_article for name, known in FORMATS.items()}
    return known.get(format_, f"a file of the format {format_}")


def taken() -> str:
    """All of them, for a sentence that ends with them."""
    sounds = [known.label for known in FORMATS.values() if not known.is_video]
    *most, last = [known.label for known in FORMATS.values() if known.is_video]
    return f"{', '.join(sounds)}, or a video with sound ({', '.join(most)} or {last})"
