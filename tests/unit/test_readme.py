"""The README tells the truth: its tables are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

from bot.domain.inputs import TABLE, InputSpec, plain
from bot.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


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


def test_the_table_of_options_is_the_codes() -> None:
    for spec in TABLE:
        assert row(spec) in README, row(spec)


def test_every_setting_is_documented() -> None:
    example = (ROOT / ".env.example").read_text()
    for field in Settings.model_fields.values():
        assert f"`{field.alias}`" in README
        assert re.search(rf"^#?{field.alias}=", example, re.MULTILINE)


def test_what_is_pinned_is_what_is_asked_for() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    pinned = (ROOT / "requirements.txt").read_text() + (ROOT / "tests/requirements.txt").read_text()
    lines = {line.lower() for line in pinned.splitlines()}
    asked = re.findall(r'^    "([\w.\-]+)(?:\[\w+\])?==([\w.]+)",$', project, re.MULTILINE)
    assert len(asked) > 10
    for name, version in asked:
        assert f"{name}=={version}".lower() in lines


def test_no_pin_names_a_host() -> None:
    for name in ("requirements.txt", "tests/requirements.txt"):
        assert "://" not in (ROOT / name).read_text()
