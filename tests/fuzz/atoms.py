"""MP4 files as the tree that they are."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

FORMATS = frozenset({"m4a", "mp4", "mov", "3gp"})
_CONTAINERS = frozenset(
    (
        *(b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta", b"ilst", b"moof", b"traf"),
        *(b"mvex", b"edts", b"dinf"),
    )
)
_KINDS = sorted(
    (
        *_CONTAINERS,
        *(
            b"ftyp",
            b"tfhd",
            b"trun",
            b"tfdt",
            b"elst",
            b"samr",
            b"sidx",
            b"mfra",
            b"stsc",
            b"mdat",
            b"mvhd",
            b"mdhd",
            b"hdlr",
            b"stsd",
            b"stts",
            b"stsz",
            b"stco",
        ),
        *(b"co64", b"meta", b"esds", b"mp4a", b"alac", b"ac-3", b"free", b"uuid", b"trex"),
    )
)
_DEEPEST = 12


@dataclass
class Atom:
    """A kind, and either bytes or atoms; its size is what it is, unless one is said."""

    kind: bytes
    payload: bytearray = field(default_factory=bytearray)
    atoms: list[Atom] | None = None
    said_size: int | None = None

    def pack(self) -> bytes:
        body = bytes(self.payload) if self.atoms is None else b"".join(a.pack() for a in self.atoms)
        size = len(body) + 8 if self.said_size is None else self.said_size
        if size <= 0xFFFFFFFF:
            return struct.pack(">I4s", size, self.kind) + body
        return struct.pack(">I4sQ", 1, self.kind, size & 0xFFFFFFFFFFFFFFFF) + body


def unpack(data: bytes, depth: int = 0) -> list[Atom]:
    """The atoms of valid data; what is none is the payload of one."""
    atoms: list[Atom] = []
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        end = at + size if 8 <= size <= len(data) - at else len(data)
        body = data[at + 8 : end]
        if kind in _CONTAINERS and depth < _DEEPEST:
            atoms.append(Atom(kind, atoms=unpack(body, depth + 1)))
        else:
            atoms.append(Atom(kind, bytearray(body)))
        at = end
    return atoms


def mutate(data: bytes, random: Random) -> bytes:
    """The same file with something wrong in its tree."""
    top = unpack(data)
    for _ in range(random.randint(1, 4)):
        lists = list(_lists(top))
        siblings = random.choice([atoms for atoms in lists if atoms] or [top])
        if siblings:
            _change(siblings, random.randrange(len(siblings)), random)
    return b"".join(atom.pack() for atom in top)


def _lists(atoms: list[Atom]) -> Iterator[list[Atom]]:
    yield atoms
    for atom in atoms:
        if atom.atoms is not None:
            yield from _lists(atom.atoms)


def _change(atoms: list[Atom], at: int, random: Random) -> None:
    atom = atoms[at]
    match random.randrange(9):
        case 0:
            del atoms[at]
        case 1:
            atoms[at:at] = [atom] * random.choice((1, 2, 50))
        case 2:
            random.shuffle(atoms)
        case 3:
            atom.said_size = random.choice(
                (0, 1, 7, 8, 9, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 40, 1 << 63)
            )
        case 4:
            atom.kind = random.choice(_KINDS)
        case 5:
            atoms.insert(
                at, Atom(b"free", atoms=[Atom(b"free")] * random.choice((1, 3000, 60_000)))
            )
        case 6:
            atoms[at] = _nested(atom, random)
        case 7 if atom.payload:
            del atom.payload[random.randrange(len(atom.payload)) :]
        case _:
            _scratch(atom.payload, random)


def _nested(atom: Atom, random: Random) -> Atom:
    """The atom within others within others: packed, for there may be thousands."""
    data = atom.pack()
    for _ in range(random.choice((1, 10, 300, 3000))):
        kind = random.choice((b"moov", b"meta", b"udta", b"ilst", b"trak"))
        data = struct.pack(">I4s", len(data) + 8, kind) + data
    return Atom(random.choice(_KINDS), bytearray(data))


def _scratch(payload: bytearray, random: Random) -> None:
    for _ in range(random.randint(1, 4)):
        if payload:
            at = random.randrange(min(len(payload), 100))
            size = random.choice((1, 2, 4))
            payload[at : at + size] = random.choice(
                (bytes(size), b"\xff" * size, random.randbytes(size))
            )
