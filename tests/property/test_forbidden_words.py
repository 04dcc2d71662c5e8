"""Words that prompts must not contain are found whatever their case and accents, and only whole."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.community.words import forbidden_in, words_in

letters = st.text(
    st.characters(categories=["Lu", "Ll"], max_codepoint=0x24F), min_size=1, max_size=8
)
between = st.text(st.sampled_from(" ,.;:!?-_/()\n\t"), min_size=1, max_size=3)
accents = st.text(st.sampled_from("\u0300\u0301\u0308\u0327\u0331"), max_size=2)


@given(letters, letters, letters, between, between, accents)
def test_a_word_is_found_between_others(
    before: str, word: str, after: str, left: str, right: str, accent: str
) -> None:
    assume(words_in(word))
    text = f"{before}{left}{word.swapcase()}{accent}{right}{after}"
    assert forbidden_in(text, [word]) == word


@given(letters, letters, letters)
def test_a_part_of_a_word_is_not_found(before: str, word: str, after: str) -> None:
    assume(len(words_in(word)) == 1)
    # Some letters are more than one, with a dot between them.
    assume(len(words_in(before + word + after)) == 1)
    assume(words_in(before + word + after) != words_in(word))
    assert forbidden_in(before + word + after, [word]) is None


@given(st.text(), st.lists(st.text(), max_size=4))
def test_what_is_found_is_one_of_those_asked_for(text: str, forbidden: list[str]) -> None:
    found = forbidden_in(text, forbidden)
    assert found is None or found in forbidden
    if found is not None:
        assert set(words_in(found)) <= set(words_in(text))


@given(st.text(min_size=1))
def test_a_text_has_itself_in_any_form(text: str) -> None:
    assume(words_in(text))
    for form in ("NFC", "NFD"):
        assert forbidden_in(unicodedata.normalize(form, text), [text]) == text


@pytest.mark.parametrize(
    ("text", "word", "is_found"),
    [
        ("A CAFÉ at night", "cafe", True),
        ("a cafe at night", "Café", True),
        ("cafeteria", "cafe", False),
        ("deep, FAKE voices", "deep fake", True),
        ("deep and fake", "deep fake", False),
        ("Straße", "STRASSE", True),
        ("sm\u00f8rrebr\u00f8d", "smorrebrod", True),
        ("ba\u200bd words", "bad", True),
        ("bad_words", "bad", True),
        ("b.a.d", "bad", False),
        ("\u0938\u0902\u0917\u0940\u0924", "\u0938", False),
        ("\u304c", "\u304b", False),
        ("anything", " ,. ", False),
        ("", "bad", False),
    ],
)
def test_examples(text: str, word: str, is_found: bool) -> None:
    assert (forbidden_in(text, [word]) is not None) == is_found
