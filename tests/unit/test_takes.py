"""Cards of several takes, of extensions, and where a track came from."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.card import strings
from bot.card.actions import BRING, CANCEL
from bot.card.lineage import lineage
from bot.card.render import CardRenderer
from bot.domain.errors import PredictionFailed
from bot.domain.generation import AudioSource, Generation, Relation, State
from bot.domain.inputs import Inputs
from bot.domain.measures import Joint, Measures
from bot.domain.progress import Progress, Stage
from bot.domain.waits import Hindered, InQueue, Obstacle
from tests.fakes import MUSICGEN, NOON, a_generation

RENDERER = CardRenderer(MUSICGEN)
FIRST = a_generation(batch_id="b", relation=Relation.VARIATION, parent_id="p", track_s=None)


def takes(*states: State) -> list[Generation]:
    return [
        replace(
            FIRST,
            id=f"take-{number}-----",
            state=state,
            inputs=replace(FIRST.inputs, seed=100 + number),
            track_s=8.0 if state is State.DELIVERED else None,
            failure=PredictionFailed("CUDA") if state is State.FAILED else None,
            ended_at=NOON + timedelta(seconds=10 * number) if state.final else None,
        )
        for number, state in enumerate(states, start=1)
    ]


TANGO = a_generation(inputs=Inputs("slow tango"))


def at(stage: Stage, **changes: object) -> Progress:
    values: dict[str, object] = {
        "stage": stage,
        "stage_began_at": NOON,
        "now": NOON + timedelta(seconds=4),
        "elapsed_s": 4.0,
    }
    return Progress(**(values | changes))  # pyright: ignore[reportArgumentType] - fields by name


def test_each_take_has_its_line() -> None:
    three = takes(State.DELIVERED, State.RUNNING, State.FAILED)
    half = at(Stage.GENERATING, fraction=0.5, left_s=12.0)
    card = RENDERER.takes(three, {three[1].id: half}, TANGO)
    lines = (card.embed.description or "").splitlines()
    assert lines[0] == "**1** · seed `101` · ready, 8 s"
    assert lines[1] == "**2** · seed `102` · ▰▰▰▰▱▱▱▱ 50% · about 12 s left"
    assert lines[2].startswith("**3** · seed `103` · The model failed")
    assert card.actions == (CANCEL,)
    assert card.embed.author.name == "Variation of “slow tango”"
    assert lines[-2:] == ["-# melody · 8 s", f"-# Asked for by <@{FIRST.requester_id}>"]


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ((0.01, 0.5, 0.01), "loops cleanly: 1, 3"),
        ((0.5, 0.5, None), "no take loops cleanly"),
        ((None, None, None), None),
    ],
)
def test_the_last_line_tells_which_takes_loop(
    steps: tuple[float | None, ...], words: str | None
) -> None:
    three = [
        replace(take, measures=None if step is None else Measures(None, Joint(step, 0.1, 1, 2)))
        for take, step in zip(takes(*[State.DELIVERED] * 3), steps, strict=True)
    ]
    asked_by = f"-# Asked for by <@{FIRST.requester_id}>"
    last = (RENDERER.takes(three).embed.description or "").splitlines()[-1]
    assert last == (asked_by if words is None else f"{asked_by} · {words}")
    # As long as one is still being made, not all can be told.
    three[0] = replace(three[0], state=State.RUNNING)
    last = (RENDERER.takes(three).embed.description or "").splitlines()[-1]
    assert last == asked_by


@pytest.mark.parametrize("stage", Stage)
def test_every_stage_has_words_of_its_own(stage: Stage) -> None:
    [take] = takes(State.RUNNING)
    first = strings.takes.take_line(1, take, at(stage), "")
    later = strings.takes.take_line(1, take, at(stage, now=NOON + timedelta(seconds=9)), "")
    assert first == later, "waiting alone is no news"
    others = {strings.takes.take_line(1, take, at(other), "") for other in Stage if other != stage}
    assert first not in others


@pytest.mark.parametrize("state", [state for state in State if not state.final])
def test_a_take_that_another_process_follows_has_words_too(state: State) -> None:
    card = RENDERER.takes(takes(state, State.DELIVERED, State.DELIVERED))
    assert (card.embed.description or "").startswith("**1** · seed `101` · ")


def test_a_place_in_the_line_is_told() -> None:
    [take] = takes(State.QUEUED)
    line = strings.takes.take_line(1, take, at(Stage.QUEUED, wait=InQueue(4, 100)), "")
    assert "number 4 in line" in line


def test_no_cancel_once_the_last_uploads_have_begun() -> None:
    card = RENDERER.takes(takes(State.DELIVERED, State.DELIVERING, State.DELIVERED))
    assert card.actions == ()


def test_a_token_near_its_end_offers_a_way_out() -> None:
    three = takes(State.RUNNING, State.RUNNING, State.DELIVERED)
    late = at(Stage.STARTING, now=FIRST.reply.token_expires_at - timedelta(seconds=60))
    card = RENDERER.takes(three, {three[0].id: late})
    assert card.actions == (CANCEL, BRING)
    assert strings.card.LATE() in (card.embed.description or "")


def test_an_outage_is_told_once() -> None:
    three = takes(State.RUNNING, State.RUNNING, State.RUNNING)
    down = at(Stage.STARTING, wait=Hindered(Obstacle.OUTAGE))
    card = RENDERER.takes(three, {take.id: down for take in three})
    assert (card.embed.description or "").count("Replicate can't be reached") == 1


@pytest.mark.parametrize(
    ("states", "like"),
    [
        ((State.FAILED, State.DELIVERED, State.CANCELED), State.DELIVERED),
        ((State.FAILED, State.FAILED, State.CANCELED), State.FAILED),
        ((State.CANCELED, State.CANCELED, State.CANCELED), State.CANCELED),
    ],
)
def test_the_whole_looks_like_the_best_of_it(states: tuple[State, ...], like: State) -> None:
    card = RENDERER.takes(takes(*states))
    [alone] = takes(like)
    assert card.embed.colour == RENDERER.ended(alone).embed.colour
    assert card.actions
    assert "· took 30 s\n" in (card.embed.description or "")


def test_who_canceled_a_take_of_somebody_else_is_named() -> None:
    [take] = takes(State.CANCELED)
    for by_id, how in (
        (None, "canceled"),
        (take.requester_id, "canceled"),
        (9, "canceled by <@9>"),
    ):
        line = strings.takes.take_line(1, replace(take, canceled_by=by_id), None, "")
        assert line.endswith(f" · {how}")


def test_words_are_said_once() -> None:
    again = a_generation(inputs=Inputs("slow tango"), relation=Relation.AGAIN, parent_id="p")
    assert lineage(again, TANGO) == "Again"
    edited = replace(again, inputs=Inputs("fast tango"), relation=Relation.EDIT)
    assert lineage(edited, TANGO) == "Edited from “slow tango”"
    assert lineage(replace(again, more_s=3), TANGO) == "The same piece with another end"


def test_a_note_stays_with_its_take() -> None:
    three = takes(State.DELIVERED, State.DELIVERED, State.DELIVERED)
    note = strings.takes.sent_smaller("flac", "wav", 10 << 20)
    card = RENDERER.takes(three, notes={three[1].id: note})
    lines = (card.embed.description or "").splitlines()
    assert lines[2] == note
    assert note == (
        "-# Sent as FLAC, because the WAV is larger than the 10 MiB that Discord takes here."
    )


@given(st.text(min_size=1, max_size=1000), st.text(max_size=1000))
def test_any_words_make_a_card_that_discord_takes(prompt: str, parents: str) -> None:
    three = [
        replace(take, inputs=Inputs(prompt, seed=take.seed), failure=PredictionFailed(prompt))
        for take in takes(State.FAILED, State.FAILED, State.FAILED)
    ]
    embed = RENDERER.takes(three, parent=replace(TANGO, inputs=Inputs(parents))).embed
    assert len(embed.description or "") <= 4096
    assert len(embed.author.name or "") <= 256
    assert len(embed) <= 6000


# ------------------------------------------------------------------ lengths and lineage


@pytest.mark.parametrize(
    ("changes", "length"),
    [
        ({}, "8 s"),
        ({"track_s": 8.0}, "8 s"),
        ({"track_s": 7.96}, "8 s"),
        ({"track_s": 8.25}, "8.2 s"),
        ({"track_s": 59.97}, "1 min"),
        ({"more_s": 10}, "10 s more"),
        ({"more_s": 10, "given_s": 8.0}, "18 s, 10 s of it new"),
        ({"more_s": 10, "given_s": 8.0, "track_s": 18.04}, "18 s, 10 s of it new"),
        ({"more_s": 10, "given_s": 120.0}, "2 min 10 s, 10 s of it new"),
    ],
)
def test_the_length_is_what_is_known_of_it(changes: dict[str, object], length: str) -> None:
    card = RENDERER.ended(a_generation(state=State.DELIVERED, **changes))
    assert f"-# melody · {length} · seed `7`" in (card.embed.description or "")


def test_an_extension_does_not_list_what_it_is() -> None:
    source = AudioSource("https://cdn/x", "card.wav", True)
    inputs = Inputs("x", continuation=True, top_k=0, seed=1)
    generation = a_generation(inputs=inputs, source=source, more_s=10, state=State.DELIVERED)
    lines = (RENDERER.ended(generation).embed.description or "").splitlines()
    assert lines[1] == "-# top\\_k 0"


@pytest.mark.parametrize("relation", Relation)
def test_every_relation_has_its_words(relation: Relation) -> None:
    child = a_generation(relation=relation, parent_id="p")
    known, forgotten = lineage(child, TANGO), lineage(child, None)
    assert known is not None
    assert "“slow tango”" in known
    assert forgotten
    assert "“" not in forgotten


def test_audio_that_is_not_ours_goes_by_its_name() -> None:
    source = AudioSource("https://cdn/x", "riff.wav", True)
    child = a_generation(relation=Relation.EXTEND, source=source)
    assert lineage(child, None) == "Extended from “riff.wav”"
    assert lineage(a_generation(), None) is None
    assert RENDERER.ended(a_generation(state=State.DELIVERED)).embed.author.name is None
