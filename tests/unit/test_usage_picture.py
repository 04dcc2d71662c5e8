"""The picture of /usage: what it shows, on which ground, and in words."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from bot.audio.files import AudioFiles
from bot.audio.usage_picture import BARS, FONT, GROUND, WIDTH, draw_usage
from bot.card.strings import usage
from bot.domain.charges import Spent, Sums
from bot.domain.language import Language
from bot.locales import LANGUAGES, speaking
from tests.examples import examples

NOW = datetime(2026, 3, 2, 5, tzinfo=UTC)
BUSY = Spent(Sums(3, 24, 120_000), 1)
NONE = Spent()


def drawn(days: list[Spent]) -> Image.Image:
    png = draw_usage(usage.rows(days), usage.labels(NOW, len(days)), usage.NOTHING())
    return Image.open(io.BytesIO(png)).convert("RGBA")


def area(image: Image.Image, colour: tuple[int, int, int]) -> int:
    colours = image.getcolors(image.width * image.height) or []
    return sum(count for count, found in colours if found == (*colour, 255))


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    def luminance(colour: tuple[int, int, int]) -> float:
        parts = [part / 255 for part in colour]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_it_stands_on_a_ground_of_its_own() -> None:
    image = drawn([NONE] * 29 + [BUSY])
    assert image.width == WIDTH
    assert image.getpixel((WIDTH // 2, 8)) == (*GROUND, 255), "whatever is behind it"
    assert image.getpixel((0, 0))[3] == 0, "round corners"  # pyright: ignore[reportOptionalSubscript, reportIndexIssue] - a tuple, for it has four channels
    assert all(contrast(colour, GROUND) >= 4.5 for colour in BARS)


def test_each_day_has_its_bars_and_today_is_an_outline() -> None:
    filled, outlined = drawn([BUSY] + [NONE] * 29), drawn([NONE] * 29 + [BUSY])
    for colour in BARS:
        assert 0 < area(outlined, colour) < area(filled, colour) / 2
    assert not any(area(drawn([NONE] * 30), colour) for colour in BARS)
    twice = drawn([BUSY, BUSY] + [NONE] * 28)
    assert area(twice, BARS[0]) == pytest.approx(2 * area(filled, BARS[0]), rel=0.02)


def test_however_little_it_was_it_can_be_seen() -> None:
    little = drawn([Spent(Sums(1, 1, 1)), Spent(Sums(100_000, 100_000, 10**12))] + [NONE] * 28)
    alone = drawn([NONE, Spent(Sums(100_000, 100_000, 10**12))] + [NONE] * 28)
    assert all(area(little, colour) > area(alone, colour) for colour in BARS)


def test_words_say_what_it_shows() -> None:
    days = [NONE] * 27 + [Spent(Sums(1, 8, 50_000)), BUSY, NONE]
    assert usage.describe(days, NOW) == (
        "The last 30 days (UTC): 4 tracks, 32 s of music, about $0.17. "
        "Most on Mar 1: 3 tracks. Today is not over."
    )
    assert usage.describe([NONE] * 30, NOW) == "The last 30 days (UTC): nothing was made."
    assert [label for label in usage.labels(NOW, 30) if label] == [
        *("Feb 2", "Feb 9", "Feb 16", "Feb 23", "today"),
    ]
    assert usage.rows([BUSY, Spent(Sums(1, 8, 50_000))])[2].total == "about $0.17"
    assert usage.rows([Spent(Sums(1, 8, 50_000))])[2].total == "$0.05"


amounts = st.integers(0, 10**15)


spent = st.builds(Spent, st.builds(Sums, amounts, amounts, amounts))


@given(st.lists(spent, min_size=1, max_size=31))
@settings(max_examples=examples(15), deadline=None)
def test_any_days_can_be_drawn_and_told(days: list[Spent]) -> None:
    assert drawn(days).width == WIDTH
    assert len(usage.describe(days, NOW)) < 1024


def shape(character: str) -> bytes:
    image = Image.new("L", (60, 80))
    font = ImageFont.truetype(FONT, 40)
    ImageDraw.Draw(image).text((0, 0), character, 255, font)
    return image.tobytes()


def without_glyph(text: str) -> set[str]:
    """What the font draws as it draws a character that it does not have: as a box."""
    box = shape("\uffff")
    return {one for one in text if shape(one) == box}


def captions(days: list[Spent]) -> list[str]:
    rows = usage.rows(days)
    words = [words for row in rows for words in (row.title, row.total, row.most)]
    year = [NOW.replace(month=month) for month in range(1, 13)]
    return [*words, *(label for now in year for label in usage.labels(now, 30)), usage.NOTHING()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_font_has_all_that_captions_are_made_of(language: Language) -> None:
    with speaking(language):
        words = captions([BUSY, Spent(Sums(10**6, 10**7, 10**12))])
    assert without_glyph("".join(words)) == set()


def test_so_it_has_what_other_languages_write() -> None:
    assert without_glyph("äöüßéèêçœñãõ¿¡€’\u202f\xa0曲数音楽費用約今日月秒円合計、。ー") == set()
    assert without_glyph("a\u0e01\u05d0") == {"\u0e01", "\u05d0"}


async def test_it_is_drawn_where_pillow_may_be(tmp_path: Path) -> None:
    rows, labels = usage.rows([NONE] * 29 + [BUSY]), usage.labels(NOW, 30)
    async with AudioFiles(tmp_path) as audio_files:
        png = await audio_files.draw_usage(rows, labels, usage.NOTHING())
        assert len(audio_files._tracks.process_ids) == 1  # pyright: ignore[reportPrivateUsage] - that it was one of these
    assert png == draw_usage(rows, labels, usage.NOTHING())
