"""The playground's bot as a process: started, started again whenever it ends, killed when asked."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from bot.domain.backoff import growing_waits_s

EXIT_SETTINGS = 2
"""The bot's own word for settings that no new start mends."""
PLUG_PULLED = "Somebody pulled the plug on the bot. It starts again."
_UNPLUGGED_S = 2.0
"""For people to see that it is gone."""
_STOP_DEADLINE_S = 8.0
_LASTED_S = 60.0
"""A start that went well for so long: the next death is not the last one's."""
_IS_WINDOWS = sys.platform == "win32"
_APART: dict[str, Any] = (
    {"creationflags": vars(subprocess)["CREATE_NEW_PROCESS_GROUP"]}
    if _IS_WINDOWS
    else {"start_new_session": True}
)
"""Ctrl+C is for the playground, which then ends the bot."""
_ASKS_TO_END: int = vars(signal)["CTRL_BREAK_EVENT"] if _IS_WINDOWS else signal.SIGTERM
"""What Windows calls terminating would be a kill."""


class SupervisedBot:
    """A bot that is always there again. `say` is told in a sentence why it is not, then None."""

    def __init__(
        self,
        environment: Mapping[str, str],
        say: Callable[[str | None], None],
        process: asyncio.subprocess.Process,
    ) -> None:
        self._environment = environment
        self._say = say
        self._process = process
        self._is_unplugged = False

    @classmethod
    async def start(
        cls, environment: Mapping[str, str], say: Callable[[str | None], None]
    ) -> SupervisedBot:
        """Start one."""
        return cls(environment, say, await _started(environment))

    async def keep_running(self) -> int:
        """Start it again whenever it has ended; the exit code of one that no new start mends."""
        waits_s = growing_waits_s()
        while True:
            began_s = time.monotonic()
            code = await self._process.wait()
            if self._is_unplugged:
                wait_s = _UNPLUGGED_S
                self._tell(PLUG_PULLED)
            elif code == EXIT_SETTINGS:
                self._tell("The bot can't start with these settings; what it printed says why.")
                return code
            else:
                if time.monotonic() - began_s > _LASTED_S:
                    waits_s = growing_waits_s()
                wait_s = next(waits_s)
                self._tell(
                    f"The bot has ended by itself ({_words(code)}). "
                    f"It starts again in {wait_s:.0f} s; what it printed may say why."
                )
            await asyncio.sleep(wait_s)
            self._process = await _started(self._environment)
            self._is_unplugged = False
            self._say(None)

    def pull_the_plug(self) -> None:
        """Kill it at once, as a power cut does; nothing is asked of it before."""
        if self._process.returncode is None:
            self._is_unplugged = True
            self._process.kill()

    async def stop(self) -> None:
        """Ask it to end, and kill it if it does not in time."""
        with suppress(ProcessLookupError):
            self._process.send_signal(_ASKS_TO_END)
        try:
            async with asyncio.timeout(_STOP_DEADLINE_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def _tell(self, sentence: str) -> None:
        sys.stdout.write(f"  {sentence}\n")
        sys.stdout.flush()
        self._say(sentence)


async def _started(environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", env=dict(environment), **_APART
    )


def _words(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"
