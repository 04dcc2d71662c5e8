"""Worker processes: what ends them, and what is left of it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from bot.audio import jobs, worker_pool
from bot.audio.probe import AudioFacts
from bot.audio.worker_pool import WorkerPool
from bot.audio.worker_process import Limits
from bot.domain.errors import (
    AudioBeyondBounds,
    AudioUnreadable,
    NotAudio,
    WorkerCrashed,
    WorkerFaulty,
    WorkerOutOfMemory,
    WorkerTooSlow,
)
from bot.domain.measures import Measures
from tests.unit.audio_kit import RATE_HZ, SECONDS, endless_atoms, m4a, make_sound, silence

FIXTURES = Path(__file__).parents[1] / "fixtures" / "audio"
CRASHES = FIXTURES / "vorbis_setup_byte_crashes.ogg"
LIMITS = Limits(wall_s=30.0, cpu_s=10, memory_bytes=512 << 20)
ROOT = Path(__file__).parents[2]
linux_alone = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody stands still")


@pytest.fixture
async def pool() -> AsyncGenerator[WorkerPool]:
    pool = WorkerPool(LIMITS, most=1, replaced_after=100)
    yield pool
    await pool.close()


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    return make_sound(tmp_path / "a.wav", "wav")


@pytest.fixture(scope="module")
def long_work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Takes seconds to cut the end off."""
    return silence(tmp_path_factory.mktemp("long") / "long.flac", seconds=290)


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - the system tells nobody
            await asyncio.sleep(0.005)


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def is_standing(pid: int) -> bool:
    """Whether it has stopped: a process that waits for a processor does so once it has one."""
    return psutil.Process(pid).status() == psutil.STATUS_STOPPED


def at_work(pid: int) -> bool:
    """Whether it has begun on a file: what it does before takes a tenth of a second."""
    try:
        return psutil.Process(pid).cpu_times().user > 0.3
    except psutil.NoSuchProcess:
        return False


async def test_facts_come_back_typed(pool: WorkerPool, sound: Path) -> None:
    assert await pool.run(jobs.probe, sound) == AudioFacts("wav", SECONDS, 1, RATE_HZ)
    drawn = await pool.run(jobs.draw, sound, given_s=1.0)
    assert round(drawn.duration_s, 1) == SECONDS
    tags = {"title": "a ☃", "comment": "b", "software": "c"}
    labelled = await pool.run(jobs.label, sound, **tags, measured=True)
    assert (labelled.untagged, labelled.unmeasured) == (None, None)
    assert isinstance(labelled.measures, Measures)


async def test_a_process_is_kept_for_the_next_job(pool: WorkerPool, sound: Path) -> None:
    await pool.run(jobs.probe, sound)
    [pid] = pool.process_ids
    await pool.run(jobs.probe, sound)
    assert pool.process_ids == [pid]


async def test_the_jobs_own_errors_come_through_and_end_nothing(
    pool: WorkerPool, tmp_path: Path
) -> None:
    diary, broken = tmp_path / "diary", tmp_path / "broken"
    diary.write_bytes(b"no music today" * 40)
    broken.write_bytes(b"fLaC\x00\x00\x00\x22")
    with pytest.raises(NotAudio):
        await pool.run(jobs.probe, diary)
    [pid] = pool.process_ids
    with pytest.raises(AudioUnreadable) as unreadable:
        await pool.run(jobs.probe, broken)
    assert unreadable.value.format == "flac"
    with pytest.raises(FileNotFoundError):
        await pool.run(jobs.probe, tmp_path / "nothing")
    with pytest.raises(WorkerFaulty, match="ValueError: a context of 0"):
        await pool.run(jobs.join, diary, diary, 0.0, tmp_path / "x")
    assert pool.process_ids == [pid]


async def test_a_crash_is_told_and_the_next_job_has_a_new_process(
    pool: WorkerPool, sound: Path
) -> None:
    with pytest.raises(WorkerCrashed) as crash:
        await pool.run(jobs.probe, CRASHES)
    assert crash.value.exit_code == -signal.SIGSEGV
    assert pool.process_ids == []
    assert (await pool.run(jobs.probe, sound)).channels == 1


async def test_too_long_by_the_clock(long_work: Path, tmp_path: Path) -> None:
    pool = WorkerPool(Limits(0.3, 10, 384 << 20), most=1, replaced_after=100)
    with pytest.raises(WorkerTooSlow):
        await pool.run(jobs.cut_context, long_work, 1.0, tmp_path / "c.wav")
    assert pool.process_ids == []
    await pool.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
