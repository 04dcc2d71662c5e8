"""Only what Replicate has signed lately is believed, and only with the key of now."""

from __future__ import annotations

import asyncio
import hmac
import logging
from base64 import b64encode
from datetime import timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from replicate.webhook import Webhooks, WebhookSigningSecret, WebhookValidationError

from bot.domain.clock import Clock
from bot.domain.errors import ReplyBroken, ServiceFault
from bot.replicate.client import ReplicateClient
from bot.replicate.webhooks import (
    Signature,
    WebhookKey,
    check_signature,
    read_pushed,
    signing_key,
)
from tests.fakes import NOON, FakeClock

STAMP = int(NOON.timestamp())
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
"""The example of Svix's documentation, whose scheme it is."""
EXAMPLE_HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
EXAMPLE_BODY = b'{"test": 2432232314}'
EXAMPLE_AT = NOON.fromtimestamp(1614265330, NOON.tzinfo)

keys = st.binary(min_size=1, max_size=64)
words = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)


def signed(
    key: bytes, body: bytes, webhook_id: str = "msg_1", stamp: int = STAMP
) -> dict[str, str]:
    """As the official client reckons it, on its own."""

    content = f"{webhook_id}.{stamp}.".encode() + body
    signature = b64encode(hmac.new(key, content, sha256).digest()).decode()
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": f"v1,{signature}",
    }


def test_the_schemes_own_example_passes() -> None:
    key = signing_key(SECRET)
    assert check_signature(key, EXAMPLE_HEADERS, EXAMPLE_BODY, EXAMPLE_AT) is Signature.VALID
    changed = EXAMPLE_BODY.replace(b"2", b"3")
    assert check_signature(key, EXAMPLE_HEADERS, changed, EXAMPLE_AT) is Signature.WRONG


@given(key=keys, body=st.binary(max_size=200), webhook_id=words, data=st.data())
def test_whatever_is_signed_passes_and_nothing_that_differs_in_a_byte(
    key: bytes, body: bytes, webhook_id: str, data: st.DataObject
) -> None:
    headers = signed(key, body, webhook_id)
    assert check_signature(key, headers, body, NOON) is Signature.VALID
    at = data.draw(st.integers(0, len(body)))
    longer = body[:at] + data.draw(st.binary(min_size=1, max_size=1)) + body[at:]
    assert check_signature(key, headers, longer, NOON) is Signature.WRONG
    if body:
        other = body[: at - 1] + bytes([body[at - 1] ^ data.draw(st.integers(1, 255))]) + body[at:]
        if len(other) == len(body):
            assert check_signature(key, headers, other, NOON) is Signature.WRONG
    others_id = headers | {"webhook-id": f"{webhook_id}x"}
    assert check_signature(key, others_id, body, NOON) is Signature.WRONG
    later = headers | {"webhook-timestamp": str(STAMP + 1)}
    assert check_signature(key, later, body, NOON) is Signature.WRONG
    assert check_signature(key + b"x", headers, body, NOON) is Signature.WRONG


@given(key=keys, headers=st.dictionaries(st.sampled_from(list(EXAMPLE_HEADERS)), st.text()))
def test_no_headers_however_odd_do_more_than_fail(key: bytes, headers: dict[str, str]) -> None:
    assert check_signature(key, headers, b"{}", NOON) is Signature.WRONG


@pytest.mark.parametrize(
    ("off_s", "found"),
    [
        (0, Signature.VALID),
        (300, Signature.VALID),
        (-300, Signature.VALID),
        (301, Signature.STALE),
        (-301, Signature.STALE),
        (10**13, Signature.STALE),
    ],
)
def test_a_recorded_push_is_of_no_use_after_five_minutes(off_s: int, found: Signature) -> None:
    headers = signed(b"key", b"{}", stamp=STAMP + off_s)
    assert check_signature(b"key", headers, b"{}", NOON) is found


