"""A loop of what the model made, and a song's history in one ZIP, from end to end."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from zipfile import ZipFile

import pytest
import soundfile  # pyright: ignore[reportMissingTypeStubs] - its source is typed well enough

from bot.card import strings
from bot.playground.discord.actors import Used
from bot.playground.discord.messages import Message
from bot.playground.discord.rules import MIB, Rules
from tests.journey.rig import Rig, a_rig, has_track, words
from tests.journey.sound import samples

PROMPT = "techno 128 bpm"


async def below_info(rig: Rig, card: Message, label: str) -> Used:
    info = await (await rig.bo.click(card, "Info")).answered()
    assert info.reply is not None
    return await rig.bo.click(info.reply, label)


@pytest.mark.parametrize("output_format", ["wav", "mp3"])
async def test_a_loop_of_a_track(rig: Rig, output_format: str) -> None:
    asked = await rig.musicgen(PROMPT, duration=8, seed=7, output_format=output_format)
    card = await asked.until(has_track)
    assert "about 128 bpm" in words(card)
    message = await (await below_info(rig, card, "Loop")).until(has_track)
    assert not message.ephemeral
    assert message.embeds[0].image is not None
    [loop] = message.attachments
    assert loop.filename.startswith("loop-128-bpm-techno-128-bpm-")
    told = words(message)
    assert "**A loop of 2 bars** at 128.0 bpm" in told
    assert "cleanly: no click" in told
    assert ("What I have of the track is in MP3" in told) == (output_format == "mp3")
    with soundfile.SoundFile(io.BytesIO(loop.data)) as sound:
        assert sound.format == "WAV"
        assert sound.frames / sound.samplerate == pytest.approx(2 * 4 * 60 / 128, abs=0.002)
    assert rig.paid_once(), "a loop costs nothing"


async def test_a_loop_that_was_cut_off_is_made_at_the_next_press(tmp_path: Path) -> None:
    """Nothing of it is kept, for nothing was paid; who waits for it is told so."""
    async with a_rig(tmp_path) as rig:
        card = await (await rig.musicgen(PROMPT, duration=8, seed=7)).until(has_track)
        info = await (await rig.bo.click(card, "Info")).answered()
        assert info.reply is not None
        # It is killed over its loop: what it had begun is gone with it.
        begun = asyncio.Event()

        async def never(*_: object) -> None:
            begun.set()
            await asyncio.Event().wait()

        rig.bot.sound.loop = never  # pyright: ignore[reportAttributeAccessIssue] - it has just begun
        cut_off = await rig.bo.click(info.reply, "Loop")
        async with asyncio.timeout(10):
            await begun.wait()
        await rig.stop()
        await rig.start()
        await cut_off.until(lambda message: message.body.content == strings.card.CUT_OFF())
        message = await (await rig.bo.click(info.reply, "Loop")).until(has_track)
        assert "A loop of 2 bars" in words(message)


async def test_a_song_and_what_led_to_it_as_far_as_it_fits(tmp_path: Path) -> None:
    async with a_rig(tmp_path, rules=Rules(file_limit_bytes=MIB)) as rig:
        first = await (await rig.musicgen("ambient strings", duration=8)).until(has_track)
        second = await longer(rig, first, 4)
        packed = await (await below_info(rig, second, strings.files.PACK_LINE())).until(has_track)
        assert packed.ephemeral
        [file] = packed.attachments
        with ZipFile(io.BytesIO(file.data)) as archive:
            names = archive.namelist()
            tracks = [archive.read(name) for name in names]
        # Together they are too large as WAVs; nothing of them is lost.
        assert [name.partition("-")[0] for name in names] == ["1", "2"]
        assert {name.rpartition(".")[2] for name in names} == {"flac"}
        for track, card in zip(tracks, (first, second), strict=True):
            assert (samples(track) == samples(card.attachments[0].data)).all(), "to the sample"
        third = await longer(rig, second, 8)
        packed = await (await below_info(rig, third, strings.files.PACK_LINE())).until(has_track)
        assert "With these it would be larger than 1 MiB: [ambient strings](" in words(packed)
        [file] = packed.attachments
        assert len(file.data) <= MIB
        with ZipFile(io.BytesIO(file.data)) as archive:
            assert "3" in {name.partition("-")[0] for name in archive.namelist()}, "the newest"


async def longer(rig: Rig, card: Message, more_s: int) -> Message:
    opened = await rig.ada.click(card, "Extend")
    sent = await rig.ada.submit_modal(opened, {"more": str(more_s), "prompt": ""})
    return await sent.until(has_track)