async def test_too_long_of_a_processor(long_work: Path, tmp_path: Path) -> None:
    new = silence(tmp_path / "new.flac", seconds=40)
    # Which of two limits it met first would be up to the machine.
    pool = WorkerPool(Limits(60.0, 1, 1 << 30), most=1, replaced_after=100)
    with pytest.raises(WorkerTooSlow):
        await pool.run(jobs.join, long_work, new, 1.0, tmp_path / "c.wav")
    await pool.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
async def test_each_job_has_its_own_processor_time(sound: Path) -> None:
    pool = WorkerPool(Limits(60.0, 1, 384 << 20), most=1, replaced_after=10_000)
    await pool.run(jobs.probe, sound)
    [pid] = pool.process_ids
    while psutil.Process(pid).cpu_times().user < 1.1:
        await pool.run(jobs.draw, sound, given_s=0.0)
    assert pool.process_ids == [pid]
    await pool.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps to it")
async def test_too_much_memory(sound: Path, tmp_path: Path) -> None:
    pool = WorkerPool(Limits(30.0, 20, 192 << 20), most=1, replaced_after=100)
    # The output of a model is held whole: here half an hour of it.
    long = silence(tmp_path / "long.flac", seconds=1800, channels=1, rate_hz=32_000)
    with pytest.raises(WorkerOutOfMemory):
        await pool.run(jobs.join, sound, long, 1.0, tmp_path / "c.wav")
    assert (await pool.run(jobs.probe, sound)).channels == 1
    await pool.close()


async def test_a_cancel_kills_at_once(pool: WorkerPool, long_work: Path, tmp_path: Path) -> None:
    work = asyncio.create_task(pool.run(jobs.cut_context, long_work, 1.0, tmp_path / "c.wav"))
    await until(lambda: pool.process_ids and at_work(pool.process_ids[0]))
    [pid] = pool.process_ids
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(work, 1.0)
    assert is_gone(pid)
    assert pool.process_ids == []


async def test_who_waits_in_line_can_leave_it(
    pool: WorkerPool, long_work: Path, tmp_path: Path
) -> None:
    first = asyncio.create_task(pool.run(jobs.cut_context, long_work, 1.0, tmp_path / "c.wav"))
    await until(lambda: pool.process_ids)
    second = asyncio.create_task(pool.run(jobs.probe, long_work))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.wait({second})
    assert second.cancelled()
    assert len(pool.process_ids) == 1
    first.cancel()
    await asyncio.wait({first})


async def test_no_more_processes_than_are_allowed(sound: Path) -> None:
    pool = WorkerPool(LIMITS, most=2, replaced_after=100)
    await asyncio.gather(*(pool.run(jobs.probe, sound) for _ in range(12)))
    assert len(pool.process_ids) == 2
    await pool.close()


async def test_a_process_is_replaced_after_so_many_files(sound: Path) -> None:
    pool = WorkerPool(LIMITS, most=1, replaced_after=2)
    seen = set[int]()
    for _ in range(4):
        await pool.run(jobs.probe, sound)
        seen.update(pool.process_ids)
    await until(lambda: all(map(is_gone, seen)))
    assert len(seen) == 2, "each is gone after its second file"
    await pool.close()


async def test_an_idle_process_goes(sound: Path) -> None:
    pool = WorkerPool(LIMITS, most=1, replaced_after=100, idle_s=0.05)
    await pool.run(jobs.probe, sound)
    [pid] = pool.process_ids
    await until(lambda: not pool.process_ids and is_gone(pid))
    assert (await pool.run(jobs.probe, sound)).channels == 1
    await pool.close()


async def test_who_is_expected_finds_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_pool, "_READY_AFTER_S", 0.0)
    pool = WorkerPool(LIMITS, most=2, replaced_after=100)
    with pool.expecting(lambda: jobs.load_libraries):
        await until(lambda: pool.process_ids)
    first = pool.process_ids
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(pool.expecting(lambda: jobs.load_libraries))
        await until(lambda: len(pool.process_ids) == 2)
    assert set(pool.process_ids) > set(first), "one more, and no more than there may be"
    await pool.close()


