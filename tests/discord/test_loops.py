"""Below Info: how a track loops, its loop as a file, and several tracks in one ZIP."""

from __future__ import annotations

import errno
import io
from pathlib import Path
from zipfile import ZipFile

import pytest

from bot.card import strings
from bot.domain import errors
from bot.domain.generation import Relation
from bot.domain.journal_values import PendingAnswer
from bot.domain.measures import Joint, Measures, Tempo
from bot.domain.track_names import track_filename
from tests.discord.card_kit import PLACES, Used, Who, button_ids, finished
from tests.discord.test_tracks import listed
from tests.discord.world import BY_BOT, TRACK, World, text_of
from tests.fakes import LOOP

CLEAN = Joint(0.01, 0.1, 1.0, 2.0)
CLICK = Joint(0.5, 0.1, 1.0, 2.0)
JUMP = Joint(0.01, 0.1, 9.0, 2.0)
BOTH = Joint(0.5, 0.1, 9.0, 2.0)
GONE = strings.errors.sentence(errors.TrackNotHere())
LINE = strings.files.PACK_LINE()
TAKES = strings.files.PACK_TAKES()


def info_words(info: Used) -> str:
    assert info.result.response is not None
    return text_of(info.result.response.embeds[0])


async def below_info(world: World, info: Used, label: str, who: Who | None = None) -> Used:
    """What a press of a button below Info does."""
    assert info.result.response is not None
    return Used(world, await (who or world.bo).click(info.result.response, label=label))


async def files_in(used: Used) -> dict[str, bytes]:
    """The files of a ZIP that its person alone sees."""
    assert used.result.ephemeral
    assert used.result.response is not None
    [file] = used.result.response.attachments
    with ZipFile(io.BytesIO(await file.read())) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize(
    ("tempo", "on_card", "in_info"),
    [
        (Tempo(119.6, 0.93), "about 120 bpm", "Tempo: about 120 bpm (93% sure)."),
        (Tempo(97.2, 0.2), None, "Tempo: not sure; 97 bpm at a guess (20% sure)."),
        (Tempo(97.2, 0.0), None, "Tempo: I find no beat in it."),
        (None, None, "Tempo: the track is too short to tell."),
    ],
)
async def test_a_tempo_is_on_the_card_where_it_is_sure(
    world: World, tempo: Tempo | None, on_card: str | None, in_info: str
) -> None:
    world.sound.measures = Measures(tempo, CLEAN)
    scene = await finished(world)
    card = scene.asked.text
    assert (on_card in card) if on_card else ("bpm" not in card)
    info = info_words(await scene.press(world.bo, "Info"))
    assert in_info in info
    assert "Its end meets its beginning cleanly" in info
    up = (await (await listed(world)).choose(world.ada)).card
    assert (on_card in up.text) if on_card else ("bpm" not in up.text)


@pytest.mark.parametrize(
    ("joint", "words"),
    [
        (CLEAN, "loops cleanly"),
        (CLICK, "loops with a click"),
        (JUMP, "loops with a jump in loudness"),
        (BOTH, "loops with a click and a jump in loudness"),
    ],
)
async def test_how_its_end_meets_its_beginning_is_on_the_card(
    world: World, joint: Joint, words: str
) -> None:
    world.sound.measures = Measures(None, joint)
    description = (await finished(world)).asked.embed.description or ""
    facts, whose = description.splitlines()
    assert facts.startswith("-# melody · 8 s · seed")
    assert whose == f"-# Asked for by <@{world.ada.id}> · {words}"


async def test_takes_have_tempi_of_their_own(world: World) -> None:
    world.sound.measures = Measures(Tempo(88.4, 0.7), CLICK)
    scene = await finished(world)
    varied = await scene.press(world.bo, "Variations")
    await world.done(3)
    assert varied.card.text.count("ready, 8 s, about 88 bpm") == 3
    info = Used(world, await world.mod.click(varied.card.reply, label="Info"))
    assert info_words(info).count("with a click: a step of 0.50, and 0.10 at most around") == 3


