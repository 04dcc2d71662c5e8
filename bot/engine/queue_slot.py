"""Where one job stands in the queue, and the slot that it has then."""

from __future__ import annotations

from collections.abc import Callable

from bot.engine.queue import Queue, QueueEntry


class Slot:
    """One job's; what is taken or given up twice is so once."""

    __slots__ = ("_entry", "_key", "_queue", "_user_id")

    def __init__(self, queue: Queue, user_id: int, key: str) -> None:
        self._queue = queue
        self._user_id = user_id
        self._key = key
        self._entry: QueueEntry | None = None

    @property
    def entry(self) -> QueueEntry | None:
        """Where it stands; None for who does not."""
        return self._entry

    def join(self, tell: Callable[[], None], *, now_s: float, is_new: bool) -> QueueEntry:
        """Stand in the queue for a slot; see `Queue.join`."""
        if self._entry is None:
            self._entry = self._queue.join(
                self._user_id, tell, now_s=now_s, is_new=is_new, key=self._key
            )
        return self._entry

    def take(self) -> None:
        """Have a slot, full or not: it runs already."""
        if self._entry is None:
            self._entry = self._queue.take_slot(self._user_id)

    def give_up(self) -> None:
        """Leave the queue, or give the slot to the next one."""
        if self._entry is not None:
            self._queue.leave(self._entry)
            self._entry = None
