"""Numbers, money, dates and lists are written as Babel writes them, without it."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from typing import cast

import pytest
from babel import Locale, dates, lists, numbers, units
from hypothesis import given
from hypothesis import strategies as st

from bot import locales
from bot.domain.language import Language
from bot.locales import LANGUAGES, speaking
from bot.locales.cldr import look_up
from bot.locales.conventions import FILE, conventions_of

FINNISH = Language("fi")
"""One that the bot does not speak: nothing of it is written down."""
languages = st.sampled_from([*LANGUAGES, FINNISH])
amounts = st.one_of(
    st.integers(0, 10**9), st.decimals(0, 10**6, places=7).map(float), st.floats(0, 10**6)
)


def babels(language: Language) -> Locale:
    return Locale.parse(language, sep="-")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_written_down_is_what_babel_knows(language: Language) -> None:
    assert language in json.loads(FILE.read_bytes()), "run python -m bot.locales.cldr"
    assert conventions_of(language) == look_up(language), "run python -m bot.locales.cldr"


@given(languages, amounts, st.one_of(st.none(), st.integers(0, 4)))
def test_numbers(language: Language, amount: float, digits: int | None) -> None:
    pattern = "#,##0.######" if digits is None else f"#,##0.{'0' * digits}".rstrip(".")
    with speaking(language):
        assert locales.number(amount, digits) == numbers.format_decimal(
            amount, pattern, babels(language)
        )


@given(languages, st.floats(0, 2))
def test_percentages(language: Language, fraction: float) -> None:
    with speaking(language):
        assert locales.percent(fraction) == numbers.format_percent(
            fraction, locale=babels(language)
        )


@given(languages, amounts, st.integers(0, 4))
def test_money(language: Language, usd: float, digits: int) -> None:
    locale = babels(language)
    pattern = cast("str", locale.currency_formats["standard"].pattern)
    pattern = pattern.replace("0.00", f"0.{'0' * digits}")
    with speaking(language):
        assert locales.money(usd, digits) == numbers.format_currency(
            usd, "USD", pattern, locale=locale, currency_digits=False
        )


@given(languages, st.dates())
def test_days(language: Language, day: datetime.date) -> None:
    with speaking(language):
        assert locales.date(day) == dates.format_skeleton("MMMd", day, locale=babels(language))


@given(languages, st.lists(st.text(max_size=5), max_size=5))
def test_lists(language: Language, things: list[str]) -> None:
    with speaking(language):
        assert locales.listed(things) == lists.format_list(things, "standard", babels(language))
        assert locales.listed_or(things) == lists.format_list(things, "or", babels(language))


@pytest.mark.parametrize("language", [*LANGUAGES, FINNISH])
def test_lengths(language: Language) -> None:
    locale = babels(language)
    with speaking(language):
        for tenths in range(600):
            time_s = float(Decimal(tenths) / 10)
            assert locales.spoken_length(time_s) == units.format_unit(
                time_s, "duration-second", "long", "#,##0.#", locale
            )
        for minutes in range(1, 150):
            assert locales.spoken_length(60 * minutes) == units.format_unit(
                minutes, "duration-minute", "long", locale=locale
            )


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en-US", "1 minute, 5 seconds"),
        ("de", "1 Minute, 5 Sekunden"),
        ("es-ES", "1 minuto y 5 segundos"),
        ("es-419", "1 minuto y 5 segundos"),
        ("fr", "1 minute et 5 secondes"),
        ("ja", "1 分 5 秒"),
        ("pt-BR", "1 minuto e 5 segundos"),
    ],
)
def test_minutes_and_seconds(language: Language, said: str) -> None:
    with speaking(language):
        assert locales.spoken_length(65).replace("\u00a0", " ") == said
