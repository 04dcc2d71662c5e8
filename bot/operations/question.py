"""A question that is asked only once at a time, however many want its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Generic, TypeVar

_T = TypeVar("_T")


class Question(Generic[_T]):
    """Owns the task that asks; whoever comes meanwhile waits for the same answer.

    A driver may take long to give up what a frozen database does not answer, so it is not broken
    off when somebody has waited long enough.
    """

    def __init__(self, name: str, within_s: float) -> None:
        self._name = name
        self._within_s = within_s
        self._asking: asyncio.Task[_T] | None = None

    async def answer(self, ask: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        """The answer of `ask`, or of an earlier one that is still awaited; raises what it raises.

        Raises:
            TimeoutError: there is none in time.
        """
        if self._asking is None:
            self._asking = asyncio.create_task(ask(), name=self._name)
            self._asking.add_done_callback(self._answered)
        asking = self._asking
        done, _ = await asyncio.wait({asking}, timeout=self._within_s)
        if not done:
            raise TimeoutError
        return asking.result()

    async def close(self) -> None:
        """Let go of a question that nobody waits for any more."""
        if (asking := self._asking) is not None:
            asking.cancel()
            await asyncio.wait({asking}, timeout=self._within_s)

    def _answered(self, asking: asyncio.Task[_T]) -> None:
        self._asking = None
        with suppress(asyncio.CancelledError):
            # Nobody may be left to whom an error is told.
            asking.exception()
