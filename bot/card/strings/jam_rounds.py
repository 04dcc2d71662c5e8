"""The words of a jam's round: its takes, how it goes, and how the one before ended."""

from __future__ import annotations

from bot.card.markup import quoted
from bot.card.strings import card
from bot.card.strings.jam import CREDIT_MAX_CHARS, person, take_title
from bot.jam.jam import Ending, Jam, Outcome, Phase, Section, Take
from bot.locales import Text, _, ngettext, number, together

_CLOSED_MIX = Text("This jam is closed. **Mix** makes its whole piece once more.")
_RESTS = Text("**The jam rests.** Anybody wakes it: **Propose** what comes next.")
LEGEND_MAX = 24


def take(jam: Jam, one: Take, link: str | None, words_chars: int = CREDIT_MAX_CHARS) -> str:
    """A line of the round: a take, and how many votes it has."""
    words, name = quoted(one.words, words_chars) or "…", take_title(one.number)
    line = f"**{f'[{name}]({link})' if link else name}** {words}"
    if jam.terms.blind:
        return line
    votes = ngettext("{number} vote", "{number} votes", jam.round.tally[one.id])
    return f"{line} · {person(one.author_id)} · {votes}"


def takes_allowed(jam: Jam) -> str | None:
    """How many takes a round may have, while it goes on."""
    if jam.phase is Phase.CLOSED:
        return None
    limits = jam.terms.takes
    told = ngettext(
        "In a round each person may propose {number} take, and all together {most}.",
        "In a round each person may propose {number} takes, and all together {most}.",
        min(limits.per_person, limits.per_round),
        most=number(limits.per_round),
    )
    return card.small([told])


def making(takes: int) -> str:
    """How many takes are under way."""
    return card.small([ngettext("{number} take on the way", "{number} takes on the way", takes)])


def round_line(jam: Jam) -> str:
    """Which round it is, how it ends, and who may vote."""
    match jam.phase:
        case Phase.CLOSED:
            return card.small([_CLOSED_MIX()])
        case Phase.RESTING:
            return _RESTS()
        case Phase.GOING:
            return together(_round_ends(jam), _who_votes(jam))


def _round_ends(jam: Jam) -> str:
    present = jam.round
    if present.ends_at is None:
        return _(
            "**Round {round}** ends when most of those who take part are done, or the host says "
            "so.",
            round=present.number,
        )
    # Translators: {time} is a time from now, such as "in 5 minutes".
    return _(
        "**Round {round}** ends {time}, or when most are done.",
        round=present.number,
        time=f"<t:{int(present.ends_at.timestamp())}:R>",
    )


def _who_votes(jam: Jam) -> str:
    match jam.round.voters is None, jam.terms.blind:
        case True, False:
            return _("Everybody here votes.")
        case True, True:
            return _("Everybody here votes; votes and authors are shown at its end.")
        case False, False:
            return _("Those vote who took part before it.")
        case _:
            return _("Those vote who took part before it; votes and authors are shown at its end.")


def who(jam: Jam, most: int = LEGEND_MAX) -> str | None:
    """Who is in, and who is done; of many, no more than so many."""
    if jam.phase is not Phase.GOING or not jam.active:
        return None
    shown = sorted(jam.active)[:most]
    names = " ".join(f"<@{one}>{' ✓' if one in jam.round.done else ''}" for one in shown)
    more = len(jam.active) - len(shown)
    if not more:
        # Translators: those who take part in the jam.
        return card.small([_("In: {names}", names=names)])
    told = ngettext(
        "In: {names} and {number} more", "In: {names} and {number} more", more, names=names
    )
    return card.small([told])


def undo_wanted(jam: Jam) -> str | None:
    """How many want the last section taken back."""
    wanted = jam.round.undo & jam.active
    if not wanted or jam.phase is not Phase.GOING:
        return None
    # Translators: such as "1 of 3": how many people of those who take part.
    told = ngettext(
        "{number} of {active} wants the last section taken back",
        "{number} of {active} want the last section taken back",
        len(wanted),
        active=number(len(jam.active)),
    )
    return card.small([told])


def outcome(jam: Jam, last: Outcome) -> str:
    """How the round before ended."""
    ending = _ending(last)
    if last.ending is Ending.UNDO:
        return ending
    if last.winner_id is None:
        return together(ending, _("There was no take to choose."))
    won = next((one for one in jam.sections if one.take_id == last.winner_id), None)
    if won is None:
        return ending
    sentences = [ending, _won(won, last.votes)]
    if last.by_host:
        sentences.append(_("It was a tie, and the host chose."))
    elif last.was_tied:
        sentences.append(_("It was a tie, and the earliest wins."))
    return together(*sentences)


def _ending(last: Outcome) -> str:
    match last.ending:
        case Ending.UNDO:
            return _("Round {round}: the last section was taken back.", round=last.round_number)
        case Ending.CLOCK:
            return _("Round {round}: time was up.", round=last.round_number)
        case Ending.MAJORITY:
            return _("Round {round}: most were done.", round=last.round_number)
        case Ending.HOST:
            return _("Round {round}: the host ended it.", round=last.round_number)
        case Ending.CLOSE:
            return _("Round {round}: the jam was closed.", round=last.round_number)


def _won(won: Section, votes: int) -> str:
    words = quoted(won.words, CREDIT_MAX_CHARS) or "…"
    if not won.author_id:
        return ngettext(
            "“{words}” won with {number} vote.",
            "“{words}” won with {number} votes.",
            votes,
            words=words,
        )
    return ngettext(
        "“{words}” by {person} won with {number} vote.",
        "“{words}” by {person} won with {number} votes.",
        votes,
        words=words,
        person=person(won.author_id),
    )
