from __future__ import annotations

from dataclasses import replace
from typing import Any

import discord
import pytest

from bot.card import strings
from bot.domain import errors
from bot.domain.errors import RequestRefused
from bot.domain.inputs import INPUT_AUDIO_MAX_BYTES, TABLE, InputTable
from tests.discord.world import NotOffered, World

AUDIO = ("song.wav", b"RIFF")
ADDRESS = "https://example.com/song.mp3"
MODELS = ("melody", "large", "medium", "small")
STEREO = InputTable(
    tuple(
        replace(spec, choices=("melody", "stereo-large")) if spec.name == "model_version" else spec
        for spec in TABLE
    )
)


async def refused(world: World, refusal: RequestRefused, **options: Any) -> None:
    """Ask for it; the first and only answer is the refusal, and nothing was started."""
    asked = await world.musicgen(**options)
    assert asked.refusal == strings.errors.sentence(refusal)
    [answer] = world.requests(path="/[iw]*")
    assert answer.body["type"] == 4, "the refusal is the first response, not a deferred one"
    assert answer.body["data"]["flags"] == discord.MessageFlags(ephemeral=True).value
    assert world.messages == []
    assert world.journal.rows == {}
    assert world.predictions.created == []


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        ({"prompt": " \n "}, errors.PromptBlank()),
        (
            {"input_audio": AUDIO, "model_version": "large"},
            errors.MelodyNotSupported("large", ("melody",)),
        ),
        (
            {"input_audio_url": ADDRESS, "model_version": "small", "continuation": False},
            errors.MelodyNotSupported("small", ("melody",)),
        ),
        ({"continuation": True}, errors.ContinuationWithoutAudio()),
        ({"continuation_start": 0}, errors.WindowWithoutAudio()),
        ({"continuation_end": 3}, errors.WindowWithoutAudio()),
        (
            {"input_audio": AUDIO, "continuation_start": 5, "continuation_end": 4},
            errors.WindowReversed(5, 4),
        ),
        ({"input_audio": AUDIO, "continuation_end": 0}, errors.WindowReversed(0, 0)),
        ({"input_audio": AUDIO, "input_audio_url": ADDRESS}, errors.TwoInputAudios()),
        ({"input_audio_url": "ftp://example.com/a.wav"}, errors.AudioAddressBad("")),
        ({"input_audio_url": "file://localhost/etc/passwd"}, errors.AudioAddressBad("")),
        ({"input_audio_url": "my song.mp3"}, errors.AudioAddressBad("")),
        ({"input_audio_url": "https://"}, errors.AudioAddressBad("")),
        ({"input_audio_url": "http://[half"}, errors.AudioAddressBad("")),
        ({"input_audio_url": "http://xn--/x"}, errors.AudioAddressBad("")),
        ({"input_audio_url": "http://[]@/x"}, errors.AudioAddressBad("")),
        ({"input_audio_url": "http://host:99999/"}, errors.AudioAddressBad("")),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, RequestRefused) else "",
)
async def test_what_cannot_run_is_refused_before_anything(
    world: World, options: dict[str, Any], refusal: RequestRefused
) -> None:
    await refused(world, refusal, **options)


async def test_a_file_that_is_too_large_is_refused_unread(world: World) -> None:
    file = ("song.wav", bytes(INPUT_AUDIO_MAX_BYTES + 1))
    await refused(world, errors.AudioTooLarge(INPUT_AUDIO_MAX_BYTES), input_audio=file)


async def test_multi_band_diffusion_is_refused_for_a_stereo_model(world: World) -> None:
    await world.restart(table=STEREO)
    refusal = errors.DiffusionNeedsMono("stereo-large", ("melody",))
    await refused(world, refusal, model_version="stereo-large", multi_band_diffusion=True)


@pytest.mark.parametrize(
    ("denied", "names"),
    [
        (discord.PermissionOverwrite(attach_files=False), ("attach_files",)),
        (discord.PermissionOverwrite(embed_links=False), ("embed_links",)),
        (
            discord.PermissionOverwrite(attach_files=False, embed_links=False),
            ("attach_files", "embed_links"),
        ),
    ],
)
async def test_a_channel_where_no_track_can_be_posted_is_refused(
    world: World, denied: discord.PermissionOverwrite, names: tuple[str, ...]
) -> None:
    bot = world.bot.user
    assert bot is not None
    quiet = world.guild.create_text_channel("quiet", overwrites={bot: denied})
    await refused(world, errors.PermissionsMissing(names), channel=quiet)


