"""Files that were made to harm: they end in a sentence, and hold nobody else up."""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import psutil
import pytest

from bot.card import strings
from bot.playground.discord.actors import Actor, Used
from bot.playground.discord.wire import File
from tests import forked_workers
from tests.journey import processes
from tests.journey.processes import BotProcess, a_running_bot
from tests.journey.rig import Rig, a_rig, eventually, has_ended, has_track, words
from tests.unit.audio_kit import silence

FIXTURES = Path(__file__).parents[1] / "fixtures" / "audio"
CRASHES = (FIXTURES / "vorbis_setup_byte_crashes.ogg").read_bytes()
HOSTILE = {
    "crash.ogg": (CRASHES, "looks like OGG but cannot be read"),
    "wide.ogg": (
        (FIXTURES / "vorbis_255_channels.ogg").read_bytes(),
        "it has 255 channels, and I take up to 8",
    ),
    "fast.flac": (
        (FIXTURES / "flac_8_channels_399999_hz.flac").read_bytes(),
        "its sample rate is 399,999 Hz, and I take up to 384,000",
    ),
    "films.m4a": (
        b"\x00\x00\x00\x10ftypM4A \x00\x00\x00\x00" * 100_000,
        "it is made of more than 1,000 files laid one on the other",
    ),
}
SOON_S = 15.0


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Rig]:
    monkeypatch.setattr(processes, "FORKS_WORKERS", False)
    async with a_rig(tmp_path, speed=1, start=False) as rig:
        yield rig


@pytest.fixture(scope="module")
def long_work(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small file whose header lies: to learn its length takes all of it, for seconds."""
    content = bytearray(silence(tmp_path_factory.mktemp("x") / "x.flac", seconds=290).read_bytes())
    # The count of samples is the low 36 bits before the MD5 sum; RFC 9639, 8.2.
    content[8 + 14 : 8 + 18] = b"\xf0\x00\x00\x00"
    return bytes(content)


async def musicgen(rig: Rig, who: Actor, **options: object) -> Used:
    asked = {"prompt": "gong", "duration": 1, **options}
    used = await who.slash(rig.discord.world.jam, "musicgen", **asked)  # pyright: ignore[reportArgumentType] - options by name
    return await used.answered(timeout_s=SOON_S)


async def extend(rig: Rig, file: File) -> Used:
    message = await rig.bo.post(rig.discord.world.jam, "", [file])
    opened = await (
        await rig.ada.message_command(message, strings.commands.MENU_EXTEND())
    ).answered()
    return await rig.ada.submit_modal(opened, {"more": "2", "prompt": "gong"})


def told(used: Used) -> list[str]:
    """What its person alone is told."""
    replies = [used.reply, *used.followups]
    return [words(reply) for reply in replies if reply is not None and reply.ephemeral]


def workers(bot: BotProcess) -> list[psutil.Process]:
    """The processes that a bot's process has work on files."""
    return psutil.Process(bot.pid).children()


def at_work(bot: BotProcess) -> list[psutil.Process]:
    """Those that have a file of somebody's open."""
    return [worker for worker in workers(bot) if _reads_input(worker)]


def _reads_input(worker: psutil.Process) -> bool:
    try:
        return any(Path(file.path).name.startswith("input-") for file in worker.open_files())
    except psutil.NoSuchProcess:
        return False


def is_gone(worker: psutil.Process) -> bool:
    return not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("door", ["/musicgen", "Extend"])
async def test_the_bot_outlives_them_and_says_what_is_the_matter(stage: Rig, door: str) -> None:
    async with a_running_bot(stage) as bot:
        for name, (content, reason) in HOSTILE.items():
            file = File(name, content)
            if door == "Extend":
                used = await extend(stage, file)
            else:
                used = await musicgen(stage, stage.ada, input_audio=file)
            await stage.discord.world.until(lambda _, used=used: told(used), SOON_S)
            [sentence] = told(used)
            assert reason in sentence
            assert "Export it again" in sentence
        assert stage.replicate.predictions == []
        used = await musicgen(stage, stage.ada)
        await used.until(has_track, timeout_s=SOON_S)
        assert "Traceback" not in bot.output


async def test_a_paid_track_is_delivered_while_six_of_them_are_decoded(
    stage: Rig, long_work: bytes
) -> None:
    people = [stage.ada, stage.mod] * 3
    async with a_running_bot(stage) as bot:
        hostile = [
            await musicgen(stage, who, input_audio=File(f"{n}.flac", long_work))
            for n, who in enumerate(people)
        ]
        await eventually(lambda: at_work(bot))
        used = await musicgen(stage, stage.bo)
        began_s = time.monotonic()
        await used.until(has_track, timeout_s=SOON_S)
        assert time.monotonic() - began_s < SOON_S
        assert at_work(bot), "they are still being decoded"
        assert sum(bool(told(one)) for one in hostile) < len(hostile)


async def test_a_cancel_ends_the_work_at_once(stage: Rig, long_work: bytes) -> None:
    async with a_running_bot(stage) as bot:
        used = await musicgen(stage, stage.ada, input_audio=File("long.flac", long_work))
        running = await used.until(lambda message: message.body.items, timeout_s=SOON_S)
        [worker] = await eventually(lambda: at_work(bot))
        await stage.ada.click(running, "Cancel")
        ended = await used.until(has_ended, timeout_s=SOON_S)
        assert "**Canceled.**" in words(ended)
        await eventually(lambda: is_gone(worker))
    assert stage.replicate.predictions == []


async def test_a_row_that_has_killed_twice_ends_in_a_sentence(stage: Rig, long_work: bytes) -> None:
    """By `kill -9` while the file is decoded, as the kernel does it when memory is short."""
    used: Used | None = None
    for _ in range(2):
        async with a_running_bot(stage) as bot:
            if used is None:
                used = await musicgen(stage, stage.ada, input_audio=File("x.flac", long_work))
            [worker] = await eventually(lambda bot=bot: at_work(bot))
            await bot.kill()
            await eventually(lambda worker=worker: is_gone(worker))
    assert used is not None
    async with a_running_bot(stage):
        await stage.discord.world.until(lambda _: told(used), SOON_S)
        [sentence] = told(used)
        assert "I was interrupted twice while I read your input audio" in sentence
    assert stage.replicate.predictions == []


async def test_no_worker_outlives_a_bot_that_is_stopped(stage: Rig, long_work: bytes) -> None:
    async with a_running_bot(stage) as bot:
        await musicgen(stage, stage.ada, input_audio=File("x.flac", long_work))
        [worker] = await eventually(lambda: at_work(bot))
        bot.ask_to_stop()
        assert await bot.ended() == 0
        await eventually(lambda: is_gone(worker))
        assert "Traceback" not in bot.output


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere they go on")
async def test_no_file_is_read_while_people_are_acknowledged(
    tmp_path: Path, long_work: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forked_workers, "address", lambda: None)
    async with a_rig(tmp_path, speed=1, start=False) as rig:
        bot = await rig.start()
        await musicgen(rig, rig.ada, input_audio=File("long.flac", long_work))
        [worker] = await eventually(
            lambda: [one for one in psutil.Process().children() if _reads_input(one)]
        )
        with bot.service.acknowledgements.urgent():
            while worker.status() != psutil.STATUS_STOPPED:
                assert _reads_input(worker), "it goes on reading"
        await eventually(lambda: worker.status() != psutil.STATUS_STOPPED)
