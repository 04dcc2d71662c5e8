"""What of a track goes with it to the next one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

import pytest

from bot.domain.derive import STORED_FOR, Changes, extension, lender_to, melody, remake
from bot.domain.errors import BarsTooLong, CutBeyondPiece, OutOfBounds, SourceGone
from bot.domain.extension import MORE_MAX_S, MORE_MIN_S, Closeness
from bot.domain.generation import AudioSource, Generation, Relation, State
from bot.domain.inputs import Inputs
from bot.domain.musical_terms import NO_TERMS, MusicalTerms
from bot.domain.request import GenerationRequest
from tests.fakes import NOON, a_generation

STORED = "https://api.replicate.com/v1/files/abc"
UPLOAD = AudioSource("https://cdn.discordapp.com/x.wav?hm=secret", "x.wav", True, 1000)
LINK = AudioSource("https://example.com/x.wav", "x.wav", False)
CARD = AudioSource("https://cdn.discordapp.com/card.wav?hm=secret", "card.wav", True, 5000)
SETTINGS = Inputs("lofi", model_version="large", duration=12, top_k=0, temperature=0.0, seed=7)
CONTINUED = replace(SETTINGS, input_audio=STORED, continuation=True, continuation_end=3)


def again(
    parent: Generation,
    age: timedelta = timedelta(),
    relation: Relation = Relation.AGAIN,
    card_audio: AudioSource | None = None,
    lender: Generation | Literal["itself"] | None = "itself",
    **changes: Any,
) -> GenerationRequest:
    return remake(
        parent,
        relation,
        Changes(**changes),
        now=NOON + age,
        card_audio=card_audio,
        lender=parent if lender == "itself" else lender,
    )


def from_audio(source: AudioSource, **changes: object) -> Generation:
    fields = {"inputs": CONTINUED, "has_audio": True, "audio_s": 4.0, "stored_at": NOON, **changes}
    return a_generation(state=State.DELIVERED, source=source, **fields).kept


def extended(**changes: object) -> Generation:
    fields = {"inputs": replace(CONTINUED, duration=18), "more_s": 10, "given_s": 8.0, **changes}
    return from_audio(UPLOAD, **fields)


def test_the_same_settings_with_a_new_seed() -> None:
    parent = a_generation(inputs=SETTINGS)
    request = again(parent)
    assert request == GenerationRequest(
        replace(SETTINGS, seed=None),
        parent_id=parent.id,
        relation=Relation.AGAIN,
        card_of=parent.requester_id,
    )
    assert not request.has_audio


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"prompt": "gong"}, replace(SETTINGS, prompt="gong", seed=None)),
        ({"prompt": ""}, replace(SETTINGS, prompt="", seed=None)),
        ({"seed": 0}, replace(SETTINGS, seed=0)),
        ({"duration": 3, "seed": 7}, replace(SETTINGS, duration=3)),
        ({"model_version": "melody"}, replace(SETTINGS, model_version="melody", seed=None)),
    ],
)
def test_what_is_given_is_changed_and_nothing_else(
    changes: dict[str, Any], expected: Inputs
) -> None:
    parent = a_generation(inputs=SETTINGS)
    assert again(parent, relation=Relation.EDIT, **changes).inputs == expected


@pytest.mark.parametrize("source", [UPLOAD, LINK])
def test_audio_that_is_still_stored_is_used_as_it_is(source: AudioSource) -> None:
    parent = from_audio(source)
    request = again(parent, STORED_FOR - timedelta(seconds=1))
    assert request.inputs == replace(CONTINUED, seed=None)
    assert (request.source, request.audio_s, request.stored_at) == (None, 4.0, NOON)
    assert request.has_audio


def test_the_age_that_counts_is_that_of_the_upload() -> None:
    """Again of Again of Again keeps the first one's upload."""
    late = from_audio(UPLOAD, created_at=NOON + timedelta(hours=22))
    with pytest.raises(SourceGone):
        again(late, timedelta(hours=24))


def test_what_is_made_again_leaves_the_address_with_the_first() -> None:
    first = from_audio(UPLOAD)
    second = from_audio(UPLOAD, relation=Relation.AGAIN, parent_id=first.id)
    third = from_audio(UPLOAD, relation=Relation.EDIT, parent_id=second.id)
    for one in (second, third):
        assert one.inputs.input_audio is None
        assert one.stored_at is None
    assert lender_to(third, [second, first]) is first
    assert lender_to(third, [second]) is None, "the first has been forgotten"
    assert lender_to(first, []) is first
    assert again(third, lender=first).inputs == replace(CONTINUED, seed=None)
    with pytest.raises(SourceGone):
        again(third, lender=None)


