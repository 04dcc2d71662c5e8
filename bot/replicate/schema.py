"""The live schema of a model version -> the inputs to offer: what will really run wins.

Cog describes a version's inputs as OpenAPI at `components.schemas.Input`; choices are enums behind
`allOf` and `$ref`, newer ones say `anyOf` with null. The schema is somebody else's: whatever it
holds, the outcome is a table or a `SchemaUnusable`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote

from pydantic import JsonValue

from bot.domain.errors import BotError
from bot.domain.inputs import InputSpec, InputTable, InputValue, Kind, plain

Node = Mapping[str, JsonValue]

_DEPTH_MAX = 8
"""References nest two deep in practice; more is a loop."""
_CHOICE_MAX_CHARS = 100
"""Discord's limit of a choice's name (developers/interactions/application-commands, 2026-08)."""
_NUMBER_MAX = 2**53
"""Discord's and JSON's safe limit of a number."""
_PROMPT = "prompt"
_TYPES: dict[Kind, frozenset[str]] = {
    "string": frozenset({"string"}),
    "audio": frozenset({"string"}),
    "boolean": frozenset({"boolean"}),
    "integer": frozenset({"integer", "number"}),
    "number": frozenset({"integer", "number"}),
}


class SchemaUnusable(BotError):
    """The schema does not describe inputs that this bot can offer; its text says why."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which the version differs from the table; as a string, a plain sentence."""

    name: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.name} {self.sentence}"


def narrow(
    table: Iterable[InputSpec], openapi_schema: JsonValue
) -> tuple[InputTable, tuple[Difference, ...]]:
    """The table as the version's schema narrows it, and what that changed.

    Its choices and defaults replace ours; its bounds tighten ours, or replace them where the two
    have nothing in common; inputs that it lacks, or that it takes as another type, disappear.
    The prompt stays, and stays required.

    Raises:
        SchemaUnusable: there are no inputs in it, or no prompt among them.
    """
    properties = _inputs(openapi_schema)
    demanded = _demanded(openapi_schema)
    specs: list[InputSpec] = []
    differences: list[Difference] = []
    for ours in table:
        if ours.name not in properties:
            differences.append(Difference(ours.name, "is no input of this version: not offered."))
            continue
        live = _flat(properties[ours.name], openapi_schema)
        if ours.name != _PROMPT and not _fits(ours.kind, live):
            said = f"takes {_article(_type(live))}, not a value of type {ours.kind}: not offered."
            differences.append(Difference(ours.name, said))
            continue
        spec = _narrowed(ours, live, demanded=ours.name in demanded)
        specs.append(spec)
        differences.extend(_differences(ours, spec))
    offered = {spec.name for spec in specs}
    differences.extend(
        Difference(name, "is required by this version, and this bot does not offer it.")
        for name in sorted(demanded - offered)
    )
    return InputTable(tuple(specs)), tuple(differences)


# ------------------------------------------------------------------ reading the schema


def _inputs(schema: JsonValue) -> Node:
    properties = _at(schema, "components", "schemas", "Input", "properties")
    if not isinstance(properties, dict):
        raise SchemaUnusable("The schema describes no inputs.")
    if _PROMPT not in properties:
        raise SchemaUnusable("The version has no input named prompt, so it is no MusicGen we know.")
    return properties


def _demanded(schema: JsonValue) -> frozenset[str]:
    names = _at(schema, "components", "schemas", "Input", "required")
    if not isinstance(names, list):
        return frozenset()
    return frozenset(name for name in names if isinstance(name, str))


def _at(value: JsonValue, *path: str) -> JsonValue:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _flat(node: JsonValue, schema: JsonValue, depth: int = 0) -> dict[str, JsonValue]:
    """One property with its references and alternatives merged in; its own words win."""
    if not isinstance(node, dict) or depth > _DEPTH_MAX:
        return {}
    merged: dict[str, JsonValue] = {}
    for part in _parts(node, schema):
        merged |= _flat(part, schema, depth + 1)
    return merged | node


def _parts(node: Node, schema: JsonValue) -> Iterator[JsonValue]:
    reference = node.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/"):
        names = unquote(reference[2:]).split("/")
        yield _at(schema, *(name.replace("~1", "/").replace("~0", "~") for name in names))
    everything = node.get("allOf")
    if isinstance(everything, list):
        yield from everything
    for word in ("anyOf", "oneOf"):
        alternatives = node.get(word)
        if isinstance(alternatives, list):
            # Of several alternatives the first is taken; beside null there is one in practice.
            yield next((part for part in alternatives if part != {"type": "null"}), None)


