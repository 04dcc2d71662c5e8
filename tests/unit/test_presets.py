"""How a preset's settings and those that are typed come together, and what a preset may hold."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.community.presets import (
    LIMIT_PER_PERSON,
    LIMIT_PER_SERVER,
    Presets,
    applied,
    key_of,
    settings_of,
)
from bot.domain import errors
from bot.domain.inputs import INPUT_NAMES, Inputs
from bot.domain.presets import PresetOwner
from bot.domain.request import GenerationRequest
from bot.engine.journal_watch import LOOK_EVERY_S
from tests.contract.journal_kit import any_inputs
from tests.fakes import MUSICGEN, FakeClock, FakeJournal, a_generation
from tests.unit.stepped_clock import SteppedClock

ME, SERVER = PresetOwner.person(1), PresetOwner.server(1)
ABOUT_AUDIO = {"continuation", "continuation_start", "continuation_end"}


def presets(journal: FakeJournal | None = None, clock: FakeClock | None = None) -> Presets:
    return Presets(journal or FakeJournal(), MUSICGEN, clock or SteppedClock())


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
    asked = GenerationRequest(Inputs("lofi"))
    assert kept.with_default(asked, ME.id) == asked
    await kept.choose_default(ME.id, "LONG")
    assert kept.with_default(asked, ME.id).inputs.duration == 30
    named = kept.named(asked, "short", ME.id, None)
    assert named.complete(await kept.get("short", ME.id, None)).inputs.duration == 1
    await kept.choose_default(ME.id, None)
    assert kept.with_default(asked, ME.id) == asked
    with pytest.raises(errors.PresetUnknown):
        await kept.choose_default(ME.id, "gone")


def applies(kept: Presets) -> int | None:
    """How long a track is that this person asks for without saying so; reads nothing."""
    return kept.with_default(GenerationRequest(Inputs("lofi")), ME.id).inputs.duration


async def test_a_default_is_read_before_anybody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    journal = FakeJournal()
    before = presets(journal)
    await before.save(ME, "long", Inputs("", duration=30))
    await before.choose_default(ME.id, "long")
    kept = presets(journal)
    await kept.start()

    async def unread(*_: object) -> None:
        raise AssertionError("the acknowledgement waits for it")

    for name in ("preset", "presets", "default_presets", "default_presets_revision"):
        monkeypatch.setattr(journal, name, unread)
    assert applies(kept) == 30
    await kept.close()


@pytest.mark.parametrize("how", ["none chosen", "saved anew", "deleted"])
async def test_a_default_that_changes_applies_here_at_once_and_elsewhere_soon(how: str) -> None:
    clock, journal = SteppedClock(), FakeJournal()
    here = presets(journal, clock)
    there = presets(FakeJournal(beside=journal), clock)
    for one in (here, there):
        await one.start()
    await here.save(ME, "long", Inputs("", duration=30))
    await here.choose_default(ME.id, "long")
    assert [applies(here), applies(there)] == [30, None]
    await clock.advance(LOOK_EVERY_S)
    assert applies(there) == 30
    match how:
        case "none chosen":
            await here.choose_default(ME.id, None)
        case "saved anew":
            await here.save(ME, "long", Inputs("", duration=3))
        case _:
            await here.delete(ME, "long")
    now = 3 if how == "saved anew" else None
    assert [applies(here), applies(there)] == [now, 30]
    await clock.advance(LOOK_EVERY_S)
    assert applies(there) == now
    for one in (here, there):
        await one.close()


async def test_defaults_apply_as_read_last_while_the_journal_is_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock, journal = SteppedClock(), FakeJournal()
    kept = presets(journal, clock)
    await kept.start()
    await kept.save(ME, "long", Inputs("", duration=30))
    await kept.choose_default(ME.id, "long")

    async def away(*_: object) -> None:
        raise errors.JournalFault("away")

    with monkeypatch.context() as patch:
        patch.setattr(journal, "default_presets_revision", away)
        patch.setattr(journal, "default_presets", away)
        await kept.choose_default(ME.id, None)
        for _ in range(3):
            await clock.advance(LOOK_EVERY_S)
        assert applies(kept) == 30
    assert caplog.text.count("apply as read last") == 1
    await clock.advance(LOOK_EVERY_S)
    assert applies(kept) is None
    await kept.close()
