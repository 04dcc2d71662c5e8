"""`python -m bot own-gpu`: look that all is there, then become a Cog server with MusicGen in it."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bot.own_gpu.options import MODELS, OwnGpu

_NEEDED = ("cog", "torch", "transformers")
_TRANSFORMERS = (5, 24)
"""Before it, melodies were ignored without a word (huggingface/transformers#45647)."""
_LICENSE = (
    "MusicGen's weights are for non-commercial use (CC-BY-NC 4.0); so is the music made with them."
)


class NotServed(Exception):
    """Something is missing; the text says what, and what to do."""


def serve(own_gpu: OwnGpu, host: str, port: int) -> int:
    """Run the server until it ends; only where something is missing does it return, with 1."""
    try:
        device = check(own_gpu)
        _check_weights(own_gpu)
    except NotServed as error:
        sys.stderr.write(f"The server cannot start: {error}\n")
        return 1
    sys.stdout.write(
        f"MusicGen ({', '.join(own_gpu.models)}) on {device}, at http://{host}:{port}. Once its "
        f"log says that setup succeeded, start the bot with COG_URL=http://{host}:{port}\n"
        f"{_LICENSE}\n"
    )
    sys.stdout.flush()
    folder = prepared(own_gpu)
    os.chdir(folder)
    command = [sys.executable, "-m", "cog.server.http", "--host", host]
    # It takes this process's place: signals reach it, and its end is the end.
    return os.execve(sys.executable, command, environment(own_gpu, port))  # noqa: S606 - our own


def check(own_gpu: OwnGpu) -> str:
    """Look that all but the weights is there; the device to work on.

    Raises:
        NotServed: it is not.
    """
    _check_models(own_gpu)
    _check_packages()
    return _check_device(own_gpu)


def prepared(own_gpu: OwnGpu) -> Path:
    """A folder as Cog wants it: the predictor, and beside it the schema that inputs are held to."""
    folder = Path(tempfile.mkdtemp(prefix="musicgen-own-gpu-"))
    shutil.copy(Path(__file__).with_name("predict.py"), folder)
    (folder / ".cog").mkdir()
    (folder / ".cog/openapi_schema.json").write_text(json.dumps(own_gpu.schema()))
    return folder


def environment(own_gpu: OwnGpu, port: int) -> dict[str, str]:
    """What the server and its worker are started with."""
    # The worker is the first `python` on the PATH, and finds this package from any folder.
    here = {"PATH": str(Path(sys.executable).parent), "PYTHONPATH": str(Path(__file__).parents[2])}
    joined = {
        name: os.pathsep.join(filter(None, (first, os.environ.get(name))))
        for name, first in here.items()
    }
    told = {"COG_PREDICT_TYPE_STUB": "predict.py:Predictor", "PORT": str(port)}
    return {**os.environ, **joined, **told, **own_gpu.environment()}


def _check_models(own_gpu: OwnGpu) -> None:
    unknown = [name for name in own_gpu.models if name not in MODELS]
    if unknown:
        raise NotServed(f"there is no model {unknown[0]}; there are {', '.join(MODELS)}.")


def _check_packages() -> None:
    missing: list[str] = []
    for name in _NEEDED:
        try:
            version(name)
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        raise NotServed(
            f"{' and '.join(missing)} must be installed: pip install 'musicgen-bot[own-gpu]' (from "
            "the source: pip install '.[own-gpu]')."
        )
    found = version("transformers")
    if tuple(int(part) for part in found.split(".")[:2]) < _TRANSFORMERS:
        raise NotServed(
            f"transformers {found} ignores melodies. Install 5.24 or newer: "
            "pip install -U transformers"
        )


def _check_device(own_gpu: OwnGpu) -> str:
    from bot.own_gpu.music import best_device

    torch: Any = import_module("torch")
    device = own_gpu.device or best_device()
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise NotServed(f"PyTorch cannot use {device} here: {error}") from error
    if device == "cpu":
        sys.stderr.write(
            "PyTorch finds no graphics card that it can use, so the processor does the work: "
            "expect minutes for a short track.\n"
        )
    return device


def _check_weights(own_gpu: OwnGpu) -> None:
    """Each model's configuration, which is small, tells whether its weights can be had."""
    transformers: Any = import_module("transformers")
    for name in own_gpu.models:
        source = own_gpu.source(name)
        try:
            transformers.AutoConfig.from_pretrained(source)
        except (OSError, ValueError) as error:
            where = "the model hub cannot be reached, or does not have it"
            if own_gpu.weights is not None:
                where = f"there is no model in {source}"
            raise NotServed(
                f"the weights of {name} are not there: {where}. With --weights FOLDER they come "
                f"from FOLDER/musicgen-{name}, as a download of facebook/musicgen-{name} from the "
                "hub has them."
            ) from error
