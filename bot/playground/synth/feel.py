"""What a prompt asks for: tempo, key, metre, instruments and feel, read from its words."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from bot.playground.synth.styles import STYLES, Style

_TEMPO = re.compile(r"(?<!\d)(\d{2,3})(?:\.\d+)?\s*-?\s*bpm\b|\bbpm\s*:?\s*(\d{2,3})(?!\d)")
_KEY = re.compile(r"\b([a-g])(\s?sharp|\s?flat|[#♯b♭])?\s*-?\s*(major|minor|maj|min|dorian)\b")
_PITCH_CLASSES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}

HARMONY_WORDS = {
    "pad": "pad pads atmosphere atmospheric drone synthwave",
    "strings": "string strings orchestra orchestral cello violins",
    "piano": "piano pianos keys keyboard grand",
    "rhodes": "rhodes wurlitzer electric-piano",
    "organ": "organ hammond accordion church",
    "pluck": "guitar guitars pluck plucks plucked ukulele harp banjo acoustic koto sitar",
}
LEAD_WORDS = {
    "lead": "lead synth synthesizer synths saw arp arpeggio arpeggios",
    "flute": "flute flutes whistle ocarina recorder panpipe clarinet",
    "brass": "brass trumpet trombone horn horns sax saxophone fanfare",
    "bells": "bell bells glockenspiel vibraphone marimba xylophone celesta kalimba chime chimes",
    "violin": "violin fiddle viola erhu",
    "square": "8-bit 8bit chiptune square nintendo gameboy",
}
_MOODS: tuple[tuple[str, float, float, bool | None], ...] = (
    # words, change of energy, change of brightness, minor
    ("happy joyful cheerful playful uplifting fun sunny upbeat", 0.15, 0.15, False),
    ("sad melancholy melancholic sorrow tragic mournful lonely emotional", -0.2, -0.15, True),
    ("dark ominous scary horror gloomy sinister brooding menacing", 0.0, -0.3, True),
    ("bright shiny crisp sparkling airy", 0.0, 0.3, None),
    ("warm mellow soft smooth deep", -0.1, -0.2, None),
    ("calm relaxing peaceful chill gentle quiet sleepy dreamy lullaby", -0.35, -0.1, None),
    ("energetic driving aggressive powerful hard intense heavy wild banging", 0.35, 0.15, None),
    ("epic heroic triumphant dramatic", 0.25, 0.05, None),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Feel:
    """A prompt, understood. None means that the prompt leaves it to the seed."""

    style: Style
    tempo_bpm: float | None = None
    tempo_factor: float = 1.0
    """From words like slow and fast; applied to the style's own tempo only."""
    tonic: int | None = None
    """Pitch class, 0 = C."""
    minor: bool | None = None
    harmony: str | None = None
    lead: str | None = None
    drums: bool = True
    bass: bool = True
    energy: float = 0.5
    brightness: float = 0.5


def read_prompt(prompt: str) -> Feel:
    """Read any text; what isn't understood is ignored. Never raises."""
    text = prompt.lower()
    words = frozenset(re.findall(r"[a-z0-9&'-]+", text))
    feel = Feel(style=_style(text))
    feel = replace(
        feel,
        tempo_bpm=_tempo(text),
        tempo_factor=_tempo_factor(words),
        harmony=_instrument(HARMONY_WORDS, text, words),
        lead=_instrument(LEAD_WORDS, text, words),
        drums=bool(feel.style.drums),
    )
    return _with_key(_with_layers(_with_mood(feel, words), text, words), text)


def _style(text: str) -> Style:
    found = [
        (match.start() - 1000 * len(word.split()), style)
        for style in STYLES
        for word in style.words
        if (match := re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text))
    ]
    return min(found, key=lambda hit: hit[0])[1] if found else STYLES[0]


def _tempo(text: str) -> float | None:
    match = _TEMPO.search(text)
    if match is None:
        return None
    return float(min(240, max(40, int(match[1] or match[2]))))


def _tempo_factor(words: frozenset[str]) -> float:
    factor = 1.0
    if words & {"slow", "slowly", "ballad", "largo", "adagio", "downtempo"}:
        factor *= 0.78
    if words & {"fast", "quick", "uptempo", "presto", "allegro", "speedy"}:
        factor *= 1.22
    return factor


def _instrument(table: dict[str, str], text: str, words: frozenset[str]) -> str | None:
    found = [
        (text.find(word), name)
        for name, names in table.items()
        for word in names.split()
        if word in words
    ]
    return min(found)[1] if found else None


def _with_mood(feel: Feel, words: frozenset[str]) -> Feel:
    energy, brightness, minor = feel.style.energy, 0.5, feel.minor
    for names, more_energy, more_brightness, its_minor in _MOODS:
        if words & set(names.split()):
            energy += more_energy
            brightness += more_brightness
            minor = its_minor if minor is None else minor
    return replace(
        feel,
        minor=minor,
        energy=min(1.0, max(0.0, energy)),
        brightness=min(1.0, max(0.0, brightness)),
    )


def _with_layers(feel: Feel, text: str, words: frozenset[str]) -> Feel:
    drums = feel.drums or bool(words & {"drum", "drums", "beat", "beats", "percussion", "drumming"})
    bass = True
    if re.search(r"\b(no|without) (drum|beat|percussion)|\bbeatless\b|\bdrumless\b", text):
        drums = False
    if re.search(r"\b(no|without) bass", text):
        bass = False
    if "solo" in words or "unaccompanied" in words:
        drums, bass = False, False
    return replace(feel, drums=drums, bass=bass)


def _with_key(feel: Feel, text: str) -> Feel:
    match = _KEY.search(text)
    if match is None:
        minor = feel.minor
        if re.search(r"\bminor\b", text):
            minor = True
        elif re.search(r"\bmajor\b", text):
            minor = False
        return replace(feel, minor=minor)
    tonic = _PITCH_CLASSES[match[1]]
    accidental = (match[2] or "").strip()
    if accidental in {"sharp", "#", "♯"}:
        tonic += 1
    elif accidental in {"flat", "b", "♭"}:
        tonic -= 1
    return replace(feel, tonic=tonic % 12, minor=match[3] in {"minor", "min", "dorian"})
