"""What the rules of a server refuse, and how the rules in memory follow those in the journal."""

from __future__ import annotations

import asyncio
from dataclasses import fields, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.card import strings
from bot.card.actions import ACTIONS
from bot.community.server_rules import ServerRules, SettingsChanges
from bot.community.settings import (
    Asked,
    ServerSettings,
    blocked,
    limits_of,
    loaded,
    refusal,
    role_stored,
    stored,
    value_of,
    words_typed,
)
from bot.community.written_amounts import amounts_text, parse_amounts
from bot.domain import errors
from bot.domain.amounts import Amount, Period, ServerLimits, Unit
from bot.domain.errors import JournalFault, RequestRefused
from bot.domain.inputs import Inputs
from bot.domain.server_rules import EVERYWHERE, Block, Change
from bot.engine.journal_watch import LOOK_EVERY_S
from tests.fakes import NOON, FakeJournal
from tests.unit.stepped_clock import SteppedClock

SERVER, CHANNEL, CATEGORY, ROLE, ADA, BO = 1, 2, 3, 4, 5, 6
ASKED = Asked(ADA, SERVER, frozenset({CHANNEL, CATEGORY}), frozenset({ROLE}), "deep house", 8.0)


@pytest.mark.parametrize(
    ("settings", "asked", "expected"),
    [
        (ServerSettings(), ASKED, None),
        (ServerSettings(pause="night"), ASKED, errors.ServerPaused),
        (ServerSettings(channels=frozenset({CHANNEL, 99})), ASKED, None),
        (ServerSettings(channels=frozenset({CATEGORY})), ASKED, None),
        (ServerSettings(channels=frozenset({99})), ASKED, errors.NotInThisPlace),
        (ServerSettings(roles=frozenset({ROLE, 99})), ASKED, None),
        (ServerSettings(roles=frozenset({99})), ASKED, errors.RoleMissing),
        (ServerSettings(length_max_s=8), ASKED, None),
        (ServerSettings(length_max_s=7), ASKED, errors.LongerThanAllowed),
        (ServerSettings(words=("deep house",)), ASKED, errors.WordForbidden),
        (ServerSettings(words=("ouse", "deephouse")), ASKED, None),
        (ServerSettings(), replace(ASKED, card_of=BO, audio_of=BO), None),
        (ServerSettings(others_press=False), ASKED, None),
        (ServerSettings(others_press=False), replace(ASKED, card_of=ADA), None),
        (ServerSettings(others_press=False), replace(ASKED, card_of=BO), errors.ButtonOfOthers),
        (ServerSettings(others_press=False), replace(ASKED, audio_of=BO), None),
        (ServerSettings(others_audio=False), replace(ASKED, audio_of=ADA), None),
        (ServerSettings(others_audio=False), replace(ASKED, audio_of=BO), errors.AudioOfOthers),
        (ServerSettings(others_audio=False), replace(ASKED, card_of=BO), None),
        (
            ServerSettings(pause="night", roles=frozenset({99}), length_max_s=1),
            ASKED,
            errors.ServerPaused,
        ),
    ],
)
def test_what_is_refused(
    settings: ServerSettings, asked: Asked, expected: type[RequestRefused] | None
) -> None:
    found = refusal(settings, asked)
    assert (None if found is None else type(found)) == expected


BLOCK = Block(SERVER, ADA, "spam", NOON + timedelta(hours=1))


@pytest.mark.parametrize(
    ("changes", "holds"),
    [
        ({}, True),
        ({"until": None}, True),
        ({"until": NOON}, False),
        ({"until": NOON + timedelta(microseconds=1)}, True),
        ({"user_id": BO}, False),
        ({"guild_id": 99}, False),
        ({"guild_id": EVERYWHERE}, True),
    ],
)
def test_who_is_blocked(changes: dict[str, object], holds: bool) -> None:
    block = replace(BLOCK, **changes)  # pyright: ignore[reportArgumentType] - fields by name
    found = blocked([block], ASKED, NOON)
    assert (found is not None) == holds
    if found is not None:
        assert found.everywhere == (block.guild_id == EVERYWHERE)


def test_a_block_everywhere_holds_in_direct_messages() -> None:
    in_dm = Asked(ADA)
    assert blocked([BLOCK], in_dm, NOON) is None
    assert blocked([replace(BLOCK, guild_id=EVERYWHERE)], in_dm, NOON) is not None


