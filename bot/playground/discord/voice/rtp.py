"""Voice packets: RTP, and the encryption that Discord lays around its payload."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import nacl.bindings
from nacl.exceptions import CryptoError

AES_GCM, XCHACHA20 = "aead_aes256_gcm_rtpsize", "aead_xchacha20_poly1305_rtpsize"
"""Transport encryption modes (docs: topics/voice-connections); the first where the machine can."""
KEY_BYTES = 32
SAMPLES_PER_S = 48_000
_NONCE_BYTES, _TAG_BYTES = 4, 16
"""What stands behind the encrypted payload, and what it holds of its own."""
_FIXED = struct.Struct(">BBHII")
_EXTENSION = struct.Struct(">HH")
_VERSION = 2
_OPUS = 0x78
"""Discord's payload type."""
_REPORT, _REPORT_WORDS = 201, 7
_Cipher = Callable[[bytes, bytes, bytes, bytes], bytes]


@dataclass(frozen=True, slots=True)
class _Mode:
    seal: _Cipher
    open: _Cipher
    nonce_bytes: int


_MODES = {
    AES_GCM: _Mode(
        nacl.bindings.crypto_aead_aes256gcm_encrypt,
        nacl.bindings.crypto_aead_aes256gcm_decrypt,
        12,
    ),
    XCHACHA20: _Mode(
        nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt,
        nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt,
        24,
    ),
}


class NotVoice(Exception):
    """A packet that is not RTP with Opus in it, or is not encrypted with this key."""


@dataclass(frozen=True, slots=True)
class Packet:
    """20 ms of Opus, as it came."""

    sequence: int
    timestamp: int
    """In samples of 48,000 a second."""
    ssrc: int
    payload: bytes
    arrived_s: float
    """On a clock that never goes back."""


@cache
def modes() -> tuple[str, ...]:
    """The transport encryption modes on offer, the preferred one first."""
    try:
        _MODES[AES_GCM].seal(b"", b"", bytes(12), bytes(KEY_BYTES))
    except (CryptoError, RuntimeError):
        return (XCHACHA20,)
    return AES_GCM, XCHACHA20


def ssrc_of(data: bytes) -> int:
    """Whose a packet says it is.

    Raises:
        NotVoice: it is no RTP packet.
    """
    if len(data) < _FIXED.size + _NONCE_BYTES + _TAG_BYTES:
        raise NotVoice("it is too short")
    first, kind, _, _, ssrc = _FIXED.unpack_from(data)
    if first >> 6 != _VERSION or kind & 0x7F != _OPUS:
        raise NotVoice("it is no RTP with Opus")
    return int(ssrc)


def opened(data: bytes, mode: str, key: bytes, arrived_s: float) -> Packet:
    """The packet with its payload decrypted.

    In the modes whose names end in "rtpsize" the header stays readable, to an extension's own
    header, and is authenticated; the nonce is the packet's last 4 bytes.

    Raises:
        NotVoice: as its name says.
    """
    ssrc = ssrc_of(data)
    first, _, sequence, timestamp, _ = _FIXED.unpack_from(data)
    clear_bytes = _FIXED.size + 4 * (first & 0x0F)
    extended_bytes = 0
    if first & 0x10:
        if len(data) < clear_bytes + _EXTENSION.size:
            raise NotVoice("it ends within its header")
        extended_bytes = 4 * int(_EXTENSION.unpack_from(data, clear_bytes)[1])
        clear_bytes += _EXTENSION.size
    cipher = _MODES[mode]
    nonce = data[-_NONCE_BYTES:].ljust(cipher.nonce_bytes, b"\0")
    try:
        plain = cipher.open(data[clear_bytes:-_NONCE_BYTES], data[:clear_bytes], nonce, key)
    except (CryptoError, ValueError) as error:
        raise NotVoice("it is not encrypted with this key") from error
    return Packet(sequence, timestamp, ssrc, plain[extended_bytes:], arrived_s)


def discovered(data: bytes, ssrc: int, host: str, port: int) -> bytes | None:
    """The answer to an IP discovery packet: where it came from; None if it is none of this one's.

    (docs: topics/voice-connections, IP Discovery)
    """
    asked = struct.pack(">HHI", 1, 70, ssrc)
    if len(data) != 74 or not data.startswith(asked):
        return None
    return struct.pack(">HHI64sH", 2, 70, ssrc, host.encode(), port)


def sealed(header: bytes, plain: bytes, mode: str, key: bytes, counter: int) -> bytes:
    """A packet as `opened` reads it; `counter` is used once with a key."""
    cipher = _MODES[mode]
    nonce = struct.pack(">I", counter)
    padded = nonce.ljust(cipher.nonce_bytes, b"\0")
    return header + cipher.seal(plain, header, padded, key) + nonce


def report(heard: Packet, mode: str, key: bytes, counter: int) -> bytes:
    """An RTCP receiver report of one source, none of whose packets were lost (RFC 3550, 6.4.2)."""
    header = struct.pack(">BBHI", _VERSION << 6 | 1, _REPORT, _REPORT_WORDS, 0)
    block = struct.pack(">IIIIII", heard.ssrc, 0, heard.sequence, 0, 0, 0)
    return sealed(header, block, mode, key, counter)
