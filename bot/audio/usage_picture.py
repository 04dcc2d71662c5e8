"""The picture of /usage: what was used on each of the last days, as three rows of bars.

It is drawn as wide as phones show it, for its words to be read there. Its colours stand against a
ground of its own, so Discord's dark and light do not matter. Its font, which has the glyphs of
European languages and of the Japanese that captions need, lies beside it. Everything here blocks,
in a worker (`bot.audio.worker_pool`): Pillow is not for the bot to hold.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot.domain.picture import UsageRow

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

Colour = tuple[int, int, int]

FONT = Path(__file__).parent / "fonts" / "NotoSansCJKjp-Captions.otf"

WIDTH = 640
GROUND: Colour = (24, 25, 34)
EDGE: Colour = (62, 64, 84)
TEXT: Colour = (226, 228, 240)
FAINT: Colour = (176, 180, 198)
BARS: tuple[Colour, ...] = ((122, 134, 255), (80, 190, 160), (206, 128, 240))
"""One for each row, from the top."""

_MARGIN = 24
_ROW_HEIGHT = 194
_BAR_TOP, _BAR_BOTTOM = 84, 178
"""Within a row."""
_FOOT_HEIGHT = 56
_GAP = 4
_TITLE_SIZE, _TEXT_SIZE = 28, 23
_CORNER = 20
_SCALE = 2
"""Drawn so many times as large, for smooth edges."""


def draw_usage(rows: Sequence[UsageRow], days: Sequence[str], nothing: str) -> bytes:
    """Draw a PNG; `days` are the labels below the bars, empty where there is none.

    The last day is under way: its bars are outlines. Where all values are 0, `nothing` says so.
    """
    from PIL import Image, ImageDraw, ImageFont

    height = _MARGIN + _ROW_HEIGHT * len(rows) + _FOOT_HEIGHT
    image = Image.new("RGBA", (WIDTH * _SCALE, height * _SCALE))
    draw = ImageDraw.Draw(image)
    box = (0, 0, WIDTH * _SCALE - 1, height * _SCALE - 1)
    draw.rounded_rectangle(box, _CORNER * _SCALE, GROUND, EDGE, _SCALE)
    title = ImageFont.truetype(FONT, _TITLE_SIZE * _SCALE)
    text = ImageFont.truetype(FONT, _TEXT_SIZE * _SCALE)
    for number, row in enumerate(rows):
        canvas = _Canvas(draw, _MARGIN / 2 + number * _ROW_HEIGHT)
        canvas.write(_MARGIN, 32, row.title, TEXT, title, "lm")
        canvas.write(WIDTH - _MARGIN, 32, row.total, TEXT, title, "rm")
        _bars(canvas, row, BARS[number % len(BARS)], text)
    if not any(value for row in rows for value in row.values):
        canvas = _Canvas(draw, 0)
        canvas.write(WIDTH / 2, height / 2 + 14, nothing, FAINT, title, "mm")
    canvas = _Canvas(draw, height - _FOOT_HEIGHT)
    for place, label in enumerate(days):
        if label:
            canvas.write(_middle(place, len(days)), 14, label, FAINT, text, _anchor(place, days))
    file = io.BytesIO()
    image.resize((WIDTH, height), Image.Resampling.BOX).save(file, "PNG", optimize=True)
    return file.getvalue()


class _Canvas:
    """A part of the picture, from `top` on, in the picture's own pixels."""

    def __init__(self, draw: ImageDraw, top: float) -> None:
        self._draw = draw
        self._top = top

    def write(
        self, x: float, y: float, text: str, colour: Colour, font: FreeTypeFont, anchor: str
    ) -> None:
        place = x * _SCALE, (self._top + y) * _SCALE
        self._draw.text(place, text, colour, font, anchor=anchor)

    def bar(self, x: tuple[float, float], y: tuple[float, float], colour: Colour) -> None:
        self._draw.rounded_rectangle(self._box(x, y), 2 * _SCALE, colour)

    def outline(self, x: tuple[float, float], y: tuple[float, float], colour: Colour) -> None:
        self._draw.rounded_rectangle(self._box(x, y), 2 * _SCALE, None, colour, 2 * _SCALE)

    def line(self, y: float) -> None:
        self._draw.rectangle(self._box((_MARGIN, WIDTH - _MARGIN), (y, y + 1)), EDGE)

    def _box(
        self, x: tuple[float, float], y: tuple[float, float]
    ) -> tuple[float, float, float, float]:
        top, bottom = (self._top + one for one in y)
        return x[0] * _SCALE, top * _SCALE, x[1] * _SCALE - 1, bottom * _SCALE - 1


def _bars(canvas: _Canvas, row: UsageRow, colour: Colour, font: FreeTypeFont) -> None:
    highest = max(row.values, default=0)
    canvas.line(_BAR_BOTTOM)
    if not highest:
        return
    width = (WIDTH - 2 * _MARGIN) / len(row.values)
    for place, value in enumerate(row.values):
        if not value:
            continue
        left = _MARGIN + place * width
        # However little it was, it was something.
        height = max(4.0, value / highest * (_BAR_BOTTOM - _BAR_TOP))
        draw = canvas.outline if place == len(row.values) - 1 else canvas.bar
        sides = left + _GAP / 2, left + width - _GAP / 2
        draw(sides, (_BAR_BOTTOM - height, _BAR_BOTTOM), colour)
    place = row.values.index(highest)
    anchor = ("l" if place < 3 else "r" if place > len(row.values) - 4 else "m") + "b"
    canvas.write(_middle(place, len(row.values)), _BAR_TOP - 3, row.most, FAINT, font, anchor)


def _middle(place: int, count: int) -> float:
    return _MARGIN + (WIDTH - 2 * _MARGIN) * (place + 0.5) / count


def _anchor(place: int, days: Sequence[str]) -> str:
    return "lm" if place < 2 else "rm" if place > len(days) - 3 else "mm"
