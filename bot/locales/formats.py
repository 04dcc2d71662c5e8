"""Numbers, money, dates and lists as a language writes them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal

from bot.locales.conventions import Conventions, conventions_of
from bot.locales.current import current

_GROUPED_FROM = 1000
_DIGITS = 6
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
    return _number(Decimal(str(value)), digits, conventions_of(current()))


def percent(fraction: float) -> str:
    """A fraction 0..1 in whole percent."""
    written = conventions_of(current())
    return written.percent.format(_number(Decimal(str(fraction)) * 100, 0, written))


def money(usd: float, digits: int) -> str:
    """An amount of US dollars with so many digits after the point."""
    written = conventions_of(current())
    return written.money.format(_number(Decimal(str(usd)), digits, written))


def date(day: datetime.date) -> str:
    """A day without its year, such as `Nov 29`."""
    return conventions_of(current()).days[day.month - 1].format(day.day)


def listed(things: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b, and c`."""
    return conventions_of(current()).all_of(things)


def listed_or(things: Sequence[str]) -> str:
    """`a`, `a or b`, `a, b, or c`."""
    return conventions_of(current()).one_of(things)


def spoken_length(time_s: float) -> str:
    """A length as one says it: `8.5 seconds`, `1 minute, 5 seconds`."""
    written = conventions_of(current())
    tenths = round(time_s, 1)
    if tenths < _MINUTE_S:
        return _seconds(tenths, written)
    minutes, seconds = divmod(round(time_s), _MINUTE_S)
    minute = written.minute if written.is_singular(minutes) else written.minutes
    whole = minute.format(_number(Decimal(minutes), None, written))
    return written.parts.format(whole, _seconds(seconds, written)) if seconds else whole


def together(*sentences: str | None) -> str:
    """Whole sentences one after the other, as many of these as there are."""
    return _BETWEEN.get(current(), " ").join(filter(None, sentences))


def _seconds(count: float, written: Conventions) -> str:
    second = written.second if written.is_singular(count) else written.seconds
    return second.format(_number(Decimal(str(count)), None, written))


def _number(value: Decimal, digits: int | None, written: Conventions) -> str:
    """Half of the last digit goes to the even one, as everywhere in CLDR."""
    whole, _, fraction = f"{value:,.{_DIGITS if digits is None else digits}f}".partition(".")
    if digits is None:
        fraction = fraction.rstrip("0")
    whole = whole.replace(",", written.group)
    return f"{whole}{written.decimal}{fraction}" if fraction else whole
