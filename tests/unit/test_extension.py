"""What of a piece is given to the model, and how much is asked for."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import PlaceUnreadable
from bot.domain.extension import (
    MORE_MAX_S,
    MORE_MIN_S,
    Closeness,
    Extension,
    plan_extension,
    read_place,
)
from bot.domain.inputs import MODEL_WINDOW_S, Inputs, InputTable
from bot.domain.validation import check_audio

PIECES_S = st.floats(0.001, 4000)
MORE_S = st.integers(MORE_MIN_S, MORE_MAX_S)


@pytest.mark.parametrize(
    ("piece_s", "more_s", "context_s", "duration"),
    [
        (30.0, 10, 15, 25),
        (30.0, 15, 15, 30),
        (30.0, 20, 10, 30),
        (240.0, 25, 5, 30),
        (8.0, 10, 8, 18),
        (8.97, 10, 8, 18),
        (2.0, 25, 2, 27),
        (1.99, 25, 1.98, 27),
        (1.3, 5, 1.3, 6),
        (0.01, 1, 0.01, 1),
    ],
)
def test_examples(piece_s: float, more_s: int, context_s: float, duration: int) -> None:
    assert plan_extension(piece_s, more_s) == Extension(context_s, duration)


@pytest.mark.parametrize(
    ("how", "piece_s", "more_s", "context_s"),
    [
        (Closeness.FOLLOW, 30.0, 10, 15),
        (Closeness.BALANCED, 30.0, 10, 8),
        (Closeness.SURPRISE, 30.0, 10, 3),
        (Closeness.SURPRISE, 2.5, 25, 2),
        (Closeness.BALANCED, 240.0, 25, 5),
    ],
)
def test_how_closely_it_follows(
    how: Closeness, piece_s: float, more_s: int, context_s: float
) -> None:
    assert plan_extension(piece_s, more_s, closeness=how) == Extension(
        context_s, int(context_s) + more_s
    )


@pytest.mark.parametrize(
    ("text", "place_s"),
    [
        ("", None),
        (" The end ", None),
        ("0:42", 42),
        ("1:05", 65),
        ("65", 65),
        ("6.5 s", 6.5),
        ("1:05.5", 65.5),
        ("300s", 300),
    ],
)
def test_places(text: str, place_s: float | None) -> None:
    assert read_place(text) == place_s


@pytest.mark.parametrize(
    "text", ["0", "0:00", "1:60", "1:5", "-3", "1:02:03", "there", "1e3", ":30"]
)
def test_what_is_no_place(text: str) -> None:
    with pytest.raises(PlaceUnreadable):
        read_place(text)


@given(PIECES_S, MORE_S)
def test_it_fits_the_window_and_the_piece(piece_s: float, more_s: int) -> None:
    plan = plan_extension(piece_s, more_s)
    assert 0 < plan.context_s <= piece_s
    assert plan.context_s < plan.duration <= MODEL_WINDOW_S
    assert type(plan.duration) is int
    inputs = Inputs("more", duration=plan.duration, continuation=True)
    check_audio(InputTable(), inputs, plan.context_s)


@given(PIECES_S, MORE_S)
def test_as_much_is_added_as_was_asked_for(piece_s: float, more_s: int) -> None:
    plan = plan_extension(piece_s, more_s)
    assert abs(plan.added_s - more_s) <= 0.5 + 1e-9
    if piece_s >= 2:
        assert plan.added_s == more_s


@given(PIECES_S, MORE_S)
def test_the_context_is_as_long_as_is_useful(piece_s: float, more_s: int) -> None:
    context_s = plan_extension(piece_s, more_s).context_s
    assert context_s <= 15
    if piece_s >= 2:
        assert context_s >= 2
        longer_s = context_s + 1
        assert longer_s > piece_s or longer_s > 15 or longer_s + more_s > MODEL_WINDOW_S
    else:
        assert context_s > piece_s - 0.02 - 1e-9


@given(PIECES_S, MORE_S)
def test_the_context_fills_whole_frames_of_the_codec(piece_s: float, more_s: int) -> None:
    context_s = plan_extension(piece_s, more_s).context_s
    if piece_s >= 0.02:
        assert context_s * 50 == pytest.approx(round(context_s * 50), abs=1e-6)


@pytest.mark.parametrize("piece_s", [0.0, -1.0, math.nan, math.inf])
def test_there_must_be_a_piece(piece_s: float) -> None:
    with pytest.raises(ValueError, match="a piece of"):
        plan_extension(piece_s, 10)


@pytest.mark.parametrize("more_s", [MORE_MIN_S - 1, MORE_MAX_S + 1])
def test_more_has_bounds(more_s: int) -> None:
    with pytest.raises(ValueError, match="more"):
        plan_extension(30.0, more_s)
