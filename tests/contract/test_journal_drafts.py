"""What was refused is kept for its person, for a while."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.drafts import DRAFT_LIFE, StoredDraft
from tests.contract.journal_kit import NOW, OpenJournal

ADA, BO = 2**62, 7


def a_draft(draft_id: str = "d", user_id: int = ADA, age: timedelta = timedelta(0)) -> StoredDraft:
    return StoredDraft(draft_id, user_id, NOW - age, '{"prompt": "tango 💃"}')


async def test_it_comes_back_as_it_was_and_to_its_person_alone(journal: OpenJournal) -> None:
    await journal.keep_draft(a_draft())
    assert await journal.draft("d", ADA) == a_draft()
    assert await journal.draft("d", BO) is None
    assert await journal.draft("e", ADA) is None


async def test_it_is_there_for_so_long(journal: OpenJournal) -> None:
    just_there = a_draft("there", age=DRAFT_LIFE - timedelta(seconds=1))
    just_gone = a_draft("gone", age=DRAFT_LIFE)
    await journal.keep_draft(just_there)
    await journal.keep_draft(just_gone)
    for _ in range(2):
        assert await journal.draft("there", ADA) == just_there
        assert await journal.draft("gone", ADA) is None
        await journal.forget_spent(NOW, NOW, NOW)


async def test_it_goes_with_its_person(journal: OpenJournal) -> None:
    await journal.keep_draft(a_draft("mine"))
    await journal.keep_draft(a_draft("yours", BO))
    await journal.forget(ADA)
    assert await journal.draft("mine", ADA) is None
    assert await journal.draft("yours", BO) is not None
