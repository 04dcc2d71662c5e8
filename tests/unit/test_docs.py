"""What the documents say of the code is there: paths, names, the map of the rooms, commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text()
ROOMS = sorted(
    path.relative_to(ROOT / "bot")
    for path in (ROOT / "bot").iterdir()
    if (path.is_dir() and path.name != "__pycache__") or path.suffix == ".py"
)


TO_BE_MADE = {"bot/locales/it/LC_MESSAGES/messages.po"}
"""The example of another language."""


def named_files(text: str) -> set[str]:
    """Paths from the root on; a recipe's `<name>` is none."""
    return set(re.findall(r"`((?:bot|cogs|tests|docs)/[\w./]+)`", text)) - TO_BE_MADE


@pytest.mark.parametrize("document", DOCS, ids=lambda path: path.name)
def test_every_file_that_is_named_is_there(document: Path) -> None:
    assert [name for name in named_files(document.read_text()) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("document", DOCS, ids=lambda path: path.name)
def test_every_module_that_is_named_is_somewhere(document: Path) -> None:
    """`queue.py`, where the room is clear from what it is said of."""
    folders = [ROOT / name for name in ("bot", "cogs", "tests")]
    there = {path.name for folder in folders for path in folder.rglob("*.py")}
    named = set(re.findall(r"`(?:[\w/]+/)?(\w+\.py)`", document.read_text()))
    assert named <= there


def anchor(title: str) -> str:
    """As web hosts make them of headings."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


@pytest.mark.parametrize("document", DOCS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    text = document.read_text()
    links = re.findall(r"\]\((?!https?:)([^)]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    for link in links:
        name, _, part = link.partition("#")
        target = document.parent / name if name else document
        assert target.exists(), link
        if part:
            titles = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
            assert part in {anchor(title) for title in titles}, link


def test_the_map_has_every_room() -> None:
    drawn = "".join(re.findall(r"```mermaid\n(.*?)```", ARCHITECTURE, re.DOTALL))
    assert len(ROOMS) > 20
    for room in ROOMS:
        if room.name != "__init__.py":
            assert re.search(rf"\b{re.escape(room.name)}", drawn), f"{room} is on no map"


def test_each_rule_is_where_it_is_said_to_be() -> None:
    rows = re.findall(r"^\| (?!\|)(.+?) \| (.+) \|$", ARCHITECTURE, re.MULTILINE)
    assert len(rows) > 30
    for what, where in rows:
        for name, path in re.findall(r"`(\w+)` in `([\w./]+)`", where):
            assert (ROOT / path).exists(), what
            assert re.search(rf"\b{name}\b", (ROOT / path).read_text()), f"{what}: {where}"


def test_what_runs_before_a_commit_is_what_ci_runs() -> None:
    hooks = re.findall(r"entry: (.+)", (ROOT / ".pre-commit-config.yaml").read_text())
    ran = (ROOT / ".ci/run").read_text().splitlines()
    assert hooks
    assert hooks == ran[-len(hooks) :], "the last lines of .ci/run"
    assert " && ".join(hooks) in (ROOT / "CONTRIBUTING.md").read_text()
