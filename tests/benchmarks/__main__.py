"""python -m tests.benchmarks [one of them [size]].

One of acknowledge, startup, burst, line, limits, evening, voice, statements and flight; burst,
line and flight have sizes.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from functools import partial

from tests.benchmarks import (
    acknowledge,
    burst,
    evening,
    flight,
    limits,
    line,
    startup,
    statements,
    voice,
)

SIZED = {"burst": burst.measure, "line": line.measure, "flight": flight.measure}
BENCHMARKS = {
    "acknowledge": acknowledge.measure,
    "startup": startup.measure,
    "burst": burst.measure,
    "line": line.measure,
    "limits": limits.measure,
    "evening": evening.measure,
    "voice": voice.measure,
    "statements": statements.measure,
    "flight": flight.measure,
}


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("name", nargs="?", choices=[*BENCHMARKS], help="all when left out")
    parser.add_argument("size", nargs="*", type=int, help="how many generations")
    arguments = parser.parse_args()
    chosen = BENCHMARKS
    if arguments.name is not None:
        chosen = {arguments.name: BENCHMARKS[arguments.name]}
    if arguments.size:
        if arguments.name not in SIZED:
            parser.error(f"only {', '.join(SIZED)} have sizes")
        chosen = {arguments.name: partial(SIZED[arguments.name], arguments.size)}
    for measure in chosen.values():
        async for part in measure():
            sys.stdout.write(part + "\n")
            sys.stdout.flush()
        sys.stdout.write("\n")


asyncio.run(main())
