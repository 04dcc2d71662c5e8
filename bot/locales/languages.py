"""The languages there are: English, and one for each folder beside this file."""

from __future__ import annotations

import hashlib
from pathlib import Path

from bot.domain.language import SOURCE, Language
from bot.locales.conventions import conventions_of

DOMAIN = "messages"
"""What gettext calls a set of messages; there is one."""
FOLDER = Path(__file__).parent


def _languages() -> tuple[Language, ...]:
    catalogues = FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")
    codes = sorted(path.parts[-3].replace("_", "-") for path in catalogues)
    return (SOURCE, *(Language(code) for code in codes))


LANGUAGES = _languages()
"""English as it is written in the United States first."""


def _edition() -> str:
    digest = hashlib.sha256()
    for path in sorted(FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


EDITION = _edition()
"""Changes with any word of any catalogue."""


def spoken(code: str | None) -> Language | None:
    """The language with Discord's name `code`; None where it is not among them."""
    return Language(code) if code is not None and code in LANGUAGES else None


def called(language: Language) -> str:
    """What a language is called in itself, as `Deutsch`."""
    return conventions_of(language).name
