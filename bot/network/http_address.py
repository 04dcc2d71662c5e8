"""Text -> an http(s) address, whatever text it is."""

from __future__ import annotations

from yarl import URL

_SCHEMES = frozenset({"http", "https"})


def http_address(text: str, base: URL | None = None) -> URL:
    """The address, relative to `base` where one is given; it has a host and names no user.

    Raises:
        ValueError: it is no such address; the message does not repeat it.
    """
    try:
        url = URL(text) if base is None else base.join(URL(text))
        # Hosts and ports that cannot be are found out only when they are read.
        fit = url.scheme in _SCHEMES and url.host and url.port is not None
        names_user = url.raw_user is not None or url.raw_password is not None
    except Exception as error:
        # Beside ValueErrors of many kinds, yarl 1.25 lets IndexErrors through ("http://[]@/").
        raise ValueError("not an address") from error
    if not fit:
        raise ValueError("not an http or https address with a host")
    if names_user:
        raise ValueError("an address with a user or password")
    return url
