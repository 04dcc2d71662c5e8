"""The styles the playground's synthesizer knows: one row of taste each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Comping = Literal["sustain", "stab", "offbeat", "arpeggio", "strum"]


@dataclass(frozen=True, slots=True)
class Style:
    """How a kind of music usually goes. Patterns have four steps a beat, one bar long.

    In drum patterns `x` is a hit, `o` a soft one; in bass patterns `r` is the root, `5` the fifth,
    `8` the octave, and `-` holds the note before.
    """

    words: tuple[str, ...]
    tempo_bpm: tuple[int, int]
    minor: bool
    harmony: str
    lead: str
    comping: Comping
    bass: str
    drums: tuple[tuple[str, str], ...] = ()
    energy: float = 0.5
    swing: float = 0.0
    """How far the second half of each half beat is late, in steps."""
    room: float = 0.2
    """Share of reverberation, 0 to 1."""
    sevenths: bool = False

    @property
    def beats_per_bar(self) -> int:
        """Beats in a bar: the patterns' length over four."""
        return len(self.bass) // 4


def _kit(**patterns: str) -> tuple[tuple[str, str], ...]:
    return tuple(patterns.items())


# fmt: off
STYLES: tuple[Style, ...] = (
    Style(("pop", "dance"), (96, 118), False, "piano", "lead", "strum", "r---r-r-r---5-r-",
          _kit(kick="x.....x.x.......", snare="....x.......x...", hat="x.x.x.x.x.x.x.x."), 0.5),
    Style(("deep house", "house", "disco", "edm", "garage"), (120, 126), True, "rhodes", "lead",
          "offbeat", "r--r..r-..r-8.r.",
          _kit(kick="x...x...x...x...", clap="....x.......x...", hat="..x...x...x...x.",
               shaker="oooooooooooooooo"), 0.7, 0.1, 0.22, sevenths=True),
    Style(("techno", "trance", "rave", "industrial"), (128, 138), True, "pad", "square", "stab",
          "..r.r.r...r.r.r.", _kit(kick="x...x...x...x...", hat="..x...x...x...x.",
                                   shaker="x.oox.oox.oox.oo", rim="......x......x.."), 0.8),
    Style(("lo-fi", "lofi", "lo fi", "chillhop"), (72, 86), True, "rhodes", "bells", "stab",
          "r-----r---5---..", _kit(kick="x......xx.......", snare="....x.......x...",
                                   hat="x.o.x.o.x.o.x.oo"), 0.35, 0.35, 0.25, sevenths=True),
    Style(("hip hop", "hip-hop", "trap", "rap", "boom bap"), (84, 96), True, "piano", "bells",
          "stab", "r--.....r-..5...", _kit(kick="x..x..x...x.....", snare="....x.......x...",
                                   hat="x.x.x.xxx.x.xxxx"), 0.6, 0.15),
    Style(("ambient", "drone", "meditation", "new age"), (60, 76), False, "pad", "bells", "sustain",
          "r---------------", (), 0.2, room=0.55),
    Style(("drum and bass", "drum & bass", "dnb", "jungle", "breakbeat"), (170, 176), True, "pad",
          "lead", "sustain", "r-----..r---8---",
          _kit(kick="x.........x.....", snare="....x..o.o..x...", hat="x.x.x.x.x.x.x.x."), 0.9),
    Style(("jazz", "bossa", "swing", "blues"), (112, 138), False, "piano", "brass", "stab",
          "r---5---8---5---", _kit(ride="x...x.x.x...x.x.", rim="....x.......x...",
                                   kick="o.......o......."), 0.45, 0.6, 0.25, sevenths=True),
    Style(("rock", "metal", "punk", "grunge", "80s driving"), (118, 144), True, "pluck", "lead",
          "strum", "r-r-r-r-r-r-r-r-", _kit(kick="x.....x.x.x.....", snare="....x.......x...",
                                   hat="x.x.x.x.x.x.x.x."), 0.85),
    Style(("reggae", "dub", "ska", "dancehall"), (72, 84), False, "organ", "brass", "offbeat",
          "r--...r-5-..r-..", _kit(kick="........x.......", rim="........x.......",
                                   hat="x.o.x.o.x.o.x.o."), 0.5, 0.2, 0.3),
    Style(("waltz", "3/4", "minuet"), (84, 112), False, "strings", "violin", "strum",
          "r-------5---", _kit(ride="....o...o..."), 0.35, room=0.35),
    Style(("cinematic", "film score", "soundtrack", "trailer", "orchestral", "epic", "symphony",
           "symphonic"),
          (76, 100), True, "strings", "brass", "sustain", "r-------r---5---",
          _kit(tom="x.....x.x...x.x.", kick="x..............."), 0.6, room=0.45),
    Style(("chiptune", "8-bit", "8bit", "video game", "arcade"), (132, 156), False, "square",
          "square", "arpeggio", "r.8.r.8.r.8.5.8.",
          _kit(kick="x...x...x...x...", snare="....x.......x...",
               hat="x.x.x.x.x.x.x.xx"), 0.75, room=0.05),
    Style(("funk", "soul", "groove"), (98, 112), True, "rhodes", "brass", "stab",
          "r..r..8.r.5...r.", _kit(kick="x..x..x...x.....", snare="....x..o.o..x...",
                                   hat="xxxxxxxxxxxxxxxx"), 0.7, 0.1, sevenths=True),
    Style(("synthwave", "retrowave", "80s", "synth-pop", "synthpop"), (98, 116), True, "pad",
          "lead", "arpeggio", "r.r.r.r.r.r.r.r.",
          _kit(kick="x...x...x...x...", snare="....x.......x...",
               hat="x.x.x.x.x.x.x.x."), 0.65, room=0.3),
    Style(("folk", "country", "acoustic", "bluegrass", "celtic"), (92, 116), False, "pluck",
          "violin", "arpeggio", "r---....5---....",
          _kit(kick="o.......o.......", shaker="x.o.x.o.x.o.x.o."), 0.45, room=0.2),
    Style(("classical", "baroque", "sonata", "nocturne", "piano solo", "solo piano"), (72, 104),
          False, "piano", "piano", "arpeggio", "r-------5-------", (), 0.35, room=0.3),
    Style(("latin", "salsa", "samba", "cumbia", "reggaeton"), (92, 104), True, "piano", "brass",
          "offbeat", "r-----5-..5-8---", _kit(kick="x...x...x...x...", rim="x..x..x...x.x...",
                                              shaker="x.oox.oox.oox.oo"), 0.7),
)
# fmt: on
