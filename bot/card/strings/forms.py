"""The words of the forms that buttons and menus open."""

from __future__ import annotations

import re

from bot.card.strings.settings import LENGTH

EXTEND_TITLE = "Extend this track"
MELODY_TITLE = "New music on this melody"
EDIT_TITLE = "Change and make again"
LOOP_TITLE = "Make a loop"
"""At most 45 characters, like all labels here; descriptions have 100."""

PROMPT = "Prompt"
NEW_PROMPT = "New prompt"
PROMPT_ABOUT = "The music you want, in words: genre, mood, instruments, tempo."
NEW_PROMPT_ABOUT = "Leave it empty to stay with the old one."
FILE_PROMPT_ABOUT = "How it should go on, in words."
MORE = "Seconds more"
DURATION = "Length in seconds"
DURATION_ABOUT = "Leave it empty to keep it."
MODEL = "Model"
SEED = "Seed"
SEED_ABOUT = "Same seed and settings, same track. Leave it empty to draw one."
TAKE = "Which take"
FILE = "Which file"


TEMPERATURE = "Temperature"
GUIDANCE = "Guidance"
FORMAT = "Format"
LABELS = {
    "prompt": PROMPT,
    "model_version": MODEL,
    "duration": DURATION,
    "more": MORE,
    "input_audio": "Audio",
    "input_audio_url": "Address of the audio",
    "continuation": "Go on from the audio",
    "continuation_start": "Start of the part, in seconds",
    "continuation_end": "End of the part, in seconds",
    "multi_band_diffusion": "Multi-band diffusion",
    "normalization_strategy": "Loudness",
    "top_k": "Top k",
    "top_p": "Top p",
    "temperature": TEMPERATURE,
    "classifier_free_guidance": GUIDANCE,
    "output_format": FORMAT,
    "seed": SEED,
    "length": LENGTH,
}
"""What fields are called, by the options, or the names in errors, that they stand for."""
_OPTION = re.compile(r"`([a-z_]+)`")


def in_form(text: str, *, is_extension: bool) -> str:
    """A sentence that names options, for whoever has filled in a form: they saw its labels."""
    labels = LABELS | {"duration": MORE} if is_extension else LABELS
    return _OPTION.sub(lambda m: f"**{labels[m[1]]}**" if m[1] in labels else m[0], text)


def more_about(most_s: int) -> str:
    """How much an extension can add."""
    return f"How much new music, 1 to {most_s} seconds."


def length_about(least_s: float | None, most_s: float | None) -> str:
    """The bounds of a length."""
    if least_s is None or most_s is None:
        return DURATION_ABOUT
    return f"{least_s:g} to {most_s:g}. {DURATION_ABOUT}"


def take(number: int, seed: int) -> str:
    """One of several takes."""
    return f"Take {number} · seed {seed}"
