"""A track grows: what the model hears of it, and what the whole is like where the two meet."""

from __future__ import annotations

import hashlib
import io
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from pathlib import Path

import aiohttp
import numpy as np
import numpy.typing as npt
import pytest
import soundfile  # pyright: ignore[reportMissingTypeStubs] - its source is typed well enough

from bot.audio.join import cut_context
from bot.audio.seam_metrics import measure
from bot.card import strings
from bot.domain import errors
from bot.playground.discord.actors import Used
from bot.playground.discord.messages import Message
from bot.playground.discord.wire import File
from bot.playground.replicate.timings import Timings
from tests.journey.processes import a_running_bot
from tests.journey.rig import (
    CREATE,
    EDIT,
    OBJECT,
    OUTPUT,
    Rig,
    a_rig,
    eventually,
    has_ended,
    has_track,
    words,
)
from tests.journey.sound import RATE_HZ, samples
from tests.unit.audio_kit import m4a, make_sound
from tests.unit.encoded_audio import FRAGMENTS, encoded

FADE_S = 0.25
PIECE_FILE = "tracks/*.piece"


def decoded(data: bytes) -> npt.NDArray[np.float32]:
    """The audio at full scale ±1, shape (frames, channels)."""
    with soundfile.SoundFile(io.BytesIO(data)) as sound:
        return np.asarray(sound.read(dtype="float32", always_2d=True), np.float32)


def a_long_one(seconds: int) -> bytes:
    """Quiet, and small for its length."""
    file = io.BytesIO()
    soundfile.write(file, np.zeros(seconds * 8000), 8000, format="WAV", subtype="PCM_U8")
    return file.getvalue()


async def a_card(rig: Rig, **options: object) -> Message:
    given = {"prompt": "deep house bassline 128 bpm", "duration": 8, "seed": 5, **options}
    return await (await rig.musicgen(**given)).until(has_track)  # pyright: ignore[reportArgumentType] - options by name


async def extend(rig: Rig, card: Message, more_s: int, prompt: str = "") -> Used:
    opened = await rig.ada.click(card, "Extend")
    return await rig.ada.submit_modal(opened, {"more": str(more_s), "prompt": prompt})


async def extend_file(rig: Rig, file: File, more_s: int = 2, place: str = "") -> Used:
    """From the Apps menu of a message that somebody posted."""
    message = await rig.bo.post(rig.discord.world.jam, "", [file])
    opened = await (
        await rig.ada.message_command(message, strings.commands.MENU_EXTEND())
    ).answered()
    fields = {"more": str(more_s), "from": place, "prompt": "gong"}
    return await rig.ada.submit_modal(opened, fields)


async def stored_audio(rig: Rig, given: Mapping[str, object]) -> Mapping[str, object]:
    """What Replicate tells of the file that the model was given."""
    headers = {"Authorization": f"Bearer {rig.replicate.token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(str(given["input_audio"])) as answer,
    ):
        return OBJECT.validate_python(await answer.json())


async def refusal(rig: Rig, used: Used) -> str:
    """What its person alone is told."""

    def told(_: object) -> list[str]:
        replies = [used.reply, *used.followups]
        return [words(reply) for reply in replies if reply is not None and reply.ephemeral]

    [text] = await rig.discord.world.until(told)
    return text


@pytest.mark.parametrize(
    ("prompt", "piece_s", "more_s"),
    [
        ("deep house bassline 128 bpm", 8, 6),
        ("lo-fi piano 80 bpm", 6, 4),
        ("ambient strings, slow", 20, 10),
        ("rock guitar 120 bpm", 3, 25),
    ],
)
async def test_nothing_is_heard_of_the_seam(
    rig: Rig, prompt: str, piece_s: int, more_s: int
) -> None:
    card = await a_card(rig, prompt=prompt, duration=piece_s)
    longer = await (await extend(rig, card, more_s)).until(has_track)
    piece = decoded(card.attachments[0].data)
    whole = decoded(longer.attachments[0].data)
    assert len(whole) == pytest.approx((piece_s + more_s) * RATE_HZ, abs=0.06 * RATE_HZ)
    untouched = len(piece) - round(FADE_S * RATE_HZ)
    assert np.array_equal(whole[:untouched], piece[:untouched]), "it begins with what was given"
    joint = measure(whole, RATE_HZ, untouched, len(piece))
    assert joint.step <= joint.step_around * 1.05
    assert joint.loudness_jump_db <= max(1.0, joint.loudness_jump_around_db + 0.5)
    assert np.abs(whole[len(piece) :]).max() > 0.02, "and it goes on"


