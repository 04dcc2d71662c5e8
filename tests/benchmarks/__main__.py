"""python -m tests.benchmarks [acknowledge | startup | flight]: measure, and print a table."""

from __future__ import annotations

import argparse
import asyncio
import sys

from tests.benchmarks import acknowledge, flight, startup

BENCHMARKS = {
    "acknowledge": acknowledge.measure,
    "startup": startup.measure,
    "flight": flight.measure,
}


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("name", nargs="*", choices=[[], *BENCHMARKS], help="all when left out")
    names: list[str] = parser.parse_args().name or list(BENCHMARKS)
    for name in names:
        async for line in BENCHMARKS[name]():
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        sys.stdout.write("\n")


asyncio.run(main())
