"""Numbers, money, dates and lists as a language writes them, by Babel."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import cast

from babel import dates, lists, numbers, units

from bot.locales.current import current
from bot.locales.languages import locale_of

_GROUPED_FROM = 1000
_BETWEEN: Mapping[str, str] = {"ja": ""}
"""What stands between two sentences, where it is no space."""
_MINUTE_S = 60


def number(value: float, digits: int | None = None) -> str:
    """A number, with just so many `digits` after the point, or, by default, those it has.

    Of those it has, at most six.
    """
    if digits is None and isinstance(value, int) and 0 <= value < _GROUPED_FROM:
        # All languages here write these alike, and most numbers are small.
        return str(value)
    pattern = "#,##0.######" if digits is None else f"#,##0.{'0' * digits}".rstrip(".")
    return numbers.format_decimal(value, pattern, locale_of(current()))


def percent(fraction: float) -> str:
    """A fraction 0..1 in whole percent."""
    return numbers.format_percent(fraction, locale=locale_of(current()))


def money(usd: float, digits: int) -> str:
    """An amount of US dollars with so many digits after the point."""
    locale = locale_of(current())
    pattern = cast("str", locale.currency_formats["standard"].pattern)
    return numbers.format_currency(
        *(usd, "USD", pattern.replace("0.00", f"0.{'0' * digits}")),
        locale=locale,
        currency_digits=False,
    )


def date(day: datetime.date) -> str:
    """A day without its year, such as `Nov 29`."""
    return dates.format_skeleton("MMMd", day, locale=locale_of(current()))


def listed(things: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b, and c`."""
    return lists.format_list(things, "standard", locale_of(current())) if things else ""


def listed_or(things: Sequence[str]) -> str:
    """`a`, `a or b`, `a, b, or c`."""
    return lists.format_list(things, "or", locale_of(current())) if things else ""


def spoken_length(time_s: float) -> str:
    """A length as one says it: `8.5 seconds`, `1 minute, 5 seconds`."""
    locale = locale_of(current())
    tenths = round(time_s, 1)
    if tenths < _MINUTE_S:
        return units.format_unit(tenths, "duration-second", "long", "#,##0.#", locale)
    minutes, seconds = divmod(round(time_s), _MINUTE_S)
    parts = [units.format_unit(minutes, "duration-minute", "long", locale=locale)]
    if seconds:
        parts.append(units.format_unit(seconds, "duration-second", "long", locale=locale))
    return lists.format_list(parts, "unit", locale)


def together(*sentences: str | None) -> str:
    """Whole sentences one after the other, as many of these as there are."""
    return _BETWEEN.get(current(), " ").join(filter(None, sentences))
