"""Jams as a process keeps them: over rows that others change too, on a display that may fail."""

from __future__ import annotations

import asyncio
import errno
import logging
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain.asker import ASKER
from bot.domain.errors import (
    AudioGivenUp,
    AudioUnavailable,
    AudioUnreadable,
    JamUnknown,
    SourceGone,
    TakesUsedUp,
    TrackNotRead,
    UserError,
    WorkerTooSlow,
)
from bot.domain.extension import Closeness
from bot.domain.generation import AudioSource, Generation, Relation, State
from bot.domain.inputs import Inputs
from bot.domain.measures import EndCut
from bot.domain.mixes import MixFormat, MixTerms
from bot.domain.musical_terms import MusicalTerms
from bot.engine.disk_health import Disk
from bot.engine.disk_ledger import Ledger
from bot.engine.disk_space import DiskSpace
from bot.engine.ports import DiscordFault, InputAudio, Unreachable
from bot.engine.queue import Queue
from bot.engine.reading import READ_AT_ONCE, READ_AT_ONCE_PER_USER
from bot.engine.troubles import Troubles
from bot.engine.work_room import WorkRoom
from bot.jam import rules, steps
from bot.jam.jam import Beginning, Jam, Opening, Phase, Progress, Shown, Terms
from bot.jam.openings import Openings
from bot.jam.pieces import Pieces
from bot.jam.runner import JamRunner
from bot.jam.service import Jams
from bot.jam.take_delivery import TakeDelivery
from tests.fakes import (
    FakeClock,
    FakeDelivery,
    FakeJournal,
    FakePieceSound,
    FakeSound,
    FakeTrackStore,
    a_generation,
)

ADA, BO = 5, 6


class FakeJamDisplay:
    """Remembers what people would have seen; each refusal in `refuses` is met once."""

    def __init__(self) -> None:
        self.shown: list[Jam] = []
        self.mixes: list[tuple[int, str | None, MixTerms]] = []
        self.told: list[Jam] = []
        self.refuses: list[Exception] = []
        self.refused: list[UserError] = []
        self.has_shown = asyncio.Event()

    async def source_of(self, track_id: str) -> AudioSource:
        self._may()
        return AudioSource(f"https://example.org/{track_id}", "track.wav", uploaded=True)

    async def refuse(self, jam: Jam, error: UserError) -> None:
        self._may()
        self.refused.append(error)

    async def open(self, jam: Jam) -> int:
        self._may()
        return 77

    async def show(self, jam: Jam) -> Shown:
        await asyncio.sleep(0)
        self._may()
        self.shown.append(jam)
        self.has_shown.set()
        return Shown(9, jam.revision, jam.head)

    async def tell(self, jam: Jam) -> None:
        self.told.append(jam)

    async def post_mix(self, jam: Jam, terms: MixTerms) -> None:
        self._may()
        self.mixes.append((jam.mixes_posted, jam.head, terms))

    def _may(self) -> None:
        if self.refuses:
            raise self.refuses.pop(0)


