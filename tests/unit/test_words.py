from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import timedelta
from importlib import import_module
from pkgutil import iter_modules
from typing import cast, get_args, get_type_hints

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.card import actions, strings
from bot.card.action import Action
from bot.card.actions import ACTIONS, CANCEL
from bot.card.buttons import CardButton, card_view
from bot.card.markup import fitted, quoted
from bot.card.render import Card, CardRenderer
from bot.domain import errors
from bot.domain.errors import PredictionFailed, UserError, dump, load
from bot.domain.generation import AudioSource, Generation, State
from bot.domain.inputs import Inputs
from bot.domain.progress import Progress, Stage
from tests.fakes import MUSICGEN, NOON, a_generation

SAMPLES: dict[object, object] = {
    # Before `str`, which is in it.
    tuple[str, ...]: ("a", "b"),
    str: "he *said*",
    int: 3,
    float: 2.5,
    bool: True,
}


def every_kind(root: type[UserError] = UserError) -> list[type[UserError]]:
    return [kind for child in root.__subclasses__() for kind in [child, *every_kind(child)]]


def samples(kind: type[UserError]) -> list[UserError]:
    """Errors of a kind: with all their data, and with as little as allowed."""
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)]
    full = {name: next(s for t, s in SAMPLES.items() if _is(hints[name], t)) for name in names}
    bare = {name: None if _is(hints[name], type(None)) else full[name] for name in names}
    make = cast("Callable[..., UserError]", kind)
    if kind is errors.OutOfBounds:
        return [make(**full), make(**full | {"maximum": None}), make(**full | {"minimum": None})]
    return [make(**full), make(**bare)]


def _is(hint: object, kind: object) -> bool:
    return hint == kind or kind in getattr(hint, "__args__", ())


LEAVES = [kind for kind in every_kind() if not kind.__subclasses__()]


ALL_SAMPLES = [error for kind in LEAVES for error in samples(kind)]


def test_every_error_has_its_own_words() -> None:
    general = strings.errors.sentence(errors.InternalFault())
    told = [(error, strings.errors.sentence(error)) for error in ALL_SAMPLES]
    told_generally = {type(error) for error, text in told if text == general}
    assert told_generally == {errors.InternalFault}
    assert [
        (error, text)
        for error, text in told
        if not (text[0].isupper() or text[0] in "`*")
        or not 30 < len(text) < 700
        or not (text.rstrip()[-1] in ".`*_" or "\n> " in text)
    ] == []


def test_every_error_survives_the_journal() -> None:
    again = [(error, load(dump(error))) for error in ALL_SAMPLES]
    assert [
        (before, after)
        for before, after in again
        if type(after) is not type(before) or vars(after) != vars(before)
    ] == []


@pytest.mark.parametrize(
    "row",
    [
        '{"kind": "Gone", "data": {}}',
        '{"kind": "PredictionFailed", "data": {"words": "x"}}',
        '{"kind": "PredictionFailed"}',
    ],
)
def test_an_error_of_another_release_is_still_an_error(row: str) -> None:
    assert isinstance(load(row), errors.InternalFault)


@given(st.text(max_size=2000))
def test_the_apis_words_cannot_break_out_of_their_quote(detail: str) -> None:
    text = strings.errors.sentence(PredictionFailed(detail))
    assert text.count("\n") <= 1
    assert "@everyone" not in text
    assert len(text) < 1000


@given(st.text(max_size=3000), st.integers(1, 300))
def test_quotes_fit(text: str, limit: int) -> None:
    assert len(fitted(text, limit)) <= limit
    assert "\n" not in quoted(text, limit)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("for <@&123456789012345678>", r"for <\@&123456789012345678>"),
        ("for <@&7>", r"for \<@&7>"),
        ("in <#7>", r"in \<#7>"),
        ("</musicgen:7> <:note:7> <a:note:7>", r"\</musicgen:7> \<:note:7> \<a:note:7>"),
        ("at https://evil.example/x", r"at https:\//evil.example/x"),
        ("[free](https://evil.example)", r"\[free](https:\//evil.example)"),
        ("a < b, 3:4", "a < b, 3:4"),
    ],
)
def test_no_words_lead_anywhere(text: str, shown: str) -> None:
    assert quoted(text, 100) == shown
    assert fitted(text, 100) == shown


RENDERER = CardRenderer(MUSICGEN)


def at(stage: Stage, **changes: object) -> Progress:
    values: dict[str, object] = {
        "stage": stage,
        "stage_began_at": NOON,
        "now": NOON + timedelta(seconds=4),
        "elapsed_s": 4.0,
    }
    return Progress(**(values | changes))  # pyright: ignore[reportArgumentType] - fields by name


@pytest.mark.parametrize("stage", Stage)
def test_every_stage_has_words_and_the_seed(stage: Stage) -> None:
    card = RENDERER.running(a_generation(), at(stage))
    assert card.embed.description
    assert stage.value in card.embed.description.lower()
    assert "seed `7`" in card.embed.description
    assert card.embed.footer.text is None, "nothing is made yet"
    assert card.actions == (CANCEL,)


def test_a_cold_start_is_explained_after_ten_seconds() -> None:
    early = at(Stage.STARTING, now=NOON + timedelta(seconds=9))
    late = at(Stage.STARTING, now=NOON + timedelta(seconds=10))
    assert strings.card.COLD() not in strings.card.stage(early)
    assert strings.card.COLD() in strings.card.stage(late)
    assert f"<t:{int(NOON.timestamp())}:R>" in strings.card.stage(late)


