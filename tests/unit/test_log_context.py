"""A log line names the generation that it is about, whoever writes it."""

from __future__ import annotations

import asyncio
import io
import logging

from bot.host.log_context import AboutGeneration, about
from bot.logs import SecretlessFormatter


async def test_each_task_names_its_own() -> None:
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(SecretlessFormatter(()))
    handler.addFilter(AboutGeneration())
    log = logging.getLogger("somewhere")
    log.setLevel(logging.INFO)
    log.addHandler(handler)

    async def work(name: str) -> None:
        await asyncio.sleep(0)
        log.info("done with %s", name)

    with about("first"):
        first = asyncio.create_task(work("one"))
    with about("second"):
        second = asyncio.create_task(work("two"))
        log.info("begun")
    log.info("about nothing")
    await asyncio.gather(first, second)
    log.removeHandler(handler)
    told = [line.partition(" somewhere: ")[2] for line in lines.getvalue().splitlines()]
    assert told == [
        "generation second: begun",
        "about nothing",
        "generation first: done with one",
        "generation second: done with two",
    ]
