"""MusicGen by transformers: from words, a melody, or the beginning of a piece to audio.

PyTorch and transformers are not among what the bot itself is installed with, and are loaded by
name: neither has types that would say much here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Self

import numpy as np

from bot.own_gpu.chroma import leading_tones
from bot.own_gpu.sound import SAMPLE_RATE_HZ, Audio, with_channels

Told = Callable[[int, int], None]
"""Takes how many steps are done, and how many there are."""

_MELODY = "musicgen_melody"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be made. `top_p` 0 leaves the choice to `top_k`, of which 0 is all."""

    prompt: str
    duration_s: int
    top_k: int
    top_p: float
    temperature: float
    guidance: int
    seed: int
    beginning: Audio | None = None
    """What the piece begins with, and goes on from."""
    melody: Audio | None = None


def best_device() -> str:
    """The fastest that PyTorch finds here: `cuda`, `mps` (Apple's), or `cpu`."""
    torch: Any = import_module("torch")
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


class MusicModel:
    """One of MusicGen's models, on a device."""

    def __init__(self, model: Any, tokenizer: Any, device: str) -> None:
        """`model` is transformers' own, whatever its weights."""
        self._model = model.eval().to(device)
        self._tokenizer = tokenizer
        self._device = device
        self.follows_melodies = model.config.model_type == _MELODY
        decoder = model.config.decoder
        self._channels = int(decoder.audio_channels)
        self._codebooks = int(decoder.num_codebooks) // self._channels
        self._frames_per_s = int(model.config.audio_encoder.frame_rate)

    @classmethod
    def load(cls, source: str, device: str) -> Self:
        """Load it from a folder or the hub.

        Its numbers are half as wide on CUDA, but for the codec, where they would be heard.

        Raises:
            OSError: its files are not there, or cannot be read.
        """
        torch: Any = import_module("torch")
        transformers: Any = import_module("transformers")
        kind = transformers.AutoConfig.from_pretrained(source).model_type
        name = "MusicgenMelody" if kind == _MELODY else "Musicgen"
        width = torch.float16 if device.startswith("cuda") else torch.float32
        family = getattr(transformers, f"{name}ForConditionalGeneration")
        model = family.from_pretrained(source, dtype=width)
        model.audio_encoder.float()
        return cls(model, transformers.AutoTokenizer.from_pretrained(source), device)

    def make(self, wish: Wish, told: Told) -> Audio:
        """The music: exactly as long as is wished, and the same for the same wish on one machine.

        Raises:
            ValueError: what it is to begin with is as long as all of it.
        """
        [audio] = self.make_takes(wish, 1, told)
        return audio

    def make_takes(self, wish: Wish, takes: int, told: Told) -> list[Audio]:
        """Several of the same wish at once, each of them different. Raises as `make`."""
        torch: Any = import_module("torch")
        torch.manual_seed(wish.seed)
        frames = wish.duration_s * self._frames_per_s
        with torch.inference_mode():
            given = self._tokenizer([wish.prompt] * takes, return_tensors="pt").to(self._device)
            heard: dict[str, Any] = {}
            if wish.melody is not None:
                features = leading_tones(wish.melody).to(self._device, self._model.dtype)
                heard["input_features"] = features.repeat(takes, 1, 1)
            if wish.beginning is not None:
                codes = self._codes(wish.beginning)
                heard["decoder_input_ids"] = codes.repeat(takes, 1)
                frames -= codes.shape[-1]
                if frames < 1:
                    raise ValueError("The audio to go on from is as long as the whole track.")
            # Each codebook is a step behind the one before it.
            steps = frames + self._codebooks - 1
            made = self._model.generate(
                input_ids=given["input_ids"],
                attention_mask=given["attention_mask"],
                max_new_tokens=steps,
                guidance_scale=float(wish.guidance),
                logits_processor=_teller(told, steps),
                **_sampling(wish),
                **heard,
            )
        samples = wish.duration_s * SAMPLE_RATE_HZ
        audio = made.float().cpu().numpy()
        return [np.ascontiguousarray(take[:, :samples]) for take in audio]

    def _codes(self, audio: Audio) -> Any:
        """Audio as the tokens that the model goes on from; left and right take turns."""
        torch: Any = import_module("torch")
        sides: list[Any] = []
        for side in with_channels(audio, self._channels):
            sound = torch.from_numpy(np.ascontiguousarray(side))[None, None].to(self._device)
            sides.append(self._model.audio_encoder.encode(sound).audio_codes[0, 0])
        codes = torch.stack(sides, dim=1)
        return codes.reshape(self._codebooks * self._channels, -1)


def _sampling(wish: Wish) -> dict[str, Any]:
    """As audiocraft chooses: by `top_p` where it is set, else by `top_k`; 0 degrees: the best."""
    if wish.temperature <= 0:
        return {"do_sample": False, "temperature": None, "top_k": None, "top_p": None}
    by_likelihood = wish.top_p > 0
    return {
        "do_sample": True,
        "temperature": float(wish.temperature),
        "top_p": float(wish.top_p) if by_likelihood else 1.0,
        "top_k": 0 if by_likelihood else wish.top_k,
    }


def _teller(told: Told, steps: int) -> Any:
    """Counts the steps: transformers asks it at each, and it changes nothing."""
    transformers: Any = import_module("transformers")
    done = 0

    def count(_: Any, scores: Any) -> Any:
        nonlocal done
        done += 1
        told(done, steps)
        return scores

    return transformers.LogitsProcessorList([count])
