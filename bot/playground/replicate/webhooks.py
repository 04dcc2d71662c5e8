"""Pushes what predictions do to whoever asked for it, as Replicate does.

Events are start, output, logs and completed; logs come twice a second at the most. The last one is
sent again until it is taken, for about a minute; the others never. (Replicate's documentation of
webhooks, 2026-04.)
"""

from __future__ import annotations

import hmac
import json
import logging
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from bot.domain.backoff import growing_waits_s
from bot.domain.clock import Clock
from bot.engine.background import BackgroundTasks
from bot.playground.replicate.predictions import Prediction
from bot.playground.replicate.problems import JsonObject

log = logging.getLogger(__name__)

_PREFIX = "whsec_"
_EVERY_S = 0.5
_INSISTS_S = 60.0
_WITHIN = aiohttp.ClientTimeout(total=5.0)


@dataclass(frozen=True, slots=True)
class PushRecord:
    """One push that was sent, as it was sent. `status` is None where nobody answered."""

    event: str
    path: str
    headers: dict[str, str]
    body: bytes
    status: int | None


class Webhooks:
    """Follows predictions that were created with a webhook; `shown` is one as the API shows it."""

    def __init__(
        self,
        clock: Clock,
        session: aiohttp.ClientSession,
        shown: Callable[[Prediction], JsonObject],
    ) -> None:
        self._clock, self._session, self._shown = clock, session, shown
        self._tasks = BackgroundTasks()
        self.sent: list[PushRecord] = []
        self.secret = ""
        self.rotate()

    def rotate(self) -> None:
        """Sign with another key from now on."""
        self.secret = _PREFIX + b64encode(secrets.token_bytes(24)).decode()

    def follow(self, prediction: Prediction) -> None:
        """Push what it does, if that was asked for."""
        if prediction.webhook is not None:
            self._tasks.start(self._follow(prediction), f"webhook of {prediction.id}")

    async def close(self) -> None:
        """Push no more."""
        await self._tasks.close()

    async def _follow(self, prediction: Prediction) -> None:
        has_begun, lines = False, 0
        while not prediction.over.is_set():
            await prediction.news.wait()
            prediction.news.clear()
            if prediction.started_at is not None and not has_begun:
                has_begun = True
                self._push(prediction, "start")
            if len(prediction.log_lines) > lines and not prediction.is_terminal:
                lines = len(prediction.log_lines)
                self._push(prediction, "logs")
            await self._clock.wait(prediction.over, _EVERY_S)
        if prediction.output_file is not None:
            self._push(prediction, "output")
        self._push(prediction, "completed")

    def _push(self, prediction: Prediction, event: str) -> None:
        """Send one event as it is now, without waiting for what sends it."""
        if prediction.webhook is None or event not in prediction.webhook.events:
            return
        body = json.dumps(self._shown(prediction)).encode()
        for _ in range(prediction.script.pushes):
            work = self._send(event, prediction.webhook.address, body)
            self._tasks.start(work, f"{event} of {prediction.id}")

    async def _send(self, event: str, address: str, body: bytes) -> None:
        ends_at_s = self._clock.monotonic() + _INSISTS_S
        message_id = f"msg_{secrets.token_hex(12)}"
        for wait_s in growing_waits_s():
            if await self._is_taken(event, address, message_id, body) or event != "completed":
                return
            if self._clock.monotonic() + wait_s > ends_at_s:
                log.info("a webhook was taken by nobody")
                return
            await self._clock.sleep(wait_s)

    async def _is_taken(self, event: str, address: str, message_id: str, body: bytes) -> bool:
        headers = self._signed(message_id, body)
        status = None
        try:
            async with self._session.post(
                address, data=body, headers=headers, allow_redirects=False, timeout=_WITHIN
            ) as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError) as error:
            log.info("a webhook was not taken: %s", type(error).__name__)
        self.sent.append(PushRecord(event, urlsplit(address).path, headers, body, status))
        return status is not None and 200 <= status <= 299

    def _signed(self, message_id: str, body: bytes) -> dict[str, str]:
        stamp = str(int(self._clock.now().timestamp()))
        key = b64decode(self.secret.removeprefix(_PREFIX))
        signature = hmac.digest(key, f"{message_id}.{stamp}.".encode() + body, "sha256")
        return {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{b64encode(signature).decode()}",
        }
