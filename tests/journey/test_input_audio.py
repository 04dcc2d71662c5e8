"""Audio that a person gives: continued, followed, fetched from the web, or refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from aiohttp import web

from bot.playground.discord.actors import Used, Value
from bot.playground.discord.model import Permissions
from bot.playground.discord.wire import File
from tests.contract.replicate_standin_kit import REAL_SCHEMA
from tests.journey.rig import CREATE, Rig, a_rig, has_track, words
from tests.journey.sound import RATE_HZ, same_samples, samples, wav
from tests.unit.encoded_audio import encoded

TWO_SECONDS = wav(2.0)


def given(data: bytes = TWO_SECONDS, name: str = "take.wav") -> File:
    return File(name, data)


@asynccontextmanager
async def a_site(
    pages: Mapping[str, Callable[[web.Request], Awaitable[web.Response]]],
) -> AsyncGenerator[str]:
    app = web.Application()
    for path, page in pages.items():
        app.router.add_get(path, page)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
async def web_site() -> AsyncGenerator[str]:
    """The address of a site that has `/take.wav`, and nothing else but a page at `/page`."""

    async def take(_: web.Request) -> web.Response:
        return web.Response(body=TWO_SECONDS, headers={"Content-Type": "audio/wav"})

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>No music here</title>")

    async with a_site({"/take.wav": take, "/page": page}) as address:
        yield address


@pytest.fixture
async def held_site() -> AsyncGenerator[tuple[str, asyncio.Event]]:
    """The address of a page that answers once the event is set."""
    let_go = asyncio.Event()

    async def page(_: web.Request) -> web.Response:
        await let_go.wait()
        return web.Response(text="<!doctype html><title>No music here</title>")

    async with a_site({"/page": page}) as address:
        yield f"{address}/page", let_go


async def test_a_continuation_begins_with_the_audio_given(rig: Rig) -> None:
    used = await rig.musicgen(input_audio=given(), continuation=True, duration=4, seed=3)
    message = await used.until(has_track)
    whole, start = samples(message.attachments[0].data), samples(TWO_SECONDS)
    assert len(whole) == 4 * RATE_HZ
    # The model's level may differ; the wave may not.
    likeness = np.corrcoef(whole[: len(start)].astype(float), start.astype(float))[0, 1]
    assert likeness > 0.99
    assert np.abs(whole[2 * RATE_HZ :].astype(int)).max() > 500, "and it goes on"
    assert "-# input audio take.wav · continuation on" in words(message)


async def test_a_part_of_the_audio_is_continued(rig: Rig) -> None:
    used = await rig.musicgen(
        input_audio=given(), continuation=True, continuation_start=1, continuation_end=2, duration=2
    )
    whole = samples((await used.until(has_track)).attachments[0].data)
    part = samples(TWO_SECONDS)[RATE_HZ : 2 * RATE_HZ]
    likeness = np.corrcoef(whole[:RATE_HZ].astype(float), part.astype(float))[0, 1]
    assert likeness > 0.99


async def test_a_melody_is_followed(rig: Rig) -> None:
    tracks: list[bytes] = []
    for options in ({}, {"input_audio": given()}):
        used = await rig.musicgen("solo flute", seed=8, duration=3, **options)
        tracks.append((await used.until(has_track)).attachments[0].data)
    assert not same_samples(*tracks), "the melody makes a difference"
    assert len(samples(tracks[1])) == 3 * RATE_HZ
    assert rig.replicate.files == 1


async def test_a_plain_http_api_opens_no_private_address(tmp_path: Path, web_site: str) -> None:
    async with a_rig(tmp_path, env={"ALLOW_PRIVATE_ADDRESSES": "0"}) as rig:
        used = await rig.musicgen(input_audio_url=f"{web_site}/take.wav")
        message = await used.until(lambda message: "No track this time" in words(message))
        assert "must be the public http or https address" in words(message)
        assert rig.replicate.files == 0
        await (await rig.musicgen()).until(has_track)


async def test_audio_on_the_web(rig: Rig, web_site: str) -> None:
    used = await rig.musicgen(
        input_audio_url=f"{web_site}/take.wav", continuation=True, duration=3, seed=2
    )
    message = await used.until(has_track)
    other = await rig.musicgen(input_audio=given(), continuation=True, duration=3, seed=2)
    assert same_samples(
        message.attachments[0].data, (await other.until(has_track)).attachments[0].data
    )


async def refused(rig: Rig, used: Used) -> str:
    """What the person alone is told; nothing public stays, and nothing was paid."""

    def told(_: object) -> list[str]:
        replies = [used.reply, *used.followups]
        return [words(reply) for reply in replies if reply is not None and reply.ephemeral]

    [sentence] = await rig.discord.world.until(told)
    await rig.discord.world.until(lambda _: not rig.public_messages())
    assert rig.replicate.predictions == []
    assert rig.requests(*CREATE.split()) == 0
    return sentence


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"input_audio": given(b"dear diary, no music today\n" * 40, "diary.wav")},
            "Your input audio is not an audio file. I take audio files (WAV, MP3, FLAC, OGG, Opus, "
            "AIFF, AAC, AMR, and M4A), and videos that have sound (MP4, MOV, 3GP, WebM, and MKV).",
        ),
        (
            {"input_audio": given(TWO_SECONDS[:30])},
            "Your input audio looks like WAV but cannot be read; it may be broken, or hold no "
            "audio. Export it again, or use another file.",
        ),
        (
            {"input_audio": given(b"", "take.wav")},
            "Your input audio is an empty file: there is not a byte in it. Attach it again, or use "
            "another file.",
        ),
        (
            {"input_audio": given(b"MThd\x00\x00\x00\x06", "take.mid")},
            "I don't take MIDI; export your input audio as WAV or MP3. I take audio files "
            "(WAV, MP3, FLAC, OGG, Opus, AIFF, AAC, AMR, and M4A), and videos that have sound "
            "(MP4, MOV, 3GP, WebM, and MKV).",
        ),
        (
            {"input_audio": given(encoded("mp4", with_video=True, with_sound=False), "cat.mp4")},
            "There is no sound in your input audio (MP4). Use a video that has sound, or an audio "
            "file.",
        ),
        (
            {"input_audio": given(), "continuation": True, "duration": 2},
            "The audio to continue is 2.0 s long and `duration`, which includes it, is 2 s: that "
            "leaves no room for new music. Raise `duration`, or use a shorter part with "
            "`continuation_start` and `continuation_end`.",
        ),
        (
            {"input_audio": given(wav(31.0)), "continuation": True, "duration": 30},
            "The audio to continue is 31.0 s long and `duration`, which includes it, is 30 s: that "
            "leaves no room for new music. Set `continuation_start` and `continuation_end` to use "
            "a shorter part of it.",
        ),
        (
            {"input_audio": given(), "continuation": True, "duration": 8, "continuation_start": 2},
            "Your audio is 2.0 s long, so 2 s lies beyond its end. "
            "Choose `continuation_start` and `continuation_end` inside it.",
        ),
        (
            {"input_audio": given(), "continuation": True, "duration": 8, "continuation_end": 3},
            "Your audio is 2.0 s long, so 3 s lies beyond its end. "
            "Choose `continuation_start` and `continuation_end` inside it.",
        ),
        (
            {"input_audio_url": "/page"},
            "Your input audio is not an audio file. I take audio files (WAV, MP3, FLAC, OGG, Opus, "
            "AIFF, AAC, AMR, and M4A), and videos that have sound (MP4, MOV, 3GP, WebM, and MKV).",
        ),
        (
            {"input_audio_url": "/nowhere.wav"},
            "I could not fetch your input audio: its server answered 404. "
            "Check the address, or attach the file itself.",
        ),
    ],
)
async def test_audio_that_does_not_do_is_refused_in_private(
    rig: Rig, web_site: str, options: Mapping[str, Value], sentence: str
) -> None:
    full = {
        name: f"{web_site}{value}" if name == "input_audio_url" else value
        for name, value in options.items()
    }
    assert await refused(rig, await rig.musicgen(**full)) == sentence


async def test_a_refusal_whose_card_a_moderator_deleted_is_told_all_the_same(
    rig: Rig, held_site: tuple[str, asyncio.Event]
) -> None:
    address, let_go = held_site
    used = await rig.musicgen(input_audio_url=address)
    await rig.mod.delete(await used.until(lambda message: message.embeds))
    let_go.set()
    assert "is not an audio file" in await refused(rig, used)


async def test_where_its_token_has_died_too_it_is_told_in_a_new_message(
    rig: Rig, held_site: tuple[str, asyncio.Event]
) -> None:
    address, let_go = held_site
    used = await rig.musicgen(input_audio_url=address)
    await rig.mod.delete(await used.until(lambda message: message.embeds))
    rig.discord.clock.advance(15 * 60)
    let_go.set()
    [message] = await rig.discord.world.until(
        lambda _: [m for m in rig.public_messages() if "is not an audio file" in words(m)]
    )
    assert message.mentions == (rig.ada.user,)
    await rig.bot.service.idle()
    assert rig.public_messages() == [message]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"prompt": "   "},
            "The prompt is empty. Describe the music you want in a few words.",
        ),
        (
            {"continuation": True},
            "`continuation` needs audio to go on from. Attach a file as `input_audio`, or give its "
            "address as `input_audio_url`.",
        ),
        (
            {"continuation_end": 3},
            "`continuation_start` and `continuation_end` choose a part of the input audio, and "
            "there is none. Attach a file as `input_audio`, or leave them out.",
        ),
        (
            {
                "input_audio": given(),
                "continuation": True,
                "continuation_start": 5,
                "continuation_end": 4,
            },
            "The part of the audio would end at 4 s, and it begins at 5 s. "
            "Set `continuation_end` after `continuation_start`.",
        ),
        (
            {"input_audio": given(), "input_audio_url": "https://example.com/a.wav"},
            "You gave both `input_audio` and `input_audio_url`. Use one of them.",
        ),
        (
            {"input_audio_url": "ftp://example.com/a.wav"},
            "`input_audio_url` must be the public http or https address of an audio file. "
            "Check it, or attach the file as `input_audio`.",
        ),
        (
            {"input_audio": given(), "model_version": "large"},
            "The model `large` cannot follow a melody. Choose another `model_version`, or turn on "
            "`continuation` to go on from your audio. Models that can: `melody`.",
        ),
    ],
)
async def test_what_cannot_work_is_refused_at_once(
    rig: Rig, options: Mapping[str, Value], sentence: str
) -> None:
    used = await rig.ada.slash(rig.discord.world.jam, "musicgen", **{"prompt": "gong", **options})
    await used.answered()
    assert used.ephemeral
    assert await refused(rig, used) == sentence
    assert used.followups == []


async def test_diffusion_does_not_go_with_stereo(tmp_path: Path) -> None:
    async with a_rig(tmp_path, schema=REAL_SCHEMA) as rig:
        used = await rig.musicgen(multi_band_diffusion=True)
        assert await refused(rig, used) == (
            "Multi-band diffusion does not work with the stereo model `stereo-melody-large`. Turn "
            "`multi_band_diffusion` off, or choose a mono model. "
            "Models that can: `melody-large` and `large`."
        )


@pytest.mark.parametrize(
    ("gone", "named"),
    [
        (Permissions.ATTACH_FILES, "permission **Attach Files**"),
        (Permissions.EMBED_LINKS, "permission **Embed Links**"),
        (
            Permissions.ATTACH_FILES | Permissions.EMBED_LINKS,
            "permissions **Attach Files** and **Embed Links**",
        ),
    ],
)
async def test_a_channel_where_no_track_can_be_delivered(
    rig: Rig, gone: Permissions, named: str
) -> None:
    jam = rig.discord.world.jam
    rig.discord.world.set_bot_permissions(jam, jam.bot_permissions & ~gone)
    used = await rig.musicgen()
    told = await refused(rig, used)
    assert told.startswith(f"I can't deliver a track here: I lack the {named} in this channel. ")
