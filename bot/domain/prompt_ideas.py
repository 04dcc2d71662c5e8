"""Prompts that MusicGen does well, by genre; and which of them somebody who types may mean."""

from __future__ import annotations

from collections.abc import Iterable

from bot.domain.plain_text import one_line

IDEAS: dict[str, tuple[str, ...]] = {
    "house": (
        "deep house bassline, warm pads, soft claps, 122 bpm",
        "funky disco house, filtered guitar loop, tight kick, 124 bpm",
        "melodic techno, rolling bass, arpeggiated synth, dark room, 126 bpm",
        "afro house, log drums, shakers, chanting pads, 120 bpm",
    ),
    "techno": (
        "hypnotic minimal techno, dubby chords, crisp hats, 130 bpm",
        "industrial techno, distorted kick, metallic percussion, 138 bpm",
        "acid techno, squelching 303 line, 909 drums, 135 bpm",
    ),
    "trance": (
        "uplifting trance, soaring lead, sidechained pads, 138 bpm",
        "psytrance, galloping bassline, alien bleeps, 145 bpm",
    ),
    "drum and bass": (
        "liquid drum and bass, airy pads, fast breakbeat, 174 bpm",
        "jungle, chopped amen break, deep sub bass, dub sirens, 165 bpm",
        "dubstep, heavy wobble bass, half-time drums, 140 bpm",
    ),
    "lo-fi": (
        "lo-fi hip hop, dusty Rhodes piano, vinyl crackle, lazy drums, 75 bpm",
        "rainy night lo-fi, jazzy guitar chords, mellow beat, 80 bpm",
        "chillhop, muted trumpet, soft boom bap drums, 85 bpm",
    ),
    "hip hop": (
        "90s boom bap, punchy drums, jazz piano sample, upright bass, 92 bpm",
        "dark trap beat, booming 808, rattling hi-hats, eerie bells, 140 bpm",
        "west coast g-funk, whining synth lead, slap bass, 96 bpm",
        "UK drill, sliding 808, sparse strings, 142 bpm",
    ),
    "synthwave": (
        "80s synthwave, gated drums, neon arpeggios, driving bass, 100 bpm",
        "80s pop track with bassy drums and bright synths",
        "dark synthwave chase, pulsing bass, screaming lead, 118 bpm",
        "vaporwave, slowed-down saxophone, dreamy pads, 70 bpm",
    ),
    "ambient": (
        "slow ambient drone, glassy textures, distant choir",
        "warm ambient pads with gentle piano, very calm, no drums",
        "deep space ambient, evolving synths, low rumble",
        "forest morning, soft harp, birdsong, airy flute, peaceful",
    ),
    "rock": (
        "90s rock song with loud guitars and heavy drums",
        "garage rock, fuzzy riff, shouting energy, live drums, 150 bpm",
        "psychedelic rock, phaser guitar, organ, long reverb",
        "pop punk, fast power chords, energetic drums, 170 bpm",
        "slow blues rock, crying electric guitar solo, tube amp",
    ),
    "metal": (
        "heavy metal, palm-muted riffs, double bass drums, 160 bpm",
        "doom metal, very slow downtuned guitars, crushing drums",
    ),
    "jazz": (
        "smoky jazz trio, brushed drums, walking bass, late night piano",
        "uptempo bebop, saxophone solo, swinging ride cymbal, 220 bpm",
        "bossa nova, nylon guitar, soft shaker, mellow flute",
        "big band swing, brass section stabs, lively drums, 160 bpm",
        "gypsy jazz, two acoustic guitars, violin, fast swing",
    ),
    "funk": (
        "70s funk, slap bass, wah guitar, tight horns, 108 bpm",
        "neo soul groove, electric piano, round bass, laid-back drums, 88 bpm",
        "Motown soul, tambourine, horn riffs, melodic bass, 118 bpm",
    ),
    "reggae": (
        "roots reggae, offbeat guitar skank, deep bass, organ bubble, 75 bpm",
        "dub, echoing snare, spacious delays, heavy bass, 70 bpm",
        "ska, upstroke guitar, trombone and trumpet, 150 bpm",
    ),
    "latin": (
        "salsa, piano montuno, congas, bright brass, 180 bpm",
        "tango, bandoneon, staccato strings, dramatic",
        "cumbia, accordion, guiro, rolling percussion, 95 bpm",
        "flamenco guitar, handclaps, passionate and fast",
    ),
    "classical": (
        "solo piano nocturne, romantic, slow and expressive",
        "string quartet, playful allegro, crisp articulation",
        "baroque harpsichord and strings, bright counterpoint",
        "solo cello, mournful, wide church reverb",
    ),
    "film": (
        "epic orchestral trailer, pounding taiko drums, choir, rising brass",
        "tense thriller score, ticking percussion, low strings",
        "spaghetti western, whistling, twangy guitar, lonely trumpet",
        "fairy tale score, celesta, pizzicato strings, curious mood",
    ),
    "folk": (
        "fingerpicked acoustic guitar, warm folk ballad, gentle harmonica",
        "Irish jig, fiddle, tin whistle, bodhran, lively",
        "bluegrass, fast banjo, mandolin chop, fiddle breaks",
        "Indian raga, sitar and tabla, meditative drone",
        "country, pedal steel, train-beat drums, acoustic strumming, 110 bpm",
    ),
    "game": (
        "8-bit chiptune, cheerful platformer melody, fast arpeggios, 150 bpm",
        "boss battle theme, orchestral metal, relentless strings",
        "cozy village theme, ukulele, clarinet, light percussion",
    ),
    "sad": (
        "sad piano ballad, soft strings, slow and tender, 65 bpm",
        "melancholic acoustic guitar, lonely cello, rainy mood",
    ),
    "happy": (
        "happy ukulele pop, handclaps, whistling, sunny mood, 115 bpm",
        "feel-good funk pop, bright guitar, upbeat drums, 112 bpm",
    ),
    "sleep": (
        "sleep music, very soft pads, slow piano, no drums, quiet",
        "gentle lullaby, music box, warm strings, quiet",
    ),
    "workout": (
        "workout EDM, pumping bass, big synth drops, 140 bpm",
        "aggressive gym phonk, cowbell melody, distorted 808, 130 bpm",
    ),
    "christmas": (
        "cheerful Christmas song, sleigh bells, brass, warm choir, 120 bpm",
        "quiet Christmas eve, celesta, soft strings, snowy mood",
    ),
    "spooky": ("spooky Halloween theme, theremin, creeping pizzicato, eerie organ",),
}