async def test_the_model_hears_the_end_alone(rig: Rig, tmp_path: Path) -> None:
    card = await a_card(rig, duration=20)
    longer = await (await extend(rig, card, 10, "with drums")).until(has_track)
    given = rig.replicate.predictions[-1].input
    assert (given["duration"], given["continuation"], given["prompt"]) == (25, True, "with drums")
    assert not {"continuation_start", "continuation_end"} & set(given)
    stored = await stored_audio(rig, given)
    piece, end = tmp_path / "piece.wav", tmp_path / "end.wav"
    piece.write_bytes(card.attachments[0].data)
    cut_context(piece, 15.0, end)
    assert np.array_equal(samples(end.read_bytes()), samples(piece.read_bytes())[-15 * RATE_HZ :])
    sha256 = hashlib.sha256(end.read_bytes()).hexdigest()
    assert stored["checksums"] == {**stored["checksums"], "sha256": sha256}  # pyright: ignore[reportGeneralTypeIssues, reportUnknownArgumentType] - an object
    assert "30 s, 10 s of it new" in words(longer)
    assert "continuation" not in words(longer)


async def test_an_mp3_is_extended_too(rig: Rig) -> None:
    card = await a_card(rig, output_format="mp3", duration=4)
    longer = await (await extend(rig, card, 3)).until(has_track)
    [track] = longer.attachments
    assert track.filename.endswith(".wav")
    assert len(samples(track.data)) == pytest.approx(7 * RATE_HZ, abs=0.06 * RATE_HZ)
    old, new = decoded(card.attachments[0].data), decoded(track.data)
    size = 3 * RATE_HZ
    assert np.corrcoef(old[:size, 0], new[:size, 0])[0, 1] > 0.999


async def test_a_stereo_file_of_another_rate_is_extended(rig: Rig) -> None:
    time = np.arange(4 * 44_100) / 44_100
    riff = 0.2 * np.column_stack([np.sin(2 * np.pi * 220 * time), np.sin(2 * np.pi * 330 * time)])
    file = io.BytesIO()
    soundfile.write(file, riff, 44_100, format="FLAC")
    longer = await (await extend_file(rig, File("riff.flac", file.getvalue()))).until(has_track)
    whole = decoded(longer.attachments[0].data)
    assert whole.shape[1] == 2
    assert len(whole) == pytest.approx(6 * RATE_HZ, abs=0.06 * RATE_HZ)
    assert "Extended from “riff.flac”" in str(longer.embeds)


@pytest.mark.parametrize("kind", ["m4a", "voice message"])
async def test_what_the_model_cannot_be_trusted_to_read_is_decoded_first(
    rig: Rig, tmp_path: Path, kind: str
) -> None:
    if kind == "m4a":
        file = File("memo.m4a", encoded("m4a", seconds=4.0, options=FRAGMENTS))
    else:
        voice = make_sound(tmp_path / "voice", "opus", seconds=4.0)
        file = File("voice-message.ogg", voice.read_bytes())
    longer = await (await extend_file(rig, file)).until(has_track)
    [upload] = rig.replicate.uploads
    with soundfile.SoundFile(io.BytesIO(upload)) as given:
        assert (given.format, given.subtype) == ("WAV", "PCM_16")
        assert given.frames / given.samplerate == pytest.approx(4.0, abs=0.1)
    whole = decoded(longer.attachments[0].data)
    assert len(whole) == pytest.approx(6 * RATE_HZ, abs=0.15 * RATE_HZ)
    assert rig.replicate.predictions[-1].input["duration"] == 6
    assert f"Extended from “{file.name}”" in str(longer.embeds)


