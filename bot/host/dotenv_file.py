"""The file `.env`, whichever editor or shell wrote it."""

from __future__ import annotations

import codecs
from io import StringIO
from pathlib import Path

from dotenv import dotenv_values

from bot.domain.errors import ConfigError

_MARKS = (
    # The longer first: UTF-32's begins with UTF-16's.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_dotenv(path: Path) -> dict[str, str]:
    """What the file sets; nothing where there is none.

    Raises:
        ConfigError: it is there and cannot be read.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        # Docker makes a folder of a file that is to be mounted and is not there.
        why = "it is a folder, not a file" if path.is_dir() else (error.strerror or "unreadable")
        raise ConfigError((f"{path.name} cannot be read: {why}",)) from error
    values = dotenv_values(stream=StringIO(decoded(raw)))
    return {name: text for name, text in values.items() if text is not None}


def decoded(raw: bytes) -> str:
    """The text of a settings file: UTF-8, or what else Windows writes.

    `echo … > .env` makes UTF-16 in Windows PowerShell, and some editors leave out its mark. Bytes
    that are none of these are taken as Windows-1252: most often a comment, which then does no harm.
    """
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return raw.decode(encoding, "replace")
    if b"\0" in raw:
        # Every second byte of Latin text in UTF-16 is zero; which, tells the order.
        odd, even = raw[1::2].count(0), raw[::2].count(0)
        return raw.decode("utf-16-le" if odd >= even else "utf-16-be", "replace")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")
