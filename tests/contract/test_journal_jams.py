"""Jams in the journal: changed by one at a time, with their takes and their audio."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import JamTakeToChoose, PresetUnknown
from bot.domain.generation import AudioSource, Generation
from bot.domain.inputs import Inputs
from bot.domain.musical_terms import MusicalTerms
from bot.domain.presets import Named, Preset, PresetOwner
from bot.jam import rules, steps
from bot.jam.from_track import ById, ByMessage, FromTrack
from bot.jam.jam import Beginning, Jam, Opening, Shown, Terms
from bot.jam.ports import StoredJam, TakeRow, TakeSound
from tests.contract.journal_kit import NOW, OpenJournal, Start, added, execute, scalars

ADA, BO = 2**62, 2**60


def a_jam(jam_id: str = "jam", minutes: int = 0, after_s: int = 0, **changes: object) -> Jam:
    terms = Terms(
        "Regen 🌧 \N{ARABIC LETTER MEEM}",
        music=MusicalTerms(120, "A minor", 4),
        round_minutes=minutes,
    )
    now = NOW + timedelta(seconds=after_s)
    values: dict[str, object] = {"guild_id": 1, "channel_id": 2, "host_id": ADA, "terms": terms}
    return rules.start(jam_id, now, **(values | changes))  # pyright: ignore[reportArgumentType] - by name


def a_row(take_id: str, jam: Jam, previous: str | None = None) -> TakeRow:
    return TakeRow(take_id, jam.id, BO, f"words of {take_id}", jam.round.number, previous)


def a_sound(take_id: str, given_s: float = 0.0) -> TakeSound:
    flac = f"\0{take_id}\xff".encode("latin-1")
    return TakeSound(take_id, given_s, given_s + 10.0, flac, tail_s=0.5)


async def propose(journal: OpenJournal, jam_id: str, take_id: str) -> Jam:
    """A take that can be heard."""
    stored = await journal.jam(jam_id)
    assert stored is not None
    jam, row = stored.jam, a_row(take_id, stored.jam, stored.jam.head)
    jam = rules.propose(jam, NOW, BO, take_id, row.words, 10)
    assert await journal.change_jam(stored.version, jam, row)
    await journal.keep_sound(a_sound(take_id, 0.0 if jam.head is None else 5.0))
    jam = rules.made(jam, NOW, take_id, 10.0)
    assert await journal.change_jam(stored.version + 1, jam)
    return jam


async def win(journal: OpenJournal, jam_id: str, take_id: str) -> Jam:
    """The round ends with this take."""
    stored = await journal.jam(jam_id)
    assert stored is not None
    jam = rules.vote(stored.jam, NOW, ADA, take_id)
    jam = rules.end(jam, NOW, ADA)
    assert jam.head == take_id
    assert await journal.change_jam(stored.version, jam)
    return jam


async def test_a_jam_is_found_as_it_was_written(journal: OpenJournal) -> None:
    jam = a_jam(minutes=3)
    assert await journal.jam("jam") is None
    assert await journal.add_jam(jam)
    assert not await journal.add_jam(jam), "its command was delivered twice"
    stored = await journal.jam("jam")
    assert stored is not None
    jam = rules.vote(await propose(journal, "jam", "t1"), NOW, BO, "t1")
    jam = steps.opened(steps.showed(jam, NOW, Shown(2**62, jam.revision, jam.head)), NOW, 77)
    assert not await journal.change_jam(stored.version, jam), "it is another one by now"
    assert await journal.change_jam(stored.version + 2, jam)
    for found in (await journal.jam("jam"), await journal.jam_in(77)):
        assert found is not None
        assert found.jam == jam
    assert await journal.jam_in(78) is None


async def test_one_that_names_a_track_is_completed_where_it_is_written(
    journal: OpenJournal,
) -> None:
    takes = await added(journal, 2)
    seen = list[Sequence[Generation]]()

    def complete(tracks: Sequence[Generation]) -> Jam | Named[Jam]:
        seen.append(tracks)
        if len(tracks) != 1:
            raise JamTakeToChoose(len(tracks))
        # It may still name a preset.
        return Named((PresetOwner.person(ADA),), "none", lambda _: a_jam())

    channel_id, message_id = takes[0].reply.channel_id, takes[0].reply.message_id
    for place in (
        ByMessage(channel_id, message_id),
        ByMessage(None, message_id),
        ByMessage(channel_id + 1, message_id),
        ById("unknown"),
    ):
        with pytest.raises(JamTakeToChoose):
            await journal.add_jam(FromTrack(place, complete))
    assert await journal.jam("jam") is None
    assert await journal.add_jam(FromTrack(ById(takes[1].id), complete))
    assert await journal.jam("jam") is not None
    assert seen == [takes, takes, [], [], takes[1:]]


async def test_one_that_names_a_preset_is_completed_where_it_is_written(
    journal: OpenJournal,
) -> None:
    owners = PresetOwner.person(ADA), PresetOwner.server(1)
    for owner, duration in zip(owners, (20, 5), strict=True):
        await journal.save_preset(owner, "calm", "Calm", Inputs("", duration=duration), 9)

    def complete(preset: Preset | None) -> Jam:
        if preset is None:
            raise PresetUnknown("loud")
        return replace(a_jam(), guild_id=preset.inputs.duration or 0)

    with pytest.raises(PresetUnknown):
        await journal.add_jam(Named(owners, "loud", complete))
    assert await journal.jam("jam") is None
    assert await journal.add_jam(Named(owners, "calm", complete))
    stored = await journal.jam("jam")
    assert stored is not None
    assert stored.jam.guild_id == 20, "a person's own goes first"
    assert not await journal.add_jam(Named(owners, "calm", complete))


async def test_of_two_ends_at_once_one_counts(start: Start) -> None:
    one, other = await start("one"), await start("other")
    await one.add_jam(a_jam())
    await propose(one, "jam", "t1")
    stored = await one.jam("jam")
    assert stored is not None
    ended = rules.end(stored.jam, NOW, ADA)
    results = await asyncio.gather(
        *(journal.change_jam(stored.version, ended) for journal in (one, other) * 4)
    )
    assert sorted(results)[-2:] == [False, True]


async def test_a_server_has_its_own_jams_the_newest_first(journal: OpenJournal) -> None:
    for number, guild_id in enumerate((1, 9, 1, 1)):
        await journal.add_jam(a_jam(f"j{number}", after_s=number, guild_id=guild_id))
    assert [jam.id for jam in await journal.jams_of(1)] == ["j3", "j2", "j0"]
    assert [jam.id for jam in await journal.jams_of(1, 1)] == ["j3"]


async def test_jams_go_with_their_server_and_nothing_of_them_stays(
    journal: OpenJournal, url: str
) -> None:
    for number, guild_id in enumerate((1, 9, 1, 1)):
        await journal.add_jam(a_jam(f"j{number}", after_s=number, guild_id=guild_id))
        await propose(journal, f"j{number}", f"t{number}")
        await win(journal, f"j{number}", f"t{number}")
    await execute(url, "UPDATE jams SET state = '[]' WHERE id = 'j2'")
    assert [await journal.forget_jams_of(1, 2) for _ in range(3)] == [2, 1, 0]
    assert await journal.jams_of(1) == []
    assert [jam.id for jam in await journal.jams_of(9)] == ["j1"]
    assert await journal.sounds_up_to("t1") == [a_sound("t1")]
    assert await scalars(url, "SELECT id FROM jams") == ["j1"], "even one that cannot be read"
    assert await scalars(url, "SELECT id FROM jam_takes") == ["t1"]


async def test_there_is_something_to_do_until_it_is_shown_and_at_a_deadline(
    journal: OpenJournal,
) -> None:
    jam = a_jam(minutes=3)
    await journal.add_jam(jam)
    assert await journal.jams_to_do(NOW) == ["jam"]
    jam = steps.showed(steps.opened(jam, NOW, 5), NOW, Shown(6, jam.revision))
    await journal.change_jam(1, jam)
    assert await journal.jams_to_do(NOW + timedelta(seconds=179)) == []
    assert await journal.jams_to_do(NOW + timedelta(seconds=180)) == ["jam"]


async def test_a_piece_is_the_chain_of_what_won(journal: OpenJournal) -> None:
    await journal.add_jam(a_jam())
    for number, rival in enumerate(("x", "y", "z")):
        await propose(journal, "jam", rival)
        await propose(journal, "jam", f"t{number}")
        await win(journal, "jam", f"t{number}")
    assert await journal.jam_take("t1") == TakeRow("t1", "jam", BO, "words of t1", 2, "t0")
    assert [row.id for row in await journal.takes_in("jam", 2)] == ["t1", "y"]
    piece = await journal.sounds_up_to("t2")
    assert piece == [a_sound("t0"), a_sound("t1", 5.0), a_sound("t2", 5.0)]
    assert await journal.sounds_up_to("t2", 14.5) == piece[2:], "it has 5 s of what was before"
    assert await journal.sounds_up_to("t2", 15.0) == piece[1:], "and its tail does not count"
    assert await journal.sounds_up_to("t0") == piece[:1]
    assert await journal.sounds_up_to("y") == [], "what has not won is not kept"
    late = TakeSound("nobody", 0.0, 1.0, b"")
    await journal.keep_sound(late)
    assert await journal.sounds_up_to("nobody") == []


async def test_what_was_taken_back_can_still_be_branched_from(journal: OpenJournal) -> None:
    await journal.add_jam(a_jam())
    await propose(journal, "jam", "t0")
    jam = await win(journal, "jam", "t0")
    stored = await journal.jam("jam")
    assert stored is not None
    await journal.change_jam(stored.version, rules.undo(jam, NOW, ADA))
    assert await journal.sounds_up_to("t0") == [a_sound("t0")]


async def test_a_jam_may_begin_with_audio(journal: OpenJournal) -> None:
    source = AudioSource("https://example.org/a?sig=1", "lofi.wav", uploaded=True)
    jam = replace(a_jam(), beginning=Beginning(ADA, "lofi", source))
    assert await journal.add_jam(jam)
    stored = await journal.jam("jam")
    assert stored is not None
    assert stored.jam == jam
    jam = steps.begun_with(jam, NOW, 10.0)
    [section] = jam.sections
    row = TakeRow(section.take_id, "jam", ADA, "lofi", 0, None)
    assert await journal.change_jam(1, jam, row, a_sound(section.take_id))
    await propose(journal, "jam", "t1")
    await win(journal, "jam", "t1")
    found = await journal.sounds_up_to("t1")
    assert [sound.take_id for sound in found] == [section.take_id, "t1"]


async def test_two_jams_may_end_before_they_have_a_thread(journal: OpenJournal) -> None:
    for jam_id in ("one", "other"):
        jam = a_jam(jam_id)
        await journal.add_jam(jam)
        assert await journal.change_jam(1, steps.told_end(steps.lost(jam, NOW), NOW))
    assert await journal.jams_to_do(NOW) == []


async def test_the_token_of_a_jam_that_waits_to_be_opened_goes_once_it_is_dead(
    journal: OpenJournal,
) -> None:
    jam = a_jam(opening=Opening(1, "interaction-token", NOW, 7))
    await journal.add_jam(jam)
    await journal.forget_spent(NOW - timedelta(microseconds=1), NOW, NOW)
    assert await journal.jam("jam") == StoredJam(jam, 1)
    await journal.forget_spent(NOW, NOW, NOW)
    assert await journal.jam("jam") == StoredJam(replace(jam, opening=Opening(1, "", NOW, 7)), 2), (
        "an older copy does not bring it back"
    )
    await journal.forget_spent(NOW, NOW, NOW)
    stored = await journal.jam("jam")
    assert stored is not None
    assert stored.version == 2, "once"


async def test_who_is_forgotten_leaves_their_music_and_nothing_else(journal: OpenJournal) -> None:
    await journal.add_jam(a_jam())
    await propose(journal, "jam", "t0")
    await win(journal, "jam", "t0")
    jam = rules.vote(await propose(journal, "jam", "t1"), NOW, 2**61, "t1")
    stored = await journal.jam("jam")
    assert stored is not None
    assert await journal.change_jam(stored.version, jam)
    for person in (BO, ADA):
        assert (await journal.kept_of(person)).jams == 1
        assert (await journal.forget(person)).kept.jams == 1
        assert not await journal.kept_of(person)
    after = await journal.jam("jam")
    assert after is not None
    assert after.jam.host_id == 0
    assert [(section.author_id, section.words) for section in after.jam.sections] == [(0, "")]
    assert (after.jam.seen, after.jam.round.votes) == ({2**61: 2}, {2**61: "t1"})
    assert after.jam.revision > jam.revision
    row = await journal.jam_take("t1")
    assert row is not None
    assert (row.author_id, row.words) == (0, "")
    assert len(await journal.sounds_up_to("t0")) == 1
    assert not await journal.change_jam(stored.version + 1, jam), "an older copy does not come back"