def test_generating_shows_bar_percent_and_times() -> None:
    text = strings.card.stage(at(Stage.GENERATING, fraction=0.5, left_s=12.4, elapsed_s=75))
    assert "▰▰▰▰▰▰▰▰▱▱▱▱▱▱▱▱ 50%" in text
    assert "about 12 s left" in text
    assert "1 min 15 s so far" in text


def test_the_same_progress_makes_the_same_card() -> None:
    """Edits are skipped when nothing changed: waiting must not change the words."""
    first = RENDERER.running(a_generation(), at(Stage.STARTING, now=NOON + timedelta(seconds=2)))
    again = RENDERER.running(a_generation(), at(Stage.STARTING, now=NOON + timedelta(seconds=5)))
    assert first == again


def test_no_cancel_button_once_the_upload_has_begun() -> None:
    card = RENDERER.running(a_generation(state=State.DELIVERING), at(Stage.UPLOADING))
    assert card.actions == ()


def test_the_finished_card_tells_what_differs_from_the_defaults() -> None:
    inputs = Inputs(
        prompt="*loud* _guitar_",
        model_version="large",
        duration=12,
        temperature=1.0,
        top_p=0.0,
        top_k=0,
        continuation=True,
        seed=7,
        input_audio="https://api.replicate.com/v1/files/secret",
    )
    generation = a_generation(
        inputs=inputs,
        state=State.DELIVERED,
        ended_at=NOON + timedelta(seconds=65),
        source=AudioSource("https://cdn/x?hm=1", "riff.wav", True),
    )
    embed = RENDERER.ended(generation).embed
    assert (embed.description or "").splitlines() == [
        "-# large · 12 s · seed `7` · took 1 min 5 s",
        "-# input audio riff.wav · continuation on · top\\_k 0",
        f"-# Asked for by <@{generation.requester_id}>",
    ]
    assert not embed.fields
    assert embed.title == r"\*loud\* \_guitar\_"
    assert embed.footer.text == "Made with meta/musicgen"
    assert "secret" not in str(embed.to_dict())


@pytest.mark.parametrize("card", [RENDERER.coming, RENDERER.waiting])
def test_a_card_whose_track_is_on_its_way_tells_no_time(
    card: Callable[[Generation], Card],
) -> None:
    made = a_generation(state=State.DELIVERED, ended_at=NOON + timedelta(seconds=65))
    assert "took" not in str(card(made).embed.description)
    assert "took 1 min 5 s" in str(RENDERER.ended(made).embed.description)


@given(st.text(min_size=1, max_size=1000))
def test_any_prompt_makes_a_card_that_discord_takes(prompt: str) -> None:
    embed = RENDERER.ended(
        a_generation(
            inputs=Inputs(prompt=prompt, seed=1),
            state=State.FAILED,
            failure=PredictionFailed(prompt * 5),
        )
    ).embed
    assert len(embed.title or "") <= 256
    assert len(embed.description or "") <= 4096
    assert len(embed) <= 6000


def button_of(action: Action) -> CardButton:
    view = card_view((action,), "abcdefghijkl", {"abcdefghijkl": "Take 1"})
    assert view is not None
    assert view.timeout is None
    [button] = view.children
    assert isinstance(button, CardButton)
    assert isinstance(button.item, discord.ui.Button)
    return button


def test_every_action_is_registered() -> None:
    found = iter_modules(actions.__path__, f"{actions.__name__}.")
    modules = [import_module(module.name) for module in found]
    assert [
        (module.__name__, action.name)
        for module in modules
        for action in vars(module).values()
        if isinstance(action, Action) and ACTIONS.get(action.name) is not action
    ] == []


async def test_buttons_carry_an_action_and_an_id() -> None:
    buttons = [(name, button_of(action)) for name, action in ACTIONS.items()]
    assert [
        (name, button.custom_id)
        for name, button in buttons
        if button.custom_id != f"mg:1:{name}:abcdefghijkl"
        or not button.template.fullmatch(button.custom_id)
    ] == []


def test_whoever_filled_in_a_form_reads_of_its_labels() -> None:
    """A fine-tune may take less than the form allows."""
    said = strings.errors.sentence(errors.OutOfBounds("seconds more", 25, 1, 10))
    told = strings.forms.in_form(said, is_extension=True)
    assert told == "**Seconds more** must be between 1 and 10; you gave 25."


def test_actions_are_called_as_in_the_messages_out_there() -> None:
    on_cards = "again bring cancel delete edit extend info melody same star variations"
    elsewhere = (
        "change chart drop fewer finer forget forgetit forgetone keep loop newseed pack page "
        "preset presetsave show take"
    )
    settings = (
        "amounts cancelall chartchannel defaults defaultsfrom defaultsfrommore droproles limits "
        "listening log logchannel logeverywhere nodefaults openlog pause places pressing resume "
        "rolelimit rolelimits roles stop weekly"
    )
    jam = (
        "jamchoose jamclose jamclosenow jamdone jamend jamlisten jammix jampropose jamriff "
        "jambegin jambranch jamstart jamundo jamvote"
    )
    voice = "voice voicelouder voicepiece voicequieter voiceskip voicestop voicetakes"
    known = [*on_cards.split(), *elsewhere.split(), *settings.split(), *jam.split(), *voice.split()]
    assert sorted(ACTIONS) == sorted(known)


@pytest.mark.parametrize("fault", get_args(errors.FetchFault))
def test_every_reason_not_to_have_fetched_has_its_words(fault: str) -> None:
    said = strings.errors.sentence(errors.AudioUnavailable(None, fault))
    assert (said == strings.errors.sentence(errors.AudioUnavailable(None, "unheard of"))) is (
        fault == "silent"
    )
    assert "its server answered" not in said
