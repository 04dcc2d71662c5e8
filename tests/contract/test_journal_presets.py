"""Presets in the journal: of persons and servers, by name, with their limits and defaults."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from bot.community.presets import key_of
from bot.domain.errors import PresetUnknown
from bot.domain.generation import Generation
from bot.domain.inputs import Inputs
from bot.domain.presets import Named, Preset, PresetOwner
from bot.journal import SqlJournal
from tests.contract.journal_kit import (
    OpenJournal,
    Start,
    a_generation,
    any_inputs,
    execute,
    scalars,
)
from tests.examples import examples

ADA, BO = PresetOwner.person(5), PresetOwner.person(6)
JAM = PresetOwner.server(5)
LOFI = Inputs("", temperature=0.5, top_k=0, continuation=False)
TECHNO = Inputs("", duration=30)


async def save(journal: OpenJournal, owner: PresetOwner, *names: str, limit: int = 9) -> None:
    for name in names:
        assert await journal.save_preset(owner, name.casefold(), name, LOFI, limit) is not None


async def default_of_ada(journal: OpenJournal) -> Preset | None:
    return (await journal.default_presets(ADA.id)).get(ADA.id)


async def test_a_preset_is_found_as_it_was_saved(journal: OpenJournal) -> None:
    assert await journal.preset([ADA], "lofi") is None
    assert await journal.save_preset(ADA, "lofi", "LoFi", LOFI, 9) is True
    assert await journal.preset([ADA], "lofi") == Preset(ADA, "LoFi", LOFI)
    assert await journal.save_preset(ADA, "lofi", "lofi", TECHNO, 9) is False
    assert await journal.presets([ADA]) == [Preset(ADA, "lofi", TECHNO)]
    assert await journal.save_preset(ADA, "lofi", "lofi", TECHNO, 9, "Tune") is False
    assert await journal.presets([ADA]) == [Preset(ADA, "lofi", TECHNO, fine_tune="Tune")]


@given(inputs=any_inputs)
@settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_all_inputs_come_back_but_the_prompt(journal: OpenJournal, inputs: Inputs) -> None:
    await journal.save_preset(ADA, "any", "any", inputs, 9)
    assert await journal.preset([ADA], "any") == Preset(ADA, "any", replace(inputs, prompt=""))


async def test_ones_own_come_before_the_servers(journal: OpenJournal) -> None:
    await save(journal, JAM, "B", "a", "Ö")
    await save(journal, ADA, "c", "B")
    await save(journal, BO, "a")
    found = await journal.presets([ADA, JAM])
    assert [(preset.owner, preset.name) for preset in found] == [
        (ADA, "B"),
        (ADA, "c"),
        (JAM, "a"),
        (JAM, "B"),
        (JAM, "Ö"),
    ]
    assert await journal.preset([ADA, JAM], "b") == Preset(ADA, "B", LOFI)
    assert await journal.preset([ADA, JAM], "a") == Preset(JAM, "a", LOFI)
    assert await journal.preset([ADA, JAM], "d") is None


async def test_nobody_has_more_than_allowed(journal: OpenJournal) -> None:
    await save(journal, ADA, "a", "b", limit=2)
    assert await journal.save_preset(ADA, "c", "c", LOFI, 2) is None
    assert await journal.save_preset(ADA, "a", "a", TECHNO, 2) is False
    await save(journal, BO, "c", limit=2)
    assert [preset.name for preset in await journal.presets([ADA])] == ["a", "b"]


async def test_nobody_has_more_by_saving_in_two_processes_at_once(start: Start) -> None:
    one, other = await start("one"), await start("two")
    told = await asyncio.gather(
        *(
            journal.save_preset(ADA, f"{number}", f"{number}", LOFI, 5)
            for number in range(8)
            for journal in (one, other)
        )
    )
    assert told.count(True) == len(await one.presets([ADA])) == 5
    assert told.count(False) <= 5


async def test_a_preset_is_deleted_once(journal: OpenJournal) -> None:
    await save(journal, ADA, "a")
    await save(journal, JAM, "a")
    assert await journal.delete_preset(ADA, "a")
    assert not await journal.delete_preset(ADA, "a")
    assert await journal.preset([ADA, JAM], "a") == Preset(JAM, "a", LOFI)


async def test_one_of_a_persons_is_their_default(journal: OpenJournal) -> None:
    await save(journal, ADA, "a", "b")
    await save(journal, BO, "a")
    await save(journal, JAM, "a", "s")
    assert await journal.default_presets() == {}
    assert await journal.choose_default(ADA.id, "a")
    assert await default_of_ada(journal) == Preset(ADA, "a", LOFI, is_default=True)
    assert await journal.choose_default(ADA.id, "b")
    assert not await journal.choose_default(ADA.id, "s")
    assert [preset.is_default for preset in await journal.presets([ADA, BO, JAM])] == [
        *(False, True),
        *(False, False, False),
    ]
    assert await journal.save_preset(ADA, "b", "B", TECHNO, 9) is False
    assert await default_of_ada(journal) == Preset(ADA, "B", TECHNO, is_default=True)
    assert await journal.choose_default(ADA.id, None)
    assert await journal.default_presets() == {}
    await journal.choose_default(ADA.id, "a")
    await journal.delete_preset(ADA, "a")
    assert await journal.default_presets() == {}


async def test_others_are_told_that_a_default_may_have_changed(start: Start) -> None:
    one, other = await start("one"), await start("two")
    seen = [await other.default_presets_revision()]
    await save(one, JAM, "a")
    assert [await other.default_presets_revision()] == seen, "a server's is nobody's default"
    await save(one, ADA, "a")
    seen.append(await other.default_presets_revision())
    await one.choose_default(ADA.id, "a")
    seen.append(await other.default_presets_revision())
    assert (await other.default_presets())[ADA.id].name == "a"
    await save(one, ADA, "a")
    seen.append(await other.default_presets_revision())
    await one.delete_preset(ADA, "a")
    seen.append(await other.default_presets_revision())
    await one.forget(ADA.id)
    seen.append(await other.default_presets_revision())
    assert len(set(seen)) == len(seen) == 6


async def test_forgetting_takes_ones_presets_and_leaves_the_servers(journal: OpenJournal) -> None:
    for owner in (ADA, BO, JAM):
        await save(journal, owner, "a")
    await journal.choose_default(ADA.id, "a")
    await journal.forget(ADA.id)
    assert await journal.presets([ADA, BO, JAM]) == [Preset(BO, "a", LOFI), Preset(JAM, "a", LOFI)]
    assert await journal.default_presets() == {}


async def test_a_server_that_is_left_loses_its_presets_alone(journal: OpenJournal) -> None:
    for owner in (ADA, JAM):
        await save(journal, owner, "a")
    await journal.forget_server(JAM.id)
    assert await journal.presets([ADA, JAM]) == [Preset(ADA, "a", LOFI)]


async def test_a_preset_that_makes_no_sense_hides_no_other(journal: OpenJournal, url: str) -> None:
    await save(journal, ADA, "a", "b")
    await execute(url, "UPDATE presets SET inputs = '[1]' WHERE key = 'a'")
    assert await journal.presets([ADA]) == [Preset(ADA, "b", LOFI)]
    assert await scalars(url, "SELECT name FROM presets ORDER BY name") == ["a", "b"]


def named(name: str, generation: Generation) -> Named[Sequence[Generation]]:
    """A request that names a preset of ours, or of the server's, for its length."""

    def complete(preset: Preset | None) -> Sequence[Generation]:
        if preset is None:
            raise PresetUnknown(name)
        inputs = replace(generation.inputs, duration=preset.inputs.duration)
        return [replace(generation, inputs=inputs)]

    return Named((ADA, JAM), key_of(name), complete)


