"""The words of jams: their card, their takes, and what was done."""

from __future__ import annotations

from datetime import datetime

from bot.card.markup import fitted, quoted
from bot.card.strings.numbers import count
from bot.card.strings.takes import length_of
from bot.jam.jam import Ending, Jam, Outcome, Phase, Section, Take

JAM = "Make one piece of music together, section by section."
START = "Begin a jam: a thread in which everybody proposes what comes next."
THEME = "What the piece is about; it is joined to everybody's words."
BPM = "Its tempo in beats a minute. Default: none."
KEY = "Its key, such as A minor. Default: none."
BARS = "Bars (4/4) of each section; with a tempo, they set its length. Default: none."
SECONDS = "Seconds of each section, unless somebody says otherwise. Default: 10."
MODEL = "The model that makes all of it. Default: the model's own."
ROUND_MINUTES = "How long a round lasts. Default: until the host or the room ends it."
BLIND = "Hide votes and authors until a round ends. Default: off."
MEMBERS_VOTE = "Only those vote who took part before the round. Default: everybody."
TAKES_PER_PERSON = (
    "How many takes a person may propose in a round. Default: 2, unless this bot is set otherwise."
)
TAKES_PER_ROUND = "How many takes a round may have. Default: 12, unless this bot is set otherwise."
FROM = "A track it begins with: a card's link, or one of those offered. Default: nothing."
SHOW = "Show the jam of this thread, or one of this server."
SHOW_WHICH = "Which one. Default: the one of this thread."
LIST = "The jams of this server, newest first."
HOST = "Pass your place as the host on, or take that of a host who stays away."
HOST_WHO = "Who is to be the host. Default: you, in place of one who stays away."
BRANCH = "Begin a new jam with the piece of another one, or its first sections."
BRANCH_FROM = "Which jam."
BRANCH_SECTIONS = "How many of its sections. Default: all."
MENU = "Start a jam from this"

CREATE_THREADS = "Create Public Threads"
SEND_IN_THREADS = "Send Messages in Threads"
READ_HISTORY = "Read Message History"
"""Permissions, as Discord calls them."""

PROPOSE, LISTEN, DONE = "Propose", "Listen", "I'm done"
END, UNDO, MIX, CLOSE = "End round", "Undo", "Mix", "Close"
VOTE, RIFF = "Vote", "Riff"
CLOSE_NOW = "Close the jam"
CHOOSE = "The take that wins"

PROPOSE_TITLE = "Propose what comes next"
WORDS = "How should it go on?"
WORDS_ABOUT = "Theme, tempo and key of the jam are added by themselves."
WORDS_ABOUT_ON_THE_BEAT = (
    "Theme, tempo and key are added. It begins on the beat, {tail_s:.2f} s before the piece's end."
)
OPENING_WORDS = "How should it begin?"
MORE = "Length"
START_TITLE = "Start a jam from this audio"
THEME_LABEL = "Theme"
USUAL_MODEL = "The usual one"
THEME_KEPT = "Leave it empty to keep that of the other jam."
START_THEME_ABOUT = "The thread is called so, and it is joined to everybody's words."

SQUARES = ("🟦", "🟪", "🟩", "🟨", "🟧", "🟥", "🟫", "⬜")
"""Beside an author's name; `bot.card.jam_card.COLOURS` has them as colours."""

MOVED = "-# The jam's card is further down: {}"
NOTHING_YET = "Nothing yet. **Propose** what it begins with."
CLOSED_MIX = "-# This jam is closed. **Mix** makes its whole piece once more."
CREDIT_MAX_CHARS = 80
LEGEND_MAX = 24
_ENDINGS = {
    Ending.CLOCK: "Time was up",
    Ending.MAJORITY: "Most were done",
    Ending.HOST: "The host ended it",
    Ending.CLOSE: "The jam was closed",
}


WORDS_HIDDEN = "-# AutoMod of this server keeps me from showing what was written."


def number_about(least: int, most: int) -> str:
    """The bounds of a number that may be left out."""
    return f"{least} to {most}, or nothing for what is usual."