@pytest.mark.parametrize("format_", ["wav", "flac", "mp3"])
async def test_what_reads_cleanly_reaches_replicate_byte_for_byte(
    rig: Rig, tmp_path: Path, format_: str
) -> None:
    data = make_sound(tmp_path / "a", format_, seconds=2).read_bytes()
    used = await rig.musicgen(input_audio=File(f"take.{format_}", data), duration=2)
    await used.until(has_track)
    assert rig.replicate.uploads == [data]


@pytest.mark.parametrize(
    ("file", "refused"),
    [
        (File("song.m4a", m4a(4.0)), errors.AudioUnreadable("m4a")),
        (File("notes.wav", b"dear diary, no music today\n" * 40), errors.NotAudio()),
        (File("album.wav", a_long_one(301)), errors.PieceTooLong(301.0, 300)),
        (File("riff.wav", a_long_one(4)), errors.CutBeyondPiece(65.0, 4.0)),
    ],
    ids=["m4a", "text", "too long", "cut beyond its end"],
)
async def test_what_cannot_be_extended_is_refused(
    rig: Rig, file: File, refused: errors.UserError
) -> None:
    place = "1:05" if isinstance(refused, errors.CutBeyondPiece) else ""
    used = await extend_file(rig, file, place=place)
    assert await refusal(rig, used) == strings.errors.sentence(refused)
    assert rig.replicate.predictions == []
    await eventually(lambda: not list((rig.settings.data_folder / "tracks").iterdir()))


async def test_again_on_an_extended_track_begins_with_the_same_piece(rig: Rig) -> None:
    card = await a_card(rig, duration=4)
    longer = await (await extend(rig, card, 3)).until(has_track)
    again = await (await rig.bo.click(longer, "Retry the end")).until(has_track)
    piece, one, other = (samples(m.attachments[0].data) for m in (card, longer, again))
    untouched = len(piece) - round(FADE_S * RATE_HZ)
    assert len(other) == pytest.approx(7 * RATE_HZ, abs=0.06 * RATE_HZ)
    assert np.array_equal(other[:untouched], piece[:untouched])
    size = min(len(one), len(other))
    assert not np.array_equal(one[len(piece) : size], other[len(piece) : size])
    assert "The same piece with another end" in str(again.embeds)


async def test_what_a_musician_turns_is_what_the_model_is_asked(rig: Rig) -> None:
    """A piece is cut, little of it is heard, and tempo and bars say how much more; Retry keeps."""
    card = await a_card(rig, prompt="deep house", duration=8)
    opened = await rig.ada.click(card, "Extend")
    turned = {"from": "0:05", "closeness": "surprise", "terms": "Am, 4 bars, 96 bpm"}
    longer = await (await rig.ada.submit_modal(opened, turned)).until(has_track)
    again = await (await rig.bo.click(longer, "Retry the end")).until(has_track)
    for sent in rig.replicate.predictions[-2:]:
        assert sent.input["prompt"] == "deep house, 96 bpm, A minor, 4 bars"
        assert sent.input["duration"] == 3 + 10
        heard_bytes = (await stored_audio(rig, sent.input))["size"]
        assert heard_bytes == pytest.approx(3 * RATE_HZ * 2, abs=200)
    piece = samples(card.attachments[0].data)
    untouched = round((5 - FADE_S) * RATE_HZ)
    for one in (longer, again):
        whole = samples(one.attachments[0].data)
        assert len(whole) == pytest.approx(15 * RATE_HZ, abs=0.06 * RATE_HZ)
        assert np.array_equal(whole[:untouched], piece[:untouched])
        assert one.embeds[0].title == "deep house"
        assert "-# 96 bpm, A minor, 4 bars · Surprise me" in words(one)
        assert words(one).count("-# 96 bpm") == 1
    first, second = rig.replicate.predictions[-2:]
    assert first.input["seed"] != second.input["seed"]


