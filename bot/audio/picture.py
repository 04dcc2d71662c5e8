"""The picture of a track in its card: its waveform, on a card of its own.

Discord shows it on dark and on light ground, so its colours stand against its own background, which
is the same on both. Everything here blocks; see `probe`.
"""

from __future__ import annotations

import io
import math
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from bot.audio.waveform import Waveform, measure_waveform
from bot.domain.picture import Picture

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL.ImageDraw import ImageDraw

    Floats = npt.NDArray[np.float32]

Colour = tuple[int, int, int]

WIDTH, HEIGHT = 1000, 240
"""Pixels: twice what Discord shows on most screens."""
CARD: Colour = (24, 25, 34)
EDGE: Colour = (62, 64, 84)
TEXT: Colour = (176, 180, 198)
NEW_PEAK: tuple[Colour, Colour] = ((92, 106, 255), (186, 84, 240))
NEW_BODY: tuple[Colour, Colour] = ((190, 200, 255), (240, 196, 255))
"""From the beginning of the new part to its end."""
GIVEN_PEAK: Colour = (104, 108, 124)
GIVEN_BODY: Colour = (164, 168, 182)
BOUNDARY: Colour = (255, 255, 255)
_LIGHTER = 0.55
"""How much of white the bodies have, where peaks have a colour of their own."""

_LEFT, _RIGHT = 25, WIDTH - 25
_TOP, _BOTTOM = 20, 188
_MIDDLE = (_TOP + _BOTTOM) // 2
_REACH = (_BOTTOM - _TOP) // 2 + 2
_PITCH, _BAR = 5, 3
_CORNER = 20
_STRIP, _STRIP_GAP = 112, 12
"""How high each of several waveforms is, one below the other, and what is free of that."""
_TEXT_SIZE = 36
"""On a phone the picture is shown at a quarter to a third of its size."""
_TEXT_MIDDLE = 217
_TICK_TOP = 197
_TEXT_GAP = 40
_STEP_LEAST = 160
_HALO = 5
_GAIN_MAX = 8.0
"""A track whose peaks stay below an eighth looks as quiet as it is."""
_STEPS_S = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800),
)


def draw_waveform(
    path: Path, *, given_s: float = 0.0, parts: Sequence[tuple[float, Colour]] = ()
) -> Picture:
    """Draw a track; its first `given_s` seconds, which it goes on from, in another colour.

    Or it has `parts`, each with where it begins, in seconds, and its own colour. The bars reach to
    the peaks, their light cores to the RMS level.

    Raises:
        AudioUnreadable, NotAudio: it cannot be decoded.
    """
    from PIL import Image, ImageDraw

    waveform = measure_waveform(path)
    begins = [given_s] if not parts else [start_s for start_s, _ in parts]
    boundaries = [_place(waveform.duration_s, start_s) for start_s in begins]
    colours = [colour for _, colour in parts]
    image = Image.fromarray(_pixels(waveform, boundaries, colours))
    labels = _Labels(ImageDraw.Draw(image), waveform.duration_s)
    for start_s, boundary in zip(begins, boundaries, strict=True):
        if _LEFT < boundary < _RIGHT:
            labels.put(start_s, BOUNDARY)
    labels.put_all()
    file = io.BytesIO()
    # Runs of one colour are all there is to find: the same size as zlib's best, in half the time.
    image.save(file, "PNG", compress_level=1, compress_type=zlib.Z_RLE)
    return Picture(file.getvalue(), waveform.duration_s, given_s, waveform.thirds_db())