_ALSO_CALLED = {
    "house": "edm electronic dance club party",
    "techno": "edm electronic dance club rave",
    "trance": "edm electronic dance rave",
    "lo-fi": "chill relaxing study beats",
    "hip hop": "rap beat",
    "synthwave": "retro eighties electronic",
    "ambient": "relaxing relaxation calm chill meditation sleeping spa study background",
    "classical": "orchestra piano calm",
    "film": "cinematic movie film score soundtrack epic orchestra trailer",
    "game": "video game videogame gaming retro",
    "reggae": "jamaica summer beach",
    "latin": "summer dance",
    "sad": "emotional melancholy heartbreak",
    "happy": "upbeat cheerful fun",
    "sleep": "relaxing calm lullaby baby",
    "workout": "gym running sport energy motivation",
    "christmas": "xmas holiday winter",
    "spooky": "scary horror creepy dark",
}
"""Words that beginners look for, which no prompt of that genre need have."""


def suggest(words: str, own: Iterable[str], limit: int, longest: int) -> list[str]:
    """What somebody who has typed `words` may mean: their own earlier prompts, then ideas.

    Of each, those come first in which all of the words begin words. Hyphens and case make no
    difference.

    Args:
        words: what is typed so far; every word of it is in what is suggested.
        own: earlier prompts, newest first, which have the words already.
        limit: at most so many.
        longest: in characters; what is longer is left out, for half a prompt is another one.
    """
    wanted = [word for word in words.casefold().replace("-", "").split() if word]
    mine = sorted(own, key=lambda prompt: not _begin(wanted, prompt))
    found: dict[str, str] = {}
    for prompt in (*mine, *_ideas(wanted)):
        line = one_line(prompt)
        if line and len(line) <= longest:
            found.setdefault(line.casefold(), line)
        if len(found) == limit:
            break
    return list(found.values())


def _ideas(wanted: list[str]) -> list[str]:
    beginning: list[str] = []
    inside: list[str] = []
    for genre, prompts in IDEAS.items():
        for idea in prompts:
            text = f"{genre} {idea} {_ALSO_CALLED.get(genre, '')}"
            if _begin(wanted, text):
                beginning.append(idea)
            elif all(any(word in part for part in _parts(text)) for word in wanted):
                inside.append(idea)
    return beginning + inside


def _begin(wanted: list[str], text: str) -> bool:
    """Whether each of these begins where a word of the text does; it may go on into the next."""
    parts = _parts(text)
    tails = ["".join(parts[number:]) for number in range(len(parts))]
    return all(any(tail.startswith(word) for tail in tails) for word in wanted)


def _parts(text: str) -> list[str]:
    return text.casefold().replace("-", " ").split()
