from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from bot.domain.inputs import TABLE, InputSpec, InputTable, InputValue
from bot.replicate.schema import SchemaUnusable, narrow

REAL: JsonValue = json.loads(
    (Path(__file__).parents[1] / "fixtures" / "musicgen_671ac645_openapi.json").read_text()
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
WORDS = st.sampled_from(
    [
        "type",
        "enum",
        "default",
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "allOf",
        "anyOf",
        "oneOf",
        "$ref",
    ]
)
TYPES = st.sampled_from(["string", "integer", "number", "boolean", "null", "array"])
REFERENCES = st.sampled_from(["#/components/schemas/Input", "#/components/schemas/loop", "#/", "x"])
NODES = st.recursive(
    st.dictionaries(WORDS, JSON_VALUES | TYPES | REFERENCES | st.lists(TYPES), max_size=5),
    lambda inner: st.dictionaries(WORDS, inner | st.lists(inner, max_size=3), max_size=4),
    max_leaves=6,
)


def schema_of(
    properties: dict[str, JsonValue], required: JsonValue = None, **schemas: JsonValue
) -> JsonValue:
    form: JsonValue = {"type": "object", "properties": {"prompt": {"type": "string"}, **properties}}
    if required is not None:
        form["required"] = required
    return {"components": {"schemas": {"Input": form, **schemas}}}


def table_of(*specs: InputSpec) -> tuple[InputSpec, ...]:
    return (TABLE[0], *specs)


def narrowed(ours: InputSpec, live: JsonValue, **schemas: JsonValue) -> InputSpec:
    return narrow(table_of(ours), schema_of({ours.name: live}, **schemas))[0][ours.name]


def test_the_real_version_wins_where_it_differs() -> None:
    table, differences = narrow(TABLE, REAL)
    model = table["model_version"]
    assert model.choices == ("stereo-melody-large", "stereo-large", "melody-large", "large")
    assert model.default == "stereo-melody-large"
    assert [str(difference) for difference in differences] == [
        "model_version offers stereo-melody-large, stereo-large, melody-large, large instead of "
        "melody, large, medium, small.",
        "model_version defaults to stereo-melody-large instead of melody.",
        "continuation_start defaults to 0 instead of nothing.",
    ]


def test_what_the_real_version_does_not_say_stays_ours() -> None:
    table, _ = narrow(TABLE, REAL)
    assert [spec.name for spec in table] == [spec.name for spec in TABLE]
    duration, prompt = table["duration"], table["prompt"]
    assert (duration.minimum, duration.maximum, duration.default) == (1, 30, 8)
    assert prompt.required
    assert (prompt.minimum, prompt.maximum) == (1, 1000)
    for spec in table:
        assert len(spec.description) <= 100


def test_our_own_table_read_back_changes_nothing() -> None:
    once, _ = narrow(TABLE, REAL)
    twice, differences = narrow(once, REAL)
    assert twice == once
    assert differences == ()


def test_an_input_that_the_version_lacks_disappears() -> None:
    table, differences = narrow(TABLE, schema_of({"duration": {"type": "integer", "default": 8}}))
    assert [spec.name for spec in table] == ["prompt", "duration"]
    assert "model_version is no input of this version: not offered." in map(str, differences)


ESCAPED: dict[str, JsonValue] = {"a/b c": {"enum": ["escaped"]}}
MODE = InputSpec("mode", "string", "A mode.", default="a", choices=("a", "b"))


@pytest.mark.parametrize(
    ("live", "choices", "default"),
    [
        ({"allOf": [{"$ref": "#/components/schemas/mode"}], "default": "y"}, ("x", "y"), "y"),
        ({"$ref": "#/components/schemas/mode"}, ("x", "y"), None),
        ({"$ref": "#/components/schemas/a~1b%20c"}, ("escaped",), None),
        ({"anyOf": [{"$ref": "#/components/schemas/mode"}, {"type": "null"}]}, ("x", "y"), None),
        ({"oneOf": [{"type": "null"}, {"enum": ["z"]}], "default": None}, ("z",), None),
        ({"type": "string", "enum": ["a", "c", None, 5, "", "a"]}, ("a", "c"), "a"),
        ({"type": ["string", "null"], "enum": ["b"], "default": "b"}, ("b",), "b"),
        ({"type": "string", "enum": ["b"], "default": "gone"}, ("b",), None),
        ({"type": "string", "default": "b"}, ("a", "b"), "b"),
        ({"type": "string", "enum": []}, ("a", "b"), "a"),
        ({"enum": ["long" * 26, "short"]}, ("short",), None),
        ({"$ref": "#/components/schemas/loop"}, ("a", "b"), "a"),
        ({"$ref": "https://elsewhere/schema"}, ("a", "b"), "a"),
        ("nonsense", ("a", "b"), "a"),
    ],
)
def test_choices_are_found_wherever_cog_puts_them(
    live: JsonValue, choices: tuple[str, ...], default: str | None
) -> None:
    spec = narrowed(
        MODE,
        live,
        mode={"type": "string", "enum": ["x", "y"]},
        loop={"$ref": "#/components/schemas/loop"},
        **ESCAPED,
    )
    assert (spec.choices, spec.default) == (choices, default)


LENGTH = InputSpec("length", "integer", "A length.", default=8, minimum=1, maximum=30)
CHANCE = InputSpec("chance", "number", "A chance.", default=0.5, minimum=0)
OPEN = InputSpec("open", "integer", "Any number.")


@pytest.mark.parametrize(
    ("ours", "live", "bounds", "default"),
    [
        (LENGTH, {"type": "integer"}, (1, 30), 8),
        (LENGTH, {"minimum": 5, "maximum": 15}, (5, 15), 8),
        (LENGTH, {"minimum": -5, "maximum": 600}, (1, 30), 8),
        (LENGTH, {"minimum": 4.5, "maximum": 9.5}, (5, 9), 8),
        (LENGTH, {"minimum": 60, "maximum": 120, "default": 90}, (60, 120), 90),
        (LENGTH, {"minimum": 60}, (60, None), None),
        (LENGTH, {"minimum": 20, "maximum": 10}, (1, 30), 8),
        (LENGTH, {"maximum": 5}, (1, 5), None),
        (LENGTH, {"default": 600}, (1, 30), None),
        (LENGTH, {"default": None}, (1, 30), None),
        (LENGTH, {"default": True}, (1, 30), None),
        (LENGTH, {"default": "8"}, (1, 30), None),
        (LENGTH, {"default": 9.0}, (1, 30), 9),
        (LENGTH, {"default": 9.5}, (1, 30), None),
        (LENGTH, {"minimum": "1", "maximum": True}, (1, 30), 8),
        (LENGTH, {"anyOf": [{"type": "integer", "maximum": 9}, {"type": "null"}]}, (1, 9), 8),
        (LENGTH, {"default": 10**400, "maximum": 10**400}, (1, 30), None),
        (LENGTH, {"minimum": float("nan"), "default": float("inf")}, (1, 30), None),
        (CHANCE, {"type": "number", "maximum": 1, "default": 0}, (0, 1), 0.0),
        (CHANCE, {"type": "integer"}, (0, None), None),
        (OPEN, {"minimum": 0, "maximum": 1e300}, (0, None), None),
        (OPEN, {"default": 0}, (None, None), 0),
    ],
)
def test_bounds_tighten_ours_unless_nothing_is_left(
    ours: InputSpec,
    live: JsonValue,
    bounds: tuple[float | None, float | None],
    default: InputValue | None,
) -> None:
    spec = narrowed(ours, live)
    assert (spec.minimum, spec.maximum) == bounds
    assert spec.default == default
    assert type(spec.default) is type(default)


def test_a_shorter_prompt_is_taken_over_and_told() -> None:
    table, differences = narrow(TABLE[:1], schema_of({"prompt": {"maxLength": 200}}))
    assert table["prompt"].maximum == 200
    assert [str(difference) for difference in differences] == [
        "prompt takes a length of 1 to 200 instead of 1 to 1000."
    ]


@pytest.mark.parametrize(
    ("ours", "live", "sentence"),
    [
        (LENGTH, {"type": "string"}, "length takes a string, not a value of type integer"),
        (MODE, {"type": "array"}, "mode takes an array, not a value of type string"),
    ],
)
def test_an_input_of_another_type_disappears(
    ours: InputSpec, live: JsonValue, sentence: str
) -> None:
    table, differences = narrow(table_of(ours), schema_of({ours.name: live}))
    assert ours.name not in table
    assert str(differences[0]) == f"{sentence}: not offered."


def test_what_the_version_demands_becomes_required() -> None:
    audio = InputSpec("input_audio", "audio", "Audio.")
    live: dict[str, JsonValue] = {
        "length": {"type": "integer", "default": 8},
        "input_audio": {"type": "string", "format": "uri"},
    }
    table, differences = narrow(
        table_of(LENGTH, audio), schema_of(live, required=["length", "input_audio", "words", 3])
    )
    assert table["length"].required
    assert table["length"].default is None
    assert not table["input_audio"].required
    assert [str(difference) for difference in differences] == [
        "length is required.",
        "words is required by this version, and this bot does not offer it.",
    ]


@pytest.mark.parametrize(
    "schema",
    [
        None,
        [],
        "schema",
        {},
        {"components": None},
        {"components": {"schemas": {"Input": {"properties": []}}}},
        {"components": {"schemas": {"Input": {"properties": {}}}}},
        {"components": {"schemas": {"Input": {"properties": {"description": {}}}}}},
    ],
)
def test_a_schema_without_our_prompt_is_unusable(schema: JsonValue) -> None:
    with pytest.raises(SchemaUnusable):
        narrow(TABLE, schema)


@given(JSON_VALUES)
def test_garbage_is_unusable_and_nothing_worse(schema: JsonValue) -> None:
    with pytest.raises(SchemaUnusable):
        narrow(TABLE, schema)


@given(
    st.dictionaries(st.sampled_from([spec.name for spec in TABLE]), NODES | JSON_VALUES),
    JSON_VALUES | st.lists(st.text(max_size=5)),
    NODES,
)
def test_any_properties_give_a_table_that_can_be_offered(
    properties: dict[str, JsonValue], required: JsonValue, loop: JsonValue
) -> None:
    table, differences = narrow(TABLE, schema_of(properties, required, loop=loop))
    assert table["prompt"].required
    assert {spec.name for spec in table} <= {spec.name for spec in TABLE}
    assert all(str(difference).endswith(".") for difference in differences)
    for spec in table:
        assert_offerable(table, spec)


def assert_offerable(table: InputTable, spec: InputSpec) -> None:
    low, high = spec.minimum, spec.maximum
    assert low is None or high is None or low <= high
    assert all(0 < len(choice) <= 100 for choice in spec.choices)
    if isinstance(spec.default, str) and spec.choices:
        assert spec.default in spec.choices
    if isinstance(spec.default, int | float) and not isinstance(spec.default, bool):
        assert low is None or spec.default >= low
        assert high is None or spec.default <= high
    assert table[spec.name] == spec
