"""The words of jams: their card, their takes, and what was done."""

from __future__ import annotations

from datetime import datetime

from bot.card.markup import fitted, quoted
from bot.card.strings import card, terms
from bot.card.strings.takes import length_of
from bot.jam.jam import Jam, Phase, Section, Take
from bot.locales import Text, _, ngettext, number

JAM = Text("Make one piece of music together, section by section.")
START = Text("Begin a jam: a thread in which everybody proposes what comes next.")
THEME = Text("What the piece is about; it is joined to everybody's words.")
BPM = Text("Its tempo in beats a minute. Default: none.")
# Translators: keep "A minor": a key is typed so in every language.
KEY = Text("Its key, such as A minor. Default: none.")
BARS = Text("Bars (4/4) of each section; with a tempo, they set its length. Default: none.")
SECONDS = Text("Seconds of each section, unless somebody says otherwise. Default: 10.")
MODEL = Text("The model that makes all of it. Default: the usual one.")
ROUND_MINUTES = Text("How long a round lasts. Default: until the host or the room ends it.")
BLIND = Text("Hide votes and authors until a round ends. Default: off.")
MEMBERS_VOTE = Text("Only those vote who took part before the round. Default: everybody.")
TAKES_PER_PERSON = Text(
    "How many takes a person may propose in a round. Default: 2, unless this bot is set otherwise."
)
TAKES_PER_ROUND = Text(
    "How many takes a round may have. Default: 12, unless this bot is set otherwise."
)
FROM = Text("A track it begins with: a card's link, or one of those offered. Default: nothing.")
SHOW = Text("Show the jam of this thread, or one of this server.")
SHOW_WHICH = Text("Which one. Default: the one of this thread.")
LIST = Text("The jams of this server, newest first.")
HOST = Text("Pass your place as the host on, or take that of a host who stays away.")
HOST_WHO = Text("Who is to be the host. Default: you, in place of one who stays away.")
BRANCH = Text("Begin a new jam with the piece of another one, or its first sections.")
BRANCH_FROM = Text("Which jam.")
BRANCH_SECTIONS = Text("How many of its sections. Default: all.")
# Translators: stands in the Apps menu of a message; at most 32 characters.
MENU = Text("Start a jam from this")

PROPOSE, LISTEN = Text("Propose", "button"), Text("Listen", "button")
DONE = Text("I'm done", "button")
END, UNDO = Text("End round", "button"), Text("Undo", "button")
# Translators: makes a mix of the whole piece.
MIX = Text("Mix", "button")
# Translators: closes the jam for good.
CLOSE = Text("Close", "button")
# Translators: "Riff" begins a new proposal from the words of somebody's take.
VOTE, RIFF = Text("Vote", "button"), Text("Riff", "button")
CLOSE_NOW = Text("Close the jam", "button")
CHOOSE = Text("The take that wins")

PROPOSE_TITLE = Text("Propose what comes next")
WORDS = Text("How should it go on?")
OPENING_WORDS = Text("How should it begin?")
MORE = Text("Length", "field")
START_TITLE = Text("Start a jam from this audio")
THEME_LABEL = Text("Theme", "field")
# Translators: the model that is used where nobody chooses one.
USUAL_MODEL = Text("The usual one", "choice")
THEME_KEPT = Text("Leave it empty to keep that of the other jam.")
START_THEME_ABOUT = Text("The thread is called so, and it is joined to everybody's words.")

SQUARES = ("🟦", "🟪", "🟩", "🟨", "🟧", "🟥", "🟫", "⬜")
"""Beside an author's name; `bot.card.jam_card.COLOURS` has them as colours."""

NOTHING_YET = Text("Nothing yet. **Propose** what it begins with.")
_WORDS_HIDDEN = Text("AutoMod of this server keeps me from showing what was written.")
SOMEBODY = Text("somebody who left")
CREDIT_MAX_CHARS = 80
_BARS_EXAMPLE = "8 bars"


def words_about(tail_s: float) -> str:
    """What is added to a proposal's words, and where it begins unless that is the piece's end."""
    if not tail_s:
        return _("Theme, tempo and key of the jam are added by themselves.")
    # Translators: at most 100 characters with the number.
    return _(
        "Theme, tempo and key are added. It begins on the beat, {seconds} s before the piece's "
        "end.",
        seconds=number(tail_s, 2),
    )


def moved(link: str) -> str:
    """Stands where a jam's card was."""
    return card.small([_("The jam's card is further down: {link}", link=link)])


def words_hidden() -> str:
    """Why a card has nothing that people have written."""
    return card.small([_WORDS_HIDDEN()])


def number_about(least: int, most: int) -> str:
    """The bounds of a number that may be left out."""
    # Translators: for a number that may be left out.
    return _("{least} to {most}, or nothing for what is usual.", least=least, most=most)


def title(jam: Jam) -> str:
    """The heading of a jam's card."""
    return fitted(jam.terms.theme, 256)


def facts(jam: Jam, *, has_budget: bool) -> str:
    """Tempo, key, length, and what is left, in one small line; a budget of its own tells more."""
    parts = [
        terms.terms(jam.terms.music),
        length_of(jam.length_s) if jam.sections else None,
        # Translators: how much longer the piece may become, such as "4 min 30 s".
        _("room for {length} more", length=length_of(jam.room_s)),
        None
        if has_budget
        else ngettext("{number} take left", "{number} takes left", jam.takes_left),
        # Translators: the person who hosts the jam.
        _("host {person}", person=person(jam.host_id)),
    ]
    return card.small(parts)


