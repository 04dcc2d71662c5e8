"""How a preset's settings and those that are typed come together, and what a preset may hold."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.community.ports import Preset, PresetOwner
from bot.community.presets import (
    LIMIT_PER_PERSON,
    LIMIT_PER_SERVER,
    Presets,
    applied,
    key_of,
    settings_of,
)
from bot.domain import errors
from bot.domain.inputs import INPUT_NAMES, Inputs, InputTable
from tests.contract.journal_kit import any_inputs
from tests.fakes import FakeJournal, a_generation

ME, SERVER = PresetOwner.person(1), PresetOwner.server(1)
ABOUT_AUDIO = {"continuation", "continuation_start", "continuation_end"}


def presets() -> Presets:
    return Presets(FakeJournal(), InputTable())


@given(typed=any_inputs, preset=any_inputs, has_audio=st.booleans())
def test_what_is_typed_goes_first_and_zero_is_typed(
    typed: Inputs, preset: Inputs, has_audio: bool
) -> None:
    both = applied(typed, preset, has_audio=has_audio)
    assert (both.prompt, both.input_audio) == (typed.prompt, typed.input_audio)
    for name in set(INPUT_NAMES) - {"prompt", "input_audio"}:
        own = typed.value(name)
        lent = preset.value(name) if has_audio or name not in ABOUT_AUDIO else None
        assert both.value(name) == (lent if own is None else own)


def test_zero_and_off_are_values() -> None:
    preset = Inputs("", top_p=0.5, top_k=0, multi_band_diffusion=True, duration=30)
    typed = Inputs("lofi", top_p=0.0, multi_band_diffusion=False)
    both = applied(typed, preset, has_audio=False)
    assert both == replace(typed, top_k=0, duration=30)


def test_a_card_gives_its_settings_and_its_seed_only_where_asked() -> None:
    inputs = Inputs("lofi", duration=4, top_k=0, seed=7, input_audio="https://x/y")
    card = a_generation(inputs=inputs)
    assert settings_of(card, with_seed=False) == Inputs("", duration=4, top_k=0)
    assert settings_of(card, with_seed=True) == Inputs("", duration=4, top_k=0, seed=7)


def test_an_extension_gives_no_length_and_no_continuation() -> None:
    inputs = Inputs("lofi", duration=30, continuation=True, continuation_end=9, temperature=0.5)
    card = a_generation(inputs=inputs, more_s=10)
    assert settings_of(card, with_seed=False) == Inputs("", temperature=0.5)


@pytest.mark.parametrize("name", ["", " \n", "n" * 33])
async def test_a_name_has_one_to_thirty_two_characters(name: str) -> None:
    with pytest.raises(errors.PresetNameBad):
        await presets().save(ME, name, Inputs(""))
    assert await presets().save(ME, "n" * 32, Inputs(""))


@pytest.mark.parametrize(
    ("one", "other"),
    [("LoFi", "lofi"), ("Straße", "STRASSE"), ("a  b", " A b "), ("ｌｏｆｉ", "lofi")],
)
async def test_names_are_the_same_as_people_mean_them(one: str, other: str) -> None:
    kept = presets()
    assert await kept.save(ME, one, Inputs("", duration=3))
    assert not await kept.save(ME, other, Inputs("", duration=4))
    assert (await kept.get(one, ME.id, None)).inputs.duration == 4
    assert key_of(one) == key_of(other)


@pytest.mark.parametrize(("owner", "limit"), [(ME, LIMIT_PER_PERSON), (SERVER, LIMIT_PER_SERVER)])
async def test_a_limit_is_told_when_it_is_reached(owner: PresetOwner, limit: int) -> None:
    kept = presets()
    for number in range(limit):
        assert await kept.save(owner, f"no. {number}", Inputs(""))
    with pytest.raises(errors.PresetsFull) as refused:
        await kept.save(owner, "one more", Inputs(""))
    assert (refused.value.limit, refused.value.of_server) == (limit, owner is SERVER)
    assert not await kept.save(owner, "NO. 0", Inputs(""))


async def test_what_cannot_be_run_is_not_saved() -> None:
    with pytest.raises(errors.OutOfBounds):
        await presets().save(ME, "long", Inputs("", duration=31))
    window = Inputs("", continuation=True, continuation_start=5, continuation_end=2)
    with pytest.raises(errors.WindowReversed):
        await presets().save(ME, "window", window)


async def test_a_default_applies_where_none_is_named() -> None:
    kept = presets()
    await kept.save(ME, "long", Inputs("", duration=30))
    await kept.save(ME, "short", Inputs("", duration=1))
    asked = Inputs("lofi")
    assert await kept.apply(asked, None, ME.id, None, has_audio=False) == asked
    await kept.choose_default(ME.id, "LONG")
    assert (await kept.apply(asked, None, ME.id, None, has_audio=False)).duration == 30
    assert (await kept.apply(asked, "short", ME.id, None, has_audio=False)).duration == 1
    await kept.choose_default(ME.id, None)
    assert await kept.apply(asked, None, ME.id, None, has_audio=False) == asked
    with pytest.raises(errors.PresetUnknown):
        await kept.choose_default(ME.id, "gone")


async def test_the_defaults_of_all_who_ask_at_once_are_read_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    journal = FakeJournal()
    kept = Presets(journal, InputTable())
    await kept.save(ME, "long", Inputs("", duration=30))
    await kept.choose_default(ME.id, "long")
    reads: list[int] = []
    read = journal.default_presets

    async def counted(user_ids: Collection[int]) -> dict[int, Preset]:
        reads.append(len(user_ids))
        await asyncio.sleep(0)
        return await read(user_ids)

    monkeypatch.setattr(journal, "default_presets", counted)
    people = [ME.id, ME.id, 2, 3]
    asked = [kept.apply(Inputs("lofi"), None, who, None, has_audio=False) for who in people]
    assert [inputs.duration for inputs in await asyncio.gather(*asked)] == [30, 30, None, None]
    assert reads == [3]


async def test_a_journal_that_fails_fails_all_who_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    journal = FakeJournal()
    kept = Presets(journal, InputTable())

    async def fail(_: Collection[int]) -> dict[int, Preset]:
        raise errors.JournalFault("away")

    read = journal.default_presets
    monkeypatch.setattr(journal, "default_presets", fail)
    asked = [kept.apply(Inputs("lofi"), None, who, None, has_audio=False) for who in (1, 2)]
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(error) for error in told] == [errors.JournalFault] * 2
    monkeypatch.setattr(journal, "default_presets", read)
    assert await kept.apply(Inputs("lofi"), None, 1, None, has_audio=False) == Inputs("lofi")
