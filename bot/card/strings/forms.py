"""The words of the forms that buttons and menus open."""

from __future__ import annotations

import re

from bot.card.strings.settings import LENGTH
from bot.domain.inputs import InputSpec

EXTEND_TITLE = "Extend this track"
MELODY_TITLE = "New music on this melody"
CHANGE_TITLE = "Change it, and try again"
CHANGE = "Change it"
NEW_SEED = "New seed"
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


MADE_WITH = "Made with"
A_NEW_SEED = "A new seed"
MORE_FIRST = "More settings first: seed, temperature, guidance, format"
THE_REST = "The rest of its settings, and then it is made:"
FINER = "More settings"
FINER_TITLE = "More settings, and make it"
AGAIN_TITLE = "Make another one"
THE_ADDRESS = "The one at the address"
NO_AUDIO = "None"
TEMPERATURE = "Temperature"
GUIDANCE = "Guidance"
FORMAT = "Format"
LABELS = {
    "prompt": PROMPT,
    "model_version": MODEL,
    "duration": DURATION,
    "more": MORE,
    "seconds more": MORE,
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
    "preset": "Preset",
    "new_audio": "Another file",
    "fine_tune": "Fine-tune",
    "seconds": "Length of each section, in seconds",
    "sections": "How many of its sections",
    "from": "Track it begins with",
    "round_minutes": "Minutes of a round",
    "blind": "Hide votes and authors until a round ends",
    "members_vote": "Only earlier members vote",
    "takes_per_person": "Takes of one person in a round",
    "takes_per_round": "Takes in a round",
}
"""What fields are called, by the options, or the names in errors, that they stand for."""
_OPTION = re.compile(r"`([a-z_ ]+)`")


def in_form(text: str, *, is_extension: bool) -> str:
    """A sentence that names options, for whoever has filled in a form: they saw its labels."""
    labels = LABELS | {"duration": MORE} if is_extension else LABELS
    return _OPTION.sub(lambda m: f"**{labels[m[1]]}**" if m[1] in labels else m[0], text)


def the_file(name: str) -> str:
    """Audio that was uploaded with a command."""
    return f"The file {name}"


def more_about(most_s: int) -> str:
    """How much an extension can add."""
    return f"How much new music, 1 to {most_s} seconds."


def length_about(least_s: float | None, most_s: float | None) -> str:
    """The bounds of a length."""
    if least_s is None or most_s is None:
        return DURATION_ABOUT
    return f"{least_s:g} to {most_s:g}. {DURATION_ABOUT}"


def same_seed(seed: int) -> str:
    """To stay with the seed it has."""
    return f"The same seed, {seed}"


def finer_about(spec: InputSpec) -> str:
    """What an input does, in what bounds."""
    if spec.minimum is None or spec.maximum is None:
        return spec.meaning
    return f"{spec.meaning} {spec.minimum:g} to {spec.maximum:g}."


def take(number: int, seed: int) -> str:
    """One of several takes."""
    return f"Take {number} · seed {seed}"