def title(jam: Jam) -> str:
    """The heading of a jam's card."""
    return fitted(jam.terms.theme, 256)


def facts(jam: Jam, *, has_budget: bool) -> str:
    """Tempo, key, length, and what is left, in one small line; a budget of its own tells more."""
    terms = jam.terms
    parts = [
        str(terms.music) or None,
        length_of(jam.length_s) if jam.sections else None,
        f"room for {jam.room_s} s more",
        None if has_budget else f"{count(jam.takes_left, 'take')} left",
        f"host {person(jam.host_id)}",
    ]
    return "-# " + " · ".join(part for part in parts if part)


def origin(jam: Jam) -> str | None:
    """Which jam it was branched from."""
    if jam.origin is None:
        return None
    sections = count(jam.origin.sections, "section")
    theme = quoted(jam.origin.theme, CREDIT_MAX_CHARS)
    return f"-# Inspired by the first {sections} of “{theme}”"


def section(
    number: int, one: Section, length_s: float, square: str, words_chars: int = CREDIT_MAX_CHARS
) -> str:
    """A line of the piece: who has made which part, how long it is, and what was cut off it."""
    words = quoted(one.words, words_chars) or "…"
    line = f"{square} **{number}** {words} · {person(one.author_id)} · {length_of(length_s)}"
    if length_s < one.added_s:
        return f"{line}, cut on the beat {one.added_s - length_s:.2f} s before its end"
    return line


def next_on_the_beat(tail_s: float) -> str | None:
    """Where the next section begins, unless that is the piece's end."""
    if not tail_s:
        return None
    return f"-# The next section begins on the beat, {tail_s:.2f} s before the end."


def sections_cut(hidden: int) -> str:
    """In place of the first sections of a long piece."""
    return f"-# … and {count(hidden, 'section')} before"


def take(jam: Jam, one: Take, link: str | None, words_chars: int = CREDIT_MAX_CHARS) -> str:
    """A line of the round: a take, and how many votes it has."""
    words = quoted(one.words, words_chars) or "…"
    name = f"[Take {one.number}]({link})" if link else f"Take {one.number}"
    by = "" if jam.terms.blind else f" · {person(one.author_id)}"
    votes = "" if jam.terms.blind else f" · {count(jam.round.tally[one.id], 'vote')}"
    return f"**{name}** {words}{by}{votes}"


def takes_allowed(jam: Jam) -> str | None:
    """How many takes a round may have, while it goes on."""
    if jam.phase is Phase.CLOSED:
        return None
    limits = jam.terms.takes
    each = count(min(limits.per_person, limits.per_round), "take")
    return f"-# In a round each person may propose {each}, and all together {limits.per_round}."


def making(takes: int) -> str:
    """How many takes are under way."""
    return f"-# {count(takes, 'take')} on the way"


def round_line(jam: Jam) -> str:
    """Which round it is, how it ends, and who may vote."""
    match jam.phase:
        case Phase.CLOSED:
            return CLOSED_MIX
        case Phase.RESTING:
            return "**The jam rests.** Anybody wakes it: **Propose** what comes next."
        case Phase.GOING:
            pass
    present = jam.round
    if present.ends_at is None:
        ends = "ends when most of those who take part are done, or the host says so"
    else:
        ends = f"ends <t:{_seconds(present.ends_at)}:R>, or when most are done"
    who = "Everybody here votes"
    if present.voters is not None:
        who = "Those vote who took part before it"
    hidden = "; votes and authors are shown at its end" if jam.terms.blind else ""
    return f"**Round {present.number}** {ends}. {who}{hidden}."


def who(jam: Jam, most: int = LEGEND_MAX) -> str | None:
    """Who is in, and who is done; of many, no more than so many."""
    if jam.phase is not Phase.GOING or not jam.active:
        return None
    shown = sorted(jam.active)[:most]
    names = " ".join(f"<@{one}>{' ✓' if one in jam.round.done else ''}" for one in shown)
    more = len(jam.active) - len(shown)
    return f"-# In: {names}" + (f" and {more} more" if more else "")