@pytest.mark.parametrize("source", [UPLOAD, LINK])
@pytest.mark.parametrize("changes", [{}, {"stored_at": None}, {"audio_s": None, "stored_at": None}])
def test_audio_that_is_gone_is_missed(source: AudioSource, changes: dict[str, Any]) -> None:
    with pytest.raises(SourceGone):
        again(from_audio(source, **changes), STORED_FOR)


def test_an_extension_again_begins_with_what_its_own_card_began_with() -> None:
    request = again(extended(), timedelta(days=100), card_audio=CARD)
    assert request.source == replace(CARD, keep_s=8.0)
    assert request.more_s == 10
    assert request.inputs == replace(SETTINGS, duration=None, continuation=True, seed=None)


def test_an_edit_of_an_extension_says_how_much_more() -> None:
    request = again(extended(), relation=Relation.EDIT, card_audio=CARD, duration=20)
    assert request.more_s == 20
    assert request.inputs.duration is None


@pytest.mark.parametrize(("parent", "audio"), [(extended(), None), (extended(given_s=None), CARD)])
def test_an_extension_without_its_card_cannot_be_made_again(
    parent: Generation, audio: AudioSource | None
) -> None:
    with pytest.raises(SourceGone):
        again(parent, card_audio=audio)


@pytest.mark.parametrize("more_s", [MORE_MIN_S - 1, MORE_MAX_S + 1])
def test_more_has_bounds(more_s: int) -> None:
    with pytest.raises(OutOfBounds):
        extension(None, CARD, more_s, "lofi")
    with pytest.raises(OutOfBounds):
        again(extended(), card_audio=CARD, duration=more_s)


def test_an_extension_keeps_what_makes_the_sound() -> None:
    parent = a_generation(inputs=replace(SETTINGS, output_format="mp3"))
    request = extension(parent, CARD, 10)
    assert request.source == CARD
    assert request.relation is Relation.EXTEND
    assert request.inputs == replace(SETTINGS, duration=None, continuation=True, seed=None)
    assert extension(parent, CARD, 10, "gong").inputs.prompt == "gong"


def test_audio_that_is_not_ours_has_no_parent() -> None:
    request = extension(None, CARD, 5, "gong")
    assert request.parent_id is None
    assert request.inputs == Inputs("gong", continuation=True)
    with pytest.raises(ValueError, match="neither"):
        extension(None, CARD, 5)


def test_a_melody_leaves_its_parents_own_audio_behind() -> None:
    request = melody(from_audio(UPLOAD), CARD, "strings")
    assert request.inputs == replace(SETTINGS, prompt="strings", seed=None)
    assert request.source == CARD
    assert request.relation is Relation.MELODY
    assert melody(extended(), CARD, "strings").inputs.duration is None
    assert melody(None, CARD, "strings").inputs == Inputs("strings")


TERMS = MusicalTerms(120, "A minor", 8)


def test_terms_go_with_what_is_made_again() -> None:
    parent = a_generation(inputs=replace(SETTINGS, duration=16), terms=TERMS)
    request = again(parent)
    assert (request.terms, request.inputs.prompt) == (TERMS, "lofi")
    assert request.as_sent.prompt == "lofi, 120 bpm, A minor, 8 bars"
    edited = again(parent, relation=Relation.EDIT, terms=replace(TERMS, tempo_bpm=60.0, bars=4))
    assert edited.inputs.duration == 16
    assert again(parent, relation=Relation.EDIT, terms=NO_TERMS).terms == NO_TERMS


def test_a_tempo_and_bars_say_how_long_it_is() -> None:
    parent = a_generation(inputs=SETTINGS)
    assert again(parent, terms=TERMS, duration=3).inputs.duration == 16
    assert melody(parent, CARD, "strings", TERMS).inputs.duration == 16
    assert extension(parent, CARD, 3, terms=TERMS).more_s == 16
    assert again(extended(), card_audio=CARD, terms=TERMS).more_s == 16
    slow = replace(TERMS, tempo_bpm=70)
    assert again(parent, terms=slow).inputs.duration == 28
    with pytest.raises(BarsTooLong):
        extension(parent, CARD, 3, terms=slow)
    with pytest.raises(BarsTooLong):
        melody(parent, CARD, "strings", replace(TERMS, bars=16))


def test_the_end_made_again_follows_as_closely_as_before() -> None:
    parent = extended(closeness=Closeness.SURPRISE, terms=TERMS)
    request = again(parent, card_audio=CARD)
    assert (request.closeness, request.terms) == (Closeness.SURPRISE, TERMS)


def test_a_piece_is_cut_inside_it() -> None:
    parent = a_generation(track_s=8.2)
    assert extension(parent, CARD, 3, cut_s=6.5).source == replace(CARD, keep_s=6.5)
    with pytest.raises(CutBeyondPiece):
        extension(parent, CARD, 3, cut_s=10)