async def test_what_cannot_be_measured_goes_out_and_tells_less(world: World) -> None:
    world.sound.measures = None
    scene = await finished(world)
    assert "bpm" not in scene.asked.text
    assert "Tempo" not in info_words(await scene.press(world.bo, "Info"))


@pytest.mark.parametrize("place", PLACES)
async def test_a_loop_is_a_file_for_everyone(world: World, place: str) -> None:
    scene = await finished(world, place)
    info = await scene.press(scene.stranger, "Info")
    made = (await below_info(world, info, "Loop", scene.stranger)).card
    name = track_filename("loop 120 bpm lofi", scene.first.seed, "wav")
    assert [file.filename for file in made.reply.attachments] == [name]
    assert "**A loop of 2 bars** at 120.0 bpm, four beats to the bar, 4 s." in made.text
    assert "It starts 0.50 s into the track." in made.text
    assert "cleanly: no click" in made.text
    assert "An MP3 can't" in made.text
    assert f"Asked for by <@{scene.stranger.id}>" in made.text
    assert len(world.predictions.created) == 1, "nothing more was paid"
    assert made.buttons == ["Delete"]


async def test_a_loop_is_deleted_by_who_asked_for_it(world: World) -> None:
    scene = await finished(world)
    made = (await below_info(world, await scene.press(world.bo, "Info"), "Loop")).card
    refused = Used(world, await world.ada.click(made.reply, label="Delete"))
    assert refused.told == strings.errors.sentence(errors.NotYours(world.bo.id))
    asked = await world.bo.click(made.reply, label="Delete")
    [question] = [message for message in asked.followups if message.components]
    await world.bo.click(question, label=strings.card.DELETE_YES())
    assert made.result.response is None
    assert [message.id for message in world.messages] == [scene.asked.reply.id]


async def test_a_loop_of_several_takes_asks_of_which(world: World) -> None:
    scene = await finished(world)
    varied = await scene.press(world.ada, "Variations")
    await world.done(3)
    takes = scene.newer
    info = Used(world, await world.bo.click(varied.card.reply, label="Info"))
    form = await below_info(world, info, "Loop")
    assert [option["value"] for option in form.fields["pick"]["options"]] == [t.id for t in takes]
    made = (await form.send(world.bo, pick=[takes[1].id])).card
    [file] = made.reply.attachments
    assert file.filename.endswith(f"-{takes[1].seed}.wav")


async def test_after_a_restart_the_track_is_read_again(world: World) -> None:
    scene = await finished(world)
    info = await scene.press(world.bo, "Info")
    await world.restart()
    assert "A loop" in (await below_info(world, info, "Loop")).card.text
    world.fail("GET", BY_BOT, 404, 10008)
    assert (await below_info(world, info, "Loop")).told == GONE
    assert len(world.messages) == 2, "the refusal is private"


@pytest.mark.parametrize("refusal", [errors.NoLoop(1.5), errors.TrackNotRead()])
async def test_why_there_is_no_loop_is_told_in_private(
    world: World, refusal: errors.UserError
) -> None:
    scene = await finished(world)
    world.sound.loop_made = refusal
    info = await scene.press(world.bo, "Info")
    assert (await below_info(world, info, "Loop")).told == strings.errors.sentence(refusal)
    assert [message.id for message in world.messages] == [scene.asked.reply.id]
    world.sound.loop_made = LOOP
    assert "A loop" in (await below_info(world, info, "Loop")).card.text


async def test_all_takes_come_in_one_zip(world: World) -> None:
    scene = await finished(world)
    alone = await scene.press(world.bo, "Info")
    assert alone.result.response is not None
    assert set(button_ids(alone.result.response)) == {"Loop", strings.presets.BUTTON()}
    varied = await scene.press(world.ada, "Variations")
    await world.done(3)
    info = Used(world, await world.mod.click(varied.card.reply, label="Info"))
    packed = await below_info(world, info, TAKES, world.mod)
    names = [track_filename("lofi", t.seed, "wav", n) for n, t in enumerate(scene.newer, start=1)]
    assert await files_in(packed) == dict.fromkeys(names, TRACK)
    assert "3 tracks in one ZIP" in packed.told


