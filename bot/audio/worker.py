"""A process that works on audio files for the bot, and may die of them (`bot.audio.worker_pool`).

It takes requests on standard input and answers on standard output, one at a time, each a JSON
object behind its length in four bytes. It ends with its standard input, whatever it is doing: that
closes when the bot dies, however it dies.
"""

from __future__ import annotations

import ctypes
import json
import math
import os
import signal
import sys
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import asdict, is_dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any, BinaryIO

from bot.audio import jobs
from bot.domain.errors import UserError, dump

LENGTH_BYTES = 4
PATH_KEY = "path of a file"
"""The only key of an object that stands for a `Path`."""
_PR_SET_PDEATHSIG = 1
_READER_STACK_BYTES = 256 * 1024
_OUTPUT_MAX_BYTES = 1 << 30
"""No file that we write comes near it."""


def main() -> None:
    """Work until standard input ends.

    Arguments: bytes of memory, CPU seconds a job, niceness, 1 if only when idle else 0.
    """
    memory_bytes, cpu_s, niceness, when_idle = map(int, sys.argv[1:])
    # Ctrl+C and some hosts signal every process; when to stop is the bot's decision.
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    requests: SimpleQueue[bytes] = SimpleQueue()
    threading.stack_size(_READER_STACK_BYTES)
    threading.Thread(target=_read, args=(sys.stdin.buffer, requests), daemon=True).start()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    # What a library prints must not be taken for an answer.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _end_with_the_bot()
    _bound(memory_bytes)
    _stand_behind(niceness, when_idle=bool(when_idle))
    while True:
        request = requests.get()
        _allow_cpu(cpu_s)
        answer = json.dumps(_answer(request), default=_plain).encode()
        answers.write(len(answer).to_bytes(LENGTH_BYTES, "big") + answer)


def _read(stream: BinaryIO, requests: SimpleQueue[bytes]) -> None:
    """Pass requests on; a thread, so that the end is noticed while a file is being decoded."""
    try:
        while len(length := stream.read(LENGTH_BYTES)) == LENGTH_BYTES:
            requests.put(stream.read(int.from_bytes(length, "big")))
    finally:
        # Where it is a socket, a bot that was killed resets it.
        os._exit(0)


def _answer(request: bytes) -> dict[str, object]:
    try:
        asked = json.loads(request, object_hook=_path)
        return {"result": jobs.JOBS[asked["job"]](*asked["args"], **asked["kwargs"])}
    except UserError as error:
        return {"refused": dump(error)}
    except OSError as error:
        return {"os_error": [error.errno, error.strerror, error.filename]}
    except MemoryError:
        return {"out_of_memory": True}
    except Exception:  # noqa: BLE001 - a stranger's bytes fail in any way at all; told to the bot
        return {"fault": traceback.format_exc()}


def _path(value: dict[str, Any]) -> object:
    return Path(value[PATH_KEY]) if value.keys() == {PATH_KEY} else value


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be told")


def _end_with_the_bot() -> None:
    """End as soon as the bot does, even while this stands still (`WorkerPause`): prctl(2)."""
    if sys.platform == "linux":
        # A sandbox may refuse it.
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))


def _stand_behind(niceness: int, *, when_idle: bool) -> None:
    """Leave processors to other processes, as far as the system knows how."""
    if sys.platform == "win32":
        return
    os.nice(niceness)
    if when_idle and sys.platform == "linux":
        # A sandbox may refuse it.
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _bound(memory_bytes: int) -> None:
    """Bound what can be bounded here; the bot's own limit in time holds everywhere."""
    try:
        import resource
    except ImportError:
        # Windows has none of it.
        return
    # A decoder that crashes is no reason to fill the disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_OUTPUT_MAX_BYTES, _OUTPUT_MAX_BYTES))
    if sys.platform == "linux":
        # macOS refuses this one, or takes it and does nothing.
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def _allow_cpu(cpu_s: int) -> None:
    """Let the next job have so many seconds of a processor; SIGXCPU ends the process then."""
    try:
        import resource
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = math.ceil(time.process_time()) + cpu_s
    resource.setrlimit(
        resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard)
    )


if __name__ == "__main__":
    main()
