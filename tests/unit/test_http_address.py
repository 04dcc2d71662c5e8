from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from yarl import URL

from bot.network.http_address import http_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://example.com", "https://example.com"),
        ("HTTP://Example.COM:80/a b?c=d#e", "http://example.com/a%20b?c=d#e"),
        ("https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"),
        ("http://[::1]:8080/", "http://[::1]:8080/"),
    ],
)
def test_an_address(text: str, address: str) -> None:
    assert str(http_address(text)) == address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("/b", "https://example.com/b"),
        ("c?d=1", "https://example.com/a/c?d=1"),
        ("//other.example/x", "https://other.example/x"),
        ("http://other.example/x", "http://other.example/x"),
        ("", "https://example.com/a/"),
    ],
)
def test_an_address_beside_another(text: str, address: str) -> None:
    assert str(http_address(text, URL("https://example.com/a/"))) == address


HOSTS = st.text("xn-.a:@[]%0٣ß。/?#\\ ", max_size=20)


@given(st.text() | st.text().map("https://{}".format) | HOSTS.map("http://{}/x".format))
@example("http://xn--/x")
@example("http://[]@/")
@example("http://host:99999/")
def test_any_text_is_an_address_or_none(text: str) -> None:
    try:
        url = http_address(text)
    except ValueError:
        return
    assert url.scheme in {"http", "https"}
    assert url.host
    assert url.port is not None
    assert url.user is None