async def test_a_request_is_completed_where_it_is_written_down(journal: OpenJournal) -> None:
    """As another process has saved it, without a reading before, and each by itself."""
    await journal.save_preset(JAM, "lofi", "LoFi", Inputs("", duration=3), 9)
    await journal.save_preset(ADA, "tango", "Tango", Inputs("", duration=4), 9)
    rows = [a_generation() for _ in range(4)]
    asked = ["LoFi", "gone", "tango", "LOFI"]
    told = await asyncio.gather(
        *(journal.add(named=named(name, row)) for name, row in zip(asked, rows, strict=True)),
        return_exceptions=True,
    )
    assert [isinstance(one, PresetUnknown) for one in told] == [False, True, False, False]
    found = [await journal.get(row.id) for row in rows]
    assert [row and row.inputs.duration for row in found] == [3, None, 4, 3]
    await journal.save_preset(ADA, "lofi", "lofi", Inputs("", duration=8), 9)
    [added] = await journal.add(named=named("lofi", a_generation()))
    assert added.inputs.duration == 8, "one's own goes first"
    assert await journal.get(added.id) == added


async def test_nothing_is_read_before_it_is_written_down(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await SqlJournal.open(url) as journal:
        await journal.save_preset(ADA, "lofi", "LoFi", Inputs("", duration=3), 9)

        def unread(_: object) -> None:
            raise AssertionError("the acknowledgement waits for it")

        with monkeypatch.context() as patched:
            patched.setattr(SqlJournal, "_reading", unread)
            [added] = await journal.add(named=named("lofi", a_generation()))
        assert added.inputs.duration == 3
