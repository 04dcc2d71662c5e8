"""What opens a door is taken out of each line of the log, in whatever it came there."""

from __future__ import annotations

import logging

import pytest
from aiohttp import ClientHttpProxyError, RequestInfo
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from bot.discord_errors import words
from bot.logs import JsonFormatter, SecretlessFormatter


def refused_by_a_proxy() -> ClientHttpProxyError:
    """As aiohttp tells of it, with the headers that were sent."""
    headers = CIMultiDictProxy(CIMultiDict({"Proxy-Authorization": "Basic dTpodW50ZXIy"}))
    info = RequestInfo(URL("https://discord.com/api"), "CONNECT", headers)
    return ClientHttpProxyError(info, (), status=407, message="Proxy Authentication Required")


@pytest.mark.parametrize("formatter", [SecretlessFormatter, JsonFormatter])
@pytest.mark.parametrize(
    ("said", "secret"),
    [
        (f"{refused_by_a_proxy()!r}", "dTpodW50ZXIy"),
        ("Authorization: Bearer abc.def-ghi_0", "abc.def"),
        ("postgresql://bot:hunter2@host/music", "hunter2"),
        ("http://:hunter2@proxy:3128", "hunter2"),
        ("https://discord.com/api/webhooks/1/aW50ZXJhY3Rpb246MTIzNDU2/x", "aW50ZXJh"),
        ("https://cdn.example/a.wav?ex=1&hm=4eadbeef&x=2", "4eadbeef"),
        ("https://s3.example/out.wav?X-Amz-Signature=4eadbeef", "4eadbeef"),
        ("https://g.example/out.wav?X-Goog-Signature=4eadbeef", "4eadbeef"),
        ("https://discord.com/api/webhooks/1/aW50ZXJhY3Rpb246MTIzNDU2/x?wait=1", "aW50ZXJh"),
        ("AudioAddressBad(address='https://u.example/a.wav?key=4eadbeef')", "4eadbeef"),
        ("a secret of ours", "secret"),
    ],
)
def test_a_secret_is_hidden(formatter: type[SecretlessFormatter], said: str, secret: str) -> None:
    record = logging.LogRecord("bot", logging.INFO, "", 0, "%s", (said,), None)
    line = formatter(("secret",)).format(record)
    assert secret not in line
    assert "[hidden]" in line


def test_what_invites_the_bot_is_told_whole() -> None:
    link = "invite me with https://discord.com/oauth2/authorize?client_id=1&scope=bot"
    assert SecretlessFormatter(()).clean(link) == link


def test_a_proxy_that_refuses_is_told_in_words() -> None:
    assert words(refused_by_a_proxy()) == "HTTP 407, Proxy Authentication Required"
