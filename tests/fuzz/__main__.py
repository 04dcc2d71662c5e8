"""python -m tests.fuzz --seconds N [--seed S]: feeds broken audio files to the intake.

Ends with exit code 1 when the bot met anything but facts or a typed refusal. Every input that was
more than refused is kept in a folder; which of them crashed a worker is told.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.fuzz.harness import Fuzzer, Tally
from tests.fuzz.originals import originals


def main() -> int:
    """Run it; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-findings"))
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        made = Path(folder) / "originals"
        made.mkdir()
        fuzzer = Fuzzer(arguments.seed, originals(made), Path(folder))
        began_s = time.monotonic()
        ends_at_s = began_s + arguments.seconds
        asyncio.run(fuzzer.run(lambda _: time.monotonic() < ends_at_s))
        took_s = time.monotonic() - began_s
    for finding in fuzzer.tally.findings:
        arguments.keep.mkdir(parents=True, exist_ok=True)
        name = f"{arguments.seed}-{finding.number}.{finding.format}"
        (arguments.keep / name).write_bytes(fuzzer.input(finding.number)[1])
    _tell(fuzzer.tally, took_s, arguments.keep, arguments.seed)
    return 1 if fuzzer.tally.failures else 0


def _tell(tally: Tally, took_s: float, kept: Path, seed: int) -> None:
    lines = [
        f"{tally.inputs.total()} inputs in {took_s:.0f} s, seed {seed}: "
        + ", ".join(f"{count} {name}" for name, count in sorted(tally.inputs.items()))
    ]
    lines += [f"  {count:7} {outcome}" for outcome, count in sorted(tally.outcomes.items())]
    slowest = sorted(tally.slowest_s.items())
    lines.append("slowest: " + ", ".join(f"{step} {took_s:.1f} s" for step, took_s in slowest))
    lines.append(f"largest worker: {tally.largest_bytes / 1e6:.0f} MB")
    kinds = Counter((f.what, f.step, f.format) for f in tally.findings if not f.is_failure)
    lines += [f"{count} of {' '.join(kind)}" for kind, count in kinds.most_common()]
    lines += [f"FAILED: {finding}" for finding in tally.failures]
    if tally.findings:
        lines.append(f"inputs kept in {kept}")
    lines.append(f"failures of the bot: {len(tally.failures)}")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
