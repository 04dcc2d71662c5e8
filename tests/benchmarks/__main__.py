"""python -m tests.benchmarks [one of them [size]].

One of acknowledge, startup, line, limits, evening, voice, statements and flight; only flight has
sizes.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from functools import partial

from tests.benchmarks import acknowledge, evening, flight, limits, line, startup, statements, voice

BENCHMARKS = {
    "acknowledge": acknowledge.measure,
    "startup": startup.measure,
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
    parser.add_argument("size", nargs="*", type=int, help="of flights: how many generations")
    arguments = parser.parse_args()
    chosen = BENCHMARKS
    if arguments.name is not None:
        chosen = {arguments.name: BENCHMARKS[arguments.name]}
    if arguments.size:
        chosen = {"flight": partial(flight.measure, arguments.size)}
    for measure in chosen.values():
        async for part in measure():
            sys.stdout.write(part + "\n")
            sys.stdout.flush()
        sys.stdout.write("\n")


asyncio.run(main())