# ------------------------------------------------------------------ kill -9 in between


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Rig]:
    timings = Timings(cold_start_s=0.1, step_rate_per_s=150, encode_s=0, tick_s=0.05)
    async with a_rig(tmp_path, speed=1, start=False, timings=timings) as rig:
        yield rig


async def while_the_context_is_uploaded(rig: Rig) -> None:
    await eventually(lambda: list(rig.settings.data_folder.glob(PIECE_FILE)))
    await eventually(lambda: any("/v1/files" in route for route in rig.replicate.faults.met))


async def while_it_runs(rig: Rig) -> None:
    await eventually(lambda: len(rig.replicate.predictions) == 2)


async def during_the_download(rig: Rig) -> None:
    await eventually(lambda: any("/delivery" in route for route in rig.replicate.faults.met))


async def after_the_two_were_joined(rig: Rig) -> None:
    await eventually(lambda: rig.discord.faults.met)


POINTS: dict[str, Callable[[Rig], Awaitable[None]]] = {
    "POST /v1/files": while_the_context_is_uploaded,
    "running": while_it_runs,
    OUTPUT: during_the_download,
    EDIT: after_the_two_were_joined,
}


@pytest.mark.parametrize("route", POINTS)
async def test_killed(stage: Rig, route: str) -> None:
    async with a_running_bot(stage) as bot:
        card = await a_card(stage, duration=2)
        if route in {"POST /v1/files", OUTPUT}:
            stage.trouble_replicate(route, drip_s=30.0)
        used = await extend(stage, card, 2)
        await used.answered()
        if route == EDIT:
            await eventually(lambda: len(stage.replicate.predictions) == 2)
            await stage.replicate.idle()
            stage.trouble_discord(EDIT, times=99, delay_s=0.5, reset="before")
        await POINTS[route](stage)
        await bot.kill()
    stage.discord.faults.clear()
    stage.replicate.faults.clear()
    # What was kept is enough: the piece is not there to be fetched any more.
    stage.trouble_discord("GET /attachments/*", times=99, status=404)
    async with a_running_bot(stage) as bot:
        longer = await used.until(has_ended)
        await eventually(lambda: not list((stage.settings.data_folder / "tracks").iterdir()))
        bot.ask_to_stop()
        assert await bot.ended() == 0
    assert stage.requests(*CREATE.split()) == 2
    whole, piece = (samples(m.attachments[0].data) for m in (longer, card))
    untouched = len(piece) - round(FADE_S * RATE_HZ)
    assert len(whole) == pytest.approx(4 * RATE_HZ, abs=0.06 * RATE_HZ)
    assert np.array_equal(whole[:untouched], piece[:untouched])


@pytest.mark.parametrize("there", [True, False])
async def test_killed_and_the_disk_lost(stage: Rig, there: bool) -> None:
    """Another machine takes over: the piece is fetched from its message, if that still has it."""
    async with a_running_bot(stage) as bot:
        card = await a_card(stage, duration=2)
        used = await extend(stage, card, 2)
        await eventually(lambda: len(stage.replicate.predictions) == 2)
        await bot.kill()
    [piece] = stage.settings.data_folder.glob(PIECE_FILE)
    piece.unlink()
    if not there:
        stage.trouble_discord("GET /attachments/*", times=99, status=404)
    async with a_running_bot(stage):
        longer = await used.until(has_ended)
    if there:
        assert len(samples(longer.attachments[0].data)) > 3.9 * RATE_HZ
    else:
        assert len(samples(longer.attachments[0].data)) > 3.9 * RATE_HZ
        assert strings.takes.ALONE() in words(longer)
    assert stage.requests(*CREATE.split()) == 2
