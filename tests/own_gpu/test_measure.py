"""`python -m bot own-gpu --measure`: its table, and that the sizes in it are the true ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.own_gpu import measure
from bot.own_gpu.measure import SIZES, Size, lines, network_of, size_of
from bot.own_gpu.options import MODELS, OwnGpu

OWN_GPU = Path(__file__).parents[2] / "docs/own-gpu.md"
TINY = Size(layers=2, width=16, heads=2, text_layers=1, text_width=16, codec_filters=4)


def test_a_row_for_each_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "SIZES", dict.fromkeys(SIZES, TINY))
    head, _, _, *rows = lines(OwnGpu(("stereo-melody",)), "cpu", 1)
    assert head.startswith("cpu, PyTorch ")
    [[_, name, _, _, _, one, takes, _]] = map(_cells, rows)
    assert name == "stereo-melody"
    assert float(one) > 0
    assert float(takes) > 0


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.split("|")]


@pytest.mark.parametrize("name", ["small", "melody", "medium", "large"])
def test_the_sizes_are_those_that_the_documentation_has(name: str) -> None:
    """Built without memory: only the shapes of their weights."""
    weights = network_of(name, size_of(name), "meta").parameters()
    billions = f"{sum(one.numel() for one in weights) / 1e9:.1f} billion"
    [row] = [_cells(line) for line in OWN_GPU.read_text().splitlines() if f"| {name} |" in line]
    assert row[2] == billions


def test_each_model_that_is_served_has_a_size() -> None:
    sizes = {name: size_of(name) for name in MODELS}
    assert sizes["stereo-melody"] == sizes["medium"]
    assert sizes["melody-large"] == sizes["stereo-large"] == SIZES["large"]
    assert sizes["stereo-small"] == SIZES["small"]
