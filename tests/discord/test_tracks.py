"""/tracks: a person's own music, found again, brought up again, and forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import simcord

from bot.card import strings
from bot.domain import errors
from bot.domain.generation import State
from bot.domain.journal_values import Kept
from tests.discord.card_kit import PLACES, Scene, Used, Who, button_ids, finished
from tests.discord.world import BY_BOT, FINISHED, TRACK, World
from tests.fakes import FakeJournal

PAGES = (strings.tracks.NEWER, strings.tracks.OLDER)


class Listed:
    """A page as its person sees it."""

    def __init__(self, world: World, result: simcord.InteractionResult) -> None:
        assert result.acknowledged
        assert result.response is not None
        assert result.response.ephemeral
        self.world = world
        self.message = result.response

    @property
    def text(self) -> str:
        [embed] = self.message.embeds
        return f"{embed.title}\n{embed.description}\n{embed.footer.text}"

    @property
    def prompts(self) -> list[str]:
        """What can be chosen."""
        return [option["label"] for option in self._select["options"]]

    def about(self, number: int) -> str:
        """What is said of one that can be chosen."""
        return self._select["options"][number]["description"]

    @property
    def pages(self) -> list[str]:
        """Which ways lead on."""
        buttons = [b for row in self.message.components for b in row["components"]]
        return [b["label"] for b in buttons if b["type"] == 2 and not b.get("disabled")]

    async def turn(self, who: Who, label: str) -> None:
        result = await who.click(self.message, label=label)
        assert result.acknowledged
        assert not result.followups

    async def choose(self, who: Who, number: int = 0) -> Used:
        value = self._select["options"][number]["value"]
        picked = await who.select(self.message, [value], custom_id=self._select["custom_id"])
        return Used(self.world, picked)

    async def forget(self, who: Who, number: int = 0) -> Used:
        value = self._select["options"][number]["value"]
        picked = await who.select(self.message, [value], custom_id="mg:1:pick-forgetone")
        return Used(self.world, picked)

    @property
    def _select(self) -> dict[str, Any]:
        selects = [
            item
            for row in self.message.components
            for item in row["components"]
            if item["type"] == 3
        ]
        first = selects[0]
        assert all(select["options"] == first["options"] for select in selects)
        return first


async def listed(world: World, who: Who | None = None, **options: Any) -> Listed:
    who = who or world.ada
    if isinstance(who, simcord.UserHandle):
        return Listed(world, await who.slash("tracks list", **options))
    return Listed(world, await who.slash(world.channel, "tracks list", **options))


async def has_made(world: World, scene: Scene, *prompts: str) -> None:
    """More of the same, a minute apart."""
    for number, prompt in enumerate(prompts, start=1):
        row = replace(
            scene.first,
            id=f"{number:012}",
            inputs=replace(scene.first.inputs, prompt=prompt),
            created_at=scene.first.created_at + timedelta(minutes=number),
        )
        world.journal.rows[row.id] = row


# ------------------------------------------------------------------ list


async def test_who_has_none(world: World) -> None:
    page = await listed(world)
    assert strings.tracks.NONE() in page.text
    assert page.message.components == []


@pytest.mark.parametrize("place", PLACES)
async def test_newest_first_with_links(world: World, place: str) -> None:
    scene = await finished(world, place, prompt="*slow* tango", duration=4)
    await has_made(world, scene, "march", "waltz")
    page = await listed(world, scene.owner)
    assert page.prompts == ["waltz", "march", "*slow* tango"]
    assert page.pages == []
    where = "@me" if place == "dm" else str(world.guild.id)
    url = f"https://discord.com/channels/{where}/{scene.asked.reply.channel_id}"
    assert rf"3. [\*slow\* tango]({url}/{scene.asked.reply.id})" in page.text
    assert f"melody · seed {scene.first.seed}" in page.text
    assert "1 to 3 of 3" in page.text


async def test_not_what_others_made_nor_what_failed(world: World) -> None:
    scene = await finished(world)
    other = replace(scene.first, id="o" * 12, requester_id=world.bo.id)
    failed = replace(scene.first, id="f" * 12, state=State.FAILED)
    world.journal.rows |= {other.id: other, failed.id: failed}
    assert len((await listed(world)).prompts) == 1
    assert len((await listed(world, world.bo)).prompts) == 1
    assert strings.tracks.NONE() in (await listed(world, world.mod)).text


async def test_a_search(world: World) -> None:
    scene = await finished(world)
    await has_made(world, scene, "slow march", "fast march")
    assert (await listed(world, words="MARCH slow")).prompts == ["slow march"]
    nothing = await listed(world, words="*polka*")
    assert strings.tracks.none_with(r"\*polka\*") in nothing.text


@pytest.mark.parametrize("restarted", [False, True])
async def test_pages(world: World, restarted: bool) -> None:
    scene = await finished(world, prompt="no. 0")
    await has_made(world, scene, *(f"no. {number}" for number in range(1, 25)))
    page = await listed(world, words="no.")
    seen = [*page.prompts]
    assert page.pages == [strings.tracks.OLDER]
    if restarted:
        await world.restart()
    await page.turn(world.ada, strings.tracks.OLDER)
    assert page.pages == [*PAGES]
    assert "11 to 20 of 25" in page.text
    seen += page.prompts
    await page.turn(world.ada, strings.tracks.OLDER)
    assert page.pages == [strings.tracks.NEWER]
    seen += page.prompts
    assert seen == [f"no. {number}" for number in range(24, -1, -1)]
    await page.turn(world.ada, strings.tracks.NEWER)
    assert page.prompts == seen[10:20]


async def test_a_page_that_is_no_longer_there(world: World) -> None:
    scene = await finished(world)
    await has_made(world, scene, *(f"no. {number}" for number in range(1, 12)))
    page = await listed(world)
    for number in range(1, 12):
        del world.journal.rows[f"{number:012}"]
    await page.turn(world.ada, strings.tracks.OLDER)
    assert page.prompts == ["lofi"]
    assert page.pages == []


async def test_long_words_fit_the_buttons(world: World) -> None:
    words = "ñ" * 50
    scene = await finished(world, prompt=words)
    await has_made(world, scene, *([words] * 11))
    page = await listed(world, words=words)
    assert all(len(custom_id) <= 100 for custom_id in button_ids(page.message).values())
    await page.turn(world.ada, strings.tracks.OLDER)
    assert len(page.prompts) == 2


async def test_long_prompts_fit_the_list(world: World) -> None:
    scene = await finished(world)
    await has_made(world, scene, *(f"{'*_' * 490}{number}" for number in range(10)))
    page = await listed(world)
    assert len(page.message.embeds[0].description or "") <= 4096
    assert all(len(label) <= 100 for label in page.prompts)


# ------------------------------------------------------------------ up again


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("restarted", [False, True])
async def test_a_track_comes_up_again_here_for_everyone(
    world: World, place: str, restarted: bool
) -> None:
    scene = await finished(world, place)
    page = await listed(world, scene.owner)
    if restarted:
        await world.restart()
    up = await page.choose(scene.owner)
    card = up.card
    assert card.reply.channel_id == page.message.channel_id
    assert card.reply.id != scene.asked.reply.id
    assert card.embed.title == "lofi"
    [track] = card.reply.attachments
    assert track.filename == f"lofi-{scene.first.seed}.wav"
    assert track.size == len(TRACK)
    assert card.buttons == FINISHED
    assert scene.newer == []


async def test_the_new_card_leads_on_like_the_first(world: World) -> None:
    scene = await finished(world)
    card = (await (await listed(world)).choose(world.ada)).card
    opened = Used(world, await world.bo.click(card.reply, label="Extend"))
    await opened.send(world.bo, more="5")
    assert scene.newest.parent_id == scene.first.id
    assert world.source_of(scene.newest).url == card.reply.attachments[0].url


async def test_one_take_of_several(world: World) -> None:
    scene = await finished(world)
    await scene.press(world.ada, "Variations")
    await world.done(3)
    page = await listed(world)
    assert len(page.prompts) == 4
    card = (await page.choose(world.ada, 1)).card
    [track] = [a for a in card.reply.attachments if a.filename.startswith("lofi")]
    assert track.filename in {f"lofi-{take.seed}.wav" for take in scene.newer}
    opened = Used(world, await world.bo.click(card.reply, label="Extend"))
    assert "pick" not in opened.fields, "only one take is here"


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (403, 50001, "its own message"),
        (404, 10003, "its own message"),
        (404, 10008, strings.tracks.LOST()),
    ],
)
async def test_a_track_that_cannot_be_fetched_is_made_again(
    world: World, status: int, code: int, words: str
) -> None:
    scene = await finished(world, duration=4)
    world.fail("GET", BY_BOT, status, code)
    up = await (await listed(world)).choose(world.ada)
    assert words in up.card.text
    assert up.card.reply.attachments == []
    assert up.card.buttons == [strings.card.SAME(), "Edit", "Info"]
    again = Used(world, await world.bo.click(up.card.reply, label=strings.card.SAME()))
    await world.done()
    assert len(again.card.reply.attachments) == 1
    assert scene.newest.inputs == scene.first.inputs
    assert scene.newest.seed == scene.first.seed


async def test_a_track_whose_message_was_deleted(world: World) -> None:
    scene = await finished(world)
    await world.mod.delete(scene.asked.reply)
    page = await listed(world)
    assert "1. ~~lofi~~\n-# its message was deleted · 8 s" in page.text
    assert strings.tracks.LOST() in (await (await listed(world)).choose(world.ada)).card.text


async def test_a_track_that_was_forgotten_meanwhile(world: World) -> None:
    await finished(world)
    page = await listed(world)
    await world.restart(journal=FakeJournal())
    assert (await page.choose(world.ada)).told == strings.errors.sentence(
        errors.GenerationUnknown()
    )


# ------------------------------------------------------------------ forget


async def ask_to_forget(world: World, who: simcord.MemberActor) -> Used:
    return Used(world, await who.slash(world.channel, "tracks forget"))


@pytest.mark.parametrize("restarted", [False, True])
async def test_forget_asks_first_and_says_how_many(world: World, restarted: bool) -> None:
    scene = await finished(world)
    await has_made(world, scene, "march")
    asked = await ask_to_forget(world, world.ada)
    assert asked.told == strings.tracks.forget_ask(Kept(tracks=2))
    if restarted:
        await world.restart()
    assert len(world.journal.rows) == 2
    assert asked.result.response is not None
    result = await world.ada.click(asked.result.response, label=strings.tracks.FORGET_YES())
    assert result.acknowledged
    assert asked.told == strings.tracks.forgotten(Kept(tracks=2))
    assert asked.result.response.components == []
    assert world.journal.rows == {}
    assert scene.asked.result.response is not None, "the messages stay"


async def test_who_thinks_again_is_not_forgotten(world: World) -> None:
    await finished(world)
    asked = await ask_to_forget(world, world.ada)
    assert asked.result.response is not None
    await world.ada.click(asked.result.response, label=strings.card.KEEP())
    assert asked.told == strings.card.KEPT()
    assert len(world.journal.rows) == 1


async def test_only_oneself_is_forgotten(world: World) -> None:
    scene = await finished(world)
    await scene.press(world.bo, "Again")
    await world.done()
    asked = await ask_to_forget(world, world.bo)
    assert asked.result.response is not None
    await world.bo.click(asked.result.response, label=strings.tracks.FORGET_YES())
    assert [g.requester_id for g in world.journal.rows.values()] == [world.ada.id]


async def test_what_is_under_way_is_left_alone(world: World) -> None:
    asked = await world.musicgen()
    forget = await ask_to_forget(world, world.ada)
    assert forget.told == strings.tracks.nothing_to_forget(Kept(still_open=1))
    assert forget.told.startswith("1 request of yours is still under way")
    assert button_ids(forget.response) == {}
    await world.done()
    assert len(asked.reply.attachments) == 1


async def test_there_may_be_nothing_to_forget(world: World) -> None:
    asked = await ask_to_forget(world, world.ada)
    assert asked.told == strings.tracks.NOTHING_KEPT()
    assert button_ids(asked.response) == {}


async def test_who_has_it_done_twice_is_told_that_there_was_nothing_left(world: World) -> None:
    await finished(world)
    first, second = await ask_to_forget(world, world.ada), await ask_to_forget(world, world.ada)
    for asked in (first, second):
        await world.ada.click(asked.response, label=strings.tracks.FORGET_YES())
    assert first.told == "Forgotten: 1 track."
    assert second.told == strings.tracks.NOTHING_KEPT()


async def test_all_that_is_forgotten_is_counted_before_and_after(world: World) -> None:
    scene = await finished(world)
    failed = replace(scene.first, id="f" * 12, state=State.FAILED)
    hers = replace(scene.first, id="o" * 12, requester_id=world.bo.id)
    canceled = replace(hers, id="c" * 12, state=State.CANCELED, canceled_by=world.ada.id)
    world.journal.rows |= {row.id: row for row in (failed, hers, canceled)}
    for track in (scene.first, hers):
        await world.journal.toggle_star(track.id, world.ada.id)
    asked = await ask_to_forget(world, world.ada)
    things = (
        "1 track, 1 request without a track, 2 stars you gave, and "
        "1 request of others that you canceled"
    )
    assert asked.told.startswith(f"Forget all I keep of you: {things}?")
    await world.ada.click(asked.response, label=strings.tracks.FORGET_YES())
    assert asked.told == f"Forgotten: {things}."
    assert await world.journal.kept_of(world.ada.id) == Kept()


# ------------------------------------------------------------------ gone


@pytest.mark.parametrize("restarted", [False, True])
async def test_one_track_is_forgotten(world: World, restarted: bool) -> None:
    scene = await finished(world)
    await has_made(world, scene, "*march*")
    page = await listed(world)
    asked = await page.forget(world.ada)
    assert asked.told == strings.tracks.forget_one_ask(r"\*march\*", scene.first.seed)
    if restarted:
        await world.restart()
    await world.ada.click(asked.response, label=strings.tracks.FORGET_ONE_YES())
    assert asked.told == strings.tracks.forgotten_one(r"\*march\*")
    assert [row.id for row in world.journal.rows.values()] == [scene.first.id]
    assert (await listed(world)).prompts == ["lofi"]
    assert (await page.forget(world.ada)).told == strings.errors.sentence(
        errors.GenerationUnknown()
    )


async def test_a_track_that_is_not_forgotten_after_all(world: World) -> None:
    await finished(world)
    asked = await (await listed(world)).forget(world.ada)
    await world.ada.click(asked.response, label=strings.card.KEEP())
    assert asked.told == strings.card.KEPT()
    assert len(world.journal.rows) == 1


async def test_the_list_marks_what_was_deleted_by_its_button(world: World) -> None:
    scene = await finished(world)
    [question] = (await scene.press(world.ada, "Delete")).result.followups
    await world.ada.click(question, label=strings.card.DELETE_YES())
    page = await listed(world)
    assert "1. ~~lofi~~\n-# its message was deleted · 8 s" in page.text
    assert "https://" not in page.text
    assert "its message was deleted" in page.about(0)


async def test_what_others_delete_in_a_channel_is_no_track(world: World) -> None:
    scene = await finished(world)
    other = await world.bo.send(world.channel, "hello")
    await world.mod.delete(other)
    assert not world.journal.rows[scene.first.id].reply.gone
