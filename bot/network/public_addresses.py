"""Which addresses lie on the public internet, and so are fit for a stranger to name.

Python's `is_global` is not asked: what it knows depends on the patch release, and it takes an
IPv4 address in an IPv6 one's clothes for a public one. Sources: the IANA special-purpose
registries of IPv4 and IPv6 and the IANA registry of IPv6 address space (2026-04); RFC 4291
(mapped, compatible), RFC 6052 (NAT64), RFC 3056 (6to4), RFC 4380 (Teredo), RFC 5214 (ISATAP).
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_NOT_PUBLIC_V4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # carrier-grade NAT
            "127.0.0.0/8",  # loopback
            "168.63.129.16/32",  # Azure's own services, as its machines see them
            "169.254.0.0/16",  # link-local, and the metadata of clouds
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocol assignments, and the metadata of a cloud
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # relays of 6to4, gone
            "192.168.0.0/16",  # private
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)
_GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")
"""All that is given out so far. Beside it lie loopback, link-local, site-local, unique local,
multicast, discard-only, segment routing, IPv4-compatible and IPv4-translated addresses."""
_NOT_PUBLIC_V6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments; Teredo, among them, is judged by what is in it
            "2001:db8::/32",  # documentation
            "3ffe::/16",  # an experiment, given back
            "3fff::/20",  # documentation
        ),
    )
)
_MAPPED = IPv6Network("::ffff:0:0/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_ISATAP = 0x0000_5EFE
_ISATAP_MASK = 0xFCFF_FFFF
"""Without the two bits that tell whether an interface's id is unique, and a group's."""


class NotPublic(OSError):
    """A connection that would leave the public internet."""


def is_public(host: str) -> bool:
    """Whether an IP address, with or without a zone, is one of the public internet's.

    An IPv6 address that carries IPv4 ones is, when all that a packet to it may end up at are.
    Text that is no address is not public.
    """
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv4Address):
        return _is_public_v4(address)
    carried = _carried(address)
    if carried:
        return all(map(_is_public_v4, carried))
    return (
        address in _GLOBAL_UNICAST_V6
        and not any(address in network for network in _NOT_PUBLIC_V6)
        and not _is_isatap(address)
    )


def _is_public_v4(address: IPv4Address) -> bool:
    return not any(address in network for network in _NOT_PUBLIC_V4)


def _carried(address: IPv6Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses that packets to this one go to, or through."""
    if address in _MAPPED or address in _NAT64:
        return (IPv4Address(address.packed[-4:]),)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    return address.teredo or ()


def _is_isatap(address: IPv6Address) -> bool:
    """Whether a router of its site would hand it on to the IPv4 address in its last 32 bits."""
    return (int(address) >> 32) & _ISATAP_MASK == _ISATAP