async def test_a_track_comes_with_what_led_to_it(world: World) -> None:
    scene = await finished(world)
    again = await scene.press(world.ada, "Again")
    await world.done(3)
    [second] = scene.newer
    assert second.relation is Relation.AGAIN
    info = Used(world, await world.bo.click(again.card.reply, label="Info"))
    packed = await below_info(world, info, LINE)
    line = [track_filename("lofi", t.seed, "wav", n) for n, t in ((1, scene.first), (2, second))]
    assert list(await files_in(packed)) == line
    # Of what is gone it is told, and the rest is there.
    world.fail("GET", BY_BOT, 404, 10008)
    packed = await below_info(world, info, LINE)
    assert list(await files_in(packed)) == line[1:]
    assert "I can't get these any more: [lofi](" in packed.told


@pytest.mark.parametrize("button", ["Loop", LINE, "picked from the list"])
async def test_a_full_disk_is_told_where_a_track_is_worked_on(
    world: World, monkeypatch: pytest.MonkeyPatch, button: str
) -> None:
    scene = await finished(world)
    world.bug_expected = True
    held, folders = list[int](), list[Path]()
    write = Path.write_bytes
    ledger = world.bot.service.work_room._disk_space.ledger  # pyright: ignore[reportPrivateUsage] - what is claimed

    def fails(path: Path, data: bytes) -> int:
        held.append(ledger.used_bytes)
        folders.append(path.parent)
        raise OSError(errno.ENOSPC, "No space left on device")

    again = await scene.press(world.ada, "Again")
    await world.done(3)
    monkeypatch.setattr(Path, "write_bytes", fails)
    if button == "picked from the list":
        told = (await (await listed(world)).choose(world.ada)).response.content
    else:
        info = Used(world, await world.bo.click(again.card.reply, label="Info"))
        told = (await below_info(world, info, button)).told
    assert told == strings.errors.sentence(errors.DiskUnusable(full=True))
    assert min(held) >= len(TRACK), "its room was claimed before it was written"
    assert ledger.used_bytes == 0
    assert {folder.parent for folder in folders} == {world.config.work_folder}
    assert not any(folder.exists() for folder in folders)
    monkeypatch.setattr(Path, "write_bytes", write)


async def test_a_zip_holds_nothing_that_its_person_may_not_see(world: World) -> None:
    scene = await finished(world, "dm", prompt="a secret")
    opened = await scene.press(scene.owner, "Edit")
    await opened.send(scene.owner, prompt="a march", model=["melody"])
    await world.done()
    up = await (await listed(world)).choose(world.ada)
    for who, sees in ((world.bo, False), (world.ada, True)):
        info = Used(world, await who.click(up.card.reply, label="Info"))
        assert info.result.response is not None
        assert (LINE in button_ids(info.result.response)) == sees


async def test_what_was_answered_before_a_kill_stays_as_it_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes next finds it noted, and sees by its message that nobody waits."""
    scene = await finished(world)
    info = await scene.press(world.bo, "Info")

    async def dies(*_: str) -> None:
        raise errors.JournalFault

    monkeypatch.setattr(world.journal, "answered", dies)
    made = (await below_info(world, info, "Loop")).card
    told = made.text
    [pending] = world.journal.tables.answers
    await world.restart()
    await world.pass_s(11)
    assert pending not in world.journal.tables.answers
    assert made.text == told
    assert made.reply.content == ""


async def test_an_answer_whose_token_has_died_is_let_go(world: World) -> None:
    answer = PendingAnswer("a", 1, "token", world.clock.now())
    world.journal.tables.answers["a"] = answer, "another"
    await world.pass_s(11)
    assert world.journal.tables.answers == {}
    assert world.requests("*", "/webhooks/*") == []
