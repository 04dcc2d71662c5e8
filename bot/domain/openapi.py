"""An input table as Cog describes a model's inputs: OpenAPI, as `GET /openapi.json` answers it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from pydantic import JsonValue

from bot.domain.inputs import InputSpec

JsonObject: TypeAlias = dict[str, JsonValue]

_JSON_TYPES = {
    "string": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "audio": "string",
}


def openapi_schema(table: Iterable[InputSpec]) -> JsonObject:
    """The schema that Cog would write for a model with these inputs."""
    specs = tuple(table)
    schemas: JsonObject = {
        "Input": {
            "type": "object",
            "title": "Input",
            "properties": {spec.name: _property(spec, order) for order, spec in enumerate(specs)},
        },
        "Output": {"type": "string", "title": "Output", "format": "uri"},
    }
    required: list[JsonValue] = [spec.name for spec in specs if spec.required]
    if required:
        schemas["Input"] = {**_object(schemas["Input"]), "required": required}
    for spec in specs:
        if spec.choices:
            schemas[spec.name] = {
                "enum": list(spec.choices),
                "type": "string",
                "title": spec.name,
                "description": "An enumeration.",
            }
    return {
        "openapi": "3.0.2",
        "info": {"title": "Cog", "version": "0.1.0"},
        "components": {"schemas": schemas},
    }


def _property(spec: InputSpec, order: int) -> JsonObject:
    entry: JsonObject = {"x-order": order, "description": spec.meaning}
    if spec.choices:
        entry["allOf"] = [{"$ref": f"#/components/schemas/{spec.name}"}]
    else:
        entry["type"] = _JSON_TYPES[spec.kind]
        entry["title"] = spec.name.replace("_", " ").title()
    if spec.kind == "audio":
        entry["format"] = "uri"
    if spec.default is not None:
        entry["default"] = spec.default
    low, high = ("minLength", "maxLength") if spec.kind == "string" else ("minimum", "maximum")
    if spec.minimum is not None:
        entry[low] = _plain(spec.minimum)
    if spec.maximum is not None:
        entry[high] = _plain(spec.maximum)
    return entry


def _plain(number: float) -> int | float:
    return int(number) if float(number).is_integer() else number


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}