async def test_a_closing_bot_takes_no_orders(world: World) -> None:
    await world.bot.service.close()
    await refused(world, errors.ShuttingDown())


async def test_what_a_closed_bot_cannot_answer_is_left_to_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def accept(*_: object, **__: object) -> None:
        raise RuntimeError("Session is closed")

    monkeypatch.setattr(world.bot.service, "submit", accept)
    monkeypatch.setattr(world.bot, "is_closed", lambda: True)
    asked = await world.musicgen()
    assert not asked.result.acknowledged
    assert "left to another process" in caplog.text


@pytest.mark.parametrize(
    "options",
    [
        {"prompt": ""},
        {"prompt": "x" * 1001},
        {"duration": 0},
        {"duration": 31},
        {"top_k": 1001},
        {"top_p": 1.5},
        {"temperature": -0.1},
        {"classifier_free_guidance": 11},
        {"seed": -1},
        {"seed": 2**32},
        {"continuation_start": -1},
        {"model_version": "huge"},
        {"output_format": "flac"},
        {"normalization_strategy": "loud"},
    ],
    ids=lambda options: "".join(options),
)
async def test_what_discord_can_check_is_not_even_sent(
    world: World, options: dict[str, Any]
) -> None:
    with pytest.raises(NotOffered):
        await world.musicgen(**options)
    assert world.requests(path="/interactions/*") == []


# ------------------------------------------------------------------ found after the defer


@pytest.mark.parametrize(
    "refusal",
    [
        errors.NotAudio(),
        errors.AudioUnreadable("wav"),
        errors.AudioUnavailable(404),
        errors.AudioUnavailable(None),
        errors.AudioTooLarge(INPUT_AUDIO_MAX_BYTES),
        errors.AudioAddressBad("http://10.0.0.1/"),
    ],
    ids=lambda refusal: type(refusal).__name__,
)
async def test_audio_that_is_none_ends_privately(world: World, refusal: RequestRefused) -> None:
    world.sound.refusal = refusal
    await refused_later(world, refusal, input_audio=AUDIO)


@pytest.mark.parametrize(
    ("audio_s", "options", "refusal"),
    [
        (8.0, {"continuation": True}, errors.AudioPromptTooLong(8.0, 8, 30)),
        (30.0, {"continuation": True, "duration": 30}, errors.AudioPromptTooLong(30.0, 30, 30)),
        (4.0, {"continuation_start": 4}, errors.WindowBeyondAudio(4, 4.0)),
        (4.2, {"continuation": True, "continuation_end": 6}, errors.WindowBeyondAudio(6, 4.2)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, RequestRefused) else "",
)
async def test_audio_of_the_wrong_length_ends_privately(
    world: World, audio_s: float, options: dict[str, Any], refusal: RequestRefused
) -> None:
    world.sound.duration_s = audio_s
    await refused_later(world, refusal, input_audio_url=ADDRESS, **options)


async def refused_later(world: World, refusal: RequestRefused, **options: Any) -> None:
    asked = await world.musicgen(**options)
    await world.pass_s(4)
    acknowledged, *_ = world.requests("POST")
    assert acknowledged.body == {"type": 5}
    assert asked.result.response is None, "the public reply is gone"
    [told] = asked.result.followups
    assert told.ephemeral
    assert told.content == strings.errors.sentence(refusal)
    assert world.messages == []
    assert world.predictions.created == []
    assert world.generation.told


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/webhooks/*"), ("DELETE", "/webhooks/*")], ids=["say", "delete"]
)
async def test_a_refusal_is_readable_whatever_discord_does(
    world: World, method: str, path: str
) -> None:
    world.sound.refusal = errors.NotAudio()
    world.fail(method, path, 500)
    asked = await world.musicgen(input_audio=AUDIO)
    await world.pass_s(4)
    assert strings.errors.sentence(errors.NotAudio()) in asked.text
    assert world.generation.told
