"""What the API refuses, as it says so: `application/problem+json`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web
from pydantic import JsonValue

JsonObject = dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class InvalidField:
    """One fault of a request body, in the words of Replicate's validator (gojsonschema)."""

    kind: str
    field: str
    """"" for the body itself, else dotted: "input.seed"."""
    description: str

    @property
    def line(self) -> str:
        """The fault as a line of the problem's detail."""
        where = f"{self.field}: " if self.field else ""
        return f"- {where}{self.description}\n"


class Problem(Exception):
    """An answer that isn't what was asked for."""

    def __init__(
        self, status: int, title: str, detail: str, invalid_fields: Sequence[InvalidField] = ()
    ) -> None:
        super().__init__(detail)
        self.status, self.title, self.detail = status, title, detail
        self.invalid_fields = tuple(invalid_fields)
        self.retry_after_s: int | None = None
        self.headers: Mapping[str, str] = {}

    @classmethod
    def invalid_input(cls, faults: Sequence[InvalidField]) -> Problem:
        """422 for a body that breaks the API's or the model's schema."""
        detail = "".join(fault.line for fault in faults)
        return cls(422, "Input validation failed", detail, faults)

    @classmethod
    def invalid_version(cls) -> Problem:
        """422 for a version that isn't there."""
        return cls(
            422,
            "Invalid version or not permitted",
            "The specified version does not exist "
            "(or perhaps you don't have permission to use it?)",
        )

    @classmethod
    def unauthenticated(cls, *, token_given: bool) -> Problem:
        """401."""
        kind = "a valid" if token_given else "an"
        return cls(401, "Unauthenticated", f"You did not pass {kind} authentication token")

    @classmethod
    def not_found(cls) -> Problem:
        """404. Replicate's own words for it are not on record."""
        return cls(404, "Not found", "The requested resource could not be found.")

    @classmethod
    def throttled(cls, reset_s: int, reduced: str, headers: Mapping[str, str]) -> Problem:
        """429, which has no title; `reduced` says why a limit is smaller than usual.

        `retry_after` is recorded only with such a reason.
        """
        words = ("Request was throttled.", reduced, f"Your rate limit resets in ~{reset_s}s.")
        problem = cls(429, "", " ".join(filter(None, words)))
        problem.retry_after_s = reset_s if reduced else None
        problem.headers = headers
        return problem

    def response(self) -> web.Response:
        """The answer."""
        body: JsonObject = {"detail": self.detail, "status": self.status}
        if self.title:
            body["title"] = self.title
        if self.retry_after_s is not None:
            body["retry_after"] = self.retry_after_s
        if self.invalid_fields:
            body["invalid_fields"] = [
                {"type": fault.kind, "field": fault.field, "description": fault.description}
                for fault in self.invalid_fields
            ]
        return web.Response(
            status=self.status,
            body=json.dumps(body).encode() + b"\n",
            headers={"Content-Type": "application/problem+json", **self.headers},
        )