def test_of_two_blocks_the_longer_one_is_told() -> None:
    longer = replace(BLOCK, guild_id=EVERYWHERE, until=None, reason="much worse")
    for both in ([BLOCK, longer], [longer, BLOCK]):
        found = blocked(both, ASKED, NOON)
        assert found is not None
        assert (found.reason, found.until) == ("much worse", None)


_ids = st.frozensets(st.integers(0, 2**63 - 1), max_size=5)


def _amounts_of(*periods: Period) -> st.SearchStrategy[tuple[Amount, ...]]:
    one = st.builds(
        Amount, st.integers(0, 10**12), st.sampled_from(list(Unit)), st.sampled_from(periods)
    )
    found = st.lists(one, max_size=3, unique_by=lambda one: (one.unit, one.period))
    return found.map(tuple)


_amounts = _amounts_of(Period.DAY, Period.MONTH)
_settings = st.builds(
    ServerSettings,
    channels=_ids,
    roles=_ids,
    length_max_s=st.none() | st.integers(1, 300),
    words=st.lists(st.text(), max_size=5).map(tuple),
    others_press=st.booleans(),
    others_audio=st.booleans(),
    log_channel=st.none() | st.integers(0, 2**63 - 1),
    chart_channel=st.none() | st.integers(0, 2**63 - 1),
    pause=st.none() | st.text(),
    per_person=_amounts,
    together=_amounts,
    per_jam=_amounts_of(*Period),
    of_roles=st.dictionaries(st.integers(1, 2**63 - 1), _amounts, max_size=3),
    defaults=st.builds(
        Inputs,
        st.just(""),
        duration=st.none() | st.integers(1, 30),
        top_p=st.none() | st.sampled_from([0.0, 0.5]),
        multi_band_diffusion=st.none() | st.booleans(),
    ),
)


@given(_settings)
def test_settings_survive_being_stored(settings: ServerSettings) -> None:
    values = stored(settings)
    assert set(values) == {field.name for field in fields(ServerSettings)} - {"of_roles"}
    for role_id, amounts in settings.of_roles.items():
        values |= role_stored(role_id, amounts)
    assert loaded({name: text for name, text in values.items() if text is not None}) == settings


@given(_settings)
def test_only_what_is_not_the_default_is_stored(settings: ServerSettings) -> None:
    for name, text in stored(settings).items():
        is_default = getattr(settings, name) == getattr(ServerSettings(), name)
        assert (text is None) == is_default


def test_what_cannot_be_read_is_the_default() -> None:
    values = {"channels": "7", "roles": "no JSON", "length_max_s": '"x"', "gone": "1"}
    assert loaded(values) == ServerSettings()
    assert value_of("of another release", "1") is None


SUPPORTER, BOOSTER, NEWCOMER, FREE = 11, 12, 13, 14


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ((), "20 tracks/day, 3 usd/month"),
        ((SUPPORTER,), "40 tracks/day, 3 usd/month"),
        ((SUPPORTER, BOOSTER), "60 tracks/day, 3 usd/month, 900 s/day"),
        ((BOOSTER, SUPPORTER), "60 tracks/day, 3 usd/month, 900 s/day"),
        ((NEWCOMER,), "0 tracks/day, 3 usd/month"),
        ((NEWCOMER, SUPPORTER), "40 tracks/day, 3 usd/month"),
        ((NEWCOMER, FREE), ""),
        ((99,), "20 tracks/day, 3 usd/month"),
    ],
)
def test_what_roles_may(roles: tuple[int, ...], expected: str) -> None:
    settings = ServerSettings(
        per_person=parse_amounts("20 tracks/day, 3 usd/month"),
        together=parse_amounts("100 tracks/day"),
        of_roles={
            SUPPORTER: parse_amounts("40 tracks/day"),
            BOOSTER: parse_amounts("60 tracks/day, 900 s/day"),
            NEWCOMER: parse_amounts("0 tracks/day"),
            FREE: (),
        },
    )
    found = limits_of(settings, roles)
    assert found is not None
    assert amounts_text(found.per_person) == expected
    assert found.together == parse_amounts("100 tracks/day"), "which are for all"


