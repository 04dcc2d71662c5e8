"""What time it is at the services: by their answers, whatever our own clock says."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import SystemClock
from bot.host.service_time import Service, ServiceClock, ServiceTime, hearing
from tests.fakes import NOON, FakeClock

MINUTES_20_S = 1200.0


class Machine(SystemClock):
    """A machine whose clock is wrong by `off_s`, which may change; its monotonic one is right."""

    def __init__(self, off_s: float = 0.0) -> None:
        self.off_s = off_s
        self.passed_s = 0.0

    def truly(self) -> datetime:
        return NOON + timedelta(seconds=self.passed_s)

    def now(self) -> datetime:
        return self.truly() + timedelta(seconds=self.off_s)

    def monotonic(self) -> float:
        return 77.0 + self.passed_s


def dated(at: datetime) -> dict[str, str]:
    return {"Date": format_datetime(at, usegmt=True)}


def answered(
    clock: ServiceClock, machine: Machine, service: Service = Service.DISCORD, took_s: float = 0.1
) -> None:
    asked_s = machine.monotonic()
    machine.passed_s += took_s
    clock.heard(service, dated(machine.truly()), asked_s)


def off_s(clock: ServiceClock, machine: Machine) -> float:
    return (clock.now() - machine.truly()).total_seconds()


@pytest.mark.parametrize("wrong_s", [0, MINUTES_20_S, -MINUTES_20_S, 3e8, -1.6e9, 5, -5])
def test_it_is_the_services_time_whatever_the_machine_says(wrong_s: float) -> None:
    machine = Machine(wrong_s)
    clock = ServiceClock(machine)
    assert clock.now() == machine.now(), "before anyone has answered"
    answered(clock, machine)
    assert abs(off_s(clock, machine)) <= 1.2
    machine.passed_s += 3600
    assert abs(off_s(clock, machine)) <= 1.2


@pytest.mark.parametrize("step_s", [MINUTES_20_S, -MINUTES_20_S])
def test_a_clock_that_is_set_meanwhile_changes_nothing(step_s: float) -> None:
    machine = Machine()
    clock = ServiceClock(machine)
    answered(clock, machine)
    before = clock.now()
    machine.off_s = step_s
    assert clock.now() == before


def test_a_machine_that_slept_learns_it_from_the_next_answer() -> None:
    machine = Machine()
    clock = ServiceClock(machine)
    answered(clock, machine)
    asleep = machine.truly() + timedelta(hours=8)
    clock.heard(Service.DISCORD, dated(asleep), machine.monotonic())
    assert abs((clock.now() - asleep).total_seconds()) <= 1.0


@given(
    st.floats(-1e6, 1e6),
    st.lists(st.tuples(st.floats(0, 100), st.floats(0, 30), st.floats(0, 30)), max_size=8),
)
def test_it_is_never_off_by_more_than_the_quickest_answer_took(
    wrong_s: float, answers: list[tuple[float, float, float]]
) -> None:
    """Each is sent after a while, answered after a while, and read after a while."""
    machine = Machine(wrong_s)
    time = ServiceTime(machine)
    quickest_s = float("inf")
    for pause_s, there_s, back_s in answers:
        machine.passed_s += pause_s
        asked_s = machine.monotonic()
        machine.passed_s += there_s
        headers = dated(machine.truly())
        machine.passed_s += back_s
        if time.heard(headers, asked_s):
            quickest_s = min(quickest_s, there_s + back_s)
        if time.known:
            off = abs((time.now() - machine.truly()).total_seconds())
            assert off <= quickest_s + 1.001


@pytest.mark.parametrize(
    "headers",
    [{}, {"Date": ""}, {"Date": "soon"}, {"Date": "Mon, 99 Nov 2026 25:00:00 GMT"},
     {**dated(NOON + timedelta(hours=3)), "Age": "10800"}],
)  # fmt: skip
def test_what_tells_no_time_is_ignored(headers: dict[str, str]) -> None:
    machine = Machine()
    time = ServiceTime(machine)
    assert not time.heard(headers, 0.0)
    assert time.now() == machine.now()


def test_discord_is_believed_before_replicate() -> None:
    machine = Machine(MINUTES_20_S)
    clock = ServiceClock(machine)
    answered(clock, machine, Service.REPLICATE)
    assert abs(off_s(clock, machine)) <= 1.2
    answered(clock, machine)
    clock.heard(Service.REPLICATE, dated(NOON - timedelta(hours=1)), machine.monotonic())
    assert abs(off_s(clock, machine)) <= 1.2


def test_skew_is_told_once_for_each_change(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    machine = Machine(MINUTES_20_S)
    clock = ServiceClock(machine)
    for wrong_s in (MINUTES_20_S, MINUTES_20_S, -90.0, -90.0, 0.0, 0.0):
        machine.off_s = wrong_s
        machine.passed_s += 2
        answered(clock, machine)
    assert len(caplog.messages) == 3
    fast, slow, right = caplog.messages
    assert "ahead of Discord's" in fast
    assert fast.startswith(("this machine's clock is 20 min", "this machine's clock is 19 min 59"))
    assert "behind Discord's" in slow
    assert right == "this machine's clock is right again"


def test_a_clock_that_goes_its_own_way_ignores_answers() -> None:
    clock = FakeClock()
    hearing(clock, Service.DISCORD)(dated(NOON + timedelta(days=9)), 0.0)
    assert clock.now() == NOON
