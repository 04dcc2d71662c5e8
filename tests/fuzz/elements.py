"""Audio files as the elements they are made of, and the numbers in these.

A file is cut into chunks, pages, blocks, frames or atoms. What is mutated is one of them, or their
order; then their checksums and sizes are made to fit again, or nobody would read on behind them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

Order = str
"""`>` or `<`, as in `struct`."""
_CODES = {1: "B", 2: "H", 4: "I", 8: "Q"}


@dataclass(frozen=True, slots=True)
class Number:
    """A number in an element: where it stands, its bytes, their order."""

    at: int
    size: int
    order: Order = "<"

    def read(self, element: bytes | bytearray) -> int:
        return int(struct.unpack_from(self.order + _CODES[self.size], element, self.at)[0])

    def write(self, element: bytearray, value: int) -> None:
        bits = 8 * self.size
        struct.pack_into(self.order + _CODES[self.size], element, self.at, value & (1 << bits) - 1)


@dataclass
class Anatomy:
    """How one kind of file is taken apart, and what makes it whole again."""

    cut: Callable[[bytes], list[bytes]]
    numbers: Callable[[bytes], list[Number]]
    mend: Callable[[list[bytearray], Random], None] = field(default=lambda _, __: None)


# ------------------------------------------------------------------ RIFF and AIFF


def _cut_chunks(data: bytes, order: Order) -> list[bytes]:
    elements, at = [data[:12]], 12
    while at + 8 <= len(data):
        size = int(struct.unpack_from(order + "I", data, at + 4)[0])
        end = min(len(data), at + 8 + size + (size & 1))
        elements.append(data[at:end])
        at = end
    return [*elements, data[at:]] if at < len(data) else elements


def _chunk_numbers(element: bytes, order: Order) -> list[Number]:
    numbers = [Number(4, 4, order)] if len(element) >= 8 else []
    if element[:4] in {b"data", b"SSND"}:
        return numbers + [Number(at, 4, order) for at in (8, 12) if at + 4 <= len(element)]
    # Of a header, every pair and every four bytes may be a number.
    numbers += [Number(at, 2, order) for at in range(8, min(len(element), 72) - 1, 2)]
    return numbers + [Number(at, 4, order) for at in range(8, min(len(element), 72) - 3, 2)]


def _mend_chunks(elements: list[bytearray], random: Random, order: Order) -> None:
    if random.random() < 0.3:
        return
    for element in elements[1:]:
        if len(element) >= 8 and random.random() < 0.5:
            struct.pack_into(order + "I", element, 4, len(element) - 8)
    if elements and len(elements[0]) >= 8:
        size = sum(map(len, elements)) - 8
        struct.pack_into(order + "I", elements[0], 4, size & 0xFFFFFFFF)


def _chunks(order: Order) -> Anatomy:
    return Anatomy(
        lambda data: _cut_chunks(data, order),
        lambda element: _chunk_numbers(element, order),
        lambda elements, random: _mend_chunks(elements, random, order),
    )


# ------------------------------------------------------------------ Ogg


def _table(polynomial: int, bits: int) -> list[int]:
    top, mask = 1 << bits - 1, (1 << bits) - 1
    table: list[int] = []
    for byte in range(256):
        value = byte << bits - 8
        for _ in range(8):
            value = (value << 1 ^ polynomial if value & top else value << 1) & mask
        table.append(value)
    return table


_CRC32, _CRC16, _CRC8 = _table(0x04C11DB7, 32), _table(0x8005, 16), _table(0x07, 8)


def crc32_of_ogg(data: bytes | bytearray) -> int:
    value = 0
    for byte in data:
        value = (value << 8 & 0xFFFFFFFF) ^ _CRC32[value >> 24 ^ byte]
    return value


def crc16_of_flac(data: bytes | bytearray) -> int:
    value = 0
    for byte in data:
        value = (value << 8 & 0xFFFF) ^ _CRC16[value >> 8 ^ byte]
    return value


def crc8_of_flac(data: bytes | bytearray) -> int:
    value = 0
    for byte in data:
        value = _CRC8[value ^ byte]
    return value


def _cut_pages(data: bytes) -> list[bytes]:
    elements: list[bytes] = []
    at = 0
    while data[at : at + 4] == b"OggS" and at + 27 <= len(data):
        lacing = data[at + 27 : at + 27 + data[at + 26]]
        end = min(len(data), at + 27 + len(lacing) + sum(lacing))
        elements.append(data[at:end])
        at = end
    return [*elements, data[at:]] if at < len(data) else elements


def _page_numbers(element: bytes) -> list[Number]:
    if len(element) < 28:
        return []
    segments = element[26]
    head = [Number(4, 1), Number(5, 1), Number(6, 8), Number(14, 4), Number(18, 4), Number(26, 1)]
    lacing = [Number(at, 1) for at in range(27, min(27 + segments, len(element)))]
    body = 27 + segments
    # Of a header packet, everything; of audio, how it begins.
    is_header = element[body + 1 : body + 7] == b"vorbis" or element[body : body + 4] == b"Opus"
    most = min(len(element), body + (200 if is_header else 4))
    wide = range(body, most - 3) if is_header else range(0)
    return (
        head + lacing + [Number(at, 1) for at in range(body, most)] + [Number(at, 4) for at in wide]
    )


def _mend_pages(elements: list[bytearray], random: Random) -> None:
    if random.random() < 0.05:
        return
    for element in elements:
        if element.startswith(b"OggS") and len(element) >= 27:
            element[22:26] = bytes(4)
            struct.pack_into("<I", element, 22, crc32_of_ogg(element))


# ------------------------------------------------------------------ FLAC

_FLAC_HEAD = 4


def _cut_flac(data: bytes) -> list[bytes]:
    start = data.find(b"fLaC")
    if start < 0:
        return [data]
    elements, at = [data[: start + 4]], start + 4
    last = False
    while not last and at + _FLAC_HEAD <= len(data):
        last = bool(data[at] & 0x80)
        end = min(len(data), at + _FLAC_HEAD + int.from_bytes(data[at + 1 : at + 4], "big"))
        elements.append(data[at:end])
        at = end
    return elements + list(_flac_frames(data, at))


def _flac_frames(data: bytes, at: int) -> Iterator[bytes]:
    """A frame ends where the checksum in its last two bytes fits, and another begins."""
    found = at
    while (found := data.find(b"\xff\xf8", found + 1)) >= 0:
        if crc16_of_flac(data[at:found]) == 0:
            yield data[at:found]
            at = found
    if at < len(data):
        yield data[at:]


def _is_flac_frame(element: bytes | bytearray) -> bool:
    return len(element) > 8 and element[0] == 0xFF and element[1] & 0xFC == 0xF8


def _flac_numbers(element: bytes) -> list[Number]:
    if _is_flac_frame(element):
        return [Number(at, 1) for at in range(1, min(len(element) - 2, 24))]
    numbers = [Number(0, 1), Number(2, 2, ">")] if len(element) >= 4 else []
    numbers += [Number(at, 1) for at in range(1, min(len(element), 64))]
    return numbers + [Number(at, 4, ">") for at in range(4, min(len(element), 64) - 3)]


def _mend_flac(elements: list[bytearray], random: Random) -> None:
    if random.random() < 0.05:
        return
    for element in elements:
        if _is_flac_frame(element):
            head = _flac_head_bytes(element)
            if head < len(element) - 2:
                element[head] = crc8_of_flac(element[:head])
            struct.pack_into(">H", element, len(element) - 2, crc16_of_flac(element[:-2]))


def _flac_head_bytes(element: bytearray) -> int:
    """Where the checksum of a frame's header stands (RFC 9639, 9.1)."""
    lead = element[4]
    number = max(1, next((bit for bit in range(8) if not lead & 0x80 >> bit), 8))
    block = {6: 1, 7: 2}.get(element[2] >> 4, 0)
    rate = {12: 1, 13: 2, 14: 2}.get(element[2] & 15, 0)
    return 4 + number + block + rate


