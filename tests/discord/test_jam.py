"""A jam in simcord's Discord: begun, proposed to, voted on, ended, mixed, closed, branched."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import discord
import pytest
import simcord

from bot.card import strings
from bot.domain.errors import AudioOfOthers, AudioUnavailable, TookTooLong
from bot.domain.generation import Relation, State
from bot.domain.inputs import TABLE, InputTable
from bot.domain.measures import EndCut
from bot.domain.mixes import Chapter, MixFormat, MixTerms
from bot.jam.from_track import ById, ByMessage
from bot.jam.jam import Jam, Phase
from bot.jam.take_limits import TakeLimits
from cogs.jam_sources import place_named
from tests.discord.card_kit import Used, Who, finished
from tests.discord.world import World

HOST = ["End round", "Undo", "Mix", "Close"]
ROOM = ["Propose", "Listen", "I'm done"]


class Room:
    """A jam's thread, and what people do in it."""

    def __init__(self, world: World, thread: simcord.ChannelHandle) -> None:
        self.world = world
        self.thread = thread

    @property
    def jam(self) -> Jam:
        """The newest jam, as it is journalled."""
        return [*self.world.journal.tables.jams.jams.values()][-1].jam

    @property
    def messages(self) -> list[discord.Message]:
        return [m for m in self.thread.history() if not m.flags.ephemeral]

    @property
    def card(self) -> discord.Message:
        """The newest message with the jam's buttons."""
        found = [m for m in self.messages if labels(m)[:1] in (["Propose"], ["Listen"])]
        return found[-1]

    @property
    def text(self) -> str:
        return self.card.embeds[0].description or ""

    async def press(self, who: Who, label: str, message: discord.Message | None = None) -> Used:
        """`who` presses a button, whatever number stands on it by now."""
        on = self.card if message is None else next(m for m in self.messages if m.id == message.id)
        [found] = [one for one in labels(on) if one.partition(" · ")[0] == label]
        used = Used(self.world, await who.click(on, label=found))
        await self.world.pass_s(2)
        return used

    async def propose(self, who: Who, prompt: str, **values: Any) -> discord.Message:
        """`who` proposes, and the model makes it."""
        opened = await self.press(who, "Propose")
        if "closeness" in opened.fields:
            values["closeness"] = [values.get("closeness", "follow")]
        await opened.send(who, prompt=prompt, **values)
        await self.world.done(3)
        return next(m for m in reversed(self.messages) if "Riff" in labels(m))


def labels(message: discord.Message) -> list[str]:
    rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
    return [
        item.label or ""
        for row in rows
        for item in row.children
        if isinstance(item, discord.Button)
    ]


async def a_room(world: World, theme: str = "rain on tin", **options: Any) -> Room:
    result = await world.ada.slash(world.channel, "jam start", theme=theme, **options)
    assert result.acknowledged
    await world.pass_s(3)
    return Room(world, world.channel.threads[-1])


async def test_a_jam_is_a_thread_with_a_card(world: World) -> None:
    room = await a_room(world, bpm=90, key="a minor", bars=4)
    assert room.thread.name == "rain on tin"
    assert f"<@{world.ada.id}> has begun a jam" in world.messages[0].content
    assert labels(room.card) == [*ROOM, *HOST]
    assert "90 bpm, A minor, 4 bars · room for 5 min more" in room.text
    assert "Round 1" in room.text
    assert room.jam.opening is None, "its token is not kept"


