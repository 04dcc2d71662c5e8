"""The bot with a heartbeat: how late its event loop gets to what is due. Run as a module.

Counts go to the file HEARTBEAT_FILE, a 64-bit number for each millisecond of lateness; the last
is for all that is later. So do, to a file beside it, those of the event loop's turns, by the
processor time that each took, whatever else the machine does; and to a third file, as doubles,
the times at which voice packets left.
"""

from __future__ import annotations

import asyncio
import os
import struct
import sys
import time
from array import array
from itertools import accumulate
from pathlib import Path

from discord.voice_state import VoiceConnectionState

FILE = "HEARTBEAT_FILE"
_EVERY_S = 0.02
_WRITTEN_EVERY = 25
_MOST_MS = 5000
_PACKETS, _TURNS = ".packets", ".turns"


class Lateness:
    """What the heartbeat has written so far: of beats, or of turns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._before = array("Q", [0]) * (_MOST_MS + 1)

    def of_turns(self) -> Lateness:
        """Of the same process: its event loop's turns, by their processor time."""
        return Lateness(self.path.with_suffix(_TURNS))

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

    @property
    def row(self) -> str:
        """Three quantiles in words."""
        p50, p99, most = map(self.quantile_ms, (0.5, 0.99, 1.0))
        return f"{p50} / {p99} / {most} ms"

    def _read(self) -> array[int]:
        counts = array("Q")
        if self.path.exists():
            counts.frombytes(self.path.read_bytes())
        return counts if len(counts) == _MOST_MS + 1 else array("Q", [0]) * (_MOST_MS + 1)


def _time_turns() -> array[int]:
    """Count from now on what each turn of the event loop takes of the processor, in ms."""
    turns = array("Q", [0]) * (_MOST_MS + 1)
    run = asyncio.Handle._run  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType, reportUnknownVariableType, reportAttributeAccessIssue] - each turn goes through it

    def timed(self: asyncio.Handle) -> None:
        began_s = time.thread_time()
        run(self)
        turns[min(_MOST_MS, int((time.thread_time() - began_s) * 1000))] += 1

    asyncio.Handle._run = timed  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue] - the same
    return turns


async def beat(path: Path, turns: array[int]) -> None:
    """Count for as long as the process lives."""
    counts = array("Q", [0]) * (_MOST_MS + 1)
    clock = asyncio.get_running_loop().time
    beats = 0
    while True:
        due_s = clock() + _EVERY_S
        await asyncio.sleep(_EVERY_S)
        counts[min(_MOST_MS, int((clock() - due_s) * 1000))] += 1
        beats += 1
        if beats % _WRITTEN_EVERY == 0:
            for target, counted in ((path, counts), (path.with_suffix(_TURNS), turns)):
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
    turns = _time_turns()
    setup_hook = MusicGenBot.setup_hook
    beating: list[asyncio.Task[None]] = []

    async def with_heartbeat(self: MusicGenBot) -> None:
        beating.append(asyncio.create_task(beat(file, turns), name="heartbeat"))
        await setup_hook(self)

    MusicGenBot.setup_hook = with_heartbeat
    return run()


if __name__ == "__main__":
    sys.exit(main())
