"""The words of the forms that buttons and menus open."""

from __future__ import annotations

import re

from bot.card.strings.settings import LENGTH
from bot.locales import Text, _, number

# Translators: forms' titles and labels have at most 45 characters, descriptions 100.
EXTEND_TITLE = Text("Extend this track")
MELODY_TITLE = Text("New music on this melody")
CHANGE_TITLE = Text("Change it, and try again")
CHANGE = Text("Change it", "button")
NEW_SEED = Text("New seed", "button")
EDIT_TITLE = Text("Change and make again")
LOOP_TITLE = Text("Make a loop")
"""At most 45 characters, like all labels here; descriptions have 100."""

PROMPT = Text("Prompt", "field")
NEW_PROMPT = Text("New prompt")
PROMPT_ABOUT = Text("The music you want, in words: genre, mood, instruments, tempo.")
NEW_PROMPT_ABOUT = Text("Leave it empty to stay with the old one.")
FILE_PROMPT_ABOUT = Text("How it should go on, in words.")
MORE = Text("Seconds more")
DURATION = Text("Length in seconds")
DURATION_ABOUT = Text("Leave it empty to keep it.")
MODEL = Text("Model", "field")
SEED = Text("Seed", "field")
SEED_ABOUT = Text("Same seed and settings, same track. Leave it empty to draw one.")
TAKE = Text("Which take")
FILE = Text("Which file")


# Translators: a form's label; below it, the seed that it is made with is chosen.
MADE_WITH = Text("Made with")
A_NEW_SEED = Text("A new seed")
MORE_FIRST = Text("More settings first: seed, temperature, guidance, format")
THE_REST = Text("The rest of its settings, and then it is made:")
FINER = Text("More settings", "button")
FINER_TITLE = Text("More settings, and make it")
AGAIN_TITLE = Text("Make another one")
THE_ADDRESS = Text("The one at the address")
# Translators: a choice beside a file and an address: no audio.
NO_AUDIO = Text("None", "choice")
TEMPERATURE = Text("Temperature", "field")
GUIDANCE = Text("Guidance", "field")
FORMAT = Text("Format", "field")
LABELS = {
    "prompt": PROMPT,
    "model_version": MODEL,
    "duration": DURATION,
    "more": MORE,
    "seconds more": MORE,
    "input_audio": Text("Audio", "field"),
    "input_audio_url": Text("Address of the audio"),
    "continuation": Text("Go on from the audio"),
    "continuation_start": Text("Start of the part, in seconds"),
    "continuation_end": Text("End of the part, in seconds"),
    "multi_band_diffusion": Text("Multi-band diffusion"),
    "normalization_strategy": Text("Loudness", "field"),
    "top_k": Text("Top k", "field"),
    "top_p": Text("Top p", "field"),
    "temperature": TEMPERATURE,
    "classifier_free_guidance": GUIDANCE,
    "output_format": FORMAT,
    "seed": SEED,
    "length": LENGTH,
    "preset": Text("Preset", "field"),
    "new_audio": Text("Another file"),
    "fine_tune": Text("Fine-tune", "field"),
    "seconds": Text("Length of each section, in seconds"),
    "sections": Text("How many of its sections"),
    "from": Text("Track it begins with"),
    "round_minutes": Text("Minutes of a round"),
    "blind": Text("Hide votes and authors until a round ends"),
    "members_vote": Text("Only earlier members vote"),
    "takes_per_person": Text("Takes of one person in a round"),
    "takes_per_round": Text("Takes in a round"),
}
"""What fields are called, by the options, or the names in errors, that they stand for."""
_OPTION = re.compile(r"`([a-z_ ]+)`")


def in_form(text: str, *, is_extension: bool) -> str:
    """A sentence that names options, for whoever has filled in a form: they saw its labels."""
    labels = LABELS | {"duration": MORE} if is_extension else LABELS
    return _OPTION.sub(lambda m: f"**{labels[m[1]]()}**" if m[1] in labels else m[0], text)


def the_file(name: str) -> str:
    """Audio that was uploaded with a command."""
    return _("The file {name}", name=name)


def more_about(most_s: int) -> str:
    """How much an extension can add."""
    return _("How much new music, 1 to {most} seconds.", most=number(most_s))


def length_about(least_s: float | None, most_s: float | None) -> str:
    """The bounds of a length."""
    if least_s is None or most_s is None:
        return DURATION_ABOUT()
    return _(
        "{least} to {most}. Leave it empty to keep it.", least=number(least_s), most=number(most_s)
    )


def same_seed(seed: int) -> str:
    """To stay with the seed it has."""
    return _("The same seed, {seed}", seed=seed)


def take(place: int, seed: int) -> str:
    """One of several takes."""
    return _("Take {number} · seed {seed}", number=place, seed=seed)
