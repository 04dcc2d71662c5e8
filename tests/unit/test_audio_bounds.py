"""Headers that announce absurd things, and small files with a lot in them."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncGenerator, Callable
from functools import cache
from pathlib import Path

import pytest

from bot.audio import jobs
from bot.audio.bounds import CHANNELS_MAX, RATE_MAX_HZ, RATE_MIN_HZ
from bot.audio.worker_pool import WorkerPool
from bot.audio.worker_process import Limits
from bot.domain.errors import AudioBeyondBounds, AudioWorkFailed, NotAudio, RequestRefused
from tests import forked_workers
from tests.unit.audio_kit import make_sound, silence

VORBIS = Path(__file__).parents[1] / "fixtures" / "audio" / "vorbis_setup_byte_crashes.ogg"
LIMITS = Limits(wall_s=60.0, cpu_s=30, memory_bytes=384 << 20)
ODD = "odd"
"""Whatever comes of it has a type."""


@pytest.fixture
async def pool() -> AsyncGenerator[WorkerPool]:
    pool = WorkerPool(LIMITS, most=2, replaced_after=100)
    with forked_workers.forking(forked_workers.address()):
        yield pool
        await pool.close()


def wav(channels: int, rate_hz: int, data_bytes: int = 4000) -> bytes:
    """16 bits; ffmpeg and Windows both write such a header."""
    frame = channels * 2
    numbers = channels, rate_hz, rate_hz * frame & 0xFFFFFFFF, frame & 0xFFFF, 16
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, *numbers)
    data = struct.pack("<4sI", b"data", data_bytes) + bytes(min(data_bytes, 4000))
    return b"RIFF" + struct.pack("<I", 4 + len(fmt) + len(data)) + b"WAVE" + fmt + data


def flac(content: bytes, *, rate_hz: int, channels: int, samples: int) -> bytes:
    """A file with other words in its STREAMINFO; RFC 9639, 8.2."""
    packed = rate_hz << 44 | (channels - 1) << 41 | 15 << 36 | samples
    return content[:18] + packed.to_bytes(8, "big") + content[26:]


def aiff(rate: bytes, channels: int) -> bytes:
    """The rate is an 80-bit float, which holds infinities and more."""
    comm = struct.pack(">4sIhIh", b"COMM", 18, channels, 1000, 16) + rate
    ssnd = struct.pack(">4sIII", b"SSND", 8 + 4000, 0, 0) + bytes(4000)
    return b"FORM" + struct.pack(">I", 4 + len(comm) + len(ssnd)) + b"AIFF" + comm + ssnd


@cache
def honest_flac() -> bytes:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        return make_sound(Path(folder) / "a.flac", "flac").read_bytes()


ABSURD: dict[str, tuple[Callable[[], bytes], str]] = {
    "wav, 9 channels": (lambda: wav(9, 48_000), "channels"),
    "wav, 255 channels": (lambda: wav(255, 48_000), "channels"),
    "wav, 65,535 channels": (lambda: wav(65_535, 48_000), ODD),
    "wav, no channels": (lambda: wav(0, 48_000), ODD),
    "wav, 0 Hz": (lambda: wav(2, 0), ODD),
    "wav, 1 Hz": (lambda: wav(2, 1), "sample_rate_hz"),
    "wav, 384,001 Hz": (lambda: wav(2, RATE_MAX_HZ + 1), "sample_rate_hz"),
    "wav, 4 GHz": (lambda: wav(2, 0xFFFFFFFF), ODD),
    "wav, 4 GB announced": (lambda: wav(2, 48_000, 0xFFFFFFF0), ODD),
    "flac, 655,350 Hz": (
        lambda: flac(honest_flac(), rate_hz=655_350, channels=8, samples=2**36 - 1),
        ODD,
    ),
    "flac, 2 ** 36 samples": (
        lambda: flac(honest_flac(), rate_hz=32_000, channels=1, samples=2**36 - 1),
        ODD,
    ),
    "aiff, infinite rate": (lambda: aiff(b"\x7f\xff" + bytes(8), 2), ODD),
    "aiff, no number": (lambda: aiff(b"\x7f\xff" + b"\xff" * 8, 2), ODD),
    "aiff, negative channels": (lambda: aiff(b"\x40\x0e\xbb\x80" + bytes(6), -2), ODD),
    "aiff, 300 channels": (lambda: aiff(b"\x40\x0e\xbb\x80" + bytes(6), 300), "channels"),
}


async def all_jobs(pool: WorkerPool, path: Path) -> tuple[object, ...]:
    """What each kind of work comes to."""
    target = path.with_name("target.wav")
    return await asyncio.gather(
        pool.run(jobs.probe, path),
        pool.run(jobs.cut_beginning, path, 1.0, target),
        pool.run(jobs.cut_context, path, 1.0, path.with_name("context.wav")),
        pool.run(jobs.draw, path, given_s=0.0),
        return_exceptions=True,
    )


@pytest.mark.parametrize("name", ABSURD)
async def test_absurd_headers(pool: WorkerPool, tmp_path: Path, name: str) -> None:
    make, measure = ABSURD[name]
    path = tmp_path / "absurd"
    path.write_bytes(make())
    for came_of_it in await all_jobs(pool, path):
        if isinstance(came_of_it, BaseException):
            assert isinstance(came_of_it, RequestRefused | AudioWorkFailed), repr(came_of_it)
        if measure is not ODD:
            assert isinstance(came_of_it, AudioBeyondBounds)
            assert came_of_it.measure == measure


@pytest.mark.parametrize(
    ("channels", "rate_hz"),
    [(1, 8000), (2, 44_100), (6, 48_000), (CHANNELS_MAX, 192_000), (1, RATE_MIN_HZ)],
)
async def test_what_people_have_is_taken(
    pool: WorkerPool, tmp_path: Path, channels: int, rate_hz: int
) -> None:
    path = tmp_path / "usual.wav"
    path.write_bytes(wav(channels, rate_hz))
    facts = await pool.run(jobs.probe, path)
    assert (facts.channels, facts.sample_rate_hz) == (channels, rate_hz)


@pytest.mark.parametrize(("channels", "rate_hz", "seconds"), [(8, 192_000, 320), (1, 1000, 4000)])
async def test_bombs_of_silence_are_refused(
    pool: WorkerPool, tmp_path: Path, channels: int, rate_hz: int, seconds: float
) -> None:
    """Some hundred kilobytes; what is decoded of them is bounded, and none of it is held."""
    bomb = silence(tmp_path / "bomb.flac", seconds=seconds, channels=channels, rate_hz=rate_hz)
    with pytest.raises(RequestRefused):
        await pool.run(jobs.cut_context, bomb, 15.0, tmp_path / "context.wav")
    assert not (tmp_path / "context.wav").exists()


# ------------------------------------------------------------------ Vorbis


def _crc(page: bytes) -> int:
    """An Ogg page's check sum; RFC 3533, 6."""
    crc = 0
    for byte in page:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7 if crc & 0x80000000 else crc << 1) & 0xFFFFFFFF
    return crc


def _with_byte(content: bytes, position: int, value: int) -> bytes:
    """One byte changed, and its page's check sum right."""
    start = content.rindex(b"OggS", 0, position)
    end = content.find(b"OggS", start + 4)
    page = bytearray(content[start : end if end > 0 else len(content)])
    page[position - start] = value
    page[22:26] = bytes(4)
    page[22:26] = _crc(bytes(page)).to_bytes(4, "little")
    return content[:start] + bytes(page) + content[start + len(page) :]


@pytest.mark.parametrize("seed", range(24))
async def test_any_byte_of_a_vorbis_setup_header(
    pool: WorkerPool, tmp_path: Path, seed: int
) -> None:
    content = VORBIS.read_bytes()
    setup = content.index(b"\x05vorbis")
    second_page = content.index(b"OggS", 4)
    assert setup > second_page
    position = setup + 7 + seed * 131
    path = tmp_path / "changed.ogg"
    path.write_bytes(_with_byte(content, position, content[position] ^ 1 << seed % 8))
    for came_of_it in await all_jobs(pool, path):
        if isinstance(came_of_it, BaseException):
            assert isinstance(came_of_it, RequestRefused | NotAudio | AudioWorkFailed)
