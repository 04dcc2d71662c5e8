"""Tempo, key and bars: how they are read, joined to a prompt, and what length follows."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import BarsTooLong, TermOutOfBounds, TermsUnreadable
from bot.domain.inputs import Inputs
from bot.domain.musical_terms import NO_TERMS, MusicalTerms, read_terms
from tests.contract.journal_kit import any_terms


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("120 bpm, A minor, 8 bars", "120 bpm, A minor, 8 bars"),
        ("8 bars, Am, 120", "120 bpm, A minor, 8 bars"),
        ("120bpm Am 8bars", "120 bpm, A minor, 8 bars"),
        ("Tempo: 174.5; KEY = f# MAJOR; bars: 16", "174.5 bpm, F# major, 16 bars"),
        ("12 bars at 90 BPM in the key of G", "90 bpm, G major, 12 bars"),
        ("90 beats per minute", "90 bpm"),
        ("1-bar", "1 bar"),
        ("Bbm", "Bb minor"),
        ("bb minor", "Bb minor"),
        ("B flat min", "Bb minor"),
        ("F-sharp", "F# major"),
        ("D♭ maj", "Db major"),
        ("b", "B major"),
        ("CM", "C major"),
        ("cm", "C minor"),
        ("  ", ""),
        (", ;", ""),
    ],
)
def test_as_people_write_them(typed: str, read: str) -> None:
    assert str(read_terms(typed)) == read


@pytest.mark.parametrize(
    "typed",
    [
        *("slow", "H minor", "Amin7", "8 bars of joy", "0x10", "-120", "120 bpmx", "1e3"),
        *("120,5", "120.5.3", "120 130 bpm", "8 bars, 4 bars", "Am C", "A b"),
    ],
)
def test_what_is_none_of_them_is_refused(typed: str) -> None:
    with pytest.raises(TermsUnreadable):
        read_terms(typed)


@pytest.mark.parametrize("typed", ["29 bpm", "301", "0 bpm", "0 bars", "65 bars", "999999"])
def test_their_bounds(typed: str) -> None:
    with pytest.raises(TermOutOfBounds):
        read_terms(typed)


@given(any_terms, st.sampled_from([", ", " ", "; ", " / ", "\n"]), st.randoms())
def test_what_is_shown_is_read_again_in_any_order(
    terms: MusicalTerms, gap: str, random: Random
) -> None:
    parts = str(terms).split(", ")
    random.shuffle(parts)
    for typed in (str(terms), gap.join(parts), gap.join(parts).upper().replace("B ", "b ")):
        assert read_terms(typed) == terms


@given(st.text(max_size=100) | st.text("0123456789.abmBAFkeyrs#♭ :,-minortep", max_size=30))
def test_any_text_is_read_or_refused(typed: str) -> None:
    try:
        terms = read_terms(typed)
    except (TermsUnreadable, TermOutOfBounds):
        return
    assert read_terms(str(terms)) == terms


@given(any_terms, st.integers(1, 30))
def test_the_length_holds_all_bars_and_no_second_more(terms: MusicalTerms, most_s: int) -> None:
    if terms.tempo_bpm is None or terms.bars is None:
        assert terms.length_s(most_s) is None
        return
    exact_s = terms.bars * 240 / terms.tempo_bpm
    try:
        length_s = terms.length_s(most_s)
    except BarsTooLong:
        assert exact_s > most_s
    else:
        assert length_s is not None
        assert math.isclose(exact_s, length_s) or exact_s < length_s < exact_s + 1
        assert 1 <= length_s <= most_s


@pytest.mark.parametrize(
    ("typed", "length_s"), [("120, 8 bars", 16), ("128, 8 bars", 15), ("90, 8 bars", 22)]
)
def test_lengths(typed: str, length_s: int) -> None:
    assert read_terms(typed).length_s(30) == length_s


def test_they_stand_behind_the_prompt() -> None:
    terms = read_terms("8 bars 120 Am")
    for prompt in ("deep house", "deep house.", "deep house, "):
        assert terms.joined_to(prompt) == "deep house, 120 bpm, A minor, 8 bars"
    assert NO_TERMS.joined_to("deep house. ") == "deep house. "
    inputs = Inputs("x", duration=3)
    assert NO_TERMS.joined_to_inputs(inputs) is inputs
