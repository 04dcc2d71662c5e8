"""Who may see what a track was made from: only those who could see that one itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.card import strings
from bot.card.actions.info import info_embed
from bot.card.lineage import Onlooker
from bot.card.render import Card, CardRenderer
from bot.domain.errors import PredictionFailed
from bot.domain.generation import REMADE, AudioSource, Generation, Relation, State
from bot.domain.inputs import Inputs, InputTable
from bot.domain.progress import Progress, Stage
from tests.fakes import MUSICGEN, NOON, a_generation, a_reply

TABLE = InputTable()
RENDERER = CardRenderer(MUSICGEN)
ADA, BO = 5, 6
SERVER, OTHER_SERVER = 100, 200
DM, OTHERS_DM, PUBLIC, PRIVATE, ELSEWHERE, THREAD = 10, 11, 12, 13, 14, 15
GUILDS = {PUBLIC: SERVER, PRIVATE: SERVER, THREAD: SERVER, ELSEWHERE: OTHER_SERVER}
SECRET = "the surprise for bo"


def made_in(channel_id: int, *, private: bool = False, **changes: Any) -> Generation:
    reply = replace(
        a_reply(),
        channel_id=channel_id,
        guild_id=GUILDS.get(channel_id),
        message_id=channel_id * 1000,
        private=private,
    )
    return a_generation(reply=reply, **{"requester_id": ADA, **changes})


def parent_in(channel_id: int, *, by: int = ADA, private: bool = False) -> Generation:
    return made_in(
        channel_id,
        private=private,
        id="parent000000",
        requester_id=by,
        inputs=Inputs(SECRET, seed=1),
    )


def child_in(
    channel_id: int, *, by: int = ADA, private: bool = False, **changes: Any
) -> Generation:
    fields = {"relation": Relation.EDIT, "parent_id": "parent000000", **changes}
    return made_in(channel_id, private=private, requester_id=by, **fields)


def cards_of(child: Generation, parent: Generation) -> list[Card]:
    """Every card that can show it."""
    progress = Progress(
        stage=Stage.QUEUED, stage_began_at=NOON, now=NOON + timedelta(seconds=4), elapsed_s=4.0
    )
    failed = replace(child, state=State.FAILED, failure=PredictionFailed("no"))
    takes = [replace(child, id=f"take{number}", batch_id="b") for number in range(3)]
    return [
        RENDERER.running(child, progress, parent),
        RENDERER.ended(replace(child, state=State.DELIVERED), parent),
        RENDERER.ended(replace(child, state=State.CANCELED), parent),
        RENDERER.ended(failed, parent),
        RENDERER.takes(takes, {}, parent),
        RENDERER.takes([replace(take, state=State.DELIVERED) for take in takes], {}, parent),
    ]


CASES = [
    # where the first is, whose; where it is private; where the second is; is it shown there
    ("DM to server", DM, ADA, False, PUBLIC, False),
    ("DM to another's DM", DM, ADA, False, OTHERS_DM, False),
    ("server to DM", PUBLIC, ADA, False, DM, False),
    ("one server to another", PUBLIC, ADA, False, ELSEWHERE, False),
    ("private channel to public one", PRIVATE, ADA, False, PUBLIC, False),
    ("thread to its channel", THREAD, ADA, False, PUBLIC, False),
    ("channel to its thread", PUBLIC, ADA, False, THREAD, False),
    ("private reply to the same channel", PUBLIC, ADA, True, PUBLIC, False),
    ("another's private reply", PUBLIC, BO, True, PUBLIC, False),
    ("the same channel", PUBLIC, ADA, False, PUBLIC, True),
    ("another's in the same channel", PUBLIC, BO, False, PUBLIC, True),
    ("the same thread", THREAD, BO, False, THREAD, True),
    ("the same DM", DM, ADA, False, DM, True),
]


@pytest.mark.parametrize(
    ("there", "by", "private", "here", "is_shown"),
    [c[1:] for c in CASES],
    ids=[c[0] for c in CASES],
)
def test_a_card_tells_its_channel_what_the_channel_can_see(
    there: int, by: int, private: bool, here: int, is_shown: bool
) -> None:
    parent = parent_in(there, by=by, private=private)
    cards = [
        (relation, card.embed)
        for relation in Relation
        for card in cards_of(child_in(here, relation=relation), parent)
    ]
    assert [told for told in cards if (SECRET in str(told[1].to_dict())) != is_shown] == []
    assert [told for told in cards if not told[1].author.name] == [], (
        "that it was made from something is its own"
    )


@pytest.mark.parametrize(("by", "is_shown"), [(ADA, True), (BO, False)])
def test_a_card_that_its_person_alone_sees_tells_them_of_their_own(by: int, is_shown: bool) -> None:
    parent = parent_in(PUBLIC, by=by, private=True)
    for card in cards_of(child_in(PUBLIC, private=True), parent):
        assert (SECRET in str(card.embed.to_dict())) == is_shown


@pytest.mark.parametrize(
    ("there", "by", "private", "here", "is_shown"),
    [c[1:] for c in CASES],
    ids=[c[0] for c in CASES],
)
@pytest.mark.parametrize("who", [ADA, BO])
def test_info_tells_whoever_asks_what_they_can_see(
    there: int, by: int, private: bool, here: int, is_shown: bool, who: int
) -> None:
    parent = parent_in(there, by=by, private=private)
    told = str(info_embed([child_in(here)], [parent], TABLE, Onlooker(here, who)).to_dict())
    may_see = is_shown or who == by
    assert (SECRET in told) == may_see
    assert (str(parent.reply.message_id) in told) == may_see
    assert (strings.lineage.HIDDEN() in told) == (not may_see)


def test_what_is_behind_a_hidden_one_is_not_even_counted() -> None:
    child = child_in(PUBLIC)
    hidden = replace(parent_in(DM), relation=Relation.EDIT, parent_id="older")
    older = made_in(PUBLIC, id="older", inputs=Inputs("seen by all"))
    stranger = Onlooker(PUBLIC, BO)
    embeds = [
        info_embed([child], ancestors, TABLE, stranger).to_dict()
        for ancestors in ([hidden], [hidden, older], [hidden, older, older])
    ]
    assert embeds[0] == embeds[1] == embeds[2]
    assert "seen by all" not in str(embeds)
    assert SECRET not in str(embeds)
    own = str(info_embed([child], [hidden, older], TABLE, Onlooker(PUBLIC, ADA)).to_dict())
    assert SECRET in own
    assert "seen by all" in own


@pytest.mark.parametrize("relation", Relation)
def test_a_parent_that_is_gone_is_called_that(relation: Relation) -> None:
    for parent_id, words in (
        ("gone", strings.lineage.FORGOTTEN()),
        (None, strings.lineage.FORGOTTEN() if relation in REMADE else strings.lineage.OUTSIDE()),
    ):
        child = child_in(PUBLIC, relation=relation, parent_id=parent_id)
        told = str(info_embed([child], [], TABLE, Onlooker(PUBLIC, ADA)).to_dict())
        assert words in told


def test_the_takes_of_a_card_tell_of_their_audio_until_all_have_ended() -> None:
    source = AudioSource("https://cdn/x", "riff.wav", True)
    first, second = (
        child_in(PUBLIC, id=f"take{number}", batch_id="b", source=source) for number in range(2)
    )
    ended = replace(first, state=State.DELIVERED).kept
    assert "riff.wav" in str(RENDERER.takes([ended, second]).embed.to_dict())