async def test_an_evening(world: World) -> None:
    room = await a_room(world)
    first = await room.propose(world.bo, "soft piano")
    assert first.embeds[0].title == "soft piano"
    assert "loops" not in str(first.embeds[0].description), "it is there to be gone on from"
    assert first.embeds[0].author.name == "Take 1"
    assert labels(first) == ["Vote", "Riff"]
    [row] = world.journal.rows.values()
    assert (row.relation, row.requester_id) == (Relation.TAKE, world.bo.id)
    assert row.inputs.prompt == "soft piano, rain on tin"
    opened = await room.press(world.ada, "Riff", first)
    assert opened.fields["prompt"]["value"] == "soft piano"
    await opened.send(world.ada, prompt="loud piano", more="12")
    await world.done(3)
    second = next(m for m in reversed(room.messages) if "Riff" in labels(m))
    assert second.embeds[0].author.name == "Take 2"
    for who, take in ((world.ada, second), (world.bo, second), (world.mod, first)):
        await room.press(who, "Vote", take)
    assert [labels(m)[0] for m in room.messages if "Riff" in labels(m)] == ["Vote · 1", "Vote · 2"]
    assert "2 votes" in room.text
    await room.press(world.ada, "I'm done")
    assert room.jam.sections == ()
    assert "round has ended" in (await room.press(world.bo, "I'm done")).told
    [section] = room.jam.sections
    assert (section.words, section.author_id, section.added_s) == ("loud piano", world.ada.id, 10.0)
    assert "“loud piano” by" in room.text
    assert [file.filename for file in room.card.attachments] == ["rain-on-tin-1.wav", "piece.png"]
    assert [labels(m) for m in room.messages if "Riff" in labels(m)] == [["Riff"], ["Riff"]]
    # The next one goes on from it.
    third = await room.propose(world.mod, "drums come in", closeness="balanced")
    row = [*world.journal.rows.values()][-1]
    assert (row.more_s, row.inputs.continuation) == (10, True)
    assert world.source_of(row).own
    assert labels(third) == ["Vote", "Riff"]


async def test_the_host_ends_rounds_and_chooses_among_equals(world: World) -> None:
    room = await a_room(world)
    assert "nothing to choose from" in (await room.press(world.ada, "End round")).told
    await room.propose(world.bo, "first")
    await room.propose(world.mod, "second")
    told = (await room.press(world.bo, "End round")).told
    assert "Only the host" in told
    assert "`/jam host`" in told, "there is a way on, should the host be gone"
    asked = await room.press(world.ada, "End round")
    assert asked.told == strings.jam.CHOOSE_ABOUT()
    second = room.jam.round.made[1].id
    await world.ada.select(asked.answer, [second])
    await world.pass_s(3)
    assert room.jam.head == second
    assert "the host chose" in room.text


async def test_what_the_beat_cuts_off_is_said(world: World) -> None:
    world.piece_sound.end_cut = EndCut(0.25, 90.0)
    room = await a_room(world, bpm=90)
    await room.propose(world.bo, "one")
    await room.press(world.ada, "End round")
    assert "**1** one · " in room.text
    assert "10 s\n-# The next section begins on the beat, 0.25 s before the end." in room.text
    opened = await room.press(world.bo, "Propose")
    assert "on the beat, 0.25 s before" in str(opened.form)
    await room.propose(world.bo, "two")
    await room.press(world.ada, "End round")
    assert "9.8 s, cut on the beat 0.25 s before its end" in room.text


async def test_undo_mix_and_close(world: World) -> None:
    room = await a_room(world)
    assert "no section" in (await room.press(world.ada, "Mix")).told
    for words in ("one", "two"):
        await room.press(world.bo, "Vote", await room.propose(world.bo, words))
        await room.press(world.ada, "End round")
        await world.pass_s(2)
    assert len(room.jam.sections) == 2
    assert "for those who have taken part" in (await room.press(world.mod, "Undo")).told
    await room.press(world.ada, "Undo")
    assert [section.words for section in room.jam.sections] == ["one"]
    opened = await room.press(world.bo, "Mix")
    formats = opened.fields["format"]["options"]
    assert [(one["value"], one.get("default", False)) for one in formats] == [
        ("flac", False),
        ("wav", True),
        ("mp3", False),
    ]
    assert all("fits here" in one["label"] for one in formats)
    refused = await opened.send(world.bo, format=["mp3"], fade="11")
    assert "between 0 and 10" in refused.told
    opened = await room.press(world.bo, "Mix")
    assert "comes below" in (await opened.send(world.bo, format=["mp3"], fade="0")).told
    await world.pass_s(3)
    mix = next(
        m for m in reversed(room.messages) if m.embeds and "Mix of" in str(m.embeds[0].title)
    )
    assert [file.filename for file in mix.attachments] == [
        "rain-on-tin-1.mp3",
        "rain-on-tin-1.zip",
        "piece.png",
    ]
    assert f"one · <@{world.bo.id}>" in str(mix.embeds[0].description)
    assert "MP3 · 10 s · −14.0 LUFS" in str(mix.embeds[0].description)
    [(terms, tags)] = world.piece_sound.mixes
    assert terms == MixTerms(MixFormat.MP3, 0)
    assert tags.credits.artists == ["bo"]
    assert tags.credits.chapters == [Chapter(0.0, "one (bo)")]
    asked = await room.press(world.ada, "Close")
    await world.ada.click(asked.answer, label="Close the jam")
    await world.pass_s(4)
    assert room.jam.phase is Phase.CLOSED
    assert labels(room.card) == ["Listen", "Mix"]
    begun = world.messages[0].content
    assert f"**rain on tin**. It is closed; what was made is in <#{room.thread.id}>." in begun


