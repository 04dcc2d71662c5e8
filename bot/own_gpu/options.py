"""What the server for one's own card is told: by its command, and by that to its worker."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from bot.domain.inputs import TABLE, InputTable
from bot.domain.openapi import JsonObject, openapi_schema

MODELS = (
    "small",
    "medium",
    "large",
    "melody",
    "melody-large",
    "stereo-small",
    "stereo-medium",
    "stereo-large",
    "stereo-melody",
    "stereo-melody-large",
)
"""Those that Meta has published as `facebook/musicgen-…` (huggingface.co/facebook, 2026-11)."""
_NOT_HERE = frozenset({"multi_band_diffusion"})
"""transformers has no MultiBand Diffusion, so nobody is offered it."""
_MODELS, _WEIGHTS, _DEVICE = "OWN_GPU_MODELS", "OWN_GPU_WEIGHTS", "OWN_GPU_DEVICE"


@dataclass(frozen=True, slots=True)
class OwnGpu:
    """Which models are served, from where, and on what."""

    models: tuple[str, ...]
    """Their names without `facebook/musicgen-`; the first is the default."""
    weights: Path | None = None
    """A folder with one folder `musicgen-…` for each of them; None: they come from the hub."""
    device: str = ""
    """As PyTorch calls it; empty: the best that there is."""

    def source(self, model: str) -> str:
        """Where transformers loads a model from."""
        name = f"musicgen-{model}"
        return f"facebook/{name}" if self.weights is None else str(self.weights / name)

    def environment(self) -> dict[str, str]:
        """The same for the worker, which is started by Cog and sees no command line."""
        weights = "" if self.weights is None else str(self.weights)
        return {_MODELS: ",".join(self.models), _WEIGHTS: weights, _DEVICE: self.device}

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """What `environment` has told this process."""
        weights = environ[_WEIGHTS]
        return cls(
            tuple(environ[_MODELS].split(",")),
            Path(weights) if weights else None,
            environ[_DEVICE],
        )

    def schema(self) -> JsonObject:
        """What the server answers at `/openapi.json`, and holds inputs against."""
        specs = [
            replace(spec, default=self.models[0], choices=self.models)
            if spec.name == "model_version"
            else spec
            for spec in InputTable(TABLE)
            if spec.name not in _NOT_HERE
        ]
        return openapi_schema(specs) | {"paths": {}}
