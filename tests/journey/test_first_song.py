"""From a prompt typed by a person to an audio file that plays."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import discord
import pytest
from aiohttp import web
from pydantic import JsonValue

from bot.playground.discord.wire import File
from bot.playground.replicate.routes import Api
from bot.playground.replicate.scripts import Script
from bot.playground.replicate.timings import Timings
from bot.settings_values import SPEC_VERSION
from tests.journey.rig import Rig, a_rig, has_track, words
from tests.journey.sound import RATE_HZ, frames, same_samples, samples, tags, wav

MAKING = ["Again", "Extend", "Edit", "Melody", "Variations", "Star", "Play in voice"]
FINISHED = [*MAKING, "Info", "Delete"]
Heard = tuple[Mapping[str, str], bytes]


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Heard]:
    """Every create request as it came: headers and body."""
    requests: list[Heard] = []
    create = Api._create  # pyright: ignore[reportPrivateUsage] - listens at the door

    async def listen(api: Api, request: web.Request) -> web.Response:
        requests.append((request.headers, await request.read()))
        return await create(api, request)

    monkeypatch.setattr(Api, "_create", listen)
    return requests


async def test_a_prompt_becomes_a_track_that_plays(rig: Rig) -> None:
    used = await rig.musicgen("deep house bassline 128 bpm", duration=2, seed=77)
    message = await used.until(has_track)
    [track] = message.attachments
    [prediction] = rig.replicate.predictions
    assert prediction.output_file is not None
    assert track.filename == "deep-house-bassline-128-bpm-77.wav"
    assert same_samples(track.data, prediction.output_file.content)
    assert len(samples(track.data)) == 2 * RATE_HZ


async def test_an_mp3_arrives_frame_by_frame(rig: Rig) -> None:
    used = await rig.musicgen("lo-fi piano", output_format="mp3", seed=5)
    [track] = (await used.until(has_track)).attachments
    [prediction] = rig.replicate.predictions
    assert prediction.output_file is not None
    assert track.filename == "lo-fi-piano-5.mp3"
    assert frames(track.data) == frames(prediction.output_file.content)
    assert tags(track.data) == ("lo-fi piano", "duration 1, output_format mp3, seed 5")


async def test_the_file_says_what_it_is(rig: Rig) -> None:
    used = await rig.musicgen("Grüße & 12 strings", seed=9, top_k=0, temperature=0.5)
    [track] = (await used.until(has_track)).attachments
    assert track.filename == "grusse-12-strings-9.wav"
    title, comment = tags(track.data)
    assert title == "Grüße & 12 strings"
    assert comment == "duration 1, top_k 0, temperature 0.5, seed 9"


async def test_the_card_says_what_was_made(rig: Rig) -> None:
    used = await rig.musicgen("slow *tango*", seed=31, top_k=0, normalization_strategy="peak")
    message = await used.until(has_track)
    said = words(message)
    assert said.startswith("slow \\*tango\\*\n")
    for line in (
        "-# melody · 1 s · seed `31` · took ",
        "-# normalization\\_strategy peak · top\\_k 0",
        "Made with meta/musicgen",
    ):
        assert line in said
    assert re.search(r" · took \d+ s$", said, re.MULTILINE)
    assert [item.label for item in message.body.items if item.type == 2] == FINISHED
    assert not message.mentions


async def test_one_reply_from_first_to_last_with_its_seed(tmp_path: Path) -> None:
    timings = Timings(cold_start_s=15, step_rate_per_s=10, encode_s=2, tick_s=1)
    async with a_rig(tmp_path, timings=timings) as rig:
        used = await rig.musicgen(duration=2)
        message = await used.until(has_track)
        assert rig.public_messages() == [message]
        assert used.followups == []
        shown = [words(revision.body) for revision in message.revisions[1:]]
        seeds = {match[1] for said in shown if (match := re.search(r"seed `(\d+)`", said))}
        assert len(shown) >= 3
        assert all("seed `" in said for said in shown), "from the first edit on"
        assert seeds == {str(rig.replicate.predictions[0].input["seed"])}
        told = "\n".join(shown)
        order = [
            told.find(stage)
            for stage in ("**Starting** the model", "can take minutes", "**Generating** ▰", " left")
        ]
        assert -1 not in order
        assert order == sorted(order)
        assert re.search(r"about \d+ s left · \d+ s so far", told)


async def test_who_waited_long_is_called_once(tmp_path: Path) -> None:
    async with a_rig(tmp_path, speed=250) as rig:
        rig.replicate.script(Script(starting_s=65))
        used = await rig.musicgen()
        message = await used.until(has_track)
        call = await rig.discord.world.until(lambda _: used.followups)
        assert [(m.content, m.mentions) for m in call] == [
            (f"<@{rig.ada.user.id}> your track is ready.", (rig.ada.user,))
        ]
        assert rig.public_messages() == [message, *call]


async def test_the_same_request_makes_the_same_music(rig: Rig) -> None:
    tracks: list[bytes] = []
    for seed in (4, 4, 5):
        used = await rig.musicgen("ambient choir", seed=seed)
        tracks.append((await used.until(has_track)).attachments[0].data)
    assert same_samples(tracks[0], tracks[1])
    assert not same_samples(tracks[0], tracks[2])


async def test_all_inputs_reach_replicate_as_they_are(tmp_path: Path, heard: list[Heard]) -> None:
    async with a_rig(tmp_path) as rig:
        used = await rig.musicgen(
            "jazz trio",
            model_version="large",
            duration=4,
            input_audio=File("take.wav", wav(3.0)),
            continuation=True,
            continuation_start=0,
            continuation_end=2,
            multi_band_diffusion=False,
            normalization_strategy="clip",
            top_k=0,
            top_p=0.0,
            temperature=0.0,
            classifier_free_guidance=1,
            output_format="mp3",
            seed=0,
        )
        await used.until(has_track)
        [(headers, body)] = heard
        request: dict[str, JsonValue] = json.loads(body)
        given = request["input"]
        assert isinstance(given, dict)
        address = given.pop("input_audio")
        assert isinstance(address, str)
        assert address.startswith(f"{rig.replicate.base_url}/v1/files/")
        assert request == {
            "version": SPEC_VERSION,
            "input": {
                "prompt": "jazz trio",
                "model_version": "large",
                "duration": 4,
                "continuation": True,
                "continuation_start": 0,
                "continuation_end": 2,
                "multi_band_diffusion": False,
                "normalization_strategy": "clip",
                "top_k": 0,
                "top_p": 0.0,
                "temperature": 0.0,
                "classifier_free_guidance": 1,
                "output_format": "mp3",
                "seed": 0,
            },
        }
        kinds = {name: type(value) for name, value in given.items()}
        assert {name for name, kind in kinds.items() if kind is float} == {"top_p", "temperature"}
        assert {name for name, kind in kinds.items() if kind is bool} == {
            "continuation",
            "multi_band_diffusion",
        }
        assert headers["Authorization"] == f"Token {rig.replicate.token}"
        assert headers["Cancel-After"] == "1800s"


async def test_what_is_not_set_is_not_sent(tmp_path: Path, heard: list[Heard]) -> None:
    async with a_rig(tmp_path) as rig:
        used = await (
            await rig.ada.slash(rig.discord.world.jam, "musicgen", prompt="gong")
        ).answered()
        await used.until(has_track)
        [(_, body)] = heard
        given = json.loads(body)["input"]
        seed = given.pop("seed")
        assert given == {"prompt": "gong"}
        assert 1 <= seed <= 2**32 - 1


async def test_the_seed_the_model_drew_for_zero_is_told(rig: Rig) -> None:
    used = await rig.musicgen("gong", seed=0)
    message = await used.until(has_track)
    found = re.search(r"seed `(\d+)`", words(message))
    assert found is not None
    drawn = f"Using seed {found[1]}\n"
    assert drawn in rig.replicate.predictions[0].log_lines
    assert message.attachments[0].filename == f"gong-{found[1]}.wav"


async def test_in_a_direct_message(rig: Rig) -> None:
    used = await rig.ada.slash(rig.ada.dm, "musicgen", prompt="ukulele", duration=1)
    message = await (await used.answered()).until(has_track)
    assert message.channel is rig.ada.dm
    assert not message.ephemeral


@pytest.mark.parametrize("place", ["foreign", "private"])
async def test_as_an_app_of_the_persons_own_where_the_bot_is_not(rig: Rig, place: str) -> None:
    channel = rig.discord.world.foreign if place == "foreign" else rig.discord.world.private
    used = await rig.ada.slash(channel, "musicgen", prompt="ukulele", duration=1)
    message = await (await used.answered()).until(has_track)
    assert message.channel is channel
    assert used.followups == []


async def test_no_message_is_made_of_an_acknowledgement(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each would cost the others of a burst a twentieth of their time; its id alone is asked."""
    made: list[object] = []

    class Counted(discord.InteractionMessage):
        def __init__(self, **given: Any) -> None:
            made.append(given)
            super().__init__(**given)

    monkeypatch.setattr("discord.interactions.InteractionMessage", Counted)
    used = await rig.musicgen()
    await used.until(has_track)
    assert made == []
