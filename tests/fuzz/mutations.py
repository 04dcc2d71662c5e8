"""A valid file -> one that is wrong somewhere: reproducibly, from a seed and a number."""

from __future__ import annotations

from random import Random

from tests.fuzz import atoms
from tests.fuzz.elements import ANATOMIES, Anatomy, Number

_LARGEST_BYTES = 2 << 20


def mutate(data: bytes, format_: str, others: list[bytes], random: Random) -> bytes:
    """Change a file of a format; `others` are whole files to take parts from."""
    if format_ in atoms.FORMATS and random.random() < 0.8:
        mutated = atoms.mutate(data, random)
    elif format_ in ANATOMIES and random.random() < 0.9:
        mutated = _mutate_elements(data, ANATOMIES[format_], others, random)
    else:
        mutated = data
    if mutated == data or random.random() < 0.1:
        mutated = _mutate_bytes(mutated, others, random)
    return mutated[:_LARGEST_BYTES]


def _mutate_elements(data: bytes, anatomy: Anatomy, others: list[bytes], random: Random) -> bytes:
    elements = [bytearray(element) for element in anatomy.cut(data) if element]
    for _ in range(random.choice((1, 1, 1, 2, 3, 5))):
        if not elements:
            break
        # What stands at the beginning is what is read most.
        most = len(elements) if random.random() < 0.4 else min(4, len(elements))
        at = random.randrange(most)
        if random.random() < 0.75:
            _change(elements[at], anatomy.numbers(bytes(elements[at])), random)
        else:
            _rearrange(elements, at, anatomy, others, random)
    anatomy.mend(elements, random)
    return b"".join(elements)


def _change(element: bytearray, numbers: list[Number], random: Random) -> None:
    for _ in range(random.choice((1, 1, 2, 4))):
        upload = [number for number in numbers if number.at + number.size <= len(element)]
        if upload and random.random() < 0.7:
            number = random.choice(upload)
            number.write(element, _odd_value(number.read(element), number, len(element), random))
        elif element:
            at = random.randrange(len(element))
            match random.randrange(5):
                case 0 | 1:
                    element[at] ^= 1 << random.randrange(8)
                case 2:
                    element[at] = random.randrange(256)
                case 3:
                    del element[at : at + random.choice((1, 2, 4, 100))]
                case _:
                    element[at:at] = random.randbytes(random.choice((1, 2, 4, 100)))


def _odd_value(present: int, number: Number, size: int, random: Random) -> int:
    bits = 8 * number.size
    return random.choice(
        (
            *(0, 1, 2, 3, 8, 255, 256, size, size - 8, 44_100, 192_000, 384_000, 400_000),
            *((1 << bits) - 1, (1 << bits) - 2, 1 << bits - 1, (1 << bits - 1) - 1),
            *(present + 1, present - 1, present * 2, present // 2, present ^ 0x80),
            *(1 << random.randrange(bits), random.getrandbits(bits)),
        )
    )


def _rearrange(
    elements: list[bytearray], at: int, anatomy: Anatomy, others: list[bytes], random: Random
) -> None:
    match random.randrange(6):
        case 0:
            del elements[at]
        case 1:
            elements[at:at] = [bytearray(elements[at]) for _ in range(random.choice((1, 3, 200)))]
        case 2:
            other = random.randrange(len(elements))
            elements[at], elements[other] = elements[other], elements[at]
        case 3:
            del elements[at + 1 :]
        case 4:
            strangers = [part for part in anatomy.cut(random.choice(others)) if part]
            if strangers:
                elements.insert(at, bytearray(random.choice(strangers)))
        case _:
            elements[at : at + 2] = [bytearray().join(elements[at : at + 2])]


def _mutate_bytes(data: bytes, others: list[bytes], random: Random) -> bytes:
    mutated = bytearray(data)
    at = random.randrange(len(mutated) + 1)
    match random.randrange(5):
        case 0:
            del mutated[at:]
        case 1:
            other = random.choice(others)
            mutated[at:] = other[random.randrange(len(other) + 1) :]
        case 2:
            mutated[at : at + random.choice((1, 16, 1000))] = b""
        case 3:
            mutated[at:at] = random.choice((bytes(1000), b"\xff" * 1000, random.randbytes(1000)))
        case _:
            for _ in range(random.choice((1, 4, 32))):
                if mutated:
                    mutated[random.randrange(len(mutated))] = random.randrange(256)
    return bytes(mutated)
