from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import discord
import pytest

from bot.card import strings
from bot.card.render import CardRenderer
from bot.domain.errors import TookTooLong
from bot.domain.generation import Generation, State
from bot.domain.measures import Measured
from bot.domain.prediction import Prediction
from tests.discord.world import DONE, ENDED, FINISHED, TRACK, World, delivered

MARKDOWN = "@everyone @here\n**loud** _and_ `code`\n# headline [x](http://example.com)"


def ids(people: Sequence[discord.abc.Snowflake]) -> list[int]:
    return [person.id for person in people]


async def test_the_command_is_journalled_before_it_is_acknowledged(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    known_at_add: list[str] = []
    add = world.journal.add

    async def watched(*takes: Generation, **terms: Any) -> Any:
        known_at_add.extend(request.path for request in world.requests(path="/[iw]*"))
        return await add(*takes, **terms)

    monkeypatch.setattr(world.journal, "add", watched)
    await world.musicgen()
    assert known_at_add == []
    first, second, *_ = world.requests(path="/[iw]*")
    assert (first.method, first.body) == ("POST", {"type": 5})
    assert second.method == "PATCH"
    assert second.path.startswith("/webhooks/")


async def test_a_journal_that_hangs_does_not_keep_people_waiting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*takes: Generation, **terms: Any) -> None:
        await asyncio.gather(world.clock.wait(asyncio.Event(), None))

    monkeypatch.setattr(world.journal, "add", hang)
    asked = await world.musicgen()
    assert asked.refusal == strings.errors.sentence(TookTooLong())
    assert world.predictions.created == [], "nothing is paid for before it is written down"


