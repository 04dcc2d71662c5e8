"""Several servers as one: which takes the next run, which are down, and which reach us."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bot.cog.answers import Answer, Down, Loading, Taken, read_json
from bot.cog.server import CogServer
from bot.domain.clock import Clock
from bot.domain.errors import ReplicateError
from bot.domain.errors.servers import ServersBusy, ServersDown
from bot.host.threads import TRACKS
from bot.host.whole_files import whole_file

log = logging.getLogger(__name__)

_BUSY_AGAIN_S = 2.0
_LOADING_AGAIN_S = 3.0
_DOWN_AGAIN_S = 5.0
"""How long after a look at those that are down the next one comes."""


class Fleet:
    """The servers, in their owner's order.

    `port` is where their webhooks may come to, None where nothing listens; at `webhook_url`, or
    where that is None at the address that we reach each of them from.
    """

    def __init__(
        self,
        servers: Sequence[CogServer],
        clock: Clock,
        folder: Path,
        port: int | None = None,
        webhook_url: str | None = None,
    ) -> None:
        self.servers = tuple(servers)
        self._clock = clock
        self._port, self._webhook_url = port, webhook_url
        self._path = folder / "reached.txt"
        self._reached: dict[str, str] = {}
        self.runs = Counter[str]()
        """How many of ours each server has now, by its address."""

    def get(self, url: str) -> CogServer:
        """The server at an address; the first one where that is no longer among them."""
        return next((one for one in self.servers if one.url == url), self.servers[0])

    def in_order(self) -> list[CogServer]:
        """Whom to ask next: all that are up, or else all; the one with fewest runs first."""
        up = [one for one in self.servers if not one.is_down]
        return sorted(up or self.servers, key=lambda one: self.runs[one.url])

    def has_another_than(self, server: CogServer) -> bool:
        """Whether there is another server that is up."""
        return any(one is not server and not one.is_down for one in self.servers)

    async def watch(self) -> None:
        """See whether those that are down are back: nobody's run waits for a dead one to answer."""
        while True:
            await self._clock.sleep(_DOWN_AGAIN_S)
            await asyncio.gather(*(self._look_at(one) for one in self.servers if one.is_down))

    async def _look_at(self, server: CogServer) -> None:
        if (await server.health()).status is not None:
            self.met(server, None)

    def met(self, server: CogServer, answer: Answer | None) -> None:
        """Note what an answer says of the server's health; a change is logged."""
        if isinstance(answer, Down):
            if not server.is_down:
                others = sum(not one.is_down for one in self.servers) - 1
                rest = f"; {others} of {len(self.servers)} go on" if len(self.servers) > 1 else ""
                log.warning("the Cog server %s is down: %s%s", server.url, answer.why, rest)
            server.is_down = True
            # Another image may answer there next.
            server.is_coglet, server.has_schema = None, False
        elif server.is_down:
            server.is_down = False
            log.info("the Cog server %s is back", server.url)

    def told(self) -> str:
        """How the servers do, in a line."""
        down = [one.url for one in self.servers if one.is_down]
        return "ok" if not down else f"down: {', '.join(down)}"

    # ------------------------------------------------------------------ webhooks

    async def hook_base(self, server: CogServer) -> str | None:
        """The address that a server's webhooks are to come to; None where there is none."""
        if self._port is None:
            return None
        if self._webhook_url is not None:
            return self._webhook_url
        try:
            return f"http://{await server.local_address()}:{self._port}"
        except (OSError, TimeoutError):
            return None

    async def load(self) -> None:
        """Remember which servers have reached us in an earlier start."""
        try:
            value = read_json(await TRACKS.run(self._path.read_bytes))
        except OSError:
            return
        if isinstance(value, dict):
            self._reached = {url: str(base) for url, base in value.items()}

    def reaches(self, server: CogServer, base: str) -> bool:
        """Whether a webhook of this server has come to this address of ours."""
        return self._reached.get(server.url) == base

    async def learn(self, server: CogServer, base: str | None) -> None:
        """A webhook of this server has come to `base`; None: one that was due has not."""
        if self._reached.get(server.url) == base:
            return
        if base is None:
            del self._reached[server.url]
            log.warning("no webhook of the Cog server %s arrives any more", server.url)
        else:
            self._reached[server.url] = base
            log.info("the Cog server %s reaches this bot at %s", server.url, base)
        await TRACKS.run(self._write)

    def _write(self) -> None:
        with whole_file(self._path) as draft:
            draft.write_text(json.dumps(self._reached))


def worst_of(answers: Sequence[Answer]) -> ReplicateError:
    """Why no server has taken a run: the reason that passes soonest."""
    if any(isinstance(answer, Taken) for answer in answers):
        return ServersBusy(_BUSY_AGAIN_S)
    if any(isinstance(answer, Loading) for answer in answers):
        return ServersBusy(_LOADING_AGAIN_S, loading=True)
    return ServersDown()