def undo_wanted(jam: Jam) -> str | None:
    """How many want the last section taken back."""
    wanted = jam.round.undo & jam.active
    if not wanted or jam.phase is not Phase.GOING:
        return None
    return f"-# {len(wanted)} of {len(jam.active)} want the last section taken back"


def outcome(jam: Jam, last: Outcome) -> str:
    """How the round before ended."""
    if last.ending is Ending.UNDO:
        return f"Round {last.round_number}: the last section was taken back."
    ending = f"Round {last.round_number}: {_ENDINGS[last.ending].lower()}"
    won = next((one for one in jam.sections if one.take_id == last.winner_id), None)
    if last.winner_id is None:
        return f"{ending}; there was no take to choose."
    if won is None:
        return f"{ending}."
    how = f"with {count(last.votes, 'vote')}"
    if last.by_host:
        how += ", tied, the host chose"
    elif last.was_tied:
        how += ", tied, the earliest"
    words = quoted(won.words, CREDIT_MAX_CHARS)
    return f"{ending}. “{words}” by {person(won.author_id)} won {how}."


def length_about(most_s: int, *, with_bars: bool) -> str:
    """How long a section may be."""
    return f"1 to {most_s} seconds" + (", or bars such as “8 bars”" if with_bars else "")


def picture(jam: Jam) -> str:
    """Describes the picture of a piece for those who cannot see it."""
    return f"{count(len(jam.sections), 'section')}, {length_of(jam.length_s)}"


def vote_label(votes: int) -> str:
    """A take's Vote button."""
    return f"{VOTE} · {votes}" if votes else VOTE


def take_title(number: int | None) -> str:
    """The first line of a take's card."""
    return "Take, not counted" if number is None else f"Take {number}"


UNUSABLE = "-# I could not join it to the piece: to be heard, not counted. **Riff** makes it anew."
LATE = "-# It came too late for its round: to be heard, not counted."
VOTED_BLIND = (
    "Your vote is noted; votes are shown when the round ends. You can change it until then."
)
VOTED_OTHER = "Your vote is noted, in place of the one before."


def done(missing: int) -> str:
    """Answers who is done."""
    if not missing:
        return "That was more than half of those who take part: the round has ended."
    return f"Noted. The round ends once {missing} more of those who take part are done."


def ended() -> str:
    """Answers the host who has ended a round."""
    return "The round has ended; the jam's card shows what won."


def undone(*, is_done: bool) -> str:
    """Answers who wants the last section taken back."""
    if is_done:
        return "The last section is taken back, and a new round has begun."
    return "Noted. It is taken back once more than half of those who take part want it."


CLOSING = (
    "Closing ends the jam for good: a take with votes still joins the piece, and the mix is "
    "posted. **Undo** and **Propose** do nothing any more."
)
CLOSED = "The jam is closed. Thank you for the music."
CHOOSE_ABOUT = "These have the same number of votes. The earliest wins, unless you choose another:"


def is_host(user_id: int) -> str:
    """Tells who is the host now."""
    return f"<@{user_id}> is the host of this jam now."


def listed(jam: Jam) -> str:
    """A jam in a list."""
    going = {Phase.GOING: "going on", Phase.RESTING: "resting", Phase.CLOSED: "closed"}
    what = count(len(jam.sections), "section")
    theme = quoted(jam.terms.theme, CREDIT_MAX_CHARS)
    facts_ = f"{going[jam.phase]} · {what}, {jam.length_s:.0f} s · <t:{_seconds(jam.created_at)}:R>"
    if jam.thread_id is None or jam.gone:
        return f"“{theme}” · {facts_}"
    return f"“{theme}” in <#{jam.thread_id}> · {facts_}"


NO_JAMS = "No jam has been here yet. `/jam start` begins one."


def option(jam: Jam) -> str:
    """A jam as a choice of an option, without markdown."""
    return f"{jam.terms.theme} ({jam.length_s:.0f} s)"


def tied_option(one: Take) -> str:
    """A take among those that are tied."""
    return f"Take {one.number}: {one.words}"


def person(user_id: int) -> str:
    """Somebody by their id, or nobody in particular."""
    return f"<@{user_id}>" if user_id else "somebody who left"


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