async def test_a_finished_card_is_made_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a burst of tracks that end at once each further time costs the event loop a twentieth."""
    made = list[str]()

    def counted(name: str) -> None:
        make = getattr(CardRenderer, name)

        def noted(*given: object, **more: object) -> object:
            made.append(name)
            return make(*given, **more)

        monkeypatch.setattr(CardRenderer, name, noted)

    asked = await world.musicgen()
    counted("ended")
    counted("coming")
    await world.done()
    assert delivered(asked)
    assert made == ["ended"]


async def test_one_reply_from_queued_to_done(world: World) -> None:
    asked = await world.musicgen("deep house bassline 128 bpm", duration=12)
    assert "**Starting**" in asked.text, "it was sent at once"
    await world.pass_s(3)
    assert strings.card.COLD() not in asked.text
    await world.pass_s(9)
    assert strings.card.COLD() in asked.text
    world.predictions.answers = (Prediction("p1", "processing"),)
    await world.pass_s(4)
    assert "**Loading** the model" in asked.text
    world.generates(100)
    await world.pass_s(4)
    assert "25%" in asked.text
    assert strings.card.bar(0.25) in asked.text
    world.generates(300)
    await world.pass_s(4)
    assert "75%" in asked.text
    assert "left" in asked.text
    assert asked.buttons == ["Cancel"]
    await world.done()
    assert "took 25 s" in asked.text
    assert "· 12 s ·" in asked.text
    assert asked.buttons == FINISHED
    assert [message.id for message in world.messages] == [asked.reply.id]
    assert {request.path for request in world.edits} == {world.edits[0].path}


async def test_uploading_is_shown_where_there_is_time_for_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = await world.musicgen()
    stages: list[str] = []
    label = world.sound.label

    async def slow(path: Path, generation: Generation, model_name: str) -> Measured:
        await world.clock.sleep(4)
        stages.append(asked.text)
        return await label(path, generation, model_name)

    monkeypatch.setattr(world.sound, "label", slow)
    await world.done(10)
    assert strings.card.FINISHING() in stages[0]
    assert "· took " in asked.text


async def test_edits_are_three_seconds_apart(world: World) -> None:
    await world.musicgen()
    world.generates(100)
    times = await world.edits_within(20)
    assert times == [3.0, 6.0, 9.0, 12.0, 15.0, 18.0]


async def test_edits_are_ten_seconds_apart_after_the_first_minute(world: World) -> None:
    await world.musicgen()
    world.generates(100)
    await world.pass_s(61)
    times = await world.edits_within(60)
    assert 5 <= len(times) <= 6
    assert {later - sooner for sooner, later in pairwise(times)} == {10.0}


async def test_what_has_not_changed_is_not_sent(world: World) -> None:
    await world.musicgen()
    assert await world.edits_within(50) == [10.0], "the words on cold models"


async def test_the_last_word_does_not_wait_for_its_turn(world: World) -> None:
    asked = await world.musicgen()
    await world.done(1)
    assert "took 1 s" in asked.text


async def test_the_seed_is_there_from_the_first_edit(world: World) -> None:
    asked = await world.musicgen()
    [sent] = world.predictions.created
    assert f"`{sent.seed}`" in str(world.edits[0].body)
    await world.done()
    assert f"seed `{sent.seed}`" in asked.text


async def test_the_track_is_attached_beside_what_made_it(world: World) -> None:
    asked = await world.musicgen(
        "Deep House, 128 bpm!", seed=417, temperature=1.5, top_p=0.0, output_format="mp3"
    )
    await world.done()
    [track] = asked.reply.attachments
    assert track.filename == "deep-house-128-bpm-417.mp3"
    assert track.size == len(TRACK)
    assert asked.embed.title == "Deep House, 128 bpm!"
    assert "seed `417`" in asked.text
    assert "-# melody ·" in asked.text
    assert "temperature 1.5" in asked.text
    assert "top" not in asked.text, "0 is the default of top_p, and not worth a word"
    assert world.generation.state is State.DELIVERED
    assert world.generation.told


async def test_the_models_own_seed_is_shown_where_zero_let_it_draw(world: World) -> None:
    asked = await world.musicgen(seed=0)
    world.predictions.answers = (
        Prediction("p1", "succeeded", DONE.output_url, logs="Using seed 99\n"),
    )
    await world.pass_s(1)
    assert "seed `99`" in asked.text
    assert [track.filename for track in asked.reply.attachments] == ["lofi-99.wav"]


@pytest.mark.parametrize("status", ["succeeded", "failed"])
async def test_nothing_a_person_or_a_model_writes_pings(world: World, status: str) -> None:
    role = world.guild.create_role("band", mentionable=True)
    words = f"{world.bo.mention} {role.mention} {MARKDOWN}"
    asked = await world.musicgen(words)
    world.generates(100)
    await world.pass_s(61)
    world.predictions.answers = (Prediction("p1", status, DONE.output_url, error=words),)
    await world.pass_s(2)
    pinged = [(m.mention_everyone, m.role_mentions, ids(m.mentions)) for m in world.messages]
    assert pinged == [(False, [], []), (False, [], [world.ada.id])]
    [*edits, mention] = world.requests("P*", "/webhooks/*")
    assert [edit.body["allowed_mentions"] for edit in edits] == [{"parse": []}] * len(edits)
    assert mention.body["allowed_mentions"] == {"parse": [], "users": [world.ada.id]}
    shown = f"{asked.embed.title}\n{asked.embed.description}"
    assert shown.count("headline") == (1 if status == "succeeded" else 2)
    for harmful in (world.bo.mention, role.mention, "**loud**", " _and_"):
        assert harmful not in shown
    assert not re.search(r"(?<!\\)@(everyone|here)", shown)
    assert not re.search(r"^# ", shown, re.MULTILINE)
    assert "\n" not in (asked.embed.title or "")


# ------------------------------------------------------------------ the mention


async def test_who_waited_more_than_a_minute_is_mentioned_once(world: World) -> None:
    asked = await world.musicgen()
    await world.pass_s(60)
    await world.done(2)
    [mention] = asked.result.followups
    assert mention.content == strings.card.ready(world.ada.id)
    assert not mention.ephemeral
    assert ids(mention.message.mentions) == [world.ada.id]
    [sent] = world.requests("POST", "/webhooks/*")
    assert sent.body["allowed_mentions"] == {"parse": [], "users": [world.ada.id]}
    await world.pass_s(60)
    assert len(world.messages) == 2


async def test_who_waited_more_than_a_minute_for_nothing_is_told_so(world: World) -> None:
    asked = await world.musicgen()
    await world.pass_s(60)
    world.predictions.answers = (Prediction("p1", "failed", error="CUDA"),)
    await world.pass_s(2)
    assert [followup.content for followup in asked.result.followups] == [
        strings.card.over(world.ada.id)
    ]


@pytest.mark.parametrize("ending", [DONE, Prediction("p1", "failed", error="CUDA")])
async def test_who_waited_a_minute_or_less_is_not_mentioned(
    world: World, ending: Prediction
) -> None:
    asked = await world.musicgen()
    await world.pass_s(59)
    world.predictions.answers = (ending,)
    await world.pass_s(1)
    assert asked.buttons == (FINISHED if ending is DONE else ENDED)
    assert asked.result.followups == []
    assert len(world.messages) == 1


async def test_who_cancels_is_not_mentioned(world: World) -> None:
    asked = await world.musicgen()
    await world.pass_s(70)
    await asked.press(world.ada)
    assert strings.card.CANCELED() in asked.text
    assert asked.result.followups == []


# ------------------------------------------------------------------ places


async def test_it_works_in_a_direct_message(world: World) -> None:
    asked = await world.musicgen_in_dm()
    assert asked.buttons == ["Cancel"]
    await world.done()
    assert [track.filename for track in asked.reply.attachments] == [
        f"lofi-{world.generation.seed}.wav"
    ]
    assert world.generation.reply.guild_id is None
    assert world.messages == []


async def test_cancel_works_in_a_direct_message(world: World) -> None:
    asked = await world.musicgen_in_dm()
    assert (await asked.press(world.ada.user)).told == []
    assert strings.card.CANCELED() in asked.text


async def test_it_works_in_a_thread(world: World) -> None:
    text_channel = world.bot.get_channel(world.channel.id)
    assert isinstance(text_channel, discord.TextChannel)
    await text_channel.create_thread(name="the jam", type=discord.ChannelType.public_thread)
    [thread] = world.channel.threads
    asked = await world.musicgen(channel=thread)
    assert world.generation.reply.channel_id == thread.id
    await world.done()
    assert len(asked.reply.attachments) == 1
    assert asked.reply.channel_id == thread.id
