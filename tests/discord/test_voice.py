"""Play in voice, in simcord's Discord: joined, queued, skipped, turned down, left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import discord
import pytest
import simcord

from bot.card import strings
from bot.domain import errors
from bot.domain.errors import voice as refusals
from bot.domain.server_rules import Block
from tests.discord.card_kit import Scene, Used, Who, finished
from tests.discord.test_jam import ROOM, Room, a_room, labels
from tests.discord.voice_kit import UNREADABLE, Studio, packets_of
from tests.discord.world import BY_BOT, BY_TOKEN, FINISHED, TRACK, World, text_of

PLAY = strings.voice.PLAY()
BUTTONS = ["Skip", "Stop", "Quieter", "Louder"]


@pytest.fixture
def studio() -> Studio:
    return Studio()


@dataclass
class Evening:
    """A finished card, a voice channel, and Ada in it."""

    world: World
    studio: Studio
    scene: Scene
    lounge: simcord.ChannelHandle
    shown: Used | None = None

    async def play(self, who: Who | None = None) -> Used:
        used = await self.scene.press(who or self.world.ada, PLAY)
        await self.world.pass_s(2)
        self.shown = self.shown or used
        return used

    @property
    def card(self) -> discord.Message:
        """What plays, as everybody sees it."""
        titles = (strings.voice.TITLE(), strings.voice.TITLE_OVER())
        return [m for m in self.world.messages if m.embeds and m.embeds[0].title in titles][-1]

    @property
    def text(self) -> str:
        return text_of(self.card.embeds[0])

    async def press(self, label: str, who: Who | None = None) -> Used:
        used = Used(self.world, await (who or self.world.ada).click(self.card, label=label))
        await self.world.pass_s(2)
        return used


@pytest.fixture
async def evening(world: World, studio: Studio) -> Evening:
    lounge = world.guild.create_voice_channel("lounge", user_limit=5)
    scene = await finished(world)
    await world.ada.join_voice(lounge)
    return Evening(world, studio, scene, lounge)


def in_voice(evening: Evening) -> set[int]:
    return set(evening.world.guild.voice_states())


def sentence(error: errors.UserError) -> str:
    return strings.errors.sentence(error)


async def test_a_track_is_played_where_its_person_is(evening: Evening) -> None:
    assert evening.scene.asked.buttons == [*FINISHED[:6], PLAY, *FINISHED[6:]]
    await evening.play()
    assert evening.studio.speaker.played == [packets_of(TRACK, 100)]
    assert labels(evening.card) == BUTTONS
    assert f"🔊 <#{evening.lounge.id}> · volume 100%" in evening.text
    assert f"▶ “lofi”, added by <@{evening.world.ada.id}>, ends <t:" in evening.text


async def test_what_it_takes_is_asked_for_and_no_more(world: World) -> None:
    intents = world.bot.intents
    assert intents.voice_states
    assert (intents.members, intents.presences, intents.message_content) == (False,) * 3
    helped = await world.ada.slash(world.channel, "help")
    assert helped.response is not None
    assert strings.newcomers.in_voice() in text_of(helped.response.embeds[0])


async def test_the_queue_goes_on_by_itself_and_by_skip(evening: Evening) -> None:
    await evening.world.bo.join_voice(evening.lounge)
    await evening.play()
    added = await evening.play(evening.world.bo)
    assert added.told.startswith("It is next. https://discord.com/channels/")
    assert f"1. “lofi”, added by <@{evening.world.bo.id}>" in evening.text
    await evening.play()
    await evening.studio.finish()
    assert f"▶ “lofi”, added by <@{evening.world.bo.id}>" in evening.text
    await evening.press("Skip")
    assert len(evening.studio.speaker.played) == 3
    await evening.studio.finish()
    assert "The queue is empty." in evening.text
    await evening.world.pass_s(60)
    assert "All of it was played" in evening.text
    assert labels(evening.card) == []


async def test_stop_leaves_and_says_what_was_not_heard(evening: Evening) -> None:
    is_sounding = evening.world.bot.service.lease_keeper.is_sounding
    await evening.play()
    await evening.play()
    assert is_sounding()
    await evening.press("Stop")
    assert not is_sounding()
    assert f"<@{evening.world.ada.id}> has stopped it.\n-# Not heard to the end: “lofi”" in (
        evening.text
    )
    assert in_voice(evening) == {evening.world.ada.id}
    await evening.play()
    assert len(evening.studio.speakers) == 2, "it begins anew"


async def test_the_volume_is_that_of_what_plays_and_what_comes(evening: Evening) -> None:
    await evening.play()
    await evening.play()
    await evening.press("Quieter")
    await evening.press("Quieter")
    assert evening.studio.speaker.played == [packets_of(TRACK, 50)], "the same goes on"
    assert "volume 50%" in evening.text
    await evening.studio.finish()
    assert evening.studio.speaker.played[1] == packets_of(TRACK, 50)
    await evening.press("Louder")
    assert "volume 75%" in evening.text


async def test_the_buttons_are_for_those_who_listen(evening: Evening) -> None:
    await evening.play()
    refused = await evening.press("Stop", evening.world.bo)
    assert refused.told == sentence(refusals.NotListening(evening.lounge.id))
    await evening.press("Stop", evening.world.mod)
    assert "has stopped it" in evening.text


async def test_it_waits_a_minute_for_the_last_listener(evening: Evening) -> None:
    await evening.play()
    await evening.world.ada.leave_voice()
    await evening.world.pass_s(30)
    assert evening.studio.speaker.is_paused, "it does not play to nobody"
    assert strings.voice.NOBODY() in evening.text
    await evening.world.ada.join_voice(evening.lounge)
    await evening.world.pass_s(50)
    assert not evening.studio.speaker.is_paused
    assert "▶ “lofi”" in evening.text
    other_bot = evening.world.guild.add_member(evening.world.env.create_user("tunes", bot=True))
    await other_bot.join_voice(evening.lounge)
    await evening.world.ada.leave_voice()
    await evening.world.pass_s(61)
    assert "Nobody has listened for a minute" in evening.text
    assert in_voice(evening) == {other_bot.id}


async def test_one_place_a_server(evening: Evening) -> None:
    await evening.play()
    other = evening.world.guild.create_voice_channel("den")
    await evening.world.bo.join_voice(other)
    refused = await evening.play(evening.world.bo)
    assert refused.told == sentence(refusals.VoiceElsewhere(evening.lounge.id))
    await evening.world.ada.leave_voice()
    await evening.play(evening.world.bo)
    assert f"<#{other.id}>" in evening.text, "where nobody listens it is taken over"


async def test_who_moves_it_takes_it_along(evening: Evening) -> None:
    await evening.play()
    other = evening.world.guild.create_voice_channel("den")
    await evening.world.ada.join_voice(other)
    await evening.studio.set_bot(other.id)
    assert f"🔊 <#{other.id}>" in evening.text
    assert "▶ “lofi”" in evening.text
    await evening.studio.set_bot(None)
    assert "I was taken out of the voice channel." in evening.text


async def test_muted_it_waits(evening: Evening) -> None:
    await evening.play()
    await evening.studio.set_bot(evening.lounge.id, mute=True)
    assert evening.studio.speaker.is_paused
    assert "I can't be heard here now" in evening.text
    await evening.studio.set_bot(evening.lounge.id, mute=False)
    assert not evening.studio.speaker.is_paused
    await evening.studio.set_bot(evening.lounge.id, suppress=True)
    await evening.world.pass_s(600)
    assert "I could not be heard for ten minutes" in evening.text


async def test_a_deleted_channel_ends_it(evening: Evening) -> None:
    await evening.play()
    channel = evening.world.bot.get_channel(evening.lounge.id)
    assert isinstance(channel, discord.VoiceChannel)
    await channel.delete()
    await evening.world.pass_s(2)
    assert "The voice channel was deleted." in evening.text


async def test_permissions_taken_away_end_it(evening: Evening) -> None:
    await evening.play()
    await forbid(evening, "speak")
    await evening.world.pass_s(2)
    assert "I have left, for I may not play there any more." in evening.text
    refused = await evening.play()
    assert refused.told == sentence(refusals.VoicePermissionsMissing(evening.lounge.id, ("speak",)))


async def forbid(evening: Evening, permission: str) -> None:
    channel = evening.world.bot.get_channel(evening.lounge.id)
    assert isinstance(channel, discord.VoiceChannel)
    denied = discord.PermissionOverwrite.from_pair(
        discord.Permissions.none(), discord.Permissions(**{permission: True})
    )
    await channel.set_permissions(channel.guild.default_role, overwrite=denied)


async def test_a_full_channel(evening: Evening) -> None:
    for name in "abcd":
        member = evening.world.guild.add_member(evening.world.env.create_user(name))
        await member.join_voice(evening.lounge)
    await forbid(evening, "move_members")
    refused = await evening.play()
    assert refused.told == sentence(refusals.VoiceChannelFull(evening.lounge.id))


async def test_who_is_in_no_voice_channel(evening: Evening) -> None:
    refused = await evening.play(evening.world.bo)
    assert refused.told == sentence(refusals.NotInVoice())


async def test_a_channel_that_cannot_be_joined(evening: Evening) -> None:
    evening.studio.is_cut = True
    await evening.play()
    assert "could not be made. Please try again." in evening.text


async def test_a_card_of_several_takes_plays_them_all(evening: Evening) -> None:
    await evening.play()
    varied = await evening.scene.press(evening.world.bo, "Variations")
    await evening.world.done(3)
    added = Used(evening.world, await evening.world.ada.click(varied.card.reply, label=PLAY))
    assert added.told.startswith("3 tracks are next.")
    await evening.world.pass_s(2)
    assert "2. **Take 2** of “lofi”, added by" in evening.text


@pytest.mark.parametrize("how", ["deleted", "unreadable"])
async def test_what_cannot_be_played_is_passed_over(evening: Evening, how: str) -> None:
    await evening.play()
    await evening.play()
    evening.world.predictions.track = UNREADABLE if how == "unreadable" else TRACK
    varied = await evening.scene.press(evening.world.bo, "Variations")
    await evening.world.done(3)
    added = Used(evening.world, await evening.world.ada.click(varied.card.reply, label=PLAY))
    assert added.told.startswith("3 tracks are in line. There is 1 other before.")
    if how == "deleted":
        evening.studio.forget_cards()
        assert varied.card.reply.message is not None
        await varied.card.reply.message.delete()
    await evening.play()
    await evening.studio.finish()
    await evening.studio.finish()
    why = errors.TrackNotHere() if how == "deleted" else errors.TrackNotRead()
    assert f"-# **Take 3** of “lofi” was passed over. {sentence(why)}" in evening.text
    assert evening.studio.speaker.played == [packets_of(TRACK, 100)] * 3


async def test_the_servers_rules_hold(evening: Evening) -> None:
    block = Block(evening.world.guild.id, evening.world.ada.id, "noise", None)
    await evening.world.bot.server_rules.block(block, 1)
    refused = await evening.play()
    assert "noise" in refused.told
    assert evening.studio.speakers == []


async def test_a_deleted_card_is_posted_anew(evening: Evening) -> None:
    await evening.play()
    old = evening.card
    await old.delete()
    await evening.play()
    assert evening.card.id != old.id
    await evening.press("Stop")
    assert "has stopped it" in evening.text


async def test_the_queue_names_nothing_of_a_channel_that_not_all_see(evening: Evening) -> None:
    world = evening.world
    seen = discord.PermissionOverwrite(view_channel=True)
    closed: dict[Any, discord.PermissionOverwrite] = {
        world.guild.default_role: discord.PermissionOverwrite(view_channel=False),
        **dict.fromkeys((world.bot.user, world.ada, world.bo), seen),
    }
    hidden = world.guild.create_text_channel("hidden", overwrites=closed)
    surprise = await world.musicgen("a surprise for cy", channel=hidden)
    await world.done()
    await evening.play()
    await world.bo.join_voice(evening.lounge)
    await world.bo.click(surprise.reply, label=PLAY)
    await world.pass_s(2)
    assert f"1. “…”, added by <@{world.bo.id}>" in evening.text


async def test_words_that_automod_does_not_allow_are_left_out(evening: Evening) -> None:
    before = len(evening.world.edits)
    evening.world.fail("PATCH", BY_TOKEN, 400, 200000)
    await evening.play()
    blocked, shown, *_ = evening.world.edits[before:]
    assert "▶ “lofi”, added by" in blocked.body["embeds"][0]["description"]
    assert "▶ “…”, added by" in shown.body["embeds"][0]["description"]


async def test_at_a_stop_of_the_bot_people_are_told(evening: Evening) -> None:
    await evening.play()
    assert evening.world.bot.voice is not None
    await evening.world.bot.voice.players.close()
    assert "I was restarted, and what was in line is gone." in evening.text


async def test_after_a_kill_people_are_told(evening: Evening) -> None:
    """And who presses what the card had before it was told."""
    await evening.play()
    old = evening.card
    evening.world.fail("PATCH", BY_BOT, 500)
    await evening.world.restart()
    told = Used(evening.world, await evening.world.ada.click(old, label="Skip"))
    assert told.told == sentence(refusals.VoiceIsOver())
    await evening.world.restart()
    await evening.world.pass_s(2)
    assert "I was restarted, and what was in line is gone." in evening.text
    assert labels(evening.card) == []
    edits = len(evening.world.edits)
    await evening.world.restart()
    await evening.world.pass_s(2)
    assert len(evening.world.edits) == edits, "they are told once"


async def test_a_jam_plays_its_takes_with_their_numbers(world: World, studio: Studio) -> None:
    lounge = world.guild.create_voice_channel("lounge")
    room = await a_room(world)
    assert labels(room.card)[: len(ROOM)] == ROOM
    assert "Takes in voice" not in labels(room.card)
    await room.propose(world.ada, "drums")
    await room.propose(world.bo, "bass")
    await world.ada.join_voice(lounge)
    await room.press(world.ada, "Takes in voice")
    assert "▶ **Take 1** “drums” by" in playing_in(room)
    messages = len(room.messages)
    await studio.finish()
    assert "▶ **Take 2** “bass” by" in playing_in(room)
    assert len(room.messages) == messages, "one message is edited"
    await room.press(world.bo, "Vote", room.messages[-2])
    await room.press(world.ada, "End round")
    await world.pass_s(5)
    await room.press(world.ada, "Piece in voice")
    assert "1. The piece of “rain on tin”" in playing_in(room)


def playing_in(room: Room) -> str:
    shown = [m for m in room.messages if m.embeds and m.embeds[0].title == strings.voice.TITLE()]
    return shown[-1].embeds[0].description or ""


async def test_a_kill_before_its_card_is_there_is_told(
    evening: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert evening.world.bot.voice is not None

    def dies(*_: object) -> None:
        pass

    monkeypatch.setattr(evening.world.bot.voice.players, "start", dies)
    used = await evening.play()
    await evening.world.restart()
    await evening.world.pass_s(11)
    assert used.response.content == strings.card.CUT_OFF()
    assert evening.world.journal.tables.answers == {}
