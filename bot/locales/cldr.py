"""Asks Babel how languages write; `python -m bot.locales.cldr` notes it of all that there are."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import cast

from babel import Locale, dates, numbers, units

from bot.domain.language import Language
from bot.locales.conventions import FILE, Conventions, Listing
from bot.locales.languages import LANGUAGES

_LEAP_YEAR, _DAY = 2024, 29
_HERE = "{0}"


def look_up(language: Language) -> Conventions:
    """What Babel knows of a language."""
    locale = Locale.parse(language, sep="-")
    name: str = locale.get_display_name() or language
    counted = [tenth / 10 for tenth in range(600)]
    singular = [count for count in counted if locale.plural_form(count) == "one"]
    many = next(count for count in range(2, 60) if count not in singular)
    one = singular[-1] if singular else many
    pattern = cast("str", locale.currency_formats["standard"].pattern).replace("0.00", "0")
    return Conventions(
        name=name[:1].upper() + name[1:],
        decimal=numbers.get_decimal_symbol(locale),
        group=numbers.get_group_symbol(locale),
        percent=numbers.format_percent(0.07, locale=locale).replace("7", _HERE),
        money=numbers.format_currency(
            7, "USD", pattern, locale=locale, currency_digits=False
        ).replace("7", _HERE),
        days=tuple(
            dates.format_skeleton(
                "MMMd", datetime.date(_LEAP_YEAR, month, _DAY), locale=locale
            ).replace(str(_DAY), _HERE)
            for month in range(1, 13)
        ),
        all_of=_listing(locale, "standard"),
        one_of=_listing(locale, "or"),
        parts=_pair(locale),
        second=_unit("second", one, locale),
        seconds=_unit("second", many, locale),
        minute=_unit("minute", one, locale),
        minutes=_unit("minute", many, locale),
        singular=(singular[0], singular[-1]) if singular else None,
    )


def _listing(locale: Locale, style: str) -> Listing:
    known = _lists(locale)[style]
    return Listing(known["2"], known["start"], known["middle"], known["end"])


def _pair(locale: Locale) -> str:
    """How a minute and its seconds are joined; of Spanish, CLDR tells only how more parts end."""
    known = _lists(locale)
    style = next(style for style in ("unit", "unit-short", "standard") if style in known)
    return known[style].get("2") or known[style]["end"]


def _lists(locale: Locale) -> Mapping[str, Mapping[str, str]]:
    return cast("Mapping[str, Mapping[str, str]]", locale.list_patterns)


def _unit(unit: str, count: float, locale: Locale) -> str:
    said = units.format_unit(count, f"duration-{unit}", "long", "#,##0.#", locale)
    return said.replace(numbers.format_decimal(count, "#,##0.#", locale), _HERE)


def main() -> None:
    """Write down all languages."""
    known = {language: asdict(look_up(language)) for language in LANGUAGES}
    FILE.write_text(json.dumps(known, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