class Process:
    """What of the bot is about jams."""

    def __init__(self, folder: Path, beside: Process | None = None) -> None:
        self.clock = FakeClock() if beside is None else beside.clock
        self.journal = FakeJournal(
            beside=None if beside is None else beside.journal, now=self.clock.now
        )
        self.display = FakeJamDisplay()
        self.piece_sound = FakePieceSound()
        self.jams = Jams(self.journal, Pieces(self.journal, self.piece_sound, folder), self.clock)
        self.sound = FakeSound()
        self.ledger = Ledger(10**9, 2 * 10**8)
        disk = Disk(FakeTrackStore(), Troubles(self.clock))
        turns = Queue(READ_AT_ONCE, READ_AT_ONCE_PER_USER)
        room = WorkRoom(DiskSpace(self.ledger, self.clock), disk, turns, self.clock)
        openings = Openings(self.sound, self.jams.pieces, room)
        self.runner = JamRunner(self.jams, self.journal, self.display, openings, self.clock)
        self.delivery = TakeDelivery(FakeDelivery(self.journal), self.jams)
        self.folder = folder

    async def begin(self, minutes: int = 0, **changes: Any) -> None:
        terms = Terms("rain", music=MusicalTerms(90, "A minor"), round_minutes=minutes)
        jam = rules.start("j", self.clock.now(), guild_id=1, channel_id=2, host_id=ADA, terms=terms)
        assert await self.jams.start(replace(jam, **changes))

    async def take(self, take_id: str, by: int = BO, given_s: float | None = None) -> Generation:
        """Somebody proposes, and the model makes it."""
        request = await self.jams.propose(await self.jam(), by, take_id, f"words of {take_id}", 10)
        made = a_generation(
            id=take_id,
            state=State.DELIVERED,
            requester_id=by,
            inputs=request.inputs,
            relation=Relation.TAKE,
            given_s=given_s,
        )
        self.journal.rows[take_id] = made
        track = self.folder / "track.wav"
        await asyncio.to_thread(track.write_bytes, take_id.encode())
        await self.delivery.deliver(made, track)
        return made

    async def works(self, times: int = 50) -> None:
        for jam_id in await self.journal.jams_to_do(self.clock.now()):
            self.runner.wake(jam_id)
        for _ in range(times):
            await asyncio.sleep(0)

    async def jam(self) -> Jam:
        return await self.jams.get("j")


@pytest.fixture
def process(tmp_path: Path) -> Process:
    return Process(tmp_path)


async def test_a_take_goes_on_from_the_end_of_the_piece(process: Process) -> None:
    await process.begin()
    first = await process.jams.propose(await process.jam(), BO, "t1", "soft piano", 10)
    assert first.as_sent.prompt == "soft piano, rain, 90 bpm, A minor"
    assert (first.inputs.duration, first.source, first.more_s) == (10, None, None)
    await process.jams.failed("t1")
    await process.take("t2")
    await process.jams.change("j", rules.end, ADA)
    second = await process.jams.propose(
        await process.jam(), ADA, "t3", "drums", 30, Closeness.BALANCED
    )
    assert second.source is not None
    assert (second.source.url, second.source.own, second.more_s) == ("t2 15", True, 25)
    assert second.closeness is Closeness.BALANCED
    again = await process.jams.propose(
        await process.jam(), ADA, "t3", "drums", 30, Closeness.BALANCED
    )
    assert again == second, "an interaction may be delivered twice"
    assert len((await process.jam()).round.takes) == 1


async def test_a_take_is_kept_and_its_jam_told_before_people_hear_it(process: Process) -> None:
    await process.begin()
    made = await process.take("t1")
    [take] = (await process.jam()).round.takes
    assert take.progress is Progress.MADE
    [sound] = await process.journal.sounds_up_to("t1")
    assert sound.flac == b"FLAC of t1"
    view = await process.jams.view_of(made.id)
    assert view is not None
    assert (view.words, view.number, view.is_open) == ("words of t1", 1, True)
    end = process.folder / "end.wav"
    await process.jams.pieces.write("t1 15", end)
    assert await asyncio.to_thread(end.read_bytes) == b"FLAC of t1"
    assert [path.name for path in process.folder.iterdir() if path != end] == ["track.wav"]


