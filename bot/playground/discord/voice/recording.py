"""What a bot has sent to voice channels, as it came, and what of it is still to be heard."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from .rtp import SAMPLES_PER_S, Packet

KEPT = 15_000
"""Packets: five minutes."""
Listener = Callable[[Packet], None]


class Recording:
    """The last packets of one server, and those who hear each as it comes."""

    def __init__(self) -> None:
        self.packets: deque[Packet] = deque(maxlen=KEPT)
        self.count = 0
        """How many there were in all."""
        self.unheard = 0
        """How many came while the bot was muted, or might not speak."""
        self.unreadable = 0
        """How many came that were none, or were not encrypted with its key."""
        self._listeners: set[Listener] = set()

    def add(self, packet: Packet) -> None:
        """Keep one, and let everybody hear it."""
        self.packets.append(packet)
        self.count += 1
        for hear in list(self._listeners):
            hear(packet)

    def listen(self, hear: Listener) -> Callable[[], None]:
        """Have `hear` called with each packet from now on; returns how to stop it."""
        self._listeners.add(hear)
        return lambda: self._listeners.discard(hear)


def lateness_s(packets: Sequence[Packet]) -> list[float]:
    """How much later than the most punctual one each packet came, by their own timestamps.

    Args:
        packets: of one source, sent without a pause.
    """
    if not packets:
        return []
    first = packets[0].timestamp
    early = [p.arrived_s - ((p.timestamp - first) % (1 << 32)) / SAMPLES_PER_S for p in packets]
    return [at - min(early) for at in early]


def spacings_s(packets: Sequence[Packet]) -> list[float]:
    """The time between each packet's coming and the next one's; 20 ms is the norm."""
    return [b.arrived_s - a.arrived_s for a, b in zip(packets, list(packets)[1:], strict=False)]
