"""A certificate for loopback, made at each start: discord.py speaks to voice by TLS alone."""

from __future__ import annotations

import base64
import hashlib
import secrets
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory

from nacl.signing import SigningKey

_DAYS = 30
_INTEGER, _BITS, _BYTES, _OID, _UTF8, _TIME, _SEQUENCE, _SET = 2, 3, 4, 6, 12, 23, 48, 49
_TRUE = b"\x01\x01\xff"
_ED25519 = bytes((48, 5, _OID, 3, 43, 101, 112))
"""AlgorithmIdentifier 1.3.101.112 (RFC 8410)."""
_COMMON_NAME = bytes((_OID, 3, 85, 4, 3))
_KEY_ID, _KEY_USAGE, _OTHER_NAMES, _CONSTRAINTS = 14, 15, 17, 19
"""Extensions below 2.5.29 (RFC 5280, 4.2.1)."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the voice server shows, and the file by which a bot trusts it."""

    server: ssl.SSLContext
    trust_file: Path
    """The roots this machine trusts, and the certificate: for SSL_CERT_FILE of a process."""
    pem: str

    def client(self) -> ssl.SSLContext:
        """What a client in this process connects with."""
        context = ssl.create_default_context()
        context.load_verify_locations(cadata=self.pem)
        return context


@contextmanager
def a_certificate(host: str) -> Generator[Certificate]:
    """Make one for an address of this machine; its files are gone at the end."""
    key = SigningKey.generate()
    pem = _pem("CERTIFICATE", _signed(key, host))
    with TemporaryDirectory(prefix="musicgen-voice-", ignore_cleanup_errors=True) as folder:
        own, trusted = Path(folder, "server.pem"), Path(folder, "trusted.pem")
        # PKCS #8 (RFC 8410, 7): version 0, the algorithm, the seed.
        seed = _der(_BYTES, _der(_BYTES, bytes(key)))
        own.write_text(_pem("PRIVATE KEY", _der(_SEQUENCE, _number(0), _ED25519, seed)) + pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(own)
        own.unlink()
        roots = ssl.get_default_verify_paths().cafile
        before = Path(roots).read_text(errors="replace") if roots else ""
        trusted.write_text(f"{before}\n{pem}")
        yield Certificate(context, trusted, pem)


def _signed(key: SigningKey, host: str) -> bytes:
    """An X.509 certificate of its own, by Ed25519 (RFC 5280, 4.1)."""
    now = datetime.now(UTC)
    public = bytes(key.verify_key)
    # Of two with the same name in one process, OpenSSL takes the first.
    called = f"Playground {public[:8].hex()}".encode()
    name = _der(_SEQUENCE, _der(_SET, _der(_SEQUENCE, _COMMON_NAME, _der(_UTF8, called))))
    content = _der(
        _SEQUENCE,
        _der(0xA0, _number(2)),
        _number(secrets.randbits(62) + 1),
        _ED25519,
        name,
        _der(_SEQUENCE, _time(now - timedelta(days=1)), _time(now + timedelta(days=_DAYS))),
        name,
        _der(_SEQUENCE, _ED25519, _der(_BITS, b"\0" + public)),
        _der(0xA3, _der(_SEQUENCE, *_extensions(public, host))),
    )
    signature = key.sign(content).signature
    return _der(_SEQUENCE, content, _ED25519, _der(_BITS, b"\0" + signature))


def _extensions(public: bytes, host: str) -> list[bytes]:
    """Signs itself, for this address: what a strict reader wants of one that is trusted."""
    key_id = _der(_BYTES, hashlib.sha256(public).digest()[:20])
    names = _der(0x82, b"localhost") + _der(0x87, ip_address(host).packed)
    return [
        _extension(_KEY_ID, key_id),
        _extension(_KEY_USAGE, _der(_BITS, b"\x02\x84"), critical=True),
        _extension(_OTHER_NAMES, _der(_SEQUENCE, names)),
        _extension(_CONSTRAINTS, _der(_SEQUENCE, _TRUE), critical=True),
    ]


def _extension(which: int, value: bytes, *, critical: bool = False) -> bytes:
    name = bytes((_OID, 3, 85, 29, which))
    return _der(_SEQUENCE, name, _TRUE if critical else b"", _der(_BYTES, value))


def _time(moment: datetime) -> bytes:
    return _der(_TIME, moment.strftime("%y%m%d%H%M%SZ").encode())


def _number(value: int) -> bytes:
    return _der(_INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _der(tag: int, *parts: bytes) -> bytes:
    """One value as DER has it: tag, length, content."""
    content = b"".join(parts)
    size = len(content)
    if size < 128:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 128 + len(length))) + length + content


def _pem(kind: str, der: bytes) -> str:
    text = base64.encodebytes(der).decode()
    return f"-----BEGIN {kind}-----\n{text}-----END {kind}-----\n"
