"""The words of /help, and of the one line for who writes to the bot. Commands come as mentions."""

from __future__ import annotations

from collections.abc import Sequence

from bot.card.markup import quoted
from bot.card.strings.commands import MENU_EXTEND, MENU_MELODY
from bot.card.strings.limits import dollars
from bot.card.strings.numbers import listed

TITLE = "Music from words"
COSTS = "What it costs"
KEPT = "What I keep"
TERMS = "Whose music it is"
NO_LIMIT = "There is no limit for you here."
_TERMS_URL = "https://creativecommons.org/licenses/by-nc/4.0/"
_MODEL_MAX_CHARS = 60
_OTHERS_MAX = 5


def greeting(musicgen: str, help_: str) -> str:
    """Answers a message that was written to the bot."""
    return f"Hi! Use {musicgen} to say what you'd like to hear; {help_} tells what else I do."


def song(musicgen: str) -> str:
    """How music is made from words."""
    return f"**A song:** {musicgen} `prompt: slow lofi hip hop, warm piano, rain`"


def extending() -> str:
    """How a track goes on."""
    return (
        "**More of it:** press **Extend** below a track, and say how it goes on: "
        f"`the drums come in`. For any other audio, *{MENU_EXTEND}* is in its message's menu, "
        "under **Apps**."
    )


def melody(musicgen: str) -> str:
    """How music is made on a melody."""
    return (
        f"**Your own melody:** hum it, and attach the recording: {musicgen} "
        f"`prompt: 80s synth pop` `input_audio: hum.m4a`. Or choose *{MENU_MELODY}* under **Apps**."
    )


def jam(jam_start: str) -> str:
    """How a room makes one piece."""
    return f"**Together:** {jam_start} `theme: rain on a tin roof` in a server's channel."


def in_voice() -> str:
    """How music is heard together."""
    return (
        "**Out loud:** join a voice channel, and press **Play in voice** below a track; I play it "
        "there."
    )


def cost(micro_usd: int, seconds: int) -> str:
    """What a track costs, and whom."""
    if micro_usd == 0:
        return "Tracks cost nothing here."
    return f"A track of {seconds} s costs the bot's owner about {dollars(micro_usd)}."


def kept(tracks: str, forget: str) -> str:
    """What is stored, and how it is deleted."""
    return (
        "Your requests with their settings, your presets, and the stars you gave; of what people "
        "write, nothing but what is written to me. **Delete** below a card takes its message "
        f"away, {tracks} forgets one track, {forget} all that I keep of you."
    )


def terms(others: Sequence[str]) -> str:
    """What may be done with the music; `others` are models that are not Meta's own."""
    words = (
        f"Meta gives MusicGen's weights out under [CC BY-NC 4.0]({_TERMS_URL}), for use that "
        "earns no money. So enjoy what is made here, learn from it, show it and name MusicGen; "
        "before you sell it, or earn money with it, ask somebody who knows the law."
    )
    if not others:
        return words
    names = listed([quoted(name, _MODEL_MAX_CHARS) for name in others[:_OTHERS_MAX]])
    whose = "its" if len(others) == 1 else "their"
    return f"{words} {names} may have terms of {whose} own."
