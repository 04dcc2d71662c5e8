from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.progress import ProgressMeter, Stage, read_logs
from tests.fakes import NOON, step


def after(delay_s: float) -> object:
    return NOON + timedelta(seconds=delay_s)


@pytest.mark.parametrize(
    ("logs", "audio_prompt_s", "fraction"),
    [
        ("", 0, None),
        ("Loading model large...\n", 0, None),
        ("Using seed 5\n     1 /    400\n", 0, 1 / 400),
        ("     1 /    400\r   200 /    400\r", 0, 0.5),
        ("   403 /    400\n", 0, 0.99),
        ("   203 /    400\n", 4, 0.99),
        ("   100 /    400\n", 4, 0.5),
        ("   100 /    400\nsome warning\n", 0, 0.25),
        ("1/400", 0, 1 / 400),
        ("step 3 / 400 of the plan\n", 0, None),
        ("   10 /    0\n", 0, None),
        ("   10 /    400\n", 8, None),
    ],
)
def test_the_last_step_tells_how_far_it_is(
    logs: str, audio_prompt_s: float, fraction: float | None
) -> None:
    assert read_logs(logs, audio_prompt_s).fraction == pytest.approx(fraction)


@pytest.mark.parametrize(
    ("logs", "seed"),
    [("Using seed 4294967295\n", 4294967295), ("Using seed 0", 0), ("no seed", None)],
)
def test_the_seed_is_read(logs: str, seed: int | None) -> None:
    assert read_logs(logs).seed == seed


@given(st.text(), st.floats(0, 40))
def test_any_log_can_be_read(logs: str, audio_prompt_s: float) -> None:
    fraction = read_logs(logs, audio_prompt_s).fraction
    assert fraction is None or 0 <= fraction <= 0.99


@given(st.lists(st.integers(0, 2000), min_size=1))
def test_the_fraction_never_decreases(steps: list[int]) -> None:
    meter = ProgressMeter(NOON)
    seen: list[float] = []
    for second, done in enumerate(steps):
        now = NOON + timedelta(seconds=second)
        meter.read(step(done, 2000), now)
        seen.append(meter.progress(now).fraction or 0.0)
    assert seen == sorted(seen)


def test_the_time_left_follows_from_the_speed() -> None:
    meter = ProgressMeter(NOON)
    meter.read(step(0), NOON + timedelta(seconds=10))
    meter.read(step(100), NOON + timedelta(seconds=15))
    now = NOON + timedelta(seconds=17)
    progress = meter.progress(now)
    assert progress.fraction == 0.25
    assert progress.left_s == pytest.approx(13)
    assert progress.elapsed_s == 17


def test_stages_begin_when_they_are_entered() -> None:
    meter = ProgressMeter(NOON)
    meter.enter(Stage.STARTING, NOON + timedelta(seconds=2))
    meter.enter(Stage.STARTING, NOON + timedelta(seconds=9))
    progress = meter.progress(NOON + timedelta(seconds=14))
    assert (progress.stage, progress.stage_s) == (Stage.STARTING, 12)
    meter.read("Downloading weights\n", NOON + timedelta(seconds=20))
    assert meter.progress(NOON + timedelta(seconds=20)).stage is Stage.LOADING
