"""The words by which commands and menus are found.

An option's description stands in the table of inputs, beside its bounds (`bot.domain.inputs`).
"""

from __future__ import annotations

from bot.domain.inputs import DESCRIPTION_MAX_CHARS, InputSpec, InputValue, plain
from bot.locales import Text, _, number, translated

MUSICGEN = Text("Make music from words with MusicGen.")
INPUT_AUDIO_URL = Text("Address of audio on the web, instead of input_audio. Default: none.")
HELP = Text("What I do, what it costs, what I keep, and what you may do with the music.")
TRACKS = Text("The music you have made.")
TRACKS_LIST = Text("List your tracks, newest first.")
TRACKS_LIST_WORDS = Text("Only those whose prompt has these words. Default: all.")
# Translators: an order of tracks: the newest first.
TRACKS_NEWEST = Text("newest", "choice")
# Translators: an order of tracks: those with most stars first.
TRACKS_STARS = Text("stars", "choice")
TRACKS_LIST_ORDER = Text("Which come first. Default: the newest.")
CHARTS = Text("The tracks of this server with most stars, as far as you can see their channels.")
# Translators: stars of the last 7 days.
CHARTS_WEEK = Text("week", "choice")
# Translators: stars of the last 30 days.
CHARTS_MONTH = Text("month", "choice")
CHARTS_ALL_TIME = Text("all time", "choice")
CHARTS_PERIOD = Text("Of when the stars are. Default: the last 7 days.")
TRACKS_FORGET = Text("Forget all your tracks, prompts, history, presets and stars, after asking.")
SETTINGS = Text("What I may do in this server.")
SETTINGS_PANEL = Text("See and change the rules of this server.")
SETTINGS_LOG = Text("See who has changed what in this server, newest first.")
SETTINGS_LOG_EVERYWHERE = Text(
    "What was done everywhere, for the bot's owner alone. Default: here."
)
BLOCK = Text("Let a person have nothing made any more.")
UNBLOCK = Text("Let a person have music made again.")
BLOCK_WHO = Text("The person; an id does for one who is not here.")
BLOCK_REASON = Text("Why; they are told.")
BLOCK_HOURS = Text("Ends by itself after so many hours. Default: never.")
BLOCK_DAYS = Text("Ends by itself after so many days. Default: never.")
BLOCK_EVERYWHERE = Text(
    "In all servers and direct messages; for the bot's owner alone. Default: here."
)
USAGE = Text("What has been made, and what it cost, today and this month.")
USAGE_OF = Text("Whose: yours, this server's, or everybody's. Default: yours.")
# Translators: the answers to "whose use?".
USAGE_OF_ME = Text("mine", "choice")
USAGE_OF_SERVER = Text("this server's", "choice")
USAGE_OF_ALL = Text("everybody's", "choice")

# Translators: these two stand in the Apps menu of a message; at most 32 characters each.
MENU_EXTEND = Text("Extend with MusicGen")
MENU_MELODY = Text("Use as melody")
"""Names in the Apps menu of a message, at most 32 characters."""

# Translators: how a setting with two positions stands.
ON, OFF = Text("on", "state"), Text("off", "state")


def option(spec: InputSpec) -> str:
    """What an input does, its range and its default, or, where that is too long, the first alone.

    Discord takes no more than 100 characters.
    """
    meaning = translated(spec.meaning)
    whole = _option(spec, meaning)
    return whole if len(whole) <= DESCRIPTION_MAX_CHARS else meaning[:DESCRIPTION_MAX_CHARS]


def _option(spec: InputSpec, meaning: str) -> str:
    if spec.required:
        return _("{meaning} Required.", meaning=meaning)
    low, high = (None, None) if spec.kind == "string" else (spec.minimum, spec.maximum)
    default = None if spec.default is None else value(spec.default)
    if low is None or high is None:
        if default is None:
            return _("{meaning} Default: none.", meaning=meaning)
        # Translators: {meaning} is a sentence, {default} such as "loudness", "8" or "off".
        return _("{meaning} Default: {default}.", meaning=meaning, default=default)
    least, most = _bound(low), _bound(high)
    if default is None:
        return _(
            "{meaning} {least} to {most}. Default: none.", meaning=meaning, least=least, most=most
        )
    # Translators: {meaning} is a sentence, {least}, {most} and {default} are numbers.
    return _(
        "{meaning} {least} to {most}. Default: {default}.",
        meaning=meaning,
        least=least,
        most=most,
        default=default,
    )


def value(of_input: InputValue) -> str:
    """An input's value: numbers as they are typed, without groups of digits."""
    if isinstance(of_input, bool):
        return ON() if of_input else OFF()
    if isinstance(of_input, float) and not of_input.is_integer():
        return number(of_input)
    return plain(of_input)


def _bound(bound: float) -> str:
    return f"{bound:.0f}" if float(bound).is_integer() else number(bound)