async def test_a_section_begins_on_the_beat_before_the_end_of_what_was_there(
    process: Process,
) -> None:
    await process.begin()
    process.piece_sound.end_cut = EndCut(0.4, 90.0)
    await process.take("t1")
    await process.jams.change("j", rules.end, ADA)
    [first] = (await process.jam()).sections
    assert (first.added_s, first.tail_s) == (10.0, 0.4)
    assert (await process.jam()).length_s == 10.0, "nothing is cut until something follows"
    end = process.folder / "end.wav"
    await process.jams.pieces.write("t1 15", end)
    assert process.piece_sound.spliced == ([0.0], 0.4), "what the model hears ends on the beat"
    process.piece_sound.end_cut = EndCut()
    await process.take("t2", given_s=5.0)
    await process.jams.change("j", rules.end, ADA)
    jam = await process.jam()
    assert jam.lengths_s == (9.6, 5.0)
    assert jam.starts_s == (0.0, 9.6)
    async with process.jams.pieces.whole("t2"):
        assert process.piece_sound.spliced == ([0.0, 5.4], 0.0)
    await process.jams.change("j", rules.undo, ADA)
    assert (await process.jam()).length_s == 10.0, "what was cut is back"


async def test_a_take_whose_beat_cannot_be_measured_is_kept_whole(process: Process) -> None:
    async def fails(track: Path, given_s: float, asked_bpm: float | None) -> EndCut:
        assert asked_bpm == 90
        raise AudioUnreadable("flac")

    process.piece_sound.measure_end = fails
    await process.begin()
    await process.take("t1")
    [take] = (await process.jam()).round.takes
    assert (take.progress, take.tail_s) == (Progress.MADE, 0.0)


async def test_what_fails_or_cannot_be_joined_frees_its_place(process: Process) -> None:
    await process.begin()
    for take_id in ("t1", "t2"):
        await process.jams.propose(await process.jam(), BO, take_id, "words", 10)
    with pytest.raises(TakesUsedUp):
        await process.jams.propose(await process.jam(), BO, "t3", "words", 10)
    failed = a_generation(id="t1", state=State.FAILED, relation=Relation.TAKE)
    process.journal.rows["t1"] = failed
    await process.delivery.end(failed)
    await process.take("broken")
    assert [take.counts for take in (await process.jam()).round.takes] == [False, True, False]
    view = await process.jams.view_of("broken")
    assert view is not None
    assert view.is_unusable


@pytest.mark.parametrize(("fails", "progress"), [(2, Progress.MADE), (9, Progress.FAILED)])
async def test_a_take_whose_process_died_is_kept_by_another_one(
    process: Process, fails: int, progress: Progress
) -> None:
    keep, left = process.piece_sound.keep_lossless, [WorkerTooSlow(20.0)] * fails

    async def dies(track: Path, target: Path) -> float:
        if left:
            raise left.pop()
        return await keep(track, target)

    process.piece_sound.keep_lossless = dies
    await process.begin()
    await process.take("t1")
    [take] = (await process.jam()).round.takes
    assert take.progress is progress


async def test_a_hundred_votes_at_once_over_two_processes_all_count(
    process: Process, tmp_path: Path
) -> None:
    other = Process(tmp_path, process)
    await process.begin()
    await process.take("t1")
    await asyncio.gather(
        *(
            jams.change("j", rules.vote, person, "t1")
            for person in range(100)
            for jams in (process.jams, other.jams)
        )
    )
    assert (await process.jam()).round.tally["t1"] == 100


