"""The words of /help, and of the one line for who writes to the bot. Commands come as mentions."""

from __future__ import annotations

from collections.abc import Sequence

from bot.card.markup import quoted
from bot.card.strings.commands import MENU_EXTEND, MENU_MELODY
from bot.card.strings.limits import dollars
from bot.card.strings.takes import length_of
from bot.locales import Text, _, listed, together

TITLE = Text("Music from words")
COSTS = Text("What it costs")
KEPT = Text("What I keep")
TERMS = Text("Whose music it is")
NO_LIMIT = Text("There is no limit for you here.")
_TERMS_URL = "https://creativecommons.org/licenses/by-nc/4.0/"
_MODEL_MAX_CHARS = 60
_OTHERS_MAX = 5


def greeting(musicgen: str, help_: str) -> str:
    """Answers a message that was written to the bot."""
    # Translators: {musicgen} and {help} are commands to click on.
    return _(
        "Hi! Use {musicgen} to say what you'd like to hear; {help} tells what else I do.",
        musicgen=musicgen,
        help=help_,
    )


def song(musicgen: str) -> str:
    """How music is made from words."""
    # Translators: MusicGen knows English best, so what follows `prompt:` stays English.
    return _(
        "**A song:** {musicgen} `prompt: slow lofi hip hop, warm piano, rain`", musicgen=musicgen
    )


def extending() -> str:
    """How a track goes on."""
    # Translators: {menu} is an entry of the menu **Apps** of a message.
    return _(
        "**More of it:** press **Extend** below a track, and say how it goes on: "
        "`the drums come in`. For any other audio, *{menu}* is in its message's menu, under "
        "**Apps**.",
        menu=MENU_EXTEND(),
    )


def melody(musicgen: str) -> str:
    """How music is made on a melody."""
    # Translators: MusicGen knows English best, so what follows `prompt:` stays English.
    return _(
        "**Your own melody:** hum it, and attach the recording: {musicgen} `prompt: 80s synth pop` "
        "`input_audio: hum.m4a`. Or choose *{menu}* under **Apps**.",
        musicgen=musicgen,
        menu=MENU_MELODY(),
    )


def jam(jam_start: str) -> str:
    """How a room makes one piece."""
    return _(
        "**Together:** {jam_start} `theme: rain on a tin roof` in a server's channel.",
        jam_start=jam_start,
    )


def in_voice() -> str:
    """How music is heard together."""
    return _(
        "**Out loud:** join a voice channel, and press **Play in voice** below a track; I play it "
        "there."
    )


def cost(micro_usd: int, seconds: int) -> str:
    """What a track costs, and whom."""
    if micro_usd == 0:
        return _("Tracks cost nothing here.")
    return _(
        "A track of {length} costs the bot's owner about {cost}.",
        length=length_of(seconds),
        cost=dollars(micro_usd),
    )


def kept(tracks: str, forget: str) -> str:
    """What is stored, and how it is deleted."""
    # Translators: {tracks} and {forget} are commands to click on.
    return _(
        "Your requests with their settings, your presets, and the stars you gave; of what people "
        "write, nothing but what is written to me. **Delete** below a card takes its message "
        "away, {tracks} forgets one track, {forget} all that I keep of you.",
        tracks=tracks,
        forget=forget,
    )


def terms(others: Sequence[str]) -> str:
    """What may be done with the music; `others` are models that are not Meta's own."""
    words = _(
        "Meta gives MusicGen's weights out under [CC BY-NC 4.0]({url}), for use that earns no "
        "money. So enjoy what is made here, learn from it, show it and name MusicGen; before you "
        "sell it, or earn money with it, ask somebody who knows the law.",
        url=_TERMS_URL,
    )
    if not others:
        return words
    names = [quoted(name, _MODEL_MAX_CHARS) for name in others[:_OTHERS_MAX]]
    if len(others) == 1:
        own = _("{model} may have terms of its own.", model=names[0])
    else:
        own = _("{models} may have terms of their own.", models=listed(names))
    return together(words, own)
