"""A language that exists for tests: English made longer, accented, and marked right to left.

Its code is Finnish, which Babel knows and the bot does not speak. Whatever a person reads without
the marks was not said through `bot.locales`.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from gettext import NullTranslations

import pytest

from bot.domain.language import SOURCE, Language
from bot.locales import languages, messages

PSEUDO = Language("fi")
START, END = "\u2067", "\u2069"
"""Begins and ends what is written from right to left."""
ACCENTED = str.maketrans("aeiouAEIOUnsczy", "áéíóúÁÉÍÓÚñšçžý")
_KEPT = re.compile(r"(\{[^{}]*\}|<[^<>]*>|`[^`]*`|\\.)")
"""Places, what Discord draws, and what is typed as it stands."""
ROOM = {"button": 34, "field": 45, "title": 256, "option": 100, "choice": 100}
"""How long a message with a context may be, where it is shown."""
_LABEL_MAX_CHARS, _DESCRIPTION_MAX_CHARS = 45, 100
"""Where messages without one may stand."""
_MORE_CHARS, _LONGER = 20, 1.35
"""So much longer is what translators have written, short messages more so than long ones."""


def pseudo(message: str, context: str | None = None) -> str:
    """A message in that language, as long as it may be."""
    words = "".join(
        part if _KEPT.fullmatch(part) else part.translate(ACCENTED) for part in _KEPT.split(message)
    )
    length = len(message)
    otherwise = _LABEL_MAX_CHARS if length <= _LABEL_MAX_CHARS else _DESCRIPTION_MAX_CHARS
    room = ROOM.get(context or "", otherwise)
    longer = round(length * _LONGER) + _MORE_CHARS
    target = min(longer, room) if length <= room else longer
    padding = "·" * (target - length - len(START + END))
    return f"{START}{words}{padding}{END}"


class PseudoTranslations(NullTranslations):
    """The catalogue of that language."""

    def gettext(self, message: str) -> str:
        return pseudo(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return pseudo(msgid1 if n == 1 else msgid2)

    def pgettext(self, context: str, message: str) -> str:
        return pseudo(message, context)


@contextmanager
def spoken_pseudo(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """Have the bot speak it, besides English."""
    monkeypatch.setattr(languages, "LANGUAGES", (SOURCE, PSEUDO))
    known = messages.catalogue

    @cache
    def with_pseudo(language: Language) -> NullTranslations:
        return PseudoTranslations() if language == PSEUDO else known(language)

    monkeypatch.setattr(messages, "catalogue", with_pseudo)
    yield