async def test_of_two_ends_at_once_one_wins_and_the_other_is_told(process: Process) -> None:
    await process.begin()
    await process.take("t1")
    ends = [process.jams.change("j", rules.end, ADA) for _ in range(2)]
    results = await asyncio.gather(*ends, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Jam", "NothingMade"]
    assert [section.take_id for section in (await process.jam()).sections] == ["t1"]


async def test_a_deadline_that_passed_while_the_bot_was_away_is_kept(process: Process) -> None:
    await process.begin(minutes=3)
    await process.take("t1")
    await process.works()
    process.clock.pass_s(3600)
    later = Process(process.folder, process)
    await later.works()
    jam = await later.jam()
    assert (jam.head, jam.round.number) == ("t1", 2)
    assert later.display.shown[-1].head == "t1"
    assert await later.journal.jams_to_do(later.clock.now()) == []


async def test_one_process_keeps_a_jam_and_another_takes_it_up(
    process: Process, tmp_path: Path
) -> None:
    other = Process(tmp_path, process)
    await process.begin()
    assert await process.journal.try_lock("jam j", 60)
    await other.works()
    assert other.display.shown == []
    await process.journal.unlock("jam j")
    await other.works()
    assert [jam.thread_id for jam in other.display.shown] == [77]


async def test_a_process_that_has_lost_a_jam_to_another_one_leaves_it_alone(
    process: Process, tmp_path: Path
) -> None:
    """It was held up for longer than its lock lasts, in the middle of showing the card."""
    other = Process(tmp_path, process)
    await process.begin()
    held_up, goes_on = asyncio.Event(), asyncio.Event()
    show = process.display.show

    async def slowly(jam: Jam) -> Shown:
        held_up.set()
        await goes_on.wait()
        return await show(jam)

    process.display.show = slowly  # pyright: ignore[reportAttributeAccessIssue] - as a test may
    await process.works()
    assert held_up.is_set()
    del process.journal.tables.locks["jam j"]
    assert await other.journal.try_lock("jam j", 60)
    process.clock.pass_s(3)
    await process.works()
    await process.jams.change("j", rules.propose, BO, "t1", "words", 10)
    goes_on.set()
    await process.works()
    assert len(process.display.shown) == 1, "what it was at, and no more"
    assert not await process.journal.try_lock("jam j", 60), "the lock is the other one's"


async def test_why_the_end_of_a_piece_is_not_to_be_had_is_told(
    process: Process, tmp_path: Path
) -> None:
    await process.begin()
    await process.take("t1")

    left, splice_end = [WorkerTooSlow(120.0)], process.piece_sound.splice_end

    async def slow(*asked: Any) -> float:
        if left:
            raise left.pop()
        return await splice_end(*asked)

    process.piece_sound.splice_end = slow  # type: ignore[method-assign]
    await process.jams.pieces.write("t1 15", tmp_path / "end.wav")
    left += [WorkerTooSlow(120.0)] * 2
    with pytest.raises(TrackNotRead):
        await process.jams.pieces.write("t1 15", tmp_path / "end.wav")
    with pytest.raises(SourceGone):
        await process.jams.pieces.write("gone 15", tmp_path / "end.wav")


async def test_a_folder_that_is_gone_is_made_again_for_a_piece(
    process: Process, tmp_path: Path
) -> None:
    await process.begin()
    await process.take("t1")
    shutil.rmtree(tmp_path)
    async with process.jams.pieces.whole("t1") as piece:
        assert piece.read_bytes() == b"FLAC of t1"


async def test_a_new_piece_is_shown_at_once_and_all_else_in_its_turn(process: Process) -> None:
    await process.begin()
    await process.take("t1")
    await process.works()
    process.display.shown.clear()
    turn, show = asyncio.Event(), process.display.show

    async def voted_meanwhile(jam: Jam) -> Shown:
        process.display.show = show  # pyright: ignore[reportAttributeAccessIssue] - as a test may
        await process.jams.change("j", rules.vote, BO, "t1")
        return await show(jam)

    async def wait(event: asyncio.Event, timeout_s: float | None) -> bool:
        while not event.is_set() and not turn.is_set():  # noqa: ASYNC110 - either of two
            await asyncio.sleep(0)
        return event.is_set()

    process.display.show = voted_meanwhile  # pyright: ignore[reportAttributeAccessIssue]
    process.clock.wait = wait  # pyright: ignore[reportAttributeAccessIssue]
    await process.jams.change("j", rules.vote, ADA, "t1")
    await process.works()
    assert len(process.display.shown) == 1, "the other vote has to wait"
    await process.jams.change("j", rules.end, ADA)
    await process.works()
    assert [jam.head for jam in process.display.shown] == [None, "t1"]
    turn.set()
    await process.works()


async def test_what_changes_while_a_lock_is_given_back_waits_for_no_other_look(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    await process.begin()
    unlock = process.journal.unlock

    async def meanwhile(name: str) -> None:
        monkeypatch.undo()
        await process.jams.change("j", rules.propose, BO, "t1", "words", 10)
        await unlock(name)

    monkeypatch.setattr(process.journal, "unlock", meanwhile)
    await process.works()
    assert [len(jam.round.takes) for jam in process.display.shown] == [0, 1]


@pytest.mark.parametrize("done", [0, 1, 2])
async def test_whatever_was_done_the_next_process_does_the_rest(
    process: Process, tmp_path: Path, done: int
) -> None:
    process.jams.changed = lambda _, __: None
    await process.begin()
    await process.take("t1")
    await process.jams.change("j", rules.vote, BO, "t1")
    await process.jams.change("j", rules.close, ADA)
    if done > 0:
        await process.jams.change("j", steps.opened, 77)
    if done > 1:
        shown = Shown(9, (await process.jam()).revision, "t1")
        await process.jams.change("j", steps.showed, shown)
    later = Process(tmp_path, process)
    await later.works()
    assert len(later.display.shown) == (done < 2)
    assert later.display.mixes == [(0, "t1", MixTerms())]
    jam = await later.jam()
    assert (jam.thread_id, jam.phase, jam.wants_work) == (77, Phase.CLOSED, False)
    assert [one.phase for one in later.display.told] == [Phase.CLOSED], "told where it was begun"


async def test_each_mix_is_posted_as_it_was_asked_for(process: Process) -> None:
    process.jams.changed = lambda _, __: None
    await process.begin()
    await process.take("t1")
    await process.jams.change("j", rules.end, ADA)
    wanted = [MixTerms(MixFormat.MP3, 0), MixTerms(MixFormat.FLAC, 10)]
    for terms in wanted:
        await process.jams.change("j", rules.mix, terms)
    later = Process(process.folder, process)
    await later.works(200)
    later.clock.pass_s(2)
    await later.works(200)
    assert later.display.mixes == [(number, "t1", terms) for number, terms in enumerate(wanted)]
    assert not (await later.jam()).wants_work


async def test_what_discord_refuses_is_tried_again_later(process: Process) -> None:
    await process.begin()
    process.display.refuses = [DiscordFault(), Unreachable(may_reopen=True)]
    for wait_s in (0.0, 5.0, 10.0):
        process.clock.pass_s(wait_s)
        assert process.display.shown == []
        await process.works()
    assert len(process.display.shown) == 1


async def test_a_jam_whose_thread_is_gone_ends_with_what_was_voted_for(process: Process) -> None:
    await process.begin()
    await process.take("t1")
    await process.jams.change("j", rules.vote, BO, "t1")
    process.display.refuses = [Unreachable(channel_gone=True)]
    for _ in range(2):
        await process.works()
    jam = await process.jam()
    assert (jam.phase, jam.wants_work, jam.head) == (Phase.CLOSED, False, "t1")
    assert [told.gone for told in process.display.told] == [True], "it is said where it was begun"


async def test_what_discord_keeps_refusing_is_told_once_and_given_up_after_a_week(
    process: Process,
) -> None:
    await process.begin()
    process.display.refuses = [Unreachable(may_reopen=True) for _ in range(2000)]
    await process.works()
    process.clock.pass_s(3601)
    # It has its thread by now.
    await process.jams.change("j", steps.opened, 77)
    before = len(process.display.refuses)
    tries = 0
    while (jam := await process.jam()).wants_work:
        tries += 1
        assert tries < 500, "there is an end to it"
        process.clock.pass_s(3600)
        await process.works()
    assert before - len(process.display.refuses) <= tries
    assert jam.hindered is not None
    assert process.clock.now() - jam.hindered.since >= timedelta(days=7)
    assert await process.journal.jams_to_do(process.clock.now()) == []
    assert len(process.display.told) == 1
    # Until somebody does something, or its thread is open again.
    process.display.refuses = []
    await process.jams.reopened(77)
    await process.works()
    assert [one.hindered is None for one in process.display.told] == [False, True]
    assert (await process.jam()).hindered is None
    assert len(process.display.shown) == 1


async def test_a_change_of_another_server_brings_nobody_to_try_again(process: Process) -> None:
    await process.begin()
    process.display.refuses = [Unreachable(may_reopen=True)]
    await process.works()
    process.runner.try_again(2)
    await process.works()
    assert process.display.shown == []
    process.runner.try_again(1)
    await process.works()
    assert len(process.display.shown) == 1


async def test_a_server_that_the_bot_leaves_keeps_no_jam(
    process: Process, caplog: pytest.LogCaptureFixture
) -> None:
    await process.begin(minutes=3)
    await process.works()
    await process.jams.propose(await process.jam(), BO, "take", "words", 10)
    await process.jams.leave_server(2)
    assert (await process.jam()).phase is Phase.GOING
    await process.jams.leave_server(1)
    await process.works()
    assert await process.jams.of_server(1) == []
    with pytest.raises(JamUnknown):
        await process.jam()
    # What was on its way ends as any track does, with nobody to tell.
    take = a_generation(id="take", relation=Relation.TAKE)
    await process.jams.heard(take, process.folder / "never read")
    await process.jams.failed("take")
    assert await process.journal.sounds_up_to("take") == []
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING] == []


async def test_a_take_nobody_heard_of_is_looked_for(process: Process) -> None:
    """A process may die between a take's row and its generation's, or before it tells the end."""
    await process.begin()
    for take_id in ("never", "made"):
        await process.jams.propose(await process.jam(), BO, take_id, "words", 10)
    made = a_generation(id="made", state=State.DELIVERED, relation=Relation.TAKE)
    process.journal.rows["made"] = made
    track = process.folder / "track.wav"
    await asyncio.to_thread(track.write_bytes, b"made")
    await process.jams.pieces.keep("made", track, 0.0, None)
    process.clock.pass_s(121)
    await process.works(200)
    progresses = {take.id: take.progress for take in (await process.jam()).round.takes}
    assert progresses == {"never": Progress.FAILED, "made": Progress.MADE}


def begun_by_command(process: Process) -> dict[str, Any]:
    """A jam as its row is written, before anything else is done."""
    until = process.clock.now() + timedelta(minutes=15)
    return {
        "opening": Opening(1, "token", until),
        "beginning": Beginning(BO, "lofi", track_id="track"),
    }


async def test_what_a_jam_begins_with_is_fetched_from_its_row_whoever_died(
    process: Process, tmp_path: Path
) -> None:
    await process.begin(minutes=3, **begun_by_command(process))
    process.clock.pass_s(600)
    later = Process(tmp_path, process)
    await later.works()
    async with asyncio.timeout(10):
        await later.display.has_shown.wait()
        await later.works()
    jam = await later.jam()
    [section] = jam.sections
    assert (section.author_id, section.words, section.added_s) == (BO, "lofi", 10.0)
    assert (jam.thread_id, jam.beginning, jam.opening) == (77, None, None)
    assert jam.round.number == 1, "no round's time runs before there is a thread"
    assert jam.round.began_at >= jam.created_at + timedelta(minutes=10)
    assert jam.round.ends_at == jam.round.began_at + timedelta(minutes=3)
    assert len(await later.journal.sounds_up_to(section.take_id)) == 1
    request = await later.jams.propose(await later.jam(), ADA, "t1", "drums", 10)
    assert request.source is not None
    assert request.source.url == f"{section.take_id} 15"


async def test_a_beginning_that_cannot_be_had_is_told_and_no_jam_begins(process: Process) -> None:
    await process.begin(**begun_by_command(process))
    process.sound.refusal = AudioUnavailable(404)
    process.display.refuses = [DiscordFault()]
    await process.works()
    process.clock.pass_s(5)
    await process.works()
    assert process.display.refused == [process.sound.refusal]
    jam = await process.jam()
    assert (jam.gone, jam.wants_work, jam.look_at) == (True, False, None)
    assert process.display.shown == []


async def test_what_a_jam_begins_with_is_taken_in_like_any_input(process: Process) -> None:
    """Decoded with strangers' files, in its person's turn, and with room for it."""
    await process.begin(**begun_by_command(process))
    taken, held = process.sound.take_in, list[int]()

    async def take_in(source: AudioSource, limit_bytes: int) -> InputAudio:
        jam = await process.jam()
        assert jam.beginning is not None
        assert jam.beginning.attempts == 1, "written down before any of it is read"
        assert ASKER.get() == ADA
        held.append(process.ledger.used_bytes)
        return await taken(source, limit_bytes)

    process.sound.take_in = take_in  # type: ignore[method-assign]
    await process.works()
    async with asyncio.timeout(10):
        await process.display.has_shown.wait()
    assert (await process.jam()).thread_id == 77
    [room_bytes] = held
    assert room_bytes > 50_000_000
    assert process.ledger.used_bytes == 0
    assert process.sound.cut == [("in.wav.wav", 4.0)]
    assert process.sound.discarded == ["in.wav", "in.wav.wav"]


async def test_what_ends_the_bot_is_not_begun_with_a_third_time(process: Process) -> None:
    begun = begun_by_command(process)
    begun["beginning"] = replace(begun["beginning"], attempts=2)
    await process.begin(**begun)
    await process.works()
    assert [type(error) for error in process.display.refused] == [AudioGivenUp]
    assert (await process.jam()).gone


async def test_a_disk_that_takes_nothing_lets_a_beginning_wait(process: Process) -> None:
    await process.begin(**begun_by_command(process))
    taken = process.sound.take_in

    async def no_room(source: AudioSource, limit_bytes: int) -> InputAudio:
        raise OSError(errno.ENOSPC, "no room")

    process.sound.take_in = no_room  # type: ignore[method-assign]
    await process.works()
    process.sound.take_in = taken  # type: ignore[method-assign]
    jam = await process.jam()
    assert jam.beginning is not None
    assert jam.beginning.attempts == 0, "the bot has not died of it"
    process.clock.pass_s(6)
    await process.works()
    async with asyncio.timeout(10):
        await process.display.has_shown.wait()
    assert (await process.jam()).thread_id == 77


async def test_a_jam_that_gets_no_thread_is_given_up(process: Process) -> None:
    await process.begin(**begun_by_command(process))
    process.clock.pass_s(3601)
    for _ in range(2):
        await process.works()
    assert (await process.jam()).gone
    assert len(process.display.told) == 1
    assert await process.journal.jams_to_do(process.clock.now()) == []


async def test_a_preset_holds_for_every_take(process: Process) -> None:
    settings = Inputs("", temperature=1.5, classifier_free_guidance=0)
    terms = Terms("rain", model_version="large", settings=settings, fine_tune="ours")
    await process.begin(terms=terms)
    first = await process.jams.propose(await process.jam(), BO, "t1", "piano", 10)
    assert first.inputs == replace(
        settings, prompt="piano, rain", model_version="large", duration=10
    )
    await process.jams.failed("t1")
    await process.take("t2")
    await process.jams.change("j", rules.end, ADA)
    second = await process.jams.propose(await process.jam(), BO, "t3", "drums", 10)
    assert second.inputs == replace(
        settings, prompt="drums, rain", model_version="large", continuation=True
    )
    assert (first.fine_tune, second.fine_tune) == ("ours", "ours")


async def test_an_unknown_jam_is_a_refusal(process: Process) -> None:
    with pytest.raises(JamUnknown):
        await process.jams.change("j", rules.done, ADA)
    assert await process.jams.view_of("t") is None
