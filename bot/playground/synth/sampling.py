"""How the next note, chord or rhythm is drawn: MusicGen's four sampling inputs, in small."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FULL_TOP_K = 250
"""`top_k` from here on keeps every candidate: a melody has far fewer than MusicGen has tokens."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """The inputs of the same names; `guidance` is `classifier_free_guidance`."""

    temperature: float = 1.0
    top_k: int = 250
    top_p: float = 0.0
    guidance: float = 3.0


class Chooser:
    """Draws indices by weight, as cautiously or wildly as the sampling asks."""

    def __init__(self, rng: np.random.Generator, sampling: Sampling) -> None:
        self.rng = rng
        self._sampling = sampling
        self._heat = max(sampling.temperature, 0.0) * (3.0 / max(sampling.guidance, 0.5)) ** 0.5

    def pick(self, weights: Sequence[float]) -> int:
        """An index into `weights` (each > 0); the heaviest one when the temperature is 0."""
        weight = np.asarray(weights, dtype=np.float64)
        order = np.argsort(-weight, kind="stable")
        if self._heat == 0.0:
            return int(order[0])
        logits = np.log(weight[order]) / max(self._heat, 1e-3)
        chance = np.exp(logits - logits[0])
        chance /= chance.sum()
        kept = self._kept(chance)
        return int(order[self.rng.choice(kept, p=chance[:kept] / chance[:kept].sum())])

    def _kept(self, chance: np.ndarray[tuple[int], np.dtype[np.float64]]) -> int:
        if self._sampling.top_p > 0.0:
            return min(
                len(chance), int(np.searchsorted(np.cumsum(chance), self._sampling.top_p)) + 1
            )
        if self._sampling.top_k <= 0:
            return len(chance)
        share = min(self._sampling.top_k, FULL_TOP_K) / FULL_TOP_K
        return max(1, round(share * len(chance)))
