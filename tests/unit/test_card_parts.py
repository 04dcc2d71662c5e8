"""The parts of cards that only Discord's limits and people's words can break."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.card.actions import MELODY, actions_after
from bot.card.actions.edit import edit_form
from bot.card.actions.extend import extend_form
from bot.card.actions.info import command_line, info_embed
from bot.card.actions.melody import melody_form, melody_model
from bot.card.actions.tracks import PAGE_SIZE, TrackList, read_turn
from bot.card.audio_attachments import audio_attachments, track_attachment, track_attachments
from bot.card.buttons import card_view
from bot.card.forms import FormOption, SubmittedForm, read_form
from bot.card.lineage import at_card_of
from bot.domain.errors import NotANumber
from bot.domain.extension import Closeness
from bot.domain.generation import Relation, State
from bot.domain.inputs import TABLE, Inputs, InputTable
from bot.domain.musical_terms import MusicalTerms
from bot.domain.plain_text import one_line, readable
from bot.domain.prompt_ideas import IDEAS, suggest
from tests.fakes import MUSICGEN, NOON, a_generation

TABLE_ = InputTable()
HERE = at_card_of(a_generation())
prompts = st.text(min_size=1, max_size=1000)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
)


def texts_of(form: discord.ui.Modal) -> dict[str, Any]:
    payload = form.to_dict()
    assert len(payload["title"]) <= 45
    assert len(payload["custom_id"]) <= 100
    assert 1 <= len(payload["components"]) <= 5
    for part in payload["components"]:
        assert len(part["label"]) <= 45
        assert len(part.get("description", "")) <= 100
        field = part["component"]
        assert len(field.get("placeholder") or "") <= 100
        assert len(field.get("value") or "") <= field.get("max_length", 4000)
        options = field.get("options", [])
        assert len(options) <= 25
        assert all(0 < len(option["label"]) <= 100 for option in options)
    return {part["component"]["custom_id"]: part["component"] for part in payload["components"]}


# ------------------------------------------------------------------ forms


@given(prompts, st.lists(st.text(min_size=1, max_size=300), max_size=30, unique=True))
async def test_every_form_fits_discord(prompt: str, names: list[str]) -> None:
    generation = a_generation(inputs=Inputs(prompt=prompt, seed=7))
    options = [FormOption(str(number), name) for number, name in enumerate(names)]
    texts_of(extend_form(generation.id, prompt, options))
    texts_of(extend_form("1" * 20, None, options))
    texts_of(melody_form(generation.id, from_card=True, options=options))
    assert texts_of(edit_form(generation, TABLE_))["prompt"].get("value", "") == readable(prompt)


async def test_the_form_of_an_extension_asks_for_more_of_it() -> None:
    form = edit_form(a_generation(more_s=12, given_s=8.0), TABLE_).to_dict()
    assert [part["label"] for part in form["components"]][2] == "Seconds more"
    assert texts_of(edit_form(a_generation(more_s=12), TABLE_))["more"]["value"] == "12"


async def test_a_version_with_one_model_and_no_seed_has_a_short_form() -> None:
    assert list(texts_of(edit_form(a_generation(), InputTable(TABLE[:1])))) == ["prompt", "terms"]


@given(st.dictionaries(st.text(max_size=5), JSON))
def test_what_is_no_form_is_none(data: Mapping[str, Any]) -> None:
    assert read_form(data) is None


def test_a_form_is_read_in_every_shape() -> None:
    components: list[dict[str, Any]] = [
        {"type": 10, "id": 1},
        {"type": 18, "component": {"type": 4, "custom_id": "prompt", "value": " x "}},
        {"type": 18, "component": {"type": 3, "custom_id": "model", "values": ["large"]}},
        {"type": 18, "component": {"type": 3, "custom_id": "pick", "values": []}},
        {"type": 1, "components": [{"type": 4, "custom_id": "seed", "value": None}]},
    ]
    data = {"custom_id": "mg:1:m-edit:abcdefghijkl", "components": components}
    assert read_form(data) == SubmittedForm(
        "edit", "abcdefghijkl", True, {"prompt": " x ", "model": "large", "seed": ""}
    )


@given(st.integers(-(10**17), 10**17), st.sampled_from(["{}", " {} ", "{}s", "{} seconds", "{} s"]))
def test_numbers_are_read(number: int, shape: str) -> None:
    assert SubmittedForm("edit", "a", True, {"n": shape.format(number)}).number("n", "N") == number


@given(st.text(min_size=1))
def test_anything_is_a_number_or_refused(text: str) -> None:
    filled = SubmittedForm("edit", "a", True, {"n": text})
    try:
        number = filled.number("n", "Seconds more")
    except NotANumber:
        return
    assert number is not None or not one_line(text)


@pytest.mark.parametrize(
    ("with_voice", "in_rows"), [(False, [4, 4]), (True, [3, 3, 3])], ids=["alone", "with voice"]
)
def test_a_row_of_buttons_is_one_on_a_phone(with_voice: bool, in_rows: list[int]) -> None:
    """A phone has room for four labels; a fifth would have a line to itself."""
    track = a_generation(state=State.DELIVERED)
    actions = actions_after([track], TABLE_, with_voice=with_voice)
    view = card_view(actions, track.id, {track.id: "Star"})
    assert view is not None
    assert [len(row["components"]) for row in view.to_components()] == in_rows


# ------------------------------------------------------------------ Info


@given(prompts, st.lists(prompts, max_size=20), st.integers(1, 3))
def test_info_fits_discord(prompt: str, parents: list[str], takes: int) -> None:
    shown = a_generation(
        inputs=Inputs(prompt=prompt, seed=7, model_version="x" * 100),
        relation=Relation.EXTEND,
        parent_id="p" * 12,
        prediction_id="p" * 26,
        predict_time_s=3.0,
        ended_at=NOON + timedelta(seconds=70),
        more_s=3,
    )
    ancestors = [replace(shown, inputs=Inputs(prompt=words)) for words in parents]
    embed = info_embed([shown] * takes, ancestors, TABLE_, HERE)
    assert len(embed) <= 6000
    assert len(embed.title or "") <= 256
    assert len(embed.description or "") <= 4096
    assert all(0 < len(field.value or "") <= 1024 for field in embed.fields)
    assert (embed.description or "").count("```") == 2, "nothing breaks out of the code"


def test_the_line_has_what_was_set_and_nothing_else() -> None:
    inputs = Inputs(
        prompt="slow\n  ```tango```",
        duration=4,
        continuation=True,
        multi_band_diffusion=False,
        top_p=0.0,
        temperature=0.25,
        input_audio="https://secret.example/x?hm=1",
        seed=0,
    )
    assert command_line(a_generation(inputs=inputs, seed_used=77), TABLE_) == (
        "/musicgen prompt:slow '''tango''' duration:4 continuation:True "
        "multi_band_diffusion:False top_p:0 temperature:0.25 seed:77"
    )


@pytest.mark.parametrize("prompt", ["a](https://evil.example)", "[a](https://evil.example) [b]"])
def test_a_prompt_cannot_lead_elsewhere(prompt: str) -> None:
    generation = a_generation(inputs=Inputs(prompt=prompt), relation=Relation.EDIT, parent_id="p")
    shown = [
        str(info_embed([generation], [generation], TABLE_, HERE).fields[-1].value),
        str(TrackList([generation], 0, 1).embed(MUSICGEN).description),
    ]
    for text in shown:
        assert "](https://evil" not in text
        assert text.count("](https://discord.com/") == 1


def test_info_hides_where_audio_came_from() -> None:
    inputs = Inputs(prompt="x", input_audio="https://secret.example/x?hm=1")
    embed = info_embed([a_generation(inputs=inputs)], [], TABLE_, HERE)
    assert "secret" not in str(embed.to_dict())


def test_info_tells_what_a_musician_turned() -> None:
    generation = a_generation(
        inputs=Inputs("tango", seed=7),
        terms=MusicalTerms(120, "A minor"),
        closeness=Closeness.SURPRISE,
        more_s=4,
        audio_s=3.0,
    )
    embed = info_embed([generation], [], TABLE_, HERE)
    assert "prompt:tango, 120 bpm, A minor " in str(embed.description)
    settings = str(embed.fields[0].value)
    assert "Surprise me: the model heard 3 s of it" in settings
    assert settings.endswith("\n120 bpm, A minor")


# ------------------------------------------------------------------ actions


@pytest.mark.parametrize("state", [State.DELIVERED, State.FAILED, State.CANCELED])
def test_a_card_with_any_take_leads_on(state: State) -> None:
    delivered, other = a_generation(state=State.DELIVERED), a_generation(state=state)
    assert actions_after([other, delivered], TABLE_) == actions_after([delivered], TABLE_)
    assert len(actions_after([other, other], TABLE_)) == (8 if other == delivered else 4)


def test_a_fine_tune_without_models_takes_melodies() -> None:
    table = InputTable(tuple(spec for spec in TABLE if spec.name != "model_version"))
    assert MELODY in actions_after([a_generation(state=State.DELIVERED)], table)
    assert melody_model(table, Inputs("x")) is None


# ------------------------------------------------------------------ audio in messages


class _State:
    """What discord.py wants of a connection to make a message; nothing is asked of it here."""

    def __getattr__(self, name: str) -> Any:
        return None

    def store_user(self, data: Any, **_: object) -> Any:
        return discord.User(state=cast("Any", self), data=data)


def a_message(**parts: Any) -> discord.Message:
    author = {"id": "2", "username": "bo", "discriminator": "0", "avatar": None}
    payload: dict[str, Any] = {
        "id": "10",
        "channel_id": "20",
        "author": author,
        "content": "",
        "timestamp": NOON.isoformat(),
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "pinned": False,
        "type": 0,
        "components": [],
        **parts,
    }
    channel: Any = discord.Object(20)
    channel.guild = None
    state: Any = _State()
    return discord.Message(state=state, channel=channel, data=payload)  # pyright: ignore[reportArgumentType] - as Discord sends it


def attached(name: str, number: int = 1, **more: Any) -> dict[str, Any]:
    url = f"https://cdn.example/{number}/{name}?hm=1"
    return {"id": str(number), "filename": name, "url": url, "proxy_url": url, "size": 9, **more}


@pytest.mark.parametrize(
    ("name", "content_type", "is_sound"),
    [
        ("a.wav", None, True),
        ("A.MP3", None, True),
        ("voice-message.ogg", "audio/ogg", True),
        ("unknown", "audio/x-thing; codecs=1", True),
        ("a.png", "image/png", False),
        ("waveform.png", None, False),
        ("a.wav.txt", "text/plain", False),
        ("wav", None, False),
    ],
)
def test_what_is_audio(name: str, content_type: str | None, is_sound: bool) -> None:
    message = a_message(attachments=[attached(name, content_type=content_type)])
    assert [file.filename for file in audio_attachments(message)] == [name] * is_sound


def test_audio_in_a_message_of_the_newer_kind() -> None:
    media = {"url": "https://cdn.example/1/riff.wav?hm=1", "attachment_id": "77"}
    file = {"type": 13, "id": 3, "file": media, "name": "riff.wav", "size": 9}
    message = a_message(flags=1 << 15, components=[{"type": 17, "id": 1, "components": [file]}])
    [found] = audio_attachments(message)
    assert (found.id, found.filename, found.source.size_bytes) == ("77", "riff.wav", 9)
    assert found.source.url == media["url"]


def test_audio_in_a_forwarded_message() -> None:
    snapshot = {
        "content": "",
        "timestamp": NOON.isoformat(),
        "edited_timestamp": None,
        "embeds": [],
        "attachments": [attached("riff.wav")],
        "type": 0,
        "flags": 0,
    }
    message = a_message(message_snapshots=[{"message": snapshot}])
    assert [file.filename for file in audio_attachments(message)] == ["riff.wav"]


def test_takes_are_known_by_their_seeds() -> None:
    takes = [a_generation(inputs=Inputs("x", seed=n), batch_id="b" * 12) for n in (7, 8, 9)]
    files = [attached("x-9.wav", 1), attached("x-7.flac", 2), attached("other.wav", 3)]
    here = track_attachments(audio_attachments(a_message(attachments=files)), takes)
    assert [(take.seed, file.filename) for take, file in here] == [(7, "x-7.flac"), (9, "x-9.wav")]
    single = a_generation(inputs=Inputs("x", seed=1))
    assert track_attachment(a_message(attachments=files[:1]), single) is not None
    assert track_attachment(a_message(attachments=files), single) is None
    assert track_attachment(None, single) is None


# ------------------------------------------------------------------ lists and ideas


@given(st.lists(prompts, max_size=PAGE_SIZE), st.integers(0, 50), st.text(max_size=50))
async def test_a_page_fits_discord(made: list[str], page: int, words: str) -> None:
    tracks = [
        a_generation(id=f"{n:012}", inputs=Inputs(prompt=prompt, seed=2**32 - 1))
        for n, prompt in enumerate(made)
    ]
    listed = TrackList(tracks, page, page * PAGE_SIZE + len(tracks), words)
    embed = listed.embed(MUSICGEN)
    assert len(embed.description or "") <= 4096
    view = listed.view(MUSICGEN)
    assert (view is None) == (not tracks and page == 0)
    for item in view.children if view else ():
        assert len(json.loads(json.dumps(item.to_component_dict()))["custom_id"]) <= 100


@given(st.integers(0, 9999), st.text(max_size=50))
def test_a_turn_says_where_to(page: int, words: str) -> None:
    assert read_turn(f"{page}:{words}") == (page, words, False)
    assert read_turn(f"s{page}:{words}") == (page, words, True)


@given(st.text(max_size=30), st.lists(st.text(max_size=120), max_size=40))
def test_suggestions_fit_discord(typed: str, own: list[str]) -> None:
    found = suggest(typed, own, 25, 100)
    assert len(found) <= 25
    assert all(0 < len(prompt) <= 100 for prompt in found)
    assert len({prompt.casefold() for prompt in found}) == len(found)


@pytest.mark.parametrize("genre", IDEAS)
def test_a_genre_finds_its_ideas(genre: str) -> None:
    assert set(IDEAS[genre]) <= set(suggest(genre, [], 100, 100))
