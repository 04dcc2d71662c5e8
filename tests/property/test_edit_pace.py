"""Whenever edits are asked for, neither a channel nor all together get more than their share."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.delivery import edit_pace
from bot.delivery.edit_pace import ALL_APART_S, CHANNEL_APART_S, EditPace
from tests.fakes import FakeClock

_ASKED = st.lists(st.tuples(st.floats(0, 4), st.integers(1, 5)), max_size=60)
"""Seconds since the one before, and the channel."""


def _reserved(clock: FakeClock, asked: list[tuple[float, int]]) -> list[tuple[float, int]]:
    pace, reserved = EditPace(clock), list[tuple[float, int]]()
    for after_s, channel_id in asked:
        clock.pass_s(after_s)
        at_s = pace.reserve(channel_id)
        assert at_s >= clock.monotonic()
        reserved.append((at_s, channel_id))
    return reserved


@given(asked=_ASKED)
def test_edits_of_a_channel_are_apart(asked: list[tuple[float, int]]) -> None:
    reserved = _reserved(FakeClock(), asked)
    for channel_id in range(1, 6):
        times_s = [at_s for at_s, channel in reserved if channel == channel_id]
        assert all(b - a >= CHANNEL_APART_S - 1e-6 for a, b in pairwise(times_s))


@given(count=st.integers(2, 40))
def test_edits_of_many_channels_are_apart(count: int) -> None:
    reserved = _reserved(FakeClock(), [(0.0, channel) for channel in range(count)])
    assert all(b - a >= ALL_APART_S - 1e-6 for (a, _), (b, _) in pairwise(reserved))


@given(asked=_ASKED)
def test_whose_time_is_over_is_forgotten_and_nothing_else(asked: list[tuple[float, int]]) -> None:
    remembered = _reserved(FakeClock(), asked)
    kept, edit_pace._CHANNELS_MAX = edit_pace._CHANNELS_MAX, 1  # pyright: ignore[reportPrivateUsage] - nobody waits for a thousand
    try:
        assert _reserved(FakeClock(), asked) == remembered
    finally:
        edit_pace._CHANNELS_MAX = kept  # pyright: ignore[reportPrivateUsage] - as above


def test_a_channel_that_is_at_rest_is_edited_at_once() -> None:
    clock = FakeClock()
    pace = EditPace(clock)
    assert pace.reserve(1) == clock.monotonic()
    clock.pass_s(CHANNEL_APART_S)
    assert pace.reserve(1) == clock.monotonic()
