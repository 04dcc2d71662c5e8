"""The buttons of a card that has ended, for its owner and for strangers, wherever it is."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import discord
import pytest

from bot.card import strings
from bot.domain import errors
from bot.domain.generation import Relation, State
from bot.domain.inputs import TABLE, InputTable
from bot.domain.prediction import Prediction
from tests.discord.card_kit import PLACES, Scene, Used, button_ids, finished
from tests.discord.world import BY_BOT, ENDED, FINISHED, World
from tests.fakes import FakeJournal

UNKNOWN = strings.errors.sentence(errors.GenerationUnknown())


def not_yours(world: World) -> str:
    return strings.errors.sentence(errors.NotYours(world.ada.id))


MAKERS = ["Again", "Variations"]


def narrowed(**choices: tuple[str, ...]) -> InputTable:
    """The table of a version that offers these choices."""
    specs = (replace(s, choices=choices[s.name]) if s.name in choices else s for s in TABLE)
    return InputTable(tuple(specs))


# ------------------------------------------------------------------ what is offered


async def test_a_finished_card_leads_on(world: World) -> None:
    scene = await finished(world)
    rows = [
        [button["label"] for button in row["components"]] for row in scene.asked.reply.components
    ]
    assert rows == [FINISHED[:4], FINISHED[4:]], "on a phone, four fit into a row"
    ids = button_ids(scene.asked.reply)
    assert ids == {label: f"mg:1:{label.lower()}:{scene.first.id}" for label in FINISHED}


async def test_melody_is_offered_only_where_a_model_can(world: World) -> None:
    await world.restart(table=narrowed(model_version=("large", "small")))
    scene = await finished(world)
    assert scene.asked.buttons == [label for label in FINISHED if label != "Melody"]


async def test_without_input_audio_there_is_nothing_to_extend(world: World) -> None:
    await world.restart(table=InputTable(TABLE[:3]))
    scene = await finished(world)
    assert scene.asked.buttons == ["Again", "Edit", "Variations", "Star", "Info", "Delete"]


async def test_a_card_without_a_track_offers_another_try(world: World) -> None:
    world.predictions.answers = (Prediction("p1", "failed", error="CUDA"),)
    asked = await world.musicgen(temperature=0.5)
    await world.pass_s(1)
    assert asked.buttons == ENDED
    world.predictions.answers = (Prediction("p1", "starting"),)
    again = Used(world, await world.bo.click(asked.reply, label="Again"))
    await world.done()
    assert len(again.card.reply.attachments) == 1
    assert world.predictions.created[1].temperature == 0.5


# ------------------------------------------------------------------ Again


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("whose", ["owner", "stranger"])
async def test_again_is_the_same_with_another_seed(
    world: World, place: str, restarted: bool, whose: str
) -> None:
    scene = await finished(world, place, duration=4, top_k=0)
    if restarted:
        await world.restart()
    who = scene.owner if whose == "owner" else scene.stranger
    again = await scene.press(who, "Again")
    await world.done()
    assert len(again.card.reply.attachments) == 1
    assert again.card.reply.channel_id == scene.asked.reply.channel_id
    made = scene.newest
    assert made.requester_id == who.id
    assert (made.parent_id, made.relation) == (scene.first.id, Relation.AGAIN)
    assert made.seed != scene.first.seed
    assert replace(made.inputs, seed=None) == replace(scene.first.inputs, seed=None)
    assert made.state is State.DELIVERED


async def test_the_first_card_stays_as_it_is(world: World) -> None:
    scene = await finished(world)
    before = scene.asked.text, scene.asked.buttons, len(scene.asked.reply.attachments)
    await scene.press(world.bo, "Again")
    await world.done()
    assert (scene.asked.text, scene.asked.buttons, len(scene.asked.reply.attachments)) == before


async def test_two_people_press_at_the_same_time(world: World) -> None:
    scene = await finished(world)
    get, both = world.journal.get, asyncio.Event()

    async def slow(generation_id: str) -> object:
        await world.clock.wait(both, None)
        return await get(generation_id)

    world.journal.get = slow  # pyright: ignore[reportAttributeAccessIssue] - the same, later
    first = await scene.press(world.ada, "Again")
    second = await scene.press(world.bo, "Again")
    assert not first.result.acknowledged
    both.set()
    await world.done()
    assert len(first.card.reply.attachments) == len(second.card.reply.attachments) == 1
    assert [g.requester_id for g in scene.newer] == [world.ada.id, world.bo.id]
    assert len({g.seed for g in scene.newer}) == 2


async def test_a_press_is_journalled_before_it_is_acknowledged(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = await finished(world)
    seen: list[int] = []
    add, before = world.journal.add, len(world.requests("POST", "/interactions/*"))

    async def listen(*takes: Any, **more: Any) -> object:
        seen.append(len(world.requests("POST", "/interactions/*")) - before)
        return await add(*takes, **more)

    monkeypatch.setattr(world.journal, "add", listen)
    await scene.press(world.bo, "Again")
    assert seen == [0]


# ------------------------------------------------------------------ Variations


@pytest.mark.parametrize("place", PLACES)
async def test_variations_are_three_takes_on_one_card(world: World, place: str) -> None:
    scene = await finished(world, place)
    varied = await scene.press(scene.stranger, "Variations")
    await world.done(3)
    takes = scene.newer
    assert [take.relation for take in takes] == [Relation.VARIATION] * 3
    assert {take.requester_id for take in takes} == {scene.stranger.id}
    assert len({take.seed for take in takes} | {scene.first.seed}) == 4
    assert len({take.batch_id for take in takes}) == 1
    assert {take.reply.message_id for take in takes} == {varied.card.reply.id}
    names = sorted(a.filename for a in varied.card.reply.attachments if "lofi" in a.filename)
    assert names == [f"{n}-lofi-{take.seed}.wav" for n, take in enumerate(takes, start=1)]
    row = [*FINISHED[:5], "Take 1", "Take 2", "Take 3", *FINISHED[6:]]
    assert varied.card.buttons == row


async def test_a_form_of_a_card_with_takes_asks_which(world: World) -> None:
    scene = await finished(world)
    varied = await scene.press(world.ada, "Variations")
    await world.done(3)
    takes = scene.newer
    await world.restart()
    pressed = Used(world, await world.bo.click(varied.card.reply, label="Extend"))
    options = pressed.fields["pick"]["options"]
    assert [option["value"] for option in options] == [take.id for take in takes]
    assert [option["label"] for option in options] == [
        f"Take {number} · seed {take.seed}" for number, take in enumerate(takes, start=1)
    ]
    sent = await pressed.send(world.bo, pick=[takes[1].id], more="5 from 0:02")
    made = [g for g in scene.newer if g not in takes]
    assert [(g.parent_id, g.relation, g.more_s) for g in made] == [
        (takes[1].id, Relation.EXTEND, 5)
    ]
    source = world.source_of(made[0])
    assert (source.filename, source.keep_s) == (f"2-lofi-{takes[1].seed}.wav", 2)
    assert sent.card.reply.channel_id == world.channel.id


# ------------------------------------------------------------------ Info


def shown(used: Used) -> str:
    assert used.result.ephemeral
    assert used.result.response is not None
    [embed] = used.result.response.embeds
    fields = "\n".join(f"{field.name}\n{field.value}" for field in embed.fields)
    return f"{embed.title}\n{embed.description}\n{fields}\n{embed.footer.text}"


@pytest.mark.parametrize("place", PLACES)
async def test_info_tells_everything(world: World, place: str) -> None:
    scene = await finished(world, place, duration=4, continuation=None or False, top_p=0.5)
    world.journal.rows[scene.first.id] = replace(scene.first, predict_time_s=12.0)
    text = shown(await scene.press(scene.stranger, "Info"))
    line = "/musicgen prompt:lofi duration:4 continuation:False top_p:0.5"
    for words in (
        f"```\n{line} seed:{scene.first.seed}\n```",
        "`temperature` 1 (default)",
        "`top_p` 0.5\n",
        f"Seed: `{scene.first.seed}`",
        "The model ran 12 s.",
        "Cost: about $0.0644, an estimate",
        "Prediction: `p1`",
        f"Asked for by <@{scene.owner.id}>",
    ):
        assert words in text
    assert "Where it came from" not in text


async def test_info_shows_the_chain_with_links(world: World) -> None:
    scene = await finished(world)
    again = await scene.press(world.bo, "Again")
    await world.done()
    info = Used(world, await world.mod.click(again.card.reply, label="Info"))
    url = f"https://discord.com/channels/{world.guild.id}/{world.channel.id}/{scene.asked.reply.id}"
    assert f"Made again from: [lofi]({url}) by <@{world.ada.id}>" in shown(info)


async def test_info_of_what_came_from_a_forgotten_track(world: World) -> None:
    scene = await finished(world)
    again = await scene.press(world.bo, "Again")
    await world.done()
    del world.journal.rows[scene.first.id]
    info = Used(world, await world.mod.click(again.card.reply, label="Info"))
    assert "Made again from: a track that has been forgotten" in shown(info)


# ------------------------------------------------------------------ Delete


async def asked_to_delete(scene: Scene, who: object = None) -> Used:
    pressed = await scene.press(who or scene.owner, "Delete")  # pyright: ignore[reportArgumentType] - a person
    assert pressed.told == strings.card.DELETE_ASK()
    return pressed


async def confirm(scene: Scene, pressed: Used, label: str = strings.card.DELETE_YES()) -> str:
    [question] = pressed.result.followups
    who = scene.owner
    result = await who.click(question, label=label)
    assert result.acknowledged
    [question] = pressed.result.followups
    assert question.components == [] or question.content == strings.card.DELETE_ASK()
    told = [m.content for m in result.followups if m.ephemeral]
    return told[0] if told else question.content


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("restarted", [False, True])
async def test_the_owner_deletes_after_being_asked(
    world: World, place: str, restarted: bool
) -> None:
    scene = await finished(world, place)
    pressed = await asked_to_delete(scene)
    assert scene.asked.result.response is not None
    if restarted:
        await world.restart()
    assert await confirm(scene, pressed) == strings.card.DELETED()
    assert scene.asked.result.response is None
    assert scene.first.id in world.journal.rows


async def test_who_thinks_again_keeps_it(world: World) -> None:
    scene = await finished(world)
    pressed = await asked_to_delete(scene)
    assert await confirm(scene, pressed, strings.card.KEEP()) == strings.card.KEPT()
    assert scene.asked.result.response is not None


async def test_a_card_without_a_track_is_deleted_too(world: World) -> None:
    asked = await world.musicgen()
    await asked.press(world.ada)
    await world.pass_s(2)
    question = await world.ada.click(asked.reply, label="Delete")
    [shown] = question.followups
    assert shown.content == strings.card.DELETE_ASK()
    await world.ada.click(shown, label=strings.card.DELETE_YES())
    assert asked.result.response is None
    assert world.generation.reply.private


async def test_a_stranger_cannot_delete(world: World) -> None:
    scene = await finished(world)
    assert (await scene.press(world.bo, "Delete")).told == not_yours(world)


async def test_who_manages_messages_can(world: World) -> None:
    scene = await finished(world)
    pressed = await asked_to_delete(scene, world.mod)
    [question] = pressed.result.followups
    await world.mod.click(question, label=strings.card.DELETE_YES())
    assert scene.asked.result.response is None


async def test_where_the_bots_token_reaches_nothing_the_press_deletes(world: World) -> None:
    scene = await finished(world)
    pressed = await asked_to_delete(scene)
    world.fail("DELETE", BY_BOT, 403, 50001, times=None)
    assert await confirm(scene, pressed) == strings.card.DELETED()
    assert scene.asked.result.response is None


async def test_a_card_that_cannot_be_deleted_is_told(world: World) -> None:
    scene = await finished(world)
    pressed = await asked_to_delete(scene)
    world.fail("DELETE", BY_BOT, 403, 50001, times=None)
    await world.restart()
    assert await confirm(scene, pressed) == strings.errors.sentence(errors.NotDeletable())
    assert scene.asked.result.response is not None


async def test_a_card_that_somebody_else_deleted_meanwhile(world: World) -> None:
    scene = await finished(world)
    pressed = await asked_to_delete(scene)
    await world.mod.delete(scene.asked.reply)
    assert await confirm(scene, pressed) == strings.card.DELETED()


# ------------------------------------------------------------------ what is not as it should be


@pytest.mark.parametrize("label", [label for label in FINISHED if label != "Delete"])
async def test_a_button_older_than_the_journal(world: World, label: str) -> None:
    scene = await finished(world)
    await world.restart(journal=FakeJournal())
    assert (await scene.press(world.ada, label)).told == UNKNOWN


async def test_a_forgotten_card_is_still_deleted_by_whose_command_it_answers(world: World) -> None:
    scene = await finished(world)
    await world.restart(journal=FakeJournal())
    assert (await scene.press(world.bo, "Delete")).told in {not_yours(world), UNKNOWN}
    pressed = await scene.press(world.ada, "Delete")
    if pressed.told == UNKNOWN:
        pytest.skip("simcord's messages do not say whose command they answer")
    assert await confirm(scene, pressed) == strings.card.DELETED()


@pytest.mark.parametrize("label", [one for one in FINISHED if one not in {"Star", "Delete"}])
async def test_a_journal_too_slow_for_an_answer(
    world: World, monkeypatch: pytest.MonkeyPatch, label: str
) -> None:
    scene = await finished(world)

    async def hang(_: str) -> None:
        await world.clock.wait(asyncio.Event(), None)

    monkeypatch.setattr(world.journal, "get", hang)
    pressed = await scene.press(world.bo, label)
    await world.pass_s(2)
    assert pressed.told == strings.errors.sentence(errors.TookTooLong())
    assert scene.newer == []


@pytest.mark.parametrize("label", MAKERS)
async def test_where_the_bot_may_not_attach_nothing_is_started(world: World, label: str) -> None:
    scene = await finished(world)
    channel = world.bot.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    assert world.guild.me is not None
    await channel.set_permissions(world.guild.me, attach_files=False)
    pressed = await scene.press(world.mod, label)
    assert pressed.told == strings.errors.sentence(errors.PermissionsMissing(("attach_files",)))
    assert scene.newer == []


@pytest.mark.parametrize("label", ["Extend", "Melody"])
async def test_a_card_whose_audio_is_gone(world: World, label: str) -> None:
    scene = await finished(world)
    message = world.env.backend.get_message(world.channel.id, scene.asked.reply.id)
    message.attachments.clear()
    assert (await scene.press(world.bo, label)).told == strings.errors.sentence(errors.SourceGone())
