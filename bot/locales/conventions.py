"""How each language writes numbers, money, dates and lists: what Babel knows of it, written down.

Babel takes 5 MB for its first number and 1 MB for each further language, and what is needed of it
is a kilobyte. So `conventions.json` has that of the languages there are, as `python -m
bot.locales.cldr` writes it. Of one that is not in there, Babel is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from pathlib import Path

from pydantic import TypeAdapter

from bot.domain.language import Language

FILE = Path(__file__).with_name("conventions.json")


@dataclass(frozen=True, slots=True)
class Listing:
    """How a list is written: two things alone, the first two of more, and so on."""

    pair: str
    start: str
    middle: str
    end: str

    def __call__(self, things: Sequence[str]) -> str:
        """All of them; nothing of none."""
        match things:
            case []:
                return ""
            case [thing]:
                return thing
            case [one, other]:
                return self.pair.format(one, other)
            case [first, second, *others, last]:
                begun = self.start.format(first, second)
                return self.end.format(reduce(self.middle.format, others, begun), last)
            case _:
                raise AssertionError(things)


@dataclass(frozen=True, slots=True)
class Conventions:
    """A language's; where a text has a place for something, it is `{0}`."""

    name: str
    """What it is called in itself."""
    decimal: str
    group: str
    percent: str
    money: str
    """An amount of US dollars."""
    days: tuple[str, ...]
    """A day of each month."""
    all_of: Listing
    one_of: Listing
    parts: str
    """Minutes and seconds."""
    second: str
    seconds: str
    minute: str
    minutes: str
    singular: tuple[float, float] | None
    """The least and the most, in tenths, of which a thing is told in the singular; None of none."""

    def is_singular(self, count: float) -> bool:
        """Whether so many things take the singular."""
        return self.singular is not None and self.singular[0] <= count <= self.singular[1]


@cache
def _written_down() -> Mapping[str, Conventions]:
    return TypeAdapter(dict[str, Conventions]).validate_json(FILE.read_bytes())


@cache
def conventions_of(language: Language) -> Conventions:
    """How a language writes."""
    known = _written_down().get(language)
    if known is None:
        from bot.locales.cldr import look_up

        return look_up(language)
    return known