def test_where_no_limit_is_set_nothing_waits_for_its_turn() -> None:
    assert limits_of(ServerSettings(), {SUPPORTER}) is None
    # Whoever is free of it counts for the others.
    free = ServerSettings(of_roles={FREE: ()})
    assert limits_of(free, {FREE}) == limits_of(free, ()) == ServerLimits()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", ()),
        (" , \n ,", ()),
        ("one, two\nthree", ("one", "two", "three")),
        ("deep   fake\nDeep fake,deep fake", ("deep fake", "Deep fake")),
    ],
)
def test_words_as_they_are_typed(typed: str, words: tuple[str, ...]) -> None:
    assert words_typed(typed) == words


@given(st.text(max_size=300))
def test_words_can_be_typed_again_as_they_are_shown(typed: str) -> None:
    words = words_typed(typed)
    assert words_typed("\n".join(words)) == words
    assert len("\n".join(words)) <= len(typed)


def test_the_rules_hold_for_whatever_posts_music() -> None:
    held = "again chart edit extend melody same show variations"
    assert set(held.split()) <= {one.name for one in ACTIONS.values() if one.makes}
    # Change holds them itself, where what it opens again makes music (tests/discord).
    asking = {one.name for one in ACTIONS.values() if one.request is not None and not one.makes}
    assert asking == {"change"}


def test_the_panel_can_change_every_setting() -> None:
    names = {field.name for field in fields(ServerSettings)}
    assert set(SettingsChanges.__annotations__) == names - {"of_roles"}
    names = names - {"of_roles"} | set(role_stored(7, ()))
    changes = [Change(1, NOON, BO, name, None, None) for name in names]
    assert not any("changed `" in strings.settings_log.change(one) for one in changes)


# ---------------------------------------------------------------------- in memory


async def test_what_one_process_changes_the_others_hold_soon() -> None:
    clock, journal = SteppedClock(), FakeJournal()
    here = ServerRules(journal, clock)
    there = ServerRules(FakeJournal(beside=journal), clock)
    await here.start()
    await there.start()
    await here.change(SERVER, BO, pause="night")
    with pytest.raises(errors.ServerPaused):
        here.check(ASKED)
    there.check(ASKED)
    await clock.advance(LOOK_EVERY_S)
    with pytest.raises(errors.ServerPaused):
        there.check(ASKED)
    await here.close()
    await there.close()


async def test_rules_are_held_while_the_journal_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock, journal = SteppedClock(), FakeJournal()
    rules = ServerRules(journal, clock)
    await rules.start()
    await rules.block(replace(BLOCK, until=None), BO)

    async def broken() -> None:
        raise JournalFault("gone")

    with monkeypatch.context() as patch:
        patch.setattr(journal, "rules_revision", broken)
        for _ in range(3):
            await clock.advance(LOOK_EVERY_S)
        with pytest.raises(errors.PersonBlocked):
            rules.check(ASKED)
    assert caplog.text.count("rules are held") == 1
    await FakeJournal(beside=journal).unblock(SERVER, ADA, BO)
    await clock.advance(LOOK_EVERY_S)
    rules.check(ASKED)
    await rules.close()


async def test_a_change_that_cannot_be_read_back_is_made_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, journal = SteppedClock(), FakeJournal()
    rules = ServerRules(journal, clock)
    await rules.start()

    async def broken() -> None:
        raise JournalFault("gone")

    with monkeypatch.context() as patch:
        patch.setattr(journal, "rules", broken)
        assert len(await rules.change(SERVER, BO, length_max_s=5)) == 1
    await clock.advance(LOOK_EVERY_S)
    assert rules.settings_of(SERVER).length_max_s == 5
    await rules.close()


async def test_blocks_that_have_ended_are_forgotten() -> None:
    clock, journal = SteppedClock(), FakeJournal()
    rules = ServerRules(journal, clock)
    await rules.start()
    await rules.block(replace(BLOCK, until=clock.now() + timedelta(minutes=30)), BO)
    await clock.advance(LOOK_EVERY_S)
    assert len((await journal.rules()).blocks) == 1
    await clock.advance(3600 + LOOK_EVERY_S)
    await clock.advance(LOOK_EVERY_S)
    assert (await journal.rules()).blocks == ()
    await rules.close()


async def test_a_server_that_is_forgotten_has_no_rules() -> None:
    rules = ServerRules(FakeJournal(), SteppedClock())
    await rules.start()
    await asyncio.gather(
        rules.change(SERVER, BO, pause="night"), rules.block(replace(BLOCK, until=None), BO)
    )
    await rules.forget_server(SERVER)
    rules.check(ASKED)
    await rules.close()
