"""A log line names the generation that it is about, whoever writes it."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
from collections.abc import Callable
from pathlib import Path

from bot.host.log_context import AddSubject, about
from bot.logs import JsonFormatter, SecretlessFormatter


async def test_each_task_names_its_own() -> None:
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(SecretlessFormatter(()))
    handler.addFilter(AddSubject())
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
    with about(jam_id="third", guild_id=7):
        log.info("goes on")
    log.info("about nothing")
    await asyncio.gather(first, second)
    log.removeHandler(handler)
    told = [line.partition(" somewhere: ")[2] for line in lines.getvalue().splitlines()]
    assert told == [
        "generation second: begun",
        "jam third: goes on",
        "about nothing",
        "generation first: done with one",
        "generation second: done with two",
    ]


BY_HAND = re.compile(
    r"log\.(?:debug|info|warning|error|exception)\(\s*\"[^\"]*\b(?:generation|take|jam) %s"
)


def test_no_call_names_its_generation_or_jam_by_hand() -> None:
    assert BY_HAND.search('log.info("the card of jam %s", jam.id)')
    root = Path(__file__).parents[2]
    sources = [*root.glob("bot/**/*.py"), *root.glob("cogs/*.py")]
    assert [str(path) for path in sources if BY_HAND.search(path.read_text())] == []


def logged_as_json(formatter: JsonFormatter, log_it: Callable[[logging.Logger], None]) -> str:
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(formatter)
    handler.addFilter(AddSubject())
    log = logging.getLogger("somewhere")
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    log_it(log)
    log.removeHandler(handler)
    [line] = lines.getvalue().splitlines()
    return line


def test_a_record_as_json() -> None:
    formatter = JsonFormatter(("s3cret",))
    formatter.shard_count = 4
    server = (6 << 22) + 123
    with about("first", server, jam_id="jam1"):
        line = logged_as_json(formatter, lambda log: log.info("with %s\nof \x1b[2J", "s3cret"))
    told = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", told.pop("time"))
    assert told == {
        "level": "INFO",
        "logger": "somewhere",
        "message": "with [hidden]\nof \x1b[2J",
        "generation": "first",
        "jam": "jam1",
        "server": str(server),
        "shard": "2",
    }
    assert line.isprintable()


def test_a_fault_of_ours_as_json_has_its_traceback_without_secrets() -> None:
    def fails(log: logging.Logger) -> None:
        try:
            int("s3cret")
        except ValueError:
            log.exception("met a fault of ours")

    told = json.loads(logged_as_json(JsonFormatter(("s3cret",)), fails))
    assert told["message"] == "met a fault of ours"
    assert told["error"].startswith("Traceback")
    assert "ValueError: " in told["error"]
    assert "[hidden]" in told["error"]
    assert "generation" not in told


def test_a_fault_that_passes_as_json_has_words() -> None:
    formatter = JsonFormatter(())
    formatter.is_fault = lambda error: isinstance(error, OSError)
    formatter.words = lambda _: "nobody answers"

    def fails(log: logging.Logger) -> None:
        try:
            Path("/no/such/file").read_bytes()
        except OSError:
            log.exception("an edit failed")

    told = json.loads(logged_as_json(formatter, fails))
    assert told["message"] == "an edit failed: nobody answers"
    assert "error" not in told
