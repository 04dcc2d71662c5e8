"""Every wait has words that name its true reason, on a card of one and in a list of takes."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import product

import pytest

from bot.card import strings
from bot.card.render import CardRenderer
from bot.domain.generation import State
from bot.domain.progress import Progress, Stage
from bot.domain.waits import (
    FetchingSlow,
    Hindered,
    InQueue,
    Link,
    Obstacle,
    OwnRunning,
    ToBeSent,
    Wait,
)
from tests.fakes import MUSICGEN, NOON, a_generation

SOON = NOON + timedelta(seconds=30)
NEXT_TRY = f"<t:{int(SOON.timestamp())}:R>"
LINK = Link("https://replicate.delivery/x/out.wav", NOON + timedelta(hours=1))
HOUR = f"<t:{int(LINK.lives_until.timestamp())}:t>"
RENDERER = CardRenderer(MUSICGEN)
NOTE = re.compile(r"-# .{1,295}\.")
"""One line, in small print."""


def at(stage: Stage, wait: Wait | None, **changes: object) -> Progress:
    values: dict[str, object] = {
        "stage": stage,
        "stage_began_at": NOON,
        "now": NOON + timedelta(seconds=4),
        "elapsed_s": 4.0,
        "wait": wait,
    }
    return Progress(**(values | changes))  # pyright: ignore[reportArgumentType] - fields by name


CASES: list[tuple[Stage, Wait, list[str]]] = [
    (Stage.QUEUED, InQueue(1, 100), ["You are next", "100 others"]),
    (Stage.QUEUED, InQueue(1, 1), ["You are next", "one at a time"]),
    (Stage.QUEUED, InQueue(7, 100), ["Number 7 in line", "100 others"]),
    (Stage.QUEUED, InQueue(7, 9, Obstacle.THROTTLED), ["Number 7", "Replicate takes few"]),
    (Stage.QUEUED, InQueue(7, 9, Obstacle.THROTTLED, SOON), ["Number 7", "takes few", NEXT_TRY]),
    (Stage.QUEUED, OwnRunning(4, 0), ["4 of yours are running; this starts when one is done"]),
    (Stage.QUEUED, OwnRunning(1, 0), ["One of yours is running; this starts when it is done"]),
    (Stage.QUEUED, OwnRunning(4, 1), ["4 of yours are running", "1 more of yours comes before"]),
    (Stage.QUEUED, OwnRunning(4, 3), ["4 of yours are running", "3 more of yours come before"]),
    (Stage.QUEUED, OwnRunning(4, 0, Obstacle.LOW_CREDIT), ["4 of yours", "low on credit"]),
    (Stage.QUEUED, OwnRunning(4, 0, Obstacle.THROTTLED, SOON), ["4 of yours", NEXT_TRY]),
    (Stage.QUEUED, ToBeSent(1), ["about to be sent"]),
    (Stage.QUEUED, ToBeSent(12), ["number 12 to be sent"]),
    (
        Stage.QUEUED,
        Hindered(Obstacle.THROTTLED, SOON, 1),
        ["You are next", "Replicate takes few", NEXT_TRY],
    ),
    (
        Stage.QUEUED,
        Hindered(Obstacle.LOW_CREDIT, SOON, 5),
        ["Number 5", "Replicate takes few", "low on credit", NEXT_TRY],
    ),
    (Stage.QUEUED, Hindered(Obstacle.OUTAGE, SOON), ["can't be reached", NEXT_TRY]),
    (Stage.LOOKING, Hindered(Obstacle.OUTAGE), ["cut off", "can't be reached"]),
    (Stage.QUEUED, Hindered(Obstacle.JOURNAL, SOON), ["My own records", NEXT_TRY]),
    (Stage.CHECKING, Hindered(Obstacle.OUTAGE, SOON), ["can't be reached", "audio", NEXT_TRY]),
    (Stage.CHECKING, Hindered(Obstacle.THROTTLED, SOON), ["takes few", "audio is here", NEXT_TRY]),
    (Stage.STARTING, Hindered(Obstacle.OUTAGE), ["can't be reached", "what I last knew"]),
    (Stage.STARTING, Hindered(Obstacle.THROTTLED), ["takes few requests", "what I last knew"]),
    (
        Stage.GENERATING,
        Hindered(Obstacle.TOKEN_REFUSED),
        ["API token", "bot's owner has to", "not lost"],
    ),
    (Stage.GENERATING, Hindered(Obstacle.CREDIT_MISSING), ["credit", "owner has to", "not lost"]),
    (Stage.LOADING, Hindered(Obstacle.FORBIDDEN), ["refuses", "owner has to", "not lost"]),
    (Stage.FETCHING, Hindered(Obstacle.OUTAGE), ["can't be reached", "made and kept"]),
    (Stage.FETCHING, Hindered(Obstacle.TOKEN_REFUSED), ["API token", "owner has to"]),
    (Stage.FETCHING, Hindered(Obstacle.DISK_FULL, SOON), ["no room", "disk", "kept", NEXT_TRY]),
    (Stage.FINISHING, Hindered(Obstacle.DISK_FAULT, SOON), ["disk", "kept", NEXT_TRY]),
    (Stage.FETCHING, FetchingSlow(), ["is made", "slowly", "keep trying"]),
    (Stage.FETCHING, FetchingSlow(LINK), ["is made", "slowly", LINK.url, HOUR]),
    (Stage.UPLOADING, Hindered(Obstacle.DISCORD, SOON), ["Discord", "made and kept", NEXT_TRY]),
]


@pytest.mark.parametrize(("stage", "wait", "told"), CASES, ids=lambda case: str(case)[:60])
def test_a_wait_names_its_reason(stage: Stage, wait: Wait, told: list[str]) -> None:
    text = strings.card.stage(at(stage, wait))
    for words in told:
        assert words in text
    if not (isinstance(wait, InQueue) and wait.position == 1) and getattr(wait, "position", 0) != 1:
        assert "You are next" not in text
    if getattr(wait, "obstacle", None) not in {Obstacle.OUTAGE}:
        assert "can't be reached" not in text
    if stage is not Stage.UPLOADING:
        assert "upload" not in text.lower()


@pytest.mark.parametrize(("stage", "wait", "told"), CASES, ids=lambda case: str(case)[:60])
def test_each_take_tells_its_own(stage: Stage, wait: Wait, told: list[str]) -> None:
    state = State.COLLECTING if stage in {Stage.FETCHING, Stage.FINISHING} else State.RUNNING
    takes = [a_generation(id=f"take-{n}-----", batch_id="b", state=state) for n in range(2)]
    waiting, goes_on = at(stage, wait), at(stage, None)
    card = RENDERER.takes(takes, {takes[0].id: waiting, takes[1].id: goes_on})
    text = card.embed.description or ""
    first, second, *_ = text.splitlines()
    alone = strings.takes.take_line(1, takes[0], waiting, "")
    assert first == alone
    obstacle = getattr(wait, "obstacle", None)
    if stage not in {Stage.STARTING, Stage.LOADING, Stage.GENERATING}:
        assert first.removeprefix("**1**") != second.removeprefix("**2**")
    if obstacle is not None:
        note = strings.waits.note(wait, stage)
        assert note is not None
        assert text.count(note) == 1


def test_a_reason_shared_by_takes_is_told_once_with_the_first_of_the_next_tries() -> None:
    later = Hindered(Obstacle.OUTAGE, SOON + timedelta(seconds=9))
    waits: list[Wait] = [later, Hindered(Obstacle.OUTAGE, SOON), Hindered(Obstacle.OUTAGE)]
    [note] = strings.waits.notes((wait, Stage.QUEUED) for wait in waits)
    assert NEXT_TRY in note


def test_every_obstacle_has_words_at_every_stage() -> None:
    notes = [
        (obstacle, stage, strings.waits.note(wait, stage))
        for obstacle, stage in product(Obstacle, Stage)
        for wait in (Hindered(obstacle), Hindered(obstacle, SOON), Hindered(obstacle, SOON, 2))
    ]
    assert [told for told in notes if not NOTE.fullmatch(told[-1] or "")] == []


def test_a_wait_alone_changes_no_words() -> None:
    """Nothing is edited because time passes: Discord counts by itself."""
    for stage, wait, _ in CASES:
        first = strings.card.stage(at(stage, wait))
        later = strings.card.stage(at(stage, wait, now=NOON + timedelta(minutes=9)))
        assert stage is Stage.GENERATING or first == later


def test_a_service_that_cannot_be_asked_is_not_called_a_cold_model() -> None:
    late = {"now": NOON + timedelta(minutes=1)}
    assert strings.card.COLD() in strings.card.stage(at(Stage.STARTING, None, **late))
    assert strings.card.COLD() not in strings.card.stage(
        at(Stage.STARTING, Hindered(Obstacle.OUTAGE), **late)
    )