def stack_pictures(pngs: Sequence[bytes], numbers: Sequence[int]) -> bytes:
    """Pictures of `draw_waveform`, numbered, as strips of one; the times stand below the last."""
    from PIL import Image, ImageDraw, ImageFont

    pictures = [Image.open(io.BytesIO(png)) for png in pngs]
    stacked = Image.new("RGBA", (WIDTH, _TOP + len(pngs) * _STRIP + HEIGHT - _BOTTOM))
    stacked.paste(pictures[0].crop((0, 0, WIDTH, _TOP)), (0, 0))
    draw, font = ImageDraw.Draw(stacked), ImageFont.load_default(_TEXT_SIZE)
    for place, (number, picture) in enumerate(zip(numbers, pictures, strict=True)):
        top = _TOP + place * _STRIP
        wave = picture.crop((0, _TOP, WIDTH, _BOTTOM)).resize((WIDTH, _STRIP - _STRIP_GAP))
        ground = picture.crop((0, _MIDDLE, _LEFT, _MIDDLE + 1))
        stacked.paste(picture.crop((0, _TOP - 1, WIDTH, _TOP)).resize((WIDTH, _STRIP)), (0, top))
        stacked.paste(wave, (0, top + _STRIP_GAP // 2))
        stacked.paste(ground.resize((_LEFT, _STRIP)), (0, top))
        middle = top + _STRIP // 2
        draw.text((_LEFT // 2, middle), str(number), TEXT, font, anchor="mm")
    below = pictures[-1].crop((0, _BOTTOM, WIDTH, HEIGHT))
    stacked.paste(below, (0, _TOP + len(pngs) * _STRIP))
    file = io.BytesIO()
    stacked.save(file, "PNG", compress_level=1)
    return file.getvalue()


def _place(duration_s: float, time_s: float) -> float:
    """Where a time is, in pixels from the left."""
    return _LEFT + (_RIGHT - _LEFT) * min(max(time_s / duration_s, 0.0), 1.0)


def _pixels(
    waveform: Waveform, boundaries: Sequence[float], colours: Sequence[Colour]
) -> npt.NDArray[np.uint8]:
    """Everything but the times: shape (height, width, RGBA)."""
    import numpy as np

    pixels = _empty_card().copy()
    wave = pixels[_MIDDLE - _REACH : _MIDDLE + _REACH, _LEFT:_RIGHT, :3]
    inside = [boundary for boundary in boundaries if _LEFT < boundary < _RIGHT]
    half = _bars(waveform, inside, _column_colours(boundaries, colours))
    # From the middle outwards, and as it goes down so it goes up.
    wave[_REACH:], wave[:_REACH] = half, half[::-1]
    for boundary in inside:
        near = slice(round(boundary) - _HALO, round(boundary) + _HALO)
        x, y = _centres()
        line = _rounded(x[near] - boundary, y - _MIDDLE, 1.5, (_BOTTOM - _TOP) / 2 + 9, 1.5)
        shown = pixels[:, near, :3].astype(np.float32)
        pixels[:, near, :3] = _painted(shown, _cover(line), _rgb(BOUNDARY)) + 0.5
    return pixels


@cache
def _empty_card() -> npt.NDArray[np.uint8]:
    """The ground and its rim; shape as `_pixels`. Not to be written to."""
    import numpy as np

    x, y = _centres()
    outline = _rounded(x - WIDTH / 2, y - HEIGHT / 2, WIDTH / 2 - 1, HEIGHT / 2 - 1, _CORNER)
    canvas = np.empty((HEIGHT, WIDTH, 4), np.float32)
    canvas[..., :3] = _painted(_rgb(CARD), _cover(np.abs(outline + 1) - 1), _rgb(EDGE))
    canvas[..., 3] = 255 * _cover(outline)
    return (canvas + 0.5).astype(np.uint8)


def _column_centres() -> Floats:
    """Where bars have their middles, in pixels from the left."""
    import numpy as np

    count = (_RIGHT - _LEFT) // _PITCH
    return _LEFT + _PITCH * (np.arange(count, dtype=np.float32) + 0.5)


def _column_colours(
    boundaries: Sequence[float], colours: Sequence[Colour]
) -> tuple[Floats, Floats]:
    """The colours of each bar's peak and of its body: shapes (bars, RGB)."""
    import numpy as np

    centres = _column_centres()
    if colours:
        part = np.searchsorted(np.array(boundaries), centres, side="right") - 1
        peaks = np.array(colours, np.float32)[part.clip(0)]
        return peaks, np.asarray(peaks + (255 - peaks) * _LIGHTER, np.float32)
    boundary = boundaries[0]
    progress = ((centres - boundary) / max(_RIGHT - boundary, 1)).clip(0, 1)[:, None]
    shown: list[Floats] = []
    for (first, last), given in ((NEW_PEAK, GIVEN_PEAK), (NEW_BODY, GIVEN_BODY)):
        new = _rgb(first) + (_rgb(last) - _rgb(first)) * progress
        shown.append(np.where(centres[:, None] < boundary, _rgb(given), new))
    return shown[0], shown[1]


def _bars(
    waveform: Waveform, boundaries: Sequence[float], colours: tuple[Floats, Floats]
) -> npt.NDArray[np.uint8]:
    """The lower half of the wave, from its middle on: shape (rows, columns, RGB)."""
    import numpy as np

    centres = _column_centres()
    count = len(centres)
    shown = np.ones(count, bool)
    for boundary in boundaries:
        shown &= np.abs(centres - boundary) > _HALO
    peaks, rms = waveform.columns(count)
    gain = min(1 / max(float(peaks.max()), 1e-9), _GAIN_MAX)
    half = np.empty((_REACH, count, _PITCH, 3), np.float32)
    half[:] = CARD
    for levels, colour in zip((peaks, rms), colours, strict=True):
        cover = _bars_cover(levels * gain) * shown[:, None]
        half[:, :, 1:-1] = _painted(half[:, :, 1:-1], cover, colour[:, None])
    return (half + 0.5).astype(np.uint8).reshape(_REACH, count * _PITCH, 3)


def _bars_cover(levels: Floats) -> Floats:
    """How much of each pixel is a bar's: shape (rows from the middle, bars, columns of a bar)."""
    import numpy as np

    heights = (levels * (_BOTTOM - _TOP) / 2).clip(_BAR / 2, (_BOTTOM - _TOP) / 2)
    rows = np.arange(_REACH, dtype=np.float32)[:, None] + 0.5
    into_cap = np.asarray((rows - (heights - _BAR / 2)).clip(0), np.float32)
    beside = np.asarray(np.hypot(into_cap, 1), np.float32)
    sides = _cover(beside - _BAR / 2)
    return np.stack((sides, _cover(into_cap - _BAR / 2), sides), axis=2)


def _centres() -> tuple[Floats, Floats]:
    """Where pixels have their middles: shapes (width,) and (height, 1)."""
    import numpy as np

    columns, rows = np.arange(WIDTH, dtype=np.float32), np.arange(HEIGHT, dtype=np.float32)
    return columns + 0.5, rows[:, None] + 0.5


def _rounded(x: Floats, y: Floats, half_x: float, half_y: Floats | float, corner: float) -> Floats:
    """The distance in pixels to a rounded box around the origin; negative inside."""
    import numpy as np

    over_x, over_y = np.abs(x) - (half_x - corner), np.abs(y) - (half_y - corner)
    outside = np.hypot(np.maximum(over_x, 0), np.maximum(over_y, 0))
    return (outside + np.minimum(np.maximum(over_x, over_y), 0) - corner).astype(np.float32)


def _cover(distance: Floats) -> Floats:
    """How much of each pixel lies inside."""
    return (0.5 - distance).clip(0, 1)


def _rgb(colour: Colour) -> Floats:
    import numpy as np

    return np.array(colour, np.float32)


def _painted(ground: Floats, cover: Floats, colour: Floats) -> Floats:
    """The ground where it is not covered; colours are last, and `cover` has none."""
    import numpy as np

    return np.asarray(ground + (colour - ground) * cover[..., None], np.float32)


class _Labels:
    """The times below the waveform, none upon another; what is put first stays."""

    def __init__(self, draw: ImageDraw, duration_s: float) -> None:
        from PIL import ImageFont

        self._draw = draw
        self._font = ImageFont.load_default(_TEXT_SIZE)
        self._duration_s = duration_s
        self._taken: list[tuple[float, float]] = []

    def put(self, time_s: float, colour: Colour, digits: int = 0) -> None:
        """Write a time below its place, if there is room."""
        place = _place(self._duration_s, time_s)
        text = _clock(time_s, digits)
        half = self._draw.textlength(text, self._font) / 2
        middle = min(max(place, _LEFT + half), _RIGHT - half)
        start, end = middle - half - _TEXT_GAP / 2, middle + half + _TEXT_GAP / 2
        if any(start < other_end and end > other for other, other_end in self._taken):
            return
        self._taken.append((start, end))
        self._draw.rectangle((place - 1, _TICK_TOP, place, _TICK_TOP + 4), EDGE)
        self._draw.text((middle, _TEXT_MIDDLE), text, colour, self._font, anchor="mm")

    def put_all(self) -> None:
        """Write beginning and end, and between them the smallest usual step that has room."""
        upload = (
            step_s for step_s in _STEPS_S if _place(self._duration_s, step_s) - _LEFT >= _STEP_LEAST
        )
        step_s = next(upload, self._duration_s)
        digits = 0 if step_s >= 1 else min(3, len(f"{step_s:g}") - 2)
        self.put(0.0, TEXT, digits)
        self.put(self._duration_s, TEXT, digits)
        for n in range(1, math.ceil(self._duration_s / step_s)):
            self.put(n * step_s, TEXT, digits)


def _clock(time_s: float, digits: int) -> str:
    minutes, seconds = divmod(round(time_s, digits), 60)
    hours, minutes = divmod(int(minutes), 60)
    width = 3 + digits if digits else 2
    clock = f"{minutes:02}" if hours else f"{minutes}"
    return f"{hours}:" * bool(hours) + f"{clock}:{seconds:0{width}.{digits}f}"