async def test_a_blind_round_hides_authors_and_votes(world: World) -> None:
    room = await a_room(world, blind=True)
    take = await room.propose(world.bo, "soft piano")
    shown = str(take.embeds[0].to_dict())
    assert str(world.bo.id) not in shown
    told = (await room.press(world.ada, "Vote", take)).told
    assert told == strings.jam.VOTED_BLIND()
    assert labels(room.messages[-1]) == ["Vote", "Riff"]
    line = next(line for line in room.text.splitlines() if "soft piano" in line)
    assert str(world.bo.id) not in line
    assert "vote" not in line
    await room.press(world.ada, "End round")
    await world.pass_s(2)
    assert f"<@{world.bo.id}>" in room.text


async def test_a_deadline_is_kept_and_what_comes_later_is_not_counted(world: World) -> None:
    room = await a_room(world, round_minutes=1)
    await room.propose(world.bo, "in time")
    opened = await room.press(world.mod, "Propose")
    world.generates(5)
    await opened.send(world.mod, prompt="too late")
    await world.pass_s(60)
    assert [section.words for section in room.jam.sections] == ["in time"]
    await world.done(5)
    late = next(m for m in room.messages if m.embeds and m.embeds[0].title == "too late")
    assert strings.jam.late() in str(late.embeds[0].description)
    assert labels(late) == ["Riff"]


async def test_a_take_that_fails_or_is_refused_frees_its_place(world: World) -> None:
    room = await a_room(world)
    opened = await room.press(world.bo, "Propose")
    told = await opened.send(world.bo, prompt="soft", more="99")
    assert "between 1 and 30" in told.told
    again = Used(world, await world.bo.click(told.response, label="Change it"))
    assert [again.fields[name]["value"] for name in ("prompt", "more")] == ["soft", "99"]
    opened = await room.press(world.bo, "Propose")
    world.generates(5)
    await opened.send(world.bo, prompt="soft")
    await world.pass_s(3)
    running = room.messages[-1]
    assert labels(running) == ["Cancel"]
    await world.bo.click(running, label="Cancel")
    await world.pass_s(5)
    [take] = room.jam.round.takes
    assert not take.counts
    assert room.jam.asked == 0


async def test_three_takes_in_a_round_are_one_too_many(world: World) -> None:
    room = await a_room(world)
    assert "each person may propose 2 takes, and all together 12." in room.text
    for words in ("one", "two"):
        await room.propose(world.bo, words)
    opened = await room.press(world.bo, "Propose")
    assert "all that one person may" in (await opened.send(world.bo, prompt="three")).told
    assert len(world.journal.rows) == 2, "nothing is paid for it"


