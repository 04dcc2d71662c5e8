"""The fuzzer itself, and a short run of it; `.ci/run` has a longer one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import pytest

from bot.domain.audio_formats import FORMATS
from tests.fuzz import atoms
from tests.fuzz.elements import ANATOMIES
from tests.fuzz.harness import Fuzzer
from tests.fuzz.originals import FIXTURES, Original, originals

INPUTS = 42
SEED = 20261128


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Original]:
    return originals(tmp_path_factory.mktemp("originals"))


def test_every_format_is_among_the_originals(made: list[Original]) -> None:
    formats = {original.format for original in made}
    assert formats == set(FORMATS)


def test_what_is_taken_apart_can_be_put_together(made: list[Original]) -> None:
    kept = {path.name for path in FIXTURES.iterdir()}
    for original in (original for original in made if original.name not in kept):
        if original.format in ANATOMIES:
            elements = ANATOMIES[original.format].cut(original.data)
            assert b"".join(elements) == original.data, original.name
            assert len(elements) > 2, original.name
            numbers = [ANATOMIES[original.format].numbers(element) for element in elements]
            assert any(numbers), original.name
        else:
            tree = atoms.unpack(original.data)
            assert b"".join(atom.pack() for atom in tree) == original.data, original.name


@pytest.mark.parametrize("format_", ["ogg", "opus", "flac"])
def test_checksums_are_those_that_the_files_have(made: list[Original], format_: str) -> None:
    """Random 0.5 leaves none out."""
    anatomy = ANATOMIES[format_]
    for original in made:
        if original.format == format_ and "-" in original.name:
            elements = [bytearray(element) for element in anatomy.cut(original.data)]
            anatomy.mend(elements, Random(2))
            assert b"".join(elements) == original.data, original.name


def test_an_input_is_known_by_its_seed_and_number(made: list[Original], tmp_path: Path) -> None:
    one, two = Fuzzer(1, made, tmp_path), Fuzzer(2, made, tmp_path)
    inputs = [one.input(number) for number in range(28)]
    assert inputs == [one.input(number) for number in range(28)]
    assert inputs != [two.input(number) for number in range(28)]
    whole = {original.data for original in made}
    assert sum(data in whole for _, data in inputs) < 3


@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_broken_files_end_in_facts_or_refusals(made: list[Original], tmp_path: Path) -> None:
    fuzzer = Fuzzer(SEED, made, tmp_path)
    async with asyncio.timeout(240):
        await fuzzer.run(lambda number: number < INPUTS)
    assert fuzzer.tally.failures == []
    assert fuzzer.tally.inputs.total() == INPUTS
    assert fuzzer.tally.outcomes["take in: done"] > INPUTS / 6
    left = [file for file in tmp_path.rglob("*") if file.is_file()]  # noqa: ASYNC240 - none
    assert left == []
