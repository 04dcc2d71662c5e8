"""The dashboard and the alerts ask for metrics that there are, by labels that they have."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.operations.metrics import Metrics

DOCS = Path(__file__).parents[2] / "docs"
MONITORING = DOCS / "monitoring"
_NAME = re.compile(r"\b(?:musicgen|discord)_\w+")


def names() -> set[str]:
    families = text_string_to_metric_families(Metrics(1).text().decode())
    known = {family.name for family in families}
    known |= {f"{name}_total" for name in known} | {f"{name}_bucket" for name in known}
    return known


@pytest.mark.parametrize("file", ["dashboard.json", "alerts.yml"])
def test_what_is_asked_for_is_there(file: str) -> None:
    asked = set(_NAME.findall((MONITORING / file).read_text()))
    assert len(asked) > 3
    assert asked <= names()


def test_the_dashboard_shows_all_of_them_and_so_does_the_page() -> None:
    shown = (MONITORING / "dashboard.json").read_text()
    page = (DOCS / "operating.md").read_text()
    for name in {
        family.name for family in text_string_to_metric_families(Metrics(1).text().decode())
    }:
        assert name in shown
        assert name in page


def test_every_panel_has_a_place_of_its_own() -> None:
    panels = json.loads((MONITORING / "dashboard.json").read_text())["panels"]
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}
    assert len(places) == len(panels) > 8
