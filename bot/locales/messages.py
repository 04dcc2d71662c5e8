"""Whole messages with named places, said in the language that is spoken now.

A message is looked up by its English words, as gettext does. Places stand in braces and are given
by name; a test holds every call, and every translation, to the places of its English message.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from gettext import NullTranslations
from typing import LiteralString

from bot.domain.language import SOURCE, Language
from bot.locales.catalogue import Catalogue
from bot.locales.current import current
from bot.locales.formats import number
from bot.locales.languages import DOMAIN, FOLDER


@cache
def catalogue(language: Language) -> NullTranslations:
    """The translations into a language."""
    if language == SOURCE:
        return NullTranslations()
    path = FOLDER / language.replace("-", "_") / "LC_MESSAGES" / f"{DOMAIN}.mo"
    return Catalogue(path) if path.exists() else NullTranslations()


def let_go() -> None:
    """Keep no catalogue: those that are needed again are read in half a millisecond each."""
    catalogue.cache_clear()


def _(message: LiteralString, /, **places: object) -> str:
    """A message, translated, its places filled."""
    words = catalogue(current()).gettext(message)
    return words.format_map(places) if places else words


def translated(message: str) -> str:
    """A message without places that stands, and is marked, elsewhere."""
    return catalogue(current()).gettext(message)


def pgettext(context: LiteralString, message: LiteralString, /, **places: object) -> str:
    """A message that means something else in another `context`."""
    words = catalogue(current()).pgettext(context, message)
    return words.format_map(places) if places else words


def ngettext(one: LiteralString, several: LiteralString, count: int, /, **places: object) -> str:
    """A message about `count` things, which stands in its place `{number}`."""
    words = catalogue(current()).ngettext(one, several, count)
    return words.format_map({"number": number(count), **places})


@dataclass(frozen=True, slots=True)
class Text:
    """A message without places that is chosen before it is known who will read it."""

    message: LiteralString
    context: LiteralString | None = None
    """Where its English words mean something else elsewhere."""

    def __call__(self) -> str:
        """The message in the language that is spoken now."""
        found = catalogue(current())
        if self.context is None:
            return found.gettext(self.message)
        return found.pgettext(self.context, self.message)

    def __str__(self) -> str:
        return self()