async def test_a_process_that_is_about_to_be_needed_stays(sound: Path) -> None:
    pool, later = (WorkerPool(LIMITS, most=2, replaced_after=100, idle_s=0.05) for _ in range(2))
    with pool.expecting(lambda: jobs.load_libraries):
        await asyncio.gather(*(pool.run(jobs.probe, sound) for _ in range(2)))
        await later.run(jobs.probe, sound)
        await until(lambda: not later.process_ids)
        assert len(pool.process_ids) == 1, "the other one is not needed"
    await until(lambda: not pool.process_ids)
    await pool.close()
    await later.close()


async def test_closing_leaves_none_that_is_being_made_ready(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker_pool, "_READY_AFTER_S", 0.0)
    pool = WorkerPool(LIMITS, most=1, replaced_after=100)
    with pool.expecting(lambda: jobs.load_libraries):
        await until(lambda: pool.process_ids)
        [pid] = pool.process_ids
        await pool.close()
        assert is_gone(pid)
        assert not pool.process_ids


def test_a_track_finds_its_libraries_loaded(tmp_path: Path) -> None:
    track = make_sound(tmp_path / "a.wav", "wav")
    script = f"""
import sys
from pathlib import Path
from bot.audio import jobs
jobs.load_libraries()
loaded = set(sys.modules)
track = Path({str(track)!r})
jobs.label(track, title="t", comment="c", software="s", measured=True)
jobs.draw(track, given_s=0.0)
print(*sorted(name for name in set(sys.modules) - loaded))
"""
    # Of Pillow's own, an image loads its readers of a few small formats.
    command = (sys.executable, "-c", script)
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - our own interpreter, our own words
    others = {name for name in ended.stdout.split() if not name.startswith(("PIL.", "encodings."))}
    assert others <= {"array"}


async def test_a_process_that_somebody_killed_at_rest_is_not_asked(
    pool: WorkerPool, sound: Path
) -> None:
    await pool.run(jobs.probe, sound)
    [pid] = pool.process_ids
    os.kill(pid, signal.SIGKILL)
    await until(lambda: not pool.process_ids)
    assert (await pool.run(jobs.probe, sound)).channels == 1


async def test_closing_leaves_no_process(long_work: Path, sound: Path, tmp_path: Path) -> None:
    pool = WorkerPool(LIMITS, most=2, replaced_after=100)
    work = asyncio.create_task(pool.run(jobs.cut_context, long_work, 1.0, tmp_path / "c.wav"))
    await pool.run(jobs.probe, sound)
    pids = pool.process_ids
    assert len(pids) == 2
    await pool.close()
    await asyncio.wait({work})
    assert all(map(is_gone, pids))


@linux_alone
async def test_who_stands_still_goes_on(pool: WorkerPool, long_work: Path, tmp_path: Path) -> None:
    work = asyncio.create_task(pool.run(jobs.cut_context, long_work, 1.0, tmp_path / "c.wav"))
    await until(lambda: any(map(at_work, pool.process_ids)))
    [pid] = pool.process_ids
    pool.pause.begin()
    await until(lambda: is_standing(pid))
    pool.pause.end()
    await work
    assert not is_standing(pid)
    pool.pause.begin()
    assert (await pool.run(jobs.probe, tmp_path / "c.wav")).duration_s == 1.0
    pool.pause.end()


@linux_alone
async def test_who_stands_still_can_be_canceled(
    pool: WorkerPool, long_work: Path, tmp_path: Path
) -> None:
    work = asyncio.create_task(pool.run(jobs.cut_context, long_work, 1.0, tmp_path / "c.wav"))
    await until(lambda: any(map(at_work, pool.process_ids)))
    [pid] = pool.process_ids
    pool.pause.begin()
    work.cancel()
    await asyncio.wait({work})
    assert is_gone(pid)
    pool.pause.end()


async def test_a_file_that_is_not_finished_does_not_appear(
    long_work: Path, sound: Path, tmp_path: Path, pool: WorkerPool
) -> None:
    target = tmp_path / "joined.wav"
    work = asyncio.create_task(pool.run(jobs.join, long_work, sound, 1.0, target))
    await until(lambda: list(tmp_path.glob("joined.wav*")))
    work.cancel()
    await asyncio.wait({work})
    assert not target.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no kill -9 there")
