"""What may be run, and what is offered before it is known which one runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.errors import FineTuneGone, InputsNotTaken, OutOfBounds
from bot.domain.extension import Extension, plan_extension
from bot.domain.inputs import Inputs, InputTable
from bot.domain.models import Model, Models
from bot.domain.validation import check_request
from tests.fakes import LOFI, MUSICGEN, WITH_LOFI


def table(**changes: dict[str, object]) -> InputTable:
    return InputTable(
        tuple(
            replace(spec, **changes.get(spec.name, {}))  # pyright: ignore[reportArgumentType] - fields by name
            for spec in InputTable()
        )
    )


def test_names_are_the_same_whatever_their_capitals() -> None:
    assert WITH_LOFI.named(" LOFI ") is LOFI
    assert WITH_LOFI.named(None) is WITH_LOFI.main
    with pytest.raises(FineTuneGone):
        MUSICGEN.named("lofi")
    gone = MUSICGEN.shown("lofi")
    assert (gone.name, gone.fine_tune, gone.table) == ("lofi", "lofi", MUSICGEN.main.table)


def test_what_any_of_them_takes_is_offered_for_presets() -> None:
    wide = table(
        model_version={"choices": ("chord", "melody"), "default": "chord"},
        duration={"minimum": 2, "maximum": 60},
        classifier_free_guidance={"kind": "number", "maximum": None},
    )
    widest = Models(MUSICGEN.main, [LOFI, Model("a/b", "c", wide, "wide")]).widest
    assert widest["model_version"].choices == ("melody", "large", "medium", "small", "chord")
    assert (widest["duration"].minimum, widest["duration"].maximum) == (1, 60)
    assert widest["duration"].default == 8
    guidance = widest["classifier_free_guidance"]
    assert (guidance.kind, guidance.minimum, guidance.maximum) == ("number", 1, None)
    assert MUSICGEN.widest == MUSICGEN.main.table
    only_there = Models(replace(MUSICGEN.main, table=LOFI.table), [Model("a/b", "c", wide, "wide")])
    assert "multi_band_diffusion" in only_there.widest


def test_an_extension_fits_into_what_the_model_makes_at_once() -> None:
    lofi = LOFI.table
    assert (lofi.window_s, MUSICGEN.main.table.window_s) == (20, 30)
    check_request(lofi, Inputs("x", continuation=True), has_audio=True, more_s=15)
    with pytest.raises(OutOfBounds) as refused:
        check_request(lofi, Inputs("x", continuation=True), has_audio=True, more_s=16)
    assert (refused.value.minimum, refused.value.maximum) == (1, 15)
    assert plan_extension(60.0, 15, lofi.window_s) == Extension(5, 20)
    assert plan_extension(60.0, 3, lofi.window_s) == Extension(15, 18)


@pytest.mark.parametrize(
    ("lacking", "inputs"),
    [("input_audio", Inputs("x")), ("continuation", Inputs("x", continuation=True))],
)
def test_audio_is_not_left_out_without_a_word(lacking: str, inputs: Inputs) -> None:
    deaf = InputTable(tuple(spec for spec in InputTable() if spec.name != lacking))
    with pytest.raises(InputsNotTaken) as refused:
        check_request(deaf, inputs, has_audio=True)
    assert refused.value.names == (lacking,)
