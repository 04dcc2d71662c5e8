"""Discord's own OpenAPI description as a witness: is what a bot sends what Discord takes?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Protocol, cast

import pytest
from jsonschema import Draft202012Validator
from pydantic import JsonValue
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012, Schema

SPEC = Path(__file__).parents[3] / "shared" / "spec" / "discord-openapi.json"
_ROOT = "urn:discord"
_METHODS = ("get", "put", "post", "patch", "delete")


class Sent(Protocol):
    """A request as the stand-in records it."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def json(self) -> JsonValue: ...


class _Objection(Protocol):
    json_path: str
    message: str


class _Validator(Protocol):
    def iter_errors(self, instance: JsonValue) -> Iterator[_Objection]: ...


class SpecWitness:
    """Knows every route of Discord's and the bodies they take."""

    def __init__(self, spec: dict[str, JsonValue]) -> None:
        # The description knows ids as strings only; Discord's own examples number new files 0, 1.
        _below(spec, "components", "schemas")["SnowflakeType"] = {"type": ["string", "integer"]}
        resource = Resource[Schema](cast("Schema", spec), DRAFT202012)
        self._registry = Registry[Schema]().with_resource(_ROOT, resource)
        self._routes = sorted(_routes(spec), key=lambda route: "{" in route[1].rpartition("/")[2])

    def complaints(self, request: Sent) -> list[str]:
        """What Discord would say against a request's route and body."""
        for method, template, pointer in self._routes:
            if method == request.method and _pattern(template).fullmatch(request.path):
                return self._against(f"{method} {template}", pointer, request.json)
        return [f"Discord has no route {request.method} {request.path}"]

    def _against(self, where: str, pointer: str | None, body: JsonValue) -> list[str]:
        if body is None:
            return []
        if pointer is None:
            return [f"{where} takes no body"]
        schema = {"$ref": f"{_ROOT}#{pointer}"}
        validator = cast("_Validator", Draft202012Validator(schema, registry=self._registry))
        return [f"{where} {e.json_path}: {e.message[-300:]}" for e in validator.iter_errors(body)]

    def check(self, requests: Iterable[Sent]) -> None:
        """Fail when Discord would not take one of these requests."""
        said = [complaint for request in requests for complaint in self.complaints(request)]
        assert not said, "\n".join(said)


def _below(tree: dict[str, JsonValue], *keys: str) -> dict[str, JsonValue]:
    for key in keys:
        inner = tree[key]
        assert isinstance(inner, dict)
        tree = inner
    return tree


def _routes(spec: dict[str, JsonValue]) -> Iterator[tuple[str, str, str | None]]:
    for template in _below(spec, "paths"):
        escaped = template.replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
        operations = _below(spec, "paths", template)
        for method in operations:
            if method in _METHODS:
                takes_body = "requestBody" in _below(operations, method)
                body = f"/paths/{escaped}/{method}/requestBody/content/application~1json/schema"
                yield method.upper(), template, body if takes_body else None


@cache
def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^}]+\}", template)
    return re.compile("[^/]+".join(re.escape(part) for part in parts))


@cache
def _loaded() -> SpecWitness:
    return SpecWitness(json.loads(SPEC.read_text()))


@pytest.fixture
def spec() -> SpecWitness:
    """The witness; skips where the description is not at hand."""
    if not SPEC.exists():
        pytest.skip("Discord's OpenAPI description is not beside the project")
    return _loaded()
