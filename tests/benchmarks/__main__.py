"""python -m tests.benchmarks [acknowledge | startup | line | flight]: measure, print tables."""

from __future__ import annotations

import argparse
import asyncio
import sys

from tests.benchmarks import acknowledge, flight, line, startup

BENCHMARKS = {
    "acknowledge": acknowledge.measure,
    "startup": startup.measure,
    "line": line.measure,
    "flight": flight.measure,
}


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("name", nargs="*", choices=[[], *BENCHMARKS], help="all when left out")
    names: list[str] = parser.parse_args().name or list(BENCHMARKS)
    for name in names:
        async for part in BENCHMARKS[name]():
            sys.stdout.write(part + "\n")
            sys.stdout.flush()
        sys.stdout.write("\n")


asyncio.run(main())
