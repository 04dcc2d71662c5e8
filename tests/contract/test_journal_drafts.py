"""What was refused is kept for its person, for a while."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.drafts import DRAFT_LIFE, StoredDraft
from bot.domain.errors import PredictionFailed, WindowBeyondAudio
from bot.domain.generation import Generation, State
from tests.contract.journal_kit import NOW, OpenJournal, a_generation

ADA, BO = 2**62, 7


def a_draft(draft_id: str = "d", user_id: int = ADA, age: timedelta = timedelta(0)) -> StoredDraft:
    return StoredDraft(draft_id, user_id, NOW - age, '{"prompt": "tango 💃"}')


async def test_it_comes_back_as_it_was(journal: OpenJournal) -> None:
    await journal.keep_draft(a_draft())
    assert await journal.draft("d") == a_draft()
    assert await journal.draft("e") is None


async def test_it_is_there_for_so_long(journal: OpenJournal) -> None:
    just_there = a_draft("there", age=DRAFT_LIFE - timedelta(seconds=1))
    just_gone = a_draft("gone", age=DRAFT_LIFE)
    await journal.keep_draft(just_there)
    await journal.keep_draft(just_gone)
    for _ in range(2):
        assert await journal.draft("there") == just_there
        assert await journal.draft("gone") is None
        await journal.forget_spent(NOW, NOW, NOW)


async def test_it_goes_with_its_person(journal: OpenJournal) -> None:
    await journal.keep_draft(a_draft("mine"))
    await journal.keep_draft(a_draft("yours", BO))
    await journal.forget(ADA)
    assert await journal.draft("mine") is None
    assert await journal.draft("yours") is not None


def refused(age: timedelta = timedelta(0), **changes: Any) -> Generation:
    failure = WindowBeyondAudio(20, 8.0)
    generation = a_generation(requester_id=ADA, draft='{"prompt": "tango 💃"}')
    ended = generation.evolve(State.FAILED, failure=failure, ended_at=NOW - age)
    return replace(ended, **changes)


@pytest.mark.parametrize("told", [False, True])
async def test_what_was_accepted_first_keeps_its_own(journal: OpenJournal, told: bool) -> None:
    ended = refused(told=told)
    asked = replace(ended, state=State.ACCEPTED, failure=None, ended_at=None, told=False)
    await journal.add(asked)
    assert await journal.draft(asked.id) is None
    await journal.save(ended)
    await journal.forget_spent(NOW, NOW, NOW)
    found = await journal.draft(asked.id)
    assert found is not None
    assert (found.user_id, found.made_at, found.content) == (ADA, NOW, asked.draft)
    assert isinstance(found.failure, WindowBeyondAudio)
    assert (found.failure.second, found.failure.audio_s) == (20, 8.0)


@pytest.mark.parametrize(
    "changes",
    [
        {"failure": PredictionFailed("out of memory")},
        {"state": State.DELIVERED, "failure": None},
        {"state": State.CANCELED, "failure": None},
    ],
)
async def test_what_was_not_refused_keeps_none(
    journal: OpenJournal, changes: dict[str, Any]
) -> None:
    ended = refused(told=True, **changes)
    await journal.add(ended)
    assert await journal.draft(ended.id) is None
    row = await journal.get(ended.id)
    assert row is not None
    assert row.draft is None


async def test_of_what_was_accepted_first_it_is_kept_as_long(journal: OpenJournal) -> None:
    just_there = refused(DRAFT_LIFE - timedelta(seconds=1), told=True)
    just_gone = refused(DRAFT_LIFE, told=True)
    await journal.add(just_there)
    await journal.add(just_gone)
    assert await journal.draft(just_there.id) is not None
    assert await journal.draft(just_gone.id) is None
    await journal.forget_spent(NOW, NOW, NOW)
    kept = [await journal.get(one.id) for one in (just_there, just_gone)]
    assert [row.draft is not None for row in kept if row is not None] == [True, False]
