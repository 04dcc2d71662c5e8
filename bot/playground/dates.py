"""The `Date` of a stand-in's answers, by the clock that the stand-in lives by."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime

from aiohttp import web


def date_answers(app: web.Application, now: Callable[[], datetime]) -> None:
    """Have every answer of an application say what time it is there."""

    async def date(_: web.Request, answer: web.StreamResponse) -> None:
        answer.headers["Date"] = format_datetime(now(), usegmt=True)

    app.on_response_prepare.append(date)
