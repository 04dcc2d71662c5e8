"""Which addresses are public: by the registries, whatever clothes they wear."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.network.public_addresses import is_public

PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "168.63.129.15",
    "172.32.0.1",
    "192.0.1.1",
    "223.255.255.254",
    "2606:4700:4700::1111",
    "2a00:1450:4001:81b::200e",
    "2620:4f:8000::1",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
]
NOT_PUBLIC = [
    "",
    "localhost",
    "8.8.8",
    "010.0.0.1",
    "169.254.169.254",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
    "192.88.99.1",
    "255.255.255.255",
    "::",
    "::1",
    "::8.8.8.8",
    "::127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:0:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b:1::8.8.8.8",
    "64:ff9b:1:ffff::7f00:1",
    "100::1",
    "100:0:0:1::1",
    "2002:a00:1::",
    "2002:7f00:1::1",
    "2001:0:a00:1::ffff:ffff",
    "2001::1",
    "2001:2::1",
    "2001:10::1",
    "2001:db8::1",
    "2001:470:1f0b::5efe:10.0.0.1",
    "2001:470:1f0b::200:5efe:10.0.0.1",
    "2606:4700::5efe:8.8.8.8",
    "2606:4700::300:5efe:8.8.8.8",
    "3ffe::1",
    "3fff::1",
    "3fff:fff:ffff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fe80::5efe:10.0.0.1",
    "fec0::1",
    "feff::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_not_public(address: str) -> None:
    assert not is_public(address)


RANGES_V4 = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
    *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15"),
    *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
)
RANGES_V6 = (
    *("::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "100::/64", "2001:2::/48", "2001:db8::/32"),
    *("3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
)


def within(network: IPv4Network | IPv6Network) -> st.SearchStrategy[IPv4Address | IPv6Address]:
    first, last = int(network.network_address), int(network.broadcast_address)
    kind = type(network.network_address)
    return (st.sampled_from([first, last]) | st.integers(first, last)).map(kind)


CARRIERS = [
    *map(IPv6Network, ("::ffff:0:0/96", "64:ff9b::/96", "2001::/32", "2002::/16")),
]
PRIVATE_V4 = st.sampled_from(RANGES_V4).map(IPv4Network).flatmap(within)
ANY_V4 = st.ip_addresses(v=4)
PREFIXES_64 = st.sampled_from(["2001:470:1f0b::", "2606:4700::", "2a00::", "fe80::"])


@given(PRIVATE_V4)
def test_no_address_of_a_special_range_is_public(address: IPv4Address) -> None:
    assert not is_public(str(address))


@given(st.sampled_from(RANGES_V6).map(IPv6Network).flatmap(within))
def test_nor_one_of_a_special_range_of_ipv6(address: IPv6Address) -> None:
    assert not is_public(str(address))
    assert not is_public(f"{address}%1")


@given(PRIVATE_V4)
def test_nor_one_that_carries_such_an_address(private: IPv4Address) -> None:
    number = int(private)
    carriers = [
        (0xFFFF << 32) | number,
        int(IPv6Address("64:ff9b::")) | number,
        (0x2002 << 112) | number << 80 | 1,
        # Teredo: its server in clear, its client turned over.
        (0x20010000 << 96) | number << 64 | (0xFFFFFFFF ^ 0x08080808),
        (0x20010000 << 96) | 0x08080808 << 64 | (0xFFFFFFFF ^ number),
    ]
    for carrier in carriers:
        assert not is_public(str(IPv6Address(carrier))), IPv6Address(carrier)


@given(PREFIXES_64, st.sampled_from([0x0, 0x200, 0x100, 0x300]), ANY_V4)
def test_isatap_leads_into_a_site(prefix: str, bits: int, inner: IPv4Address) -> None:
    number = int(IPv6Address(prefix)) | bits << 48 | 0x5EFE << 32 | int(inner)
    assert not is_public(str(IPv6Address(number)))


@given(st.ip_addresses())
def test_what_python_knows_as_special_is_never_public(address: IPv4Address | IPv6Address) -> None:
    if any(address in network for network in CARRIERS):
        return
    if not address.is_global or address.is_multicast or address.is_reserved:
        assert not is_public(str(address))


@given(st.text())
def test_any_text_is_judged(text: str) -> None:
    if is_public(text):
        ip_address(text.partition("%")[0])
