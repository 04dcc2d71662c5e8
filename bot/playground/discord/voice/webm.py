"""Opus packets as a WebM stream without an end, for a browser's media source.

(matroska.org: technical/elements; RFC 9559)
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

SILENCE = b"\xf8\xff\xfe"
"""20 ms of Opus in which nothing sounds."""
PACKET_MS = 20
_UNKNOWN_SIZE = b"\x01" + b"\xff" * 7
_KEYFRAME = 0x80
_TRACK = 1


class WebmOpus:
    """Writes one stream, part by part."""

    def __init__(self) -> None:
        self._ms = 0

    @staticmethod
    def header() -> bytes:
        """What every stream begins with."""
        opus = struct.pack("<8sBBHIhB", b"OpusHead", 1, 2, 0, 48_000, 0, 0)
        sound = _element(0xB5, struct.pack(">d", 48_000.0)) + _number(0x9F, 2)
        track = (
            _number(0xD7, _TRACK)
            + _number(0x73C5, _TRACK)
            + _number(0x83, 2)
            + _element(0x86, b"A_OPUS")
            + _element(0x63A2, opus)
            + _element(0xE1, sound)
        )
        names = _element(0x4D80, b"Playground") + _element(0x5741, b"Playground")
        kind = _element(0x4282, b"webm") + _number(0x4287, 4) + _number(0x4285, 2)
        return (
            _element(0x1A45DFA3, kind)
            + bytes.fromhex("18538067")
            + _UNKNOWN_SIZE
            + _element(0x1549A966, _number(0x2AD7B1, 1_000_000) + names)
            + _element(0x1654AE6B, _element(0xAE, track))
        )

    def part(self, packets: Sequence[bytes]) -> bytes:
        """Packets of 20 ms, right behind those before; up to half a minute of them."""
        blocks = [
            _element(0xA3, struct.pack(">BhB", 0x80 | _TRACK, PACKET_MS * n, _KEYFRAME) + packet)
            for n, packet in enumerate(packets)
        ]
        cluster = _element(0x1F43B675, _number(0xE7, self._ms) + b"".join(blocks))
        self._ms += PACKET_MS * len(packets)
        return cluster


def _number(name: int, value: int) -> bytes:
    return _element(name, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def _element(name: int, content: bytes) -> bytes:
    return name.to_bytes((name.bit_length() + 7) // 8, "big") + _size(len(content)) + content


def _size(size: int) -> bytes:
    """A length as EBML writes it; one of which all bits are set would mean that it is unknown."""
    width = size.bit_length() // 7 + 1
    if size == (1 << (7 * width)) - 1:
        width += 1
    return (size | 1 << (7 * width)).to_bytes(width, "big")
