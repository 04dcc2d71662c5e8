"""A track that is too large for where it goes is sent smaller, and says so."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile  # pyright: ignore[reportMissingTypeStubs] - its source is typed well enough

from bot.card import strings
from bot.playground.discord.actors import Used
from bot.playground.discord.messages import Message
from bot.playground.discord.rules import Rules
from bot.playground.replicate.scripts import Script
from bot.playground.replicate.timings import Timings
from tests.journey.rig import EDIT, OUTPUT, Rig, a_rig, has_track, words
from tests.journey.sound import RATE_HZ, samples, tags

MIB = 1024 * 1024
SECONDS = 20
WAV_BYTES = SECONDS * RATE_HZ * 2
SLOW = Timings(cold_start_s=0, step_rate_per_s=20, tick_s=1)
TOKEN_LIFE_S = 15 * 60


def original(rig: Rig) -> npt.NDArray[np.int16]:
    """What the model made."""
    [prediction] = rig.replicate.predictions
    assert prediction.output_file is not None
    return samples(prediction.output_file.content)


def format_of(message: Message) -> str:
    """By its name and by its bytes."""
    [track] = message.attachments
    name = track.filename.rpartition(".")[2]
    with soundfile.SoundFile(io.BytesIO(track.data)) as sound:
        assert sound.format.lower() == {"mp3": "mp3", "flac": "flac", "wav": "wav"}[name]
    return name


@pytest.mark.parametrize(
    ("limit_bytes", "format_"),
    [(WAV_BYTES + 4096, "wav"), (WAV_BYTES - 1, "flac"), (WAV_BYTES // 6, "mp3")],
)
async def test_the_best_that_fits(tmp_path: Path, limit_bytes: int, format_: str) -> None:
    rules = Rules(file_limit_bytes=limit_bytes)
    async with a_rig(tmp_path, rules=rules) as rig:
        message = await (await rig.musicgen(duration=SECONDS, seed=3)).until(has_track)
        assert format_of(message) == format_
        [track] = message.attachments
        assert len(track.data) <= limit_bytes
        assert ("Sent as" in words(message)) is (format_ != "wav")
        if format_ == "mp3":
            assert "Sent as MP3, because the WAV is larger than" in words(message)
            assert tags(track.data)[0] == "deep house bassline"
        else:
            assert np.array_equal(samples(track.data), original(rig)), "nothing is lost"
        assert [f.filename for f in message.body.files][-1] == "waveform.png"


@pytest.mark.parametrize("tier", ["living", "dead"])
async def test_the_bots_own_limit_is_smaller(tmp_path: Path, tier: str) -> None:
    """Ada's subscription lifts the limit of her interaction, and of nothing else."""
    rules = Rules(file_limit_bytes=20 * MIB)
    async with a_rig(tmp_path, rules=rules, timings=SLOW) as rig:
        rig.replicate.script(Script(delivery_bytes=11 * MIB))
        used = await rig.musicgen()
        await used.until(lambda message: message.embeds)
        if tier == "dead":
            rig.discord.clock.advance(TOKEN_LIFE_S)
        message = await used.until(has_track)
        assert format_of(message) == ("wav" if tier == "living" else "flac")
        assert ("larger than the 10 MiB" in words(message)) is (tier == "dead")
        assert np.array_equal(samples(message.attachments[0].data), original(rig))


async def refused_so_often(rig: Rig, times: int) -> Used:
    """Discord takes no file, against its own word."""
    rig.trouble_replicate(OUTPUT, drip_s=0.3)
    used = await rig.musicgen(duration=4)
    await used.until(lambda message: strings.card.FETCHING() in words(message))
    body = {"message": "Request entity too large", "code": 40005}
    rig.trouble_discord(EDIT, with_files=True, times=times, status=413, body=body)
    return used


async def test_a_file_that_discord_refuses_all_the_same_is_made_smaller(rig: Rig) -> None:
    message = await (await refused_so_often(rig, 1)).until(has_track)
    assert format_of(message) in {"flac", "mp3"}
    assert "because Discord did not take the larger WAV" in words(message)


async def test_files_that_discord_always_refuses_are_kept(rig: Rig) -> None:
    used = await refused_so_often(rig, 2)
    message = await used.until(lambda message: "**The track is made**" in words(message))
    assert not message.attachments
    assert "larger than the 10 MiB that Discord takes here" in words(message)
    assert len(list((rig.settings.data_folder / "tracks").iterdir())) == 1
    await rig.ada.click(message, strings.card.BRING())
    await used.until(has_track)
