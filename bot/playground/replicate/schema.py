"""A version's `openapi_schema`, read for validating inputs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from bot.playground.replicate.problems import InvalidField, JsonObject


class _Property(BaseModel):
    model_config = ConfigDict(extra="ignore")

    type: str | None = None
    all_of: list[dict[str, str]] = Field(default=[], alias="allOf")
    default: JsonValue = None
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = Field(default=None, alias="minLength")
    max_length: int | None = Field(default=None, alias="maxLength")
    format: str | None = None


class _Schema(BaseModel):
    model_config = ConfigDict(extra="ignore")

    type: str | None = None
    enum: list[str] = []
    properties: dict[str, _Property] = {}
    required: list[str] = []


class _Components(BaseModel):
    schemas: dict[str, _Schema]


class _OpenApi(BaseModel):
    components: _Components


@dataclass(frozen=True, slots=True)
class InputRule:
    """What the schema says of one input."""

    name: str
    type: str
    choices: tuple[str, ...]
    default: JsonValue
    minimum: float | None
    maximum: float | None
    min_length: int | None
    max_length: int | None
    required: bool

    def faults(self, value: JsonValue) -> list[InvalidField]:
        """What the validator finds in a value that was given."""
        field = f"input.{self.name}"
        given = _type_of(value)
        if not (given == self.type or (given == "integer" and self.type == "number")):
            words = f"Invalid type. Expected: {self.type}, given: {given}"
            return [InvalidField("invalid_type", field, words)]
        if self.choices and value not in self.choices:
            allowed = ", ".join(json.dumps(choice) for choice in self.choices)
            words = f"{self.name} must be one of the following: {allowed}"
            return [InvalidField("enum", field, words)]
        size = len(value) if isinstance(value, str) else None
        number = float(value) if isinstance(value, int | float) else None
        checks = (
            ("number_gte", "Must be greater than or equal to", self.minimum, number, 1),
            ("number_lte", "Must be less than or equal to", self.maximum, number, -1),
            (
                "string_gte",
                "String length must be greater than or equal to",
                self.min_length,
                size,
                1,
            ),
            (
                "string_lte",
                "String length must be less than or equal to",
                self.max_length,
                size,
                -1,
            ),
        )
        return [
            InvalidField(kind, field, f"{words} {bound:g}")
            for kind, words, bound, measure, sign in checks
            if bound is not None and measure is not None and (measure - bound) * sign < 0
        ]


@dataclass(frozen=True, slots=True)
class InputForm:
    """The inputs of a version as its schema describes them."""

    rules: Mapping[str, InputRule]

    @classmethod
    def read(cls, schema: JsonObject) -> InputForm:
        """Read `components.schemas.Input`, enums through `allOf` and `$ref`."""
        schemas = _OpenApi.model_validate(schema).components.schemas
        form = schemas["Input"]
        rules: dict[str, InputRule] = {}
        for name, entry in form.properties.items():
            referred = [schemas[ref["$ref"].rsplit("/", 1)[1]] for ref in entry.all_of]
            rules[name] = InputRule(
                name=name,
                type=entry.type or next((item.type for item in referred if item.type), "string"),
                choices=tuple(choice for item in referred for choice in item.enum),
                default=entry.default,
                minimum=entry.minimum,
                maximum=entry.maximum,
                min_length=entry.min_length,
                max_length=entry.max_length,
                required=name in form.required,
            )
        return cls(rules)

    def faults(self, given: JsonObject) -> list[InvalidField]:
        """What the validator finds in an `input`; unknown keys are no fault."""
        missing = [
            InvalidField("required", "input", f"{rule.name} is required")
            for rule in self.rules.values()
            if rule.required and rule.name not in given
        ]
        wrong = [
            fault
            for name, value in given.items()
            if name in self.rules
            for fault in self.rules[name].faults(value)
        ]
        return missing + wrong

    def known(self, given: JsonObject) -> JsonObject:
        """The input without what the version doesn't know."""
        return {name: value for name, value in given.items() if name in self.rules}

    def completed(self, given: JsonObject) -> JsonObject:
        """The input with the version's defaults, as `predict` gets it."""
        defaults = {
            name: rule.default for name, rule in self.rules.items() if rule.default is not None
        }
        return defaults | given


def _type_of(value: JsonValue) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "integer" if value.is_integer() else "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"