def origin(jam: Jam) -> str | None:
    """Which jam it was branched from."""
    if jam.origin is None:
        return None
    sections, theme = jam.origin.sections, quoted(jam.origin.theme, CREDIT_MAX_CHARS)
    if sections == 1:
        return card.small([_("Inspired by the first section of “{theme}”", theme=theme)])
    told = ngettext(
        "Inspired by the first {number} section of “{theme}”",
        "Inspired by the first {number} sections of “{theme}”",
        sections,
        theme=theme,
    )
    return card.small([told])


def section(
    place: int, one: Section, length_s: float, square: str, words_chars: int = CREDIT_MAX_CHARS
) -> str:
    """A line of the piece: who has made which part, how long it is, and what was cut off it."""
    words = quoted(one.words, words_chars) or "…"
    length = length_of(length_s)
    if length_s < one.added_s:
        length = _(
            "{length}, cut on the beat {seconds} s before its end",
            length=length,
            seconds=number(one.added_s - length_s, 2),
        )
    return f"{square} **{place}** {words} · {person(one.author_id)} · {length}"


def next_on_the_beat(tail_s: float) -> str | None:
    """Where the next section begins, unless that is the piece's end."""
    if not tail_s:
        return None
    told = _(
        "The next section begins on the beat, {seconds} s before the end.",
        seconds=number(tail_s, 2),
    )
    return card.small([told])


def sections_cut(hidden: int) -> str:
    """In place of the first sections of a long piece."""
    told = ngettext("… and {number} section before", "… and {number} sections before", hidden)
    return card.small([told])


def length_about(most_s: int, *, with_bars: bool) -> str:
    """How long a section may be."""
    if not with_bars:
        return _("1 to {most} seconds", most=number(most_s))
    # Translators: {example} is typed so in every language.
    return _(
        "1 to {most} seconds, or bars such as “{example}”",
        most=number(most_s),
        example=_BARS_EXAMPLE,
    )


def picture(jam: Jam) -> str:
    """Describes the picture of a piece for those who cannot see it."""
    return _sections(jam, length_of(jam.length_s))


def _sections(jam: Jam, length: str) -> str:
    return ngettext(
        "{number} section, {length}",
        "{number} sections, {length}",
        len(jam.sections),
        length=length,
    )


def vote_label(votes: int) -> str:
    """A take's Vote button."""
    return f"{VOTE()} · {number(votes)}" if votes else VOTE()


def take_title(place: int | None) -> str:
    """What a take is called: the first line of its card."""
    return _("Take, not counted") if place is None else _("Take {number}", number=place)


def unusable() -> str:
    """Stands on the card of a take that could not be joined."""
    return card.small(
        [_("I could not join it to the piece: to be heard, not counted. **Riff** makes it anew.")]
    )


def late() -> str:
    """Stands on the card of a take that came after its round."""
    return card.small([_("It came too late for its round: to be heard, not counted.")])


VOTED_BLIND = Text(
    "Your vote is noted; votes are shown when the round ends. You can change it until then."
)
VOTED_OTHER = Text("Your vote is noted, in place of the one before.")


def done(missing: int) -> str:
    """Answers who is done."""
    if not missing:
        return _("That was more than half of those who take part: the round has ended.")
    return ngettext(
        "Noted. The round ends once {number} more of those who take part is done.",
        "Noted. The round ends once {number} more of those who take part are done.",
        missing,
    )


def ended() -> str:
    """Answers the host who has ended a round."""
    return _("The round has ended; the jam's card shows what won.")


def undone(*, is_done: bool) -> str:
    """Answers who wants the last section taken back."""
    if is_done:
        return _("The last section is taken back, and a new round has begun.")
    return _("Noted. It is taken back once more than half of those who take part want it.")


CLOSING = Text(
    "Closing ends the jam for good: a take with votes still joins the piece, and the mix is "
    "posted. **Undo** and **Propose** do nothing any more."
)
CLOSED = Text("The jam is closed. Thank you for the music.")
CHOOSE_ABOUT = Text(
    "These have the same number of votes. The earliest wins, unless you choose another:"
)


def is_host(user_id: int) -> str:
    """Tells who is the host now."""
    return _("{person} is the host of this jam now.", person=f"<@{user_id}>")


def listed(jam: Jam) -> str:
    """A jam in a list."""
    theme = quoted(jam.terms.theme, CREDIT_MAX_CHARS)
    what = _sections(jam, card.seconds(jam.length_s))
    known = f"{_state(jam.phase)} · {what} · <t:{_seconds(jam.created_at)}:R>"
    if jam.thread_id is None or jam.gone:
        return " · ".join([_("“{name}”", name=theme), known])
    place = _("“{theme}” in {thread}", theme=theme, thread=f"<#{jam.thread_id}>")
    return f"{place} · {known}"


_STATES = {
    Phase.GOING: Text("going on", "state"),
    Phase.RESTING: Text("resting", "state"),
    Phase.CLOSED: Text("closed", "state"),
}


def _state(phase: Phase) -> str:
    return _STATES[phase]()


NO_JAMS = Text("No jam has been here yet. `/jam start` begins one.")


def option(jam: Jam) -> str:
    """A jam as a choice of an option, without markdown."""
    return f"{jam.terms.theme} ({card.seconds(jam.length_s)})"


def tied_option(one: Take) -> str:
    """A take among those that are tied."""
    return f"{take_title(one.number)}: {one.words}"


def person(user_id: int) -> str:
    """Somebody by their id, or nobody in particular."""
    return f"<@{user_id}>" if user_id else SOMEBODY()


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
