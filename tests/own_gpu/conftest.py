"""Models of MusicGen's kind so small that a processor runs them: random, and saved as real ones."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.own_gpu.process import OwnGpuProcess

# They run in an environment of their own, which `.ci/run` makes: PyTorch is large.
collect_ignore_glob = [] if find_spec("torch") and find_spec("transformers") else ["test_*.py"]

_TOKENS = 64
_WORDS = ("a", "slow", "tango", "loud", "drums", "soft", "piano")


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with small (mono), stereo-small and melody."""
    torch: Any = import_module("torch")
    # Its threads would fight for the cores with the other tests.
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("weights")
    for name, channels in (("small", 1), ("stereo-small", 2), ("melody", 1)):
        _save(folder / f"musicgen-{name}", channels, is_melody=name == "melody")
    return folder


@pytest.fixture(scope="session")
def server(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[OwnGpuProcess]:
    """`python -m bot own-gpu` with melody and stereo-small, and its models loaded."""
    process = OwnGpuProcess(weights, tmp_path_factory.mktemp("own-gpu"))
    process.start()
    try:
        asyncio.run(process.until("READY"))
        yield process
    finally:
        process.kill()


@pytest.fixture
async def url(server: OwnGpuProcess) -> str:
    """Where it is; nobody else's track is being made there."""
    await server.until("READY")
    return server.url


def _save(folder: Path, channels: int, *, is_melody: bool) -> None:
    torch: Any = import_module("torch")
    transformers: Any = import_module("transformers")
    kind = "MusicgenMelody" if is_melody else "Musicgen"
    codec = transformers.EncodecConfig(
        sampling_rate=32_000,
        num_filters=4,
        hidden_size=16,
        codebook_size=_TOKENS,
        codebook_dim=16,
        num_lstm_layers=1,
        # 50 frames a second, and four codebooks of 6 bits each.
        upsampling_ratios=[8, 5, 4, 4],
        target_bandwidths=[1.2],
        normalize=False,
    )
    text = transformers.T5Config(
        vocab_size=_TOKENS, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2
    )
    decoder = getattr(transformers, f"{kind}DecoderConfig")(
        vocab_size=_TOKENS,
        num_hidden_layers=2,
        num_attention_heads=2,
        hidden_size=16,
        ffn_dim=32,
        num_codebooks=4 * channels,
        audio_channels=channels,
        pad_token_id=_TOKENS,
        bos_token_id=_TOKENS,
    )
    config = getattr(transformers, f"{kind}Config")(
        text_encoder=text.to_dict(), audio_encoder=codec.to_dict(), decoder=decoder.to_dict()
    )
    torch.manual_seed(0)
    model = getattr(transformers, f"{kind}ForConditionalGeneration")(config)
    # An untrained codebook is all zeros: every token would sound alike.
    for layer in model.audio_encoder.quantizer.layers:
        layer.codebook.embed.normal_()
    # Nor does one hear much of weights as small as training begins with.
    for name, weight in model.named_parameters():
        if weight.dim() == 2 and not name.startswith("audio_encoder"):
            weight.data.mul_(20)
    _soften(model.audio_encoder)
    generation = model.generation_config
    generation.decoder_start_token_id = generation.pad_token_id = _TOKENS
    generation.bos_token_id = _TOKENS
    model.save_pretrained(folder)
    _save_tokenizer(folder)


def _soften(codec: Any) -> None:
    """An untrained one plays a loud hum: leveled, all of it would be at full scale."""
    torch: Any = import_module("torch")
    last = codec.decoder.layers[-1].conv
    with torch.inference_mode():
        sound = codec.decode(torch.randint(_TOKENS, (1, 1, 4, 100)), [None]).audio_values
    original = last.parametrizations.weight.original0
    original.data.mul_(0.1 / sound.std())
    last.bias.data.sub_(sound.mean()).mul_(0.1 / sound.std())


def _save_tokenizer(folder: Path) -> None:
    tokenizers: Any = import_module("tokenizers")
    transformers: Any = import_module("transformers")
    words = ("<pad>", "</s>", "<unk>", *_WORDS)
    numbers = {word: number for number, word in enumerate(words)}
    model = tokenizers.models.WordLevel(numbers, unk_token="<unk>")
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", 1)]
    )
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
    ).save_pretrained(folder)
