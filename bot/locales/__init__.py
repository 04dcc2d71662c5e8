"""Words in the reader's language: gettext catalogues, and numbers as it writes them."""

from bot.locales.current import current, speaking
from bot.locales.formats import (
    date,
    listed,
    listed_or,
    money,
    number,
    percent,
    spoken_length,
    together,
)
from bot.locales.languages import LANGUAGES, called, spoken
from bot.locales.messages import Text, _, ngettext, pgettext, translated

__all__ = [
    "LANGUAGES",
    "Text",
    "_",
    "called",
    "current",
    "date",
    "listed",
    "listed_or",
    "money",
    "ngettext",
    "number",
    "percent",
    "pgettext",
    "speaking",
    "spoken",
    "spoken_length",
    "together",
    "translated",
]