# ------------------------------------------------------------------ MP3

_MPEG_KBPS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG2_KBPS = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MPEG_HZ = (44_100, 48_000, 32_000)


def _cut_mp3(data: bytes) -> list[bytes]:
    elements: list[bytes] = []
    at = 0
    while at < len(data):
        end = min(len(data), max(at + 1, at + _mp3_length(data, at)))
        if elements and end == at + 1:
            elements[-1] += data[at:end]
        else:
            elements.append(data[at:end])
        at = end
    return elements


def _mp3_length(data: bytes, at: int) -> int:
    head = data[at : at + 10]
    if head[:3] == b"ID3" and len(head) == 10:
        return 10 + sum((byte & 0x7F) << 7 * (3 - i) for i, byte in enumerate(head[6:10]))
    if head[:3] == b"TAG":
        return 128
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return 1
    rates, scale = (_MPEG_KBPS, 144) if head[1] & 0x08 else (_MPEG2_KBPS, 72)
    bits, hertz = head[2] >> 4, head[2] >> 2 & 3
    if bits == 15 or hertz == 3:
        return 1
    rate = _MPEG_HZ[hertz] >> {3: 0, 2: 1, 0: 2}.get(head[1] >> 3 & 3, 0)
    return scale * rates[bits] * 1000 // rate + (head[2] >> 1 & 1)


