"""The picture in the card: there, legible, told in words, and never in the track's way."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from bot.audio import picture
from bot.audio.files import AudioFiles
from bot.domain.errors import WorkerCrashed
from bot.domain.picture import Picture
from bot.playground.discord.attachments import Attachment
from bot.playground.discord.messages import Message
from bot.playground.discord.wire import File
from tests.journey.rig import Rig, has_ended, has_track
from tests.journey.sound import wav


def picture_in(message: Message) -> Attachment:
    """The one file that only the embed shows."""
    [shown] = [file for file in message.body.files if file not in message.attachments]
    return shown


def pixels(shown: Attachment) -> npt.NDArray[np.int16]:
    return np.asarray(Image.open(io.BytesIO(shown.data)).convert("RGB"), np.int16)


def colourfulness(part: npt.NDArray[np.int16]) -> float:
    """How far the brightest pixels are from grey."""
    lit = part[part.max(axis=2) > 90]
    return float((lit.max(axis=1) - lit.min(axis=1)).mean())


async def test_every_finished_card_has_one(rig: Rig) -> None:
    message = await (await rig.musicgen(duration=4)).until(has_track)
    shown = picture_in(message)
    assert [file.filename for file in message.attachments] != [shown.filename]
    [embed] = message.embeds
    assert embed.image is not None
    assert embed.image.url == f"attachment://{shown.filename}"
    assert (shown.content_type, shown.width, shown.height) == (
        "image/png",
        picture.WIDTH,
        picture.HEIGHT,
    )
    assert shown.description is not None
    assert shown.description.startswith("Waveform of 4 seconds of audio. ")
    assert "given" not in shown.description
    assert colourfulness(pixels(shown)) > 60


async def test_what_was_given_has_another_colour(rig: Rig) -> None:
    given = File("take.wav", wav(2.0))
    used = await rig.musicgen(input_audio=given, continuation=True, duration=4)
    shown = picture_in(await used.until(has_track))
    assert "Up to 2 seconds it was given; from there it is new." in str(shown.description)
    found = pixels(shown)
    middle = picture.WIDTH // 2
    assert colourfulness(found[30:180, 40 : middle - 20]) < 30
    assert colourfulness(found[30:180, middle + 20 : -40]) > 60


async def test_an_extended_track_shows_what_is_new(rig: Rig) -> None:
    card = await (await rig.musicgen(duration=3)).until(has_track)
    opened = await rig.ada.click(card, "Extend")
    longer = await (await rig.ada.submit_modal(opened, {"more": "3"})).until(has_track)
    assert "Up to 3 seconds it was given; from there it is new." in str(
        picture_in(longer).description
    )


async def test_a_melody_is_not_part_of_the_track(rig: Rig) -> None:
    message = await (await rig.musicgen(input_audio=File("take.wav", wav(2.0)))).until(has_track)
    assert "given" not in str(picture_in(message).description)


async def test_a_card_without_a_track_has_none(rig: Rig) -> None:
    rig.trouble_replicate("POST /v1/predictions", status=402, body={"detail": "no credit"})
    message = await (await rig.musicgen()).until(has_ended)
    assert message.body.files == ()


async def test_a_track_that_cannot_be_drawn_goes_without(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise WorkerCrashed(-11)

    monkeypatch.setattr("bot.audio.files.AudioFiles.draw", broken)
    message = await (await rig.musicgen()).until(has_track)
    [embed] = message.embeds
    assert embed.image is None
    assert len(message.body.files) == 1
    assert "no picture" in caplog.text


def has_picture(message: Message) -> bool:
    return bool(message.embeds) and message.embeds[0].image is not None


async def test_in_a_crowd_the_track_comes_first_and_the_picture_is_added(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.pictures._FEW", 0)
    message = await (await rig.musicgen(duration=4)).until(has_picture)
    shown = picture_in(message)
    assert shown.description is not None
    [track] = message.attachments
    first = next(revision for revision in message.revisions if revision.body.files)
    assert [file.filename for file in first.body.files] == [track.filename]
    assert first.body.items, "the buttons are there at once"
    assert message.body.items == first.body.items
    assert message.body.embeds[0].description == first.body.embeds[0].description
    assert track.data == first.body.files[0].data


async def test_a_picture_that_comes_too_late_for_its_message_is_let_go(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.pictures._FEW", 0)
    drawing, drawn = asyncio.Event(), asyncio.Event()
    draw = AudioFiles.draw

    async def slow(self: AudioFiles, path: Path, given_s: float) -> Picture:
        drawing.set()
        await drawn.wait()
        return await draw(self, path, given_s)

    monkeypatch.setattr(AudioFiles, "draw", slow)
    used = await rig.musicgen()
    message = await used.until(has_track)
    await drawing.wait()
    rig.discord.people.delete(rig.mod.user, message)
    drawn.set()
    await rig.bot.service.idle()
    assert message.deleted
    assert len(rig.public_messages()) == 0
