"""A clock that tests may push forward, and alarms that follow it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(eq=False, slots=True)
class Alarm:
    """Something that happens at a time, unless cancelled."""

    due: float
    act: Callable[[], None]
    handle: asyncio.TimerHandle | None = None

    def cancel(self) -> None:
        """Let it not happen."""
        if self.handle is not None:
            self.handle.cancel()


class Clock:
    """Seconds since 1970; `advance` moves it and rings what has come due."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._base = now
        self._ahead_s = 0.0
        self._alarms: set[Alarm] = set()

    def now(self) -> float:
        """The time on this clock."""
        return self._base() + self._ahead_s

    def call_later(self, delay_s: float, act: Callable[[], None]) -> Alarm:
        """Run `act` on the event loop once `delay_s` have passed on this clock."""
        alarm = Alarm(self.now() + delay_s, act)
        self._alarms.add(alarm)
        self._set(alarm)
        return alarm

    def advance(self, seconds: float) -> None:
        """Let time pass at once; alarms that come due ring in their order before this returns."""
        self._ahead_s += seconds
        for alarm in sorted(self._alarms, key=lambda alarm: alarm.due):
            if alarm.handle is None or alarm.handle.cancelled():
                self._alarms.discard(alarm)
            elif alarm.due <= self.now():
                alarm.cancel()
                self._ring(alarm)
            else:
                alarm.cancel()
                self._set(alarm)

    def close(self) -> None:
        """Forget every alarm."""
        for alarm in self._alarms:
            alarm.cancel()
        self._alarms.clear()

    def _set(self, alarm: Alarm) -> None:
        delay_s = max(0.0, alarm.due - self.now())
        alarm.handle = asyncio.get_running_loop().call_later(delay_s, self._ring, alarm)

    def _ring(self, alarm: Alarm) -> None:
        self._alarms.discard(alarm)
        alarm.act()