async def test_a_take_that_took_too_long_to_write_down_takes_no_place(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its person was told that nothing was started, and to try again: they can, as often as so."""
    room = await a_room(world)

    async def hang(*_: object, **__: object) -> None:
        slow.undo()
        await world.clock.wait(asyncio.Event(), None)

    for _ in range(2):
        opened = await room.press(world.bo, "Propose")
        with monkeypatch.context() as slow:
            slow.setattr(world.journal, "add", hang)
            sent = await opened.send(world.bo, prompt="soft")
            await world.pass_s(3)
        assert sent.told == strings.errors.sentence(TookTooLong())
    assert not any(take.counts for take in room.jam.round.takes)
    for words in ("soft", "softer"):
        await room.propose(world.bo, words)
    assert [take.words for take in room.jam.round.made] == ["soft", "softer"]


async def test_how_many_takes_a_round_may_have_is_set_and_can_be_said(world: World) -> None:
    world.bot.take_limits = TakeLimits(1, 12)
    room = await a_room(world, takes_per_round=2)
    assert "each person may propose 1 take, and all together 2." in room.text
    await room.propose(world.bo, "one")
    opened = await room.press(world.bo, "Propose")
    assert "You have proposed 1 take" in (await opened.send(world.bo, prompt="two")).told
    await room.propose(world.mod, "two")
    opened = await room.press(world.ada, "Propose")
    assert "This round has 2 takes" in (await opened.send(world.ada, prompt="three")).told
    assert len(world.journal.rows) == 2, "nothing is paid for the others"


async def test_a_card_that_scrolled_away_or_was_deleted_comes_anew(world: World) -> None:
    room = await a_room(world)
    old = room.card
    takes = [await room.propose(who, "words") for who in (world.bo, world.mod)]
    await room.press(world.ada, "Vote", takes[0])
    await room.press(world.ada, "I'm done")
    await room.press(world.bo, "I'm done")
    await world.pass_s(3)
    assert room.card.id != old.id
    pointer = next(m for m in room.messages if m.id == old.id)
    assert room.card.jump_url in pointer.content
    assert labels(pointer) == []
    await world.mod.delete(room.card)
    shown = Used(world, await world.bo.slash(room.thread, "jam show"))
    opened = Used(world, await world.bo.click(shown.answer, label="Propose"))
    await opened.send(world.bo, prompt="again", closeness=["surprise"])
    await world.done(4)
    assert room.card.id > takes[-1].id


async def test_a_jam_from_any_audio(world: World) -> None:
    posted = await world.bo.send(world.channel, attachments=[("riff.wav", b"RIFF")])
    opened = Used(world, await world.ada.context_menu(world.channel, strings.jam.MENU(), posted))
    await opened.send(world.ada, theme="a riff")
    await world.pass_s(4)
    room = Room(world, world.channel.threads[-1])
    [section] = room.jam.sections
    assert (section.words, section.round_number) == ("riff.wav", 0)
    assert room.card.attachments
    await room.propose(world.bo, "drums")
    row = [*world.journal.rows.values()][-1]
    assert world.source_of(row).url == f"{section.take_id} 15"


async def test_audio_that_cannot_be_had_is_told_to_its_person_alone(world: World) -> None:
    posted = await world.bo.send(world.channel, attachments=[("riff.wav", b"RIFF")])
    world.sound.refusal = AudioUnavailable(404)
    opened = Used(world, await world.ada.context_menu(world.channel, strings.jam.MENU(), posted))
    sent = await opened.send(world.ada, theme="a riff")
    assert sent.result.acknowledged
    await world.pass_s(4)
    assert world.channel.threads == []
    told = [m.content for m in sent.result.followups if m.ephemeral]
    assert told == [strings.errors.sentence(world.sound.refusal)]
    assert len(world.messages) == 1, "its reply is taken back"
    listed = Used(world, await world.bo.slash(world.channel, "jam list"))
    assert str(listed.answer.embeds[0].description) == strings.jam.NO_JAMS()


async def offered(world: World, who: simcord.MemberActor, typed: str) -> list[str]:
    found = await who.autocomplete(world.channel, "jam start", "from", typed)
    return [choice["value"] for choice in found]


async def test_a_jam_from_the_card_of_a_track(world: World) -> None:
    await world.musicgen("soft piano", duration=12)
    await world.done()
    track, card = world.generation, world.messages[-1]
    for named in (card.jump_url, f"<{card.jump_url}>", str(card.id), track.id):
        room = await a_room(world, f"from {named[-4:]}", **{"from": named})
        [section] = room.jam.sections
        assert (section.words, section.author_id) == ("soft piano", world.ada.id)
    assert room.card.attachments
    room = await a_room(world, "by another", **{"from": track.id})
    assert await offered(world, world.bo, "soft") == [track.id]
    assert await offered(world, world.bo, "drums") == []
    result = await world.bo.slash(world.channel, "jam start", theme="x", **{"from": "soft"})
    assert "no track there that you can see" in Used(world, result).told
    # Where it was made in private, or its people keep their audio, others do not use it.
    await world.bot.server_rules.change(world.guild.id, world.mod.id, others_audio=False)
    assert await offered(world, world.bo, "") == []
    result = await world.bo.slash(world.channel, "jam start", theme="x", **{"from": track.id})
    assert Used(world, result).told == strings.errors.sentence(AudioOfOthers())
    assert await offered(world, world.ada, "") == [track.id]
    await world.bot.server_rules.change(world.guild.id, world.mod.id, others_audio=True)
    reply = replace(track.reply, private=True)
    world.journal.rows[track.id] = replace(track, reply=reply)
    assert await offered(world, world.bo, "") == []
    result = await world.bo.slash(world.channel, "jam start", theme="x", **{"from": track.id})
    assert "no track there" in Used(world, result).told


async def test_the_track_a_jam_begins_with_is_read_where_its_row_is_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.musicgen("soft piano", duration=12)
    await world.done()
    asked: list[str] = []

    def noted(name: str) -> None:
        ask = getattr(world.journal, name)

        def asks(*given: Any) -> Any:
            asked.append(name)
            return ask(*given)

        monkeypatch.setattr(world.journal, name, asks)

    for name in ("get", "by_message", "add_jam"):
        noted(name)
    await a_room(world, **{"from": world.messages[-1].jump_url})
    assert asked[:2] == ["add_jam", "by_message"]


def test_a_number_larger_than_any_id_is_no_message() -> None:
    assert place_named("9" * 20) == ById("9" * 20)
    assert place_named(f"{2**63 - 1}") == ByMessage(None, 2**63 - 1)
    assert place_named(f"12-{2**62}") == ByMessage(12, 2**62)


async def test_a_jam_from_ones_own_private_track_does_not_tell_its_words(world: World) -> None:
    await world.musicgen_in_dm("a song for bo")
    await world.done()
    room = await a_room(world, **{"from": world.generation.id})
    [section] = room.jam.sections
    assert (section.words, section.author_id) == (strings.jam_begin.A_TRACK(), world.ada.id)


async def test_of_a_card_with_several_takes_one_is_chosen(world: World) -> None:
    scene = await finished(world)
    await scene.press(world.ada, "Variations")
    await world.done(3)
    card = world.messages[-1]
    takes = await offered(world, world.ada, card.jump_url)
    assert len(takes) == 3
    result = await world.ada.slash(world.channel, "jam start", theme="x", **{"from": card.jump_url})
    assert "That card has 3 takes" in Used(world, result).told


async def test_a_track_whose_card_is_gone_begins_no_jam(world: World) -> None:
    await world.musicgen("soft piano")
    await world.done()
    world.fail("GET", "/channels/*/messages/*", 404, 10008)
    result = await world.ada.slash(
        world.channel, "jam start", theme="x", **{"from": world.generation.id}
    )
    await world.pass_s(3)
    assert "can't get the audio" in [m.content for m in result.followups][-1]
    assert world.channel.threads == []


async def test_a_preset_sets_what_is_not_typed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unread(*_: object) -> None:
        raise AssertionError("the acknowledgement waits for it")

    monkeypatch.setattr(world.bot.presets, "get", unread)
    await world.ada.slash(
        world.channel,
        "preset save",
        name="calm",
        temperature=0.5,
        duration=20,
        model_version="large",
        output_format="mp3",
    )
    room = await a_room(world, preset="calm", model_version="medium")
    await room.propose(world.bo, "soft piano")
    inputs = [*world.journal.rows.values()][-1].inputs
    assert (inputs.temperature, inputs.duration, inputs.model_version) == (0.5, 20, "medium")
    assert inputs.output_format is None, "takes are kept without loss"
    room = await a_room(world, preset="calm", seconds=5)
    assert room.jam.terms.section_s == 5
    jams = len(world.journal.tables.jams.jams)
    result = await world.ada.slash(world.channel, "jam start", theme="x", preset="loud")
    assert "loud" in Used(world, result).told
    assert len(world.journal.tables.jams.jams) == jams


async def test_list_show_and_branch(world: World) -> None:
    room = await a_room(world)
    await room.press(world.bo, "Vote", await room.propose(world.bo, "soft piano"))
    await room.press(world.ada, "End round")
    await world.pass_s(3)
    jam_id = room.jam.id
    listed = Used(world, await world.bo.slash(world.channel, "jam list"))
    assert listed.answer is not None
    assert "· going on · 1 section, 10 s" in str(listed.answer.embeds[0].description)
    shown = await world.bo.slash(room.thread, "jam show")
    assert shown.response is not None
    assert len(shown.response.attachments) == 2
    await world.bo.slash(world.channel, "jam branch", jam=jam_id, theme="snow")
    await world.pass_s(4)
    branched = Room(world, world.channel.threads[-1])
    assert branched.jam.host_id == world.bo.id
    assert "Inspired by the first section of “rain on tin”" in branched.text
    await branched.propose(world.ada, "bells")
    assert branched.card.attachments


async def test_a_branch_tells_nothing_of_a_jam_that_not_all_here_can_see(world: World) -> None:
    seen = discord.PermissionOverwrite(view_channel=True)
    everyone = world.guild.default_role
    overwrites: dict[Any, discord.PermissionOverwrite] = {
        everyone: discord.PermissionOverwrite(view_channel=False),
        world.bot.user: seen,
        world.ada: seen,
        world.bo: seen,
    }
    hidden = world.guild.create_text_channel("hidden", overwrites=overwrites)
    assert (await world.ada.slash(hidden, "jam start", theme="a surprise for cy")).acknowledged
    await world.pass_s(3)
    room = Room(world, hidden.threads[-1])
    for who, prompt in ((world.ada, "her birthday waltz"), (world.bo, "soft piano")):
        await room.press(world.bo, "Vote", await room.propose(who, prompt))
        await room.press(world.ada, "End round")
        await world.pass_s(3)
    await world.bo.slash(world.channel, "jam branch", jam=room.jam.id)
    await world.pass_s(4)
    branched = Room(world, world.channel.threads[-1])
    told = f"{world.channel.threads[-1].name} {branched.card.embeds[0].title} {branched.text}"
    for words in ("surprise", "birthday", "soft piano", f"<@{world.ada.id}>"):
        assert words not in told
    assert branched.card.attachments, "the piece itself is there"


async def test_where_no_jam_can_be_the_reason_is_told(world: World) -> None:
    room = await a_room(world)
    told = Used(world, await world.ada.slash(room.thread, "jam start", theme="x")).told
    assert "text channel of a server" in told
    told = Used(world, await world.ada.slash(world.channel, "jam show", jam="nothing")).told
    assert "no such jam" in told


async def test_a_model_that_cannot_go_on_has_no_jams(world: World) -> None:
    await world.restart(table=InputTable(TABLE[:3]))
    told = Used(world, await world.ada.slash(world.channel, "jam start", theme="x")).told
    assert "can't go on from music" in told
    assert world.journal.tables.jams.jams == {}


@pytest.mark.parametrize("theme", ["مطر على الصفيح", "🥁" * 100, "*x*" * 20 + "@everyone"])
async def test_any_theme(world: World, theme: str) -> None:
    room = await a_room(world, theme)
    await room.propose(world.bo, theme)
    assert all(row.state is State.DELIVERED for row in world.journal.rows.values())
    assert not any(m.mention_everyone for m in room.messages)


async def test_the_host_is_passed_on(world: World) -> None:
    room = await a_room(world)
    told = Used(world, await world.bo.slash(room.thread, "jam host")).told
    assert "those who have taken part" in told
    result = await world.ada.slash(room.thread, "jam host", who=world.bo)
    assert result.response is not None
    assert "is the host of this jam now" in result.response.content
    assert room.jam.host_id == world.bo.id


async def test_after_a_restart_the_jam_goes_on(world: World) -> None:
    room = await a_room(world, round_minutes=5)
    take = await room.propose(world.bo, "soft piano")
    await room.press(world.bo, "Vote", take)
    await world.outage(600)
    await world.pass_s(5)
    assert [section.words for section in room.jam.sections] == ["soft piano"]
    assert "Round 2" in room.text
