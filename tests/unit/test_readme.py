"""The README tells the truth: its tables are those of the code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import cast

from pydantic.fields import FieldInfo

from bot.domain.inputs import TABLE, InputSpec, plain
from bot.replicate.schema import narrow
from bot.settings import Settings

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "tests/fixtures/musicgen_671ac645_openapi.json"
"""Of the version that runs unless another one is set."""
README = (ROOT / "README.md").read_text()
PINS = (
    "requirements.txt",
    "bot/voice/requirements.txt",
    "bot/operations/requirements.txt",
    "tests/requirements.txt",
    "tests/own_gpu/requirements.txt",
)


def row(spec: InputSpec) -> str:
    kind = "file" if spec.kind == "audio" else spec.kind
    default = "required" if spec.required else "none"
    if spec.default is not None:
        default = plain(spec.default)
    values = ", ".join(spec.choices)
    if not values and spec.minimum is not None and spec.kind != "string":
        top = "" if spec.maximum is None else f"{spec.maximum:.10g}"
        values = f"{spec.minimum:g} to {top}" if top else f"{spec.minimum:g} or more"
    if spec.kind == "string" and spec.maximum is not None:
        values = f"up to {spec.maximum:g} characters"
    return f"| `{spec.name}` | {kind} | {default} | {values} | {spec.meaning} |"


def test_the_table_of_options_is_what_really_runs() -> None:
    live, _ = narrow(TABLE, json.loads(SCHEMA.read_text()))
    assert [spec.name for spec in live] == [spec.name for spec in TABLE]
    for spec in live:
        assert row(spec) in README, row(spec)
    [model] = [spec for spec in TABLE if spec.name == "model_version"]
    told = f"({', '.join(model.choices)}; {model.default} unless set)"
    assert told in README, "the specification's names are the exception"


def test_every_command_to_type_is_there_for_windows_too() -> None:
    typed = {
        line.partition("python ")[2] for line in re.findall(r"\.venv/bin/python[^`\n]+", README)
    }
    assert len(typed) >= 4
    windows = re.findall(r"\.venv\\Scripts\\python ([^`\n]+)", README)
    assert typed == set(windows)


def setting(field: FieldInfo) -> str:
    """A setting's row in the operator's table."""
    extra = field.json_schema_extra
    default = "required" if field.is_required() else str(field.default)
    if isinstance(extra, dict):
        default = cast("dict[str, str]", extra)["unset"]
    return f"| `{field.alias}` | {default} | {field.description} |"


def test_the_table_of_settings_is_the_codes() -> None:
    """All of them and no other, in the code's order."""
    _, _, after = README.partition("| variable | default | meaning |\n|---|---|---|\n")
    told = after.partition("\n\n")[0].splitlines()
    assert told == [setting(field) for field in Settings.model_fields.values()]


def test_every_setting_is_in_the_example() -> None:
    example = (ROOT / ".env.example").read_text()
    for field in Settings.model_fields.values():
        assert re.search(rf"^#?{field.alias}=", example, re.MULTILINE)


def test_what_is_pinned_is_what_is_asked_for() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    pinned = "\n".join((ROOT / name).read_text() for name in PINS)
    lines = {line.partition(";")[0].lower() for line in pinned.splitlines()}
    asked = re.findall(r'^    "([\w.\-]+)(?:\[\w+\])?==([\w.]+)",$', project, re.MULTILINE)
    assert len(asked) > 10
    for name, version in asked:
        assert f"{name}=={version}".lower() in lines


def test_no_pin_names_a_host() -> None:
    for name in PINS:
        assert "://" not in (ROOT / name).read_text()
