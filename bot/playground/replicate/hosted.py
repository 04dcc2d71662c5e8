"""The versions of models that the stand-in hosts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from bot.playground.replicate.predictions import timestamp
from bot.playground.replicate.problems import JsonObject
from bot.playground.replicate.schema import InputForm

_CREATED_AT = datetime(2024, 3, 27, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Hosted:
    """One version of one model."""

    model: str
    """`owner/name`."""
    version: str
    schema: JsonObject
    form: InputForm
    taste: str = ""
    """What a fine-tune always plays, in words that are added to the prompt."""

    @classmethod
    def of(cls, model: str, version: str, schema: JsonObject, taste: str = "") -> Self:
        """The version whose inputs are those of an `openapi_schema`."""
        return cls(model, version, schema, InputForm.read(schema), taste)

    @property
    def names(self) -> tuple[str, str]:
        """What `version` in a request may be."""
        return self.version, f"{self.model}:{self.version}"

    def completed(self, given: JsonObject) -> JsonObject:
        """An input as `predict` gets it."""
        whole = self.form.completed(given)
        if self.taste:
            whole["prompt"] = f"{whole.get('prompt', '')}, {self.taste}"
        return whole

    def as_json(self) -> JsonObject:
        """The version object."""
        return {
            "id": self.version,
            "created_at": timestamp(_CREATED_AT),
            "cog_version": "0.9.5",
            "openapi_schema": self.schema,
        }
