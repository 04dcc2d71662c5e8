"""What Replicate pushes: whether it is signed by it, and the key that tells.

Source: the official client's webhook.py, and Replicate's documentation of webhooks, read 2026-04.
"""

from __future__ import annotations

import asyncio
import binascii
import hmac
import logging
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.backoff import growing_waits_s
from bot.domain.clock import Clock
from bot.domain.errors import ReplicateError, ReplyBroken
from bot.domain.prediction import Prediction
from bot.replicate.client import ReplicateClient
from bot.replicate.models import read_prediction
from bot.replicate.protocol import decipher
from bot.replicate.transport import brief

log = logging.getLogger(__name__)

MAY_BE_OFF = timedelta(minutes=5)
"""What is older may have been recorded by somebody."""
_PREFIX = "whsec_"
_SCHEME = b"v1,"
_STAMP_MAX_CHARS = 12
_AGAIN_S, _AGAIN_CAP_S = 5.0, 600.0
_RENEWED_EVERY_S = 30.0
"""At most, as anybody may send what is not signed; and soon enough for the last push of a
prediction, which is sent again for a minute."""
PATH = "/webhooks/replicate/"
"""Of the public address; what follows is the id of the generation, which is no secret."""


class Signature(StrEnum):
    """What that of a push is worth."""

    VALID = "valid"
    WRONG = "wrong"
    STALE = "stale"
    """It is right, and too far from now."""
    UNCHECKED = "unchecked"
    """The key is not known yet."""


def signing_key(secret: str) -> bytes:
    """The key in an account's secret.

    Raises:
        ReplyBroken: there is none.
    """
    try:
        key = b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        # Not from its cause, in which the secret stands.
        key = b""
    if not key:
        raise ReplyBroken("the webhooks' secret is no base64")
    return key


def check_signature(
    key: bytes, headers: Mapping[str, str], body: bytes, now: datetime
) -> Signature:
    """Hold a push against the key: its id, its time and its body, byte by byte."""
    webhook_id, stamp, given = (
        headers.get(f"webhook-{name}", "").encode(errors="surrogateescape")
        for name in ("id", "timestamp", "signature")
    )
    signed = b"%b.%b.%b" % (webhook_id, stamp, body)
    expected = b64encode(hmac.digest(key, signed, "sha256"))
    if not any(hmac.compare_digest(expected, one) for one in _signatures(given)):
        return Signature.WRONG
    if not stamp.isdigit() or len(stamp) > _STAMP_MAX_CHARS:
        return Signature.STALE
    off_s = abs(now.timestamp() - int(stamp))
    return Signature.VALID if off_s <= MAY_BE_OFF.total_seconds() else Signature.STALE


def _signatures(given: bytes) -> Iterator[bytes]:
    """Several while the key is being changed; those of other schemes are left out."""
    for one in given.split():
        if one.startswith(_SCHEME):
            yield one.removeprefix(_SCHEME)


def read_pushed(body: bytes) -> Prediction:
    """The prediction that a push consists of. Raises `ReplyBroken`: it is none."""
    return read_prediction(decipher(200, {}, body))


class WebhookKey:
    """The key of the account's webhooks, kept known; and where they are to come."""

    def __init__(self, client: ReplicateClient, clock: Clock, public_url: str) -> None:
        self._client = client
        self._clock = clock
        self._root = public_url.rstrip("/") + PATH
        self._key: bytes | None = None
        self._wanted = asyncio.Event()
        self._wanted.set()

    def address(self, generation_id: str) -> str | None:
        """Where pushes for a generation are to go; None as long as they could not be checked."""
        return None if self._key is None else self._root + generation_id

    def check(self, headers: Mapping[str, str], body: bytes) -> Signature:
        """Hold a push against the key; where that does not fit, it is asked for again."""
        if self._key is None:
            return Signature.UNCHECKED
        found = check_signature(self._key, headers, body, self._clock.now())
        if found is Signature.WRONG:
            self._wanted.set()
        return found

    async def keep_known(self) -> None:
        """Ask for the key at the start, and whenever it may have changed; until it is cancelled."""
        while True:
            await self._clock.wait(self._wanted, None)
            self._wanted.clear()
            key = await self._ask()
            if self._key is None:
                log.info("Replicate is asked to push to %s", self._root)
            elif self._key != key:
                log.info("the key of Replicate's webhooks has changed")
            self._key = key
            await self._clock.sleep(_RENEWED_EVERY_S)

    async def _ask(self) -> bytes:
        waits_s = growing_waits_s(_AGAIN_S, _AGAIN_CAP_S)
        while True:
            try:
                return signing_key(await self._client.webhook_secret())
            except ReplicateError as error:
                log.warning("the key of Replicate's webhooks cannot be had: %s", brief(error))
            await self._clock.sleep(next(waits_s))