@pytest.mark.parametrize(
    ("given_signatures", "found"),
    [
        ("v1,AAAA {right}", Signature.VALID),
        ("{right} v1,AAAA", Signature.VALID),
        ("v2,AAAA {right}", Signature.VALID),
        ("v1,AAAA v1,BBBB", Signature.WRONG),
        ("", Signature.WRONG),
        ("v1,", Signature.WRONG),
        ("{bare}", Signature.WRONG),
        ("v1a,{bare}", Signature.WRONG),
        ("v2,{bare}", Signature.WRONG),
    ],
)
def test_of_several_signatures_one_must_fit(given_signatures: str, found: Signature) -> None:
    headers = signed(b"key", b"{}")
    right = headers["webhook-signature"]
    headers["webhook-signature"] = given_signatures.format(right=right, bare=right[3:])
    assert check_signature(b"key", headers, b"{}", NOON) is found


@given(key=keys, body=st.text(st.characters(codec="utf-8"), min_size=1), webhook_id=words)
def test_the_official_client_agrees(key: bytes, body: str, webhook_id: str) -> None:
    secret = WebhookSigningSecret(key=f"whsec_{b64encode(key).decode()}")
    headers = signed(signing_key(secret.key), body.encode(), webhook_id)
    Webhooks.validate(headers=headers, body=body, secret=secret)
    with pytest.raises(WebhookValidationError):
        Webhooks.validate(headers=headers, body=f"{body}x", secret=secret)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_no base64!", "whsec_ä"])
def test_a_secret_that_is_none_is_not_repeated(secret: str) -> None:
    with pytest.raises(ReplyBroken) as caught:
        signing_key(secret)
    assert caught.value.__context__ is None
    assert "no base64!" not in str(caught.value)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"id": 3}', b'{"id": "../x", "status": "x"}', b"[" * 10_000]
)
def test_what_is_no_prediction_is_refused(body: bytes) -> None:
    with pytest.raises(ReplyBroken):
        read_pushed(body)


class Secrets(ReplicateClient):
    """An account whose secret may be away, and may change."""

    def __init__(self, *answers: str | Exception) -> None:
        super().__init__("https://api.replicate.com", "r8_token")
        self.answers = list(answers)
        self.asked = 0

    async def webhook_secret(self) -> str:
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def secret_of(key: bytes) -> str:
    return f"whsec_{b64encode(key).decode()}"


async def settled(keeping: asyncio.Task[None]) -> None:
    for _ in range(50):
        await asyncio.sleep(0)
    assert not keeping.done()


async def test_nothing_is_ordered_until_it_could_be_checked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = Secrets(ServiceFault(500), ServiceFault(500), secret_of(b"one"))
    clock: Clock = FakeClock()
    key = WebhookKey(client, clock, "https://bot.example.org/music/")
    assert key.address("g") is None
    assert key.check(signed(b"one", b"{}"), b"{}") is Signature.UNCHECKED
    keeping = asyncio.create_task(key.keep_known())
    with caplog.at_level(logging.INFO):
        await settled(keeping)
    assert key.address("g") == "https://bot.example.org/music/webhooks/replicate/g"
    assert "cannot be had: HTTP 500" in caplog.text
    keeping.cancel()


async def test_a_key_is_asked_for_again_when_one_does_not_fit_and_not_for_each(
    caplog: pytest.LogCaptureFixture,
) -> None:
    client, clock = Secrets(secret_of(b"one"), secret_of(b"two")), FakeClock()
    key = WebhookKey(client, clock, "https://bot.example.org")
    keeping = asyncio.create_task(key.keep_known())
    await settled(keeping)
    began_s = clock.monotonic()
    stamp = int(clock.now().timestamp())
    new = signed(b"two", b"{}", stamp=stamp)
    with caplog.at_level(logging.INFO):
        assert [key.check(new, b"{}") for _ in range(100)] == [Signature.WRONG] * 100
        await settled(keeping)
    assert client.asked == 2
    stamp = int(clock.now().timestamp())
    assert key.check(signed(b"two", b"{}", stamp=stamp), b"{}") is Signature.VALID
    assert clock.monotonic() - began_s >= timedelta(seconds=30).total_seconds()
    assert "has changed" in caplog.text
    for secret in (b"one", b"two"):
        assert secret_of(secret) not in caplog.text
    keeping.cancel()
