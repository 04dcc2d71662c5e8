"""How fast a machine makes music, and in how much memory: `python -m bot own-gpu --measure`.

Speed needs no trained weights: the models have their true sizes and random numbers, so nothing is
fetched from the hub. What is measured is what the server does, `MusicModel.make`.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from bot.own_gpu.music import MusicModel, Wish
from bot.own_gpu.options import OwnGpu
from bot.own_gpu.serve import NotServed, check

TAKES = 3
_WORDS = 12
"""Tokens of a prompt of some length."""
_GB = 1e9


@dataclass(frozen=True, slots=True)
class Size:
    """How large a model is: its decoder, text encoder (T5) and codec (EnCodec)."""

    layers: int
    width: int
    heads: int
    text_layers: int = 12
    text_width: int = 768
    codec_filters: int = 64


SIZES = {"small": Size(24, 1024, 16), "medium": Size(48, 1536, 24), "large": Size(48, 2048, 32)}
"""As in config.json of facebook/musicgen-small, -medium and -large (huggingface.co, 2026-11)."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of one model. Speeds are seconds of audio in a second."""

    name: str
    parameters: int
    weights_bytes: int
    peak_bytes: int | None
    """On a processor, of the whole process so far; None where the system does not tell it."""
    one: float
    takes: float
    """Of `TAKES` at once, all of their audio together."""

    def __str__(self) -> str:
        peak = "–" if self.peak_bytes is None else f"{self.peak_bytes / _GB:.1f} GB"
        return (
            f"| {self.name} | {self.parameters / 1e9:.1f} billion | {self.weights_bytes / _GB:.1f}"
            f" GB | {peak} | {self.one:.3g} | {self.takes:.3g} |"
        )


def measure(own_gpu: OwnGpu, seconds: int) -> int:
    """Measure each of the models with tracks of so many seconds; the process's exit code."""
    try:
        device = check(own_gpu)
    except NotServed as error:
        sys.stderr.write(f"Nothing can be measured: {error}\n")
        return 1
    for line in lines(own_gpu, device, seconds):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    return 0


def lines(own_gpu: OwnGpu, device: str, seconds: int) -> Iterator[str]:
    """A table that grows a model at a time."""
    torch: Any = import_module("torch")
    # It warns of what every published MusicGen has: a token beyond the vocabulary to begin with.
    import_module("transformers").logging.set_verbosity_error()
    name = torch.cuda.get_device_name(device) if device.startswith("cuda") else device
    yield f"{name}, PyTorch {torch.__version__}, tracks of {seconds} s, random weights\n"
    yield (
        "| model | parameters | weights | memory at most | s of audio a second | "
        f"{TAKES} takes at once |"
    )
    yield "|---|---|---|---|---|---|"
    for model in own_gpu.models:
        try:
            yield str(measured(model, size_of(model), device, seconds))
        except torch.OutOfMemoryError:
            yield f"| {model} | does not fit | | | | |"
        gc.collect()
        if device.startswith("cuda"):
            torch.cuda.empty_cache()


def size_of(model: str) -> Size:
    """The size of a model by its name: that of `melody` is medium."""
    kind = model.removeprefix("stereo-").removeprefix("melody").removeprefix("-")
    return SIZES[kind or "medium"]


def measured(name: str, size: Size, device: str, seconds: int) -> Figures:
    """Build a model, let it make a track and then several at once. Raises PyTorch's own errors."""
    torch: Any = import_module("torch")
    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats(device)
    network = network_of(name, size, device)
    model = MusicModel(network, _AnyWords(), device)
    wish = Wish("", seconds, top_k=250, top_p=0.0, temperature=1.0, guidance=3, seed=1)
    # The first one sets up what the next ones use.
    model.make(Wish("", 1, top_k=250, top_p=0.0, temperature=1.0, guidance=3, seed=1), _untold)
    speeds = list[float]()
    for takes in (1, TAKES):
        began_s = time.perf_counter()
        model.make_takes(wish, takes, _untold)
        speeds.append(takes * seconds / (time.perf_counter() - began_s))
    weights = list(network.parameters())
    return Figures(
        name,
        sum(one.numel() for one in weights),
        sum(one.numel() * one.element_size() for one in weights),
        _peak_bytes(device),
        *speeds,
    )


def network_of(name: str, size: Size, device: str) -> Any:
    """A model of this size as `MusicModel.load` has it, but with random weights."""
    torch: Any = import_module("torch")
    transformers: Any = import_module("transformers")
    kind = "MusicgenMelody" if "melody" in name else "Musicgen"
    channels = 2 if name.startswith("stereo-") else 1
    heads = max(1, size.text_width // 64)
    text = transformers.T5Config(
        d_model=size.text_width,
        d_ff=4 * size.text_width,
        num_layers=size.text_layers,
        num_heads=heads,
    )
    codec = transformers.EncodecConfig(
        sampling_rate=32_000,
        num_filters=size.codec_filters,
        codebook_size=2048,
        codebook_dim=128,
        # 50 frames a second, and four codebooks of 11 bits each.
        upsampling_ratios=[8, 5, 4, 4],
        target_bandwidths=[2.2],
        normalize=False,
        use_causal_conv=False,
        use_conv_shortcut=False,
    )
    decoder = getattr(transformers, f"{kind}DecoderConfig")(
        num_hidden_layers=size.layers,
        hidden_size=size.width,
        ffn_dim=4 * size.width,
        num_attention_heads=size.heads,
        num_codebooks=4 * channels,
        audio_channels=channels,
    )
    config = getattr(transformers, f"{kind}Config")(
        text_encoder=text.to_dict(), audio_encoder=codec.to_dict(), decoder=decoder.to_dict()
    )
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float16 if device.startswith("cuda") else torch.float32)
    try:
        with torch.device(device):
            network = getattr(transformers, f"{kind}ForConditionalGeneration")(config)
    finally:
        torch.set_default_dtype(before)
    begin = decoder.bos_token_id
    generation = network.generation_config
    generation.decoder_start_token_id = generation.pad_token_id = generation.bos_token_id = begin
    network.audio_encoder.float()
    return network


class _AnyWords:
    """In place of a tokenizer: as many words as there are prompts, whichever."""

    def __call__(self, prompts: list[str], **_: object) -> Any:
        torch: Any = import_module("torch")
        transformers: Any = import_module("transformers")
        words = torch.arange(1, _WORDS + 1).repeat(len(prompts), 1)
        given = {"input_ids": words, "attention_mask": torch.ones_like(words)}
        return transformers.BatchEncoding(given)


def _untold(_: int, __: int) -> None:
    """Progress is nobody's here."""


def _peak_bytes(device: str) -> int | None:
    torch: Any = import_module("torch")
    if device.startswith("cuda"):
        return int(torch.cuda.max_memory_allocated(device))
    if device == "mps":
        return int(torch.mps.driver_allocated_memory())
    try:
        import resource
    except ImportError:
        # Windows has none of it.
        return None
    # Linux tells it in kB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