def _mp3_numbers(element: bytes) -> list[Number]:
    numbers = [Number(at, 1) for at in range(min(len(element), 60))]
    if element[:3] == b"ID3" or b"Xing" in element or b"Info" in element:
        numbers += [Number(at, 4, ">") for at in range(4, min(len(element), 60) - 3)]
    return numbers


# ------------------------------------------------------------------ AAC, AMR, Matroska

_AMR_BYTES = (13, 14, 16, 18, 20, 21, 27, 32, 6)
_EBML_MASTERS = frozenset(
    map(
        bytes.fromhex,
        ("18538067", "1654ae6b", "ae", "e0", "e1", "1f43b675", "114d9b74", "1c53bb6b"),
    )
)


def _cut_frames(data: bytes, head: int, length: Callable[[bytes], int]) -> list[bytes]:
    elements, at = [data[:head]] if head else [], head
    while at < len(data):
        end = at + max(1, length(data[at : at + 7]))
        elements.append(data[at:end])
        at = end
    return elements


def _adts_length(head: bytes) -> int:
    return (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5 if len(head) == 7 else len(head)


def _amr_length(head: bytes) -> int:
    mode = head[0] >> 3 & 15
    return _AMR_BYTES[mode] if mode < len(_AMR_BYTES) else 1


def _cut_ebml(data: bytes) -> list[bytes]:
    """The elements, of those that hold others the head alone (RFC 8794)."""
    elements: list[bytes] = []
    at = 0
    while at + 2 <= len(data):
        name = 9 - data[at].bit_length()
        if name > 4 or at + name >= len(data) or not data[at + name]:
            break
        width = 9 - data[at + name].bit_length()
        body = at + name + width
        size = int.from_bytes(data[at + name : body], "big") & (1 << 7 * width) - 1
        end = body if data[at : at + name] in _EBML_MASTERS else min(len(data), body + size)
        elements.append(data[at:end])
        at = end
    return [*elements, data[at:]] if at < len(data) else elements


def _first_bytes(element: bytes) -> list[Number]:
    return [Number(at, 1) for at in range(min(len(element), 24))]


ANATOMIES = {
    "aac": Anatomy(lambda data: _cut_frames(data, 0, _adts_length), _first_bytes),
    "amr": Anatomy(lambda data: _cut_frames(data, 6, _amr_length), _first_bytes),
    "webm": Anatomy(_cut_ebml, _first_bytes),
    "mkv": Anatomy(_cut_ebml, _first_bytes),
    "wav": _chunks("<"),
    "aiff": _chunks(">"),
    "ogg": Anatomy(_cut_pages, _page_numbers, _mend_pages),
    "opus": Anatomy(_cut_pages, _page_numbers, _mend_pages),
    "flac": Anatomy(_cut_flac, _flac_numbers, _mend_flac),
    "mp3": Anatomy(_cut_mp3, _mp3_numbers),
}