def _type(live: Node) -> str | None:
    """The type, "null" left aside; None where the schema does not say."""
    said = live.get("type")
    if isinstance(said, list):
        said = next((name for name in said if name != "null"), None)
    return said if isinstance(said, str) else None


def _fits(kind: Kind, live: Node) -> bool:
    said = _type(live)
    return said is None or said in _TYPES[kind]


# ------------------------------------------------------------------ narrowing one input


def _narrowed(ours: InputSpec, live: Node, *, demanded: bool) -> InputSpec:
    kind: Kind = "integer" if ours.kind == "number" and _type(live) == "integer" else ours.kind
    minimum, maximum = _bounds(replace(ours, kind=kind), live)
    spec = replace(
        ours,
        kind=kind,
        choices=_choices(live) or ours.choices if kind == "string" else (),
        minimum=minimum,
        maximum=maximum,
        # An attachment and an address both fill in an audio input, so neither can be demanded.
        required=ours.required or (demanded and kind != "audio"),
    )
    if spec.required or kind == "audio":
        return replace(spec, default=None)
    return replace(spec, default=_default(spec, live.get("default", ours.default)))


def _choices(live: Node) -> tuple[str, ...]:
    listed = live.get("enum")
    upload = (
        choice
        for choice in (listed if isinstance(listed, list) else ())
        if isinstance(choice, str) and 0 < len(choice) <= _CHOICE_MAX_CHARS
    )
    return tuple(dict.fromkeys(upload))


def _bounds(ours: InputSpec, live: Node) -> tuple[float | None, float | None]:
    """Ours tightened by theirs: of the value of a number, of the length of a string."""
    if ours.kind in {"audio", "boolean"}:
        return ours.minimum, ours.maximum
    of_length = ours.kind == "string"
    low = _bound(live.get("minLength" if of_length else "minimum"))
    high = _bound(live.get("maxLength" if of_length else "maximum"))
    if ours.kind == "integer":
        low = None if low is None else math.ceil(low)
        high = None if high is None else math.floor(high)
    if _reversed(low, high):
        return ours.minimum, ours.maximum
    lows = [bound for bound in (ours.minimum, low) if bound is not None]
    highs = [bound for bound in (ours.maximum, high) if bound is not None]
    minimum, maximum = max(lows, default=None), min(highs, default=None)
    return (low, high) if _reversed(minimum, maximum) else (minimum, maximum)


def _bound(value: JsonValue) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if -_NUMBER_MAX <= value <= _NUMBER_MAX else None


def _reversed(low: float | None, high: float | None) -> bool:
    return low is not None and high is not None and low > high


def _default(spec: InputSpec, value: JsonValue) -> InputValue | None:
    """The default, if it is one that a person could choose; else what it does can't be said."""
    match spec.kind, value:
        case "string", str():
            return value if not spec.choices or value in spec.choices else None
        case "boolean", bool():
            return value
        case "integer" | "number", int() | float() if not isinstance(value, bool):
            low, high = spec.minimum, spec.maximum
            number = _bound(value)
            inside = number is not None and not _reversed(low, number)
            if number is None or not inside or _reversed(number, high):
                return None
            if spec.kind == "number":
                return float(number)
            return int(number) if number == int(number) else None
        case _:
            return None


# ------------------------------------------------------------------ telling the changes


def _differences(ours: InputSpec, spec: InputSpec) -> Iterator[Difference]:
    if set(spec.choices) != set(ours.choices):
        said = f"offers {_listed(spec.choices)} instead of {_listed(ours.choices)}."
        yield Difference(spec.name, said)
    if (spec.minimum, spec.maximum) != (ours.minimum, ours.maximum):
        what = "takes a length of" if spec.kind == "string" else "takes"
        yield Difference(spec.name, f"{what} {_range(spec)} instead of {_range(ours)}.")
    if spec.kind != ours.kind:
        yield Difference(spec.name, "takes whole numbers only.")
    if spec.required and not ours.required:
        yield Difference(spec.name, "is required.")
    elif spec.default != ours.default:
        said = f"defaults to {_value(spec.default)} instead of {_value(ours.default)}."
        yield Difference(spec.name, said)


def _listed(choices: tuple[str, ...]) -> str:
    return ", ".join(choices) or "free text"


def _range(spec: InputSpec) -> str:
    match spec.minimum, spec.maximum:
        case None, None:
            return "anything"
        case low, None:
            return f"{plain(low)} or more"
        case None, high:
            return f"{plain(high)} or less"
        case low, high:
            return f"{plain(low)} to {plain(high)}"


def _value(value: InputValue | None) -> str:
    return "nothing" if value is None else plain(value)


def _article(noun: str | None) -> str:
    return f"{'an' if (noun or '')[:1] in 'aeio' else 'a'} {noun}"