@pytest.mark.parametrize("standing", [False, pytest.param(True, marks=linux_alone)])
async def test_workers_die_with_a_bot_that_is_killed(
    long_work: Path, tmp_path: Path, standing: bool
) -> None:
    script = f"""
import asyncio, sys
from pathlib import Path
from bot.audio import jobs
from bot.audio.worker_pool import WorkerPool
from bot.audio.worker_process import Limits

async def main():
    pool = WorkerPool(Limits(60.0, 60, 384 << 20), most=2, replaced_after=100)
    long = Path({str(long_work)!r})
    folder = Path({str(tmp_path)!r})
    first = asyncio.create_task(pool.run(jobs.cut_context, long, 1.0, folder / "c"))
    second = asyncio.create_task(pool.run(jobs.cut_context, long, 1.0, folder / "d"))
    while len(pool.process_ids) < 2:
        await asyncio.sleep(0.01)
    print(*pool.process_ids, flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    pool.pause.begin()
    print("they stand", flush=True)
    await first

asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    pids = list(map(int, (await process.stdout.readline()).split()))
    assert len(pids) == 2
    await until(lambda: all(map(at_work, pids)))
    if standing:
        process.stdin.write(b"now\n")
        await process.stdout.readline()
        await until(lambda: all(map(is_standing, pids)))
    process.kill()
    await process.wait()
    await until(lambda: all(map(is_gone, pids)))


async def test_a_worker_is_told_no_secrets(
    pool: WorkerPool, sound: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISCORD_TOKEN", "REPLICATE_API_TOKEN", "DATABASE_URL"):
        monkeypatch.setenv(name, "secret")
    await pool.run(jobs.probe, sound)
    [pid] = pool.process_ids
    assert "secret" not in psutil.Process(pid).environ().values()


async def test_what_is_to_be_loaded_is_asked_for_only_once_it_is_time(pool: WorkerPool) -> None:
    asked: list[bool] = []
    with pool.expecting(lambda: (asked.append(True), jobs.load_libraries)[1]):
        await asyncio.sleep(0)
    assert not asked


def test_the_bot_itself_loads_no_audio_library(tmp_path: Path) -> None:
    """All its modules, with a job done."""
    sound = make_sound(tmp_path / "a.wav", "wav")
    script = f"""
import asyncio, json, sys
from pathlib import Path
import bot.__main__, bot.main, bot.client
import cogs.musicgen, cogs.actions, cogs.tracks
from bot.audio.files import AudioFiles
from tests.fakes import a_generation

async def main():
    async with AudioFiles(Path({str(tmp_path)!r})) as desk:
        track = Path({str(sound)!r})
        await desk.label(track, a_generation(), "meta/musicgen")
        await desk.draw(track, 0.0)
        await desk.fit(track, 40_000)

asyncio.run(main())
print(json.dumps([name.split(".")[0] for name in sys.modules]))
"""
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - our own words
    assert {"numpy", "PIL", "soundfile", "mutagen", "av"}.isdisjoint(json.loads(done.stdout))


# ------------------------------------------------------------------ bounds


@pytest.mark.parametrize(
    ("name", "measure"),
    [
        ("vorbis_255_channels.ogg", "channels"),
        ("flac_8_channels_399999_hz.flac", "sample_rate_hz"),
    ],
)
async def test_what_would_take_gigabytes_or_minutes_is_refused(
    pool: WorkerPool, tmp_path: Path, name: str, measure: str
) -> None:
    for work in (
        pool.run(jobs.probe, FIXTURES / name),
        pool.run(jobs.cut_context, FIXTURES / name, 15.0, tmp_path / "c.wav"),
        pool.run(jobs.cut_beginning, FIXTURES / name, 15.0, tmp_path / "c.wav"),
    ):
        with pytest.raises(AudioBeyondBounds) as caught:
            await work
        assert caught.value.measure == measure


@pytest.mark.parametrize("where", ["top", "moov", "trak", "ilst"])
async def test_an_mp4_of_endless_atoms_is_refused_soon(
    pool: WorkerPool, tmp_path: Path, where: str
) -> None:
    path = tmp_path / "a.m4a"
    path.write_bytes(endless_atoms(where, 500_000))
    with pytest.raises(AudioUnreadable):
        await pool.run(jobs.examine, path)


async def test_an_mp4_of_atoms_in_atoms_is_refused(pool: WorkerPool, tmp_path: Path) -> None:
    path = tmp_path / "a.m4a"
    content = b""
    for _ in range(5000):
        content = (8 + len(content)).to_bytes(4, "big") + b"moov" + content
    path.write_bytes(m4a()[:28] + content)
    with pytest.raises(AudioUnreadable):
        await pool.run(jobs.examine, path)
