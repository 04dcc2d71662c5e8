"""Names of hosts, as far as they lead to the public internet."""

from __future__ import annotations

import errno
import socket
from ipaddress import ip_address

from aiohttp.abc import ResolveResult
from yarl import URL

from bot.network.public_addresses import NotPublic, is_public
from bot.network.resolver import Resolver

_INSIDE = frozenset(
    (
        *("arpa", "corp", "home", "internal", "intranet", "invalid", "lan", "local"),
        *("localdomain", "localhost", "onion", "private", "test"),
    )
)
"""Last parts of names that no public host has: RFC 6761, 6762, 8375, 9476, and what networks use
beside these."""


class PublicResolver(Resolver):
    """Knows of public addresses alone."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The public addresses of a name, at least one. Raises `NotPublic` as well."""
        found = await super().resolve(host, port, family)
        if not (public := [result for result in found if is_public(result["host"])]):
            raise NotPublic(errno.EACCES, "no public address")
        return public


async def check_name(url: URL, resolver: Resolver) -> None:
    """Hold the host of an address, which a proxy will look up, against what can be known here.

    Where names cannot be looked up at all, as behind many a proxy, one that looks public passes.

    Raises:
        NotPublic: it lies in a network of somebody's own.
    """
    host = (url.host or "").rstrip(".").casefold()
    if _is_address(host):
        if not is_public(host):
            raise NotPublic(errno.EACCES, "not a public address")
        return
    first, _, last = host.rpartition(".")
    # A last part of digits alone makes it an old way to write an IPv4 address.
    if not first or last in _INSIDE or last.isdigit() or last.startswith("0x"):
        raise NotPublic(errno.EACCES, "not a public name")
    try:
        await resolver.resolve(host, url.port or 0, socket.AF_UNSPEC)
    except NotPublic:
        raise
    except OSError:
        return


def _is_address(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
