"""Where one job stands in the queue, and the seat that it has then."""

from __future__ import annotations

from collections.abc import Callable

from bot.engine.queue import Place, Queue


class Seat:
    """One job's; what is taken or given up twice is so once."""

    __slots__ = ("_place", "_queue", "_user_id")

    def __init__(self, queue: Queue, user_id: int) -> None:
        self._queue = queue
        self._user_id = user_id
        self._place: Place | None = None

    @property
    def place(self) -> Place | None:
        """Where it stands; None for who does not."""
        return self._place

    def join(self, tell: Callable[[], None], *, now_s: float, is_new: bool) -> Place:
        """Stand in the queue for a seat; see `Queue.join`."""
        if self._place is None:
            self._place = self._queue.join(self._user_id, tell, now_s=now_s, is_new=is_new)
        return self._place

    def take(self) -> None:
        """Have a seat, full or not: it runs already."""
        if self._place is None:
            self._place = self._queue.seat(self._user_id)

    def give_up(self) -> None:
        """Let the next one run."""
        if self._place is not None:
            self._queue.leave(self._place)
            self._place = None
