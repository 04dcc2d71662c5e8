"""The bot with a heartbeat: how late its event loop gets to what is due. Run as a module.

Counts go to the file HEARTBEAT_FILE, a 64-bit number for each millisecond of lateness; the last
is for all that is later. Where HEARTBEAT_TURNS is set so do, to files beside it, those of the event
loop's turns, whatever else the machine does: by the processor time that each took, and by the time
in which it stood still, for a lock or a disk; this takes a fifth of the bot's own time. The times
at which voice packets left go to another file, as doubles.
"""

from __future__ import annotations

import asyncio
import os
import struct
import sys
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

from discord.voice_state import VoiceConnectionState

FILE, TURNS = "HEARTBEAT_FILE", "HEARTBEAT_TURNS"
_EVERY_S = 0.02
_WRITTEN_EVERY = 25
_MOST_MS = 5000
_PACKETS, _TURNS, _STOOD = ".packets", ".turns", ".stood"
_WAITED = Path("/proc/thread-self/schedstat")
"""Of Linux: what the thread has run, and has waited for a processor, in ns (kernel.org,
scheduler/sched-stats, 2026-11)."""


class Lateness:
    """What the heartbeat has written so far: of beats, of turns, or of stops."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._before = _none()

    def of_turns(self) -> Lateness:
        """Of the same process: its event loop's turns, by their processor time."""
        return Lateness(self.path.with_suffix(_TURNS))

    def of_stops(self) -> Lateness:
        """The same turns by the time in which they stood still."""
        return Lateness(self.path.with_suffix(_STOOD))

    def begin(self) -> None:
        """Count from now on."""
        self._before = self._read()

    def forget(self) -> None:
        """Another process counts from nothing."""
        self.path.unlink(missing_ok=True)
        self.begin()

    def quantile_ms(self, fraction: float) -> int:
        """So late, at the most, were so many of the beats since; 1.0 is for the latest."""
        counts = [now - then for now, then in zip(self._read(), self._before, strict=True)]
        wanted = fraction * sum(counts)
        return next(ms for ms, so_far in enumerate(accumulate(counts)) if so_far >= wanted)

    def more_than(self, ms: int) -> int:
        """How many since were longer."""
        return sum(self._read()[ms + 1 :]) - sum(self._before[ms + 1 :])

    @property
    def row(self) -> str:
        """Three quantiles in words."""
        p50, p99, most = map(self.quantile_ms, (0.5, 0.99, 1.0))
        return f"{p50} / {p99} / {most} ms"

    def _read(self) -> array[int]:
        counts = array("Q")
        if self.path.exists():
            counts.frombytes(self.path.read_bytes())
        return counts if len(counts) == _MOST_MS + 1 else _none()


def _none() -> array[int]:
    return array("Q", [0]) * (_MOST_MS + 1)


@dataclass(frozen=True)
class Counts:
    """So many of each millisecond."""

    beats: array[int] = field(default_factory=_none)
    turns: array[int] = field(default_factory=_none)
    stops: array[int] = field(default_factory=_none)


def _time_turns(counts: Counts) -> None:
    """Count from now on what each turn of this thread's event loop takes."""
    waited_s = _waiting_of_this_thread()
    run = asyncio.Handle._run  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType, reportUnknownVariableType, reportAttributeAccessIssue] - each turn goes through it

    def timed(self: asyncio.Handle) -> None:
        began_s, ran_s, waited_before_s = time.perf_counter(), time.thread_time(), waited_s()
        run(self)
        ran_s = time.thread_time() - ran_s
        # Without what the processor was kept from it by others.
        stood_s = time.perf_counter() - began_s - ran_s - (waited_s() - waited_before_s)
        counts.turns[_ms(ran_s)] += 1
        counts.stops[_ms(stood_s)] += 1

    asyncio.Handle._run = timed  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue] - the same


def _ms(seconds: float) -> int:
    return max(0, min(_MOST_MS, int(seconds * 1000)))


def _waiting_of_this_thread() -> Callable[[], float]:
    """How long it has waited for a processor so far, in seconds; where that is told."""
    if not _WAITED.exists():
        # As if it never stood still.
        return time.perf_counter
    descriptor = os.open(_WAITED, os.O_RDONLY)
    return lambda: int(os.pread(descriptor, 100, 0).split()[1]) / 1e9


async def beat(path: Path, counts: Counts) -> None:
    """Count for as long as the process lives."""
    clock = asyncio.get_running_loop().time
    # The first of them comes last: who sees it written anew finds the others written, too.
    files = {path.with_suffix(_TURNS): counts.turns, path.with_suffix(_STOOD): counts.stops}
    files[path] = counts.beats
    beats = 0
    while True:
        due_s = clock() + _EVERY_S
        await asyncio.sleep(_EVERY_S)
        counts.beats[_ms(clock() - due_s)] += 1
        beats += 1
        if beats % _WRITTEN_EVERY == 0:
            for target, counted in files.items():
                part = path.with_suffix(".part")
                part.write_bytes(counted.tobytes())
                part.replace(target)


def packets_left_s(path: Path) -> array[float]:
    """When each voice packet left, on the clock of `time.perf_counter`."""
    left = array("d")
    if (beside := path.with_suffix(_PACKETS)).exists():
        left.frombytes(beside.read_bytes())
    return left


def _note_packets(path: Path) -> None:
    send = VoiceConnectionState.send_packet
    beside = path.with_suffix(_PACKETS).open("ab", buffering=0)

    def noted(self: VoiceConnectionState, packet: bytes) -> None:
        send(self, packet)
        beside.write(struct.pack("d", time.perf_counter()))

    VoiceConnectionState.send_packet = noted


def main() -> int:
    from bot.__main__ import main as run
    from bot.client import MusicGenBot

    file = Path(os.environ[FILE])
    _note_packets(file)
    counts = Counts()
    if os.environ.get(TURNS):
        _time_turns(counts)
    setup_hook = MusicGenBot.setup_hook
    beating: list[asyncio.Task[None]] = []

    async def with_heartbeat(self: MusicGenBot) -> None:
        beating.append(asyncio.create_task(beat(file, counts), name="heartbeat"))
        await setup_hook(self)

    MusicGenBot.setup_hook = with_heartbeat
    return run()


if __name__ == "__main__":
    sys.exit(main())
