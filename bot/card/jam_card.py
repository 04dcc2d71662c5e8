"""A jam -> the card that shows it. Pure: the same jam makes the same card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import discord

from bot.card import strings
from bot.card.action import Action
from bot.card.actions.jam import JAM_CLOSED_ACTIONS, JAM_HOST_ACTIONS, JAM_ROOM_ACTIONS
from bot.card.actions.jam_takes import RIFF, VOTE
from bot.card.actions.voice import VOICE_PIECE, VOICE_TAKES
from bot.card.buttons import card_button, card_view, view_of
from bot.domain.mixes import Chapter, Credits, Mixed, MixLabels, MixTerms
from bot.jam.jam import Jam, Phase, Take

COLOURS: tuple[tuple[int, int, int], ...] = (
    (85, 172, 238),
    (170, 142, 214),
    (120, 177, 89),
    (253, 203, 88),
    (244, 144, 12),
    (221, 46, 68),
    (193, 105, 79),
    (230, 231, 232),
)
"""Of `strings.jam.SQUARES`, which stand beside authors' names."""

_DESCRIPTION_MAX_CHARS = 4096
"""Discord's limit (resources/message, Embed Limits)."""
_GOING = discord.Colour(0x5865F2)
_RESTING = discord.Colour(0x80848E)
_CLOSED = discord.Colour(0x3BA55D)
_PHASE_COLOURS = {Phase.GOING: _GOING, Phase.RESTING: _RESTING, Phase.CLOSED: _CLOSED}


@dataclass(frozen=True, slots=True)
class _Detail:
    """How much a card tells of a jam that has grown long."""

    sections: int
    """So many of the last ones."""
    people: int
    words_chars: int
    has_links: bool = True


_DETAILS = (
    _Detail(20, strings.jam_rounds.LEGEND_MAX, strings.jam.CREDIT_MAX_CHARS),
    _Detail(12, 12, 40),
    _Detail(6, 6, 20),
    _Detail(3, 3, 10, has_links=False),
)
"""The first that fits is taken."""


def colour_numbers(jam: Jam) -> list[int]:
    """Which colour each section has: one for each author, in the order they came."""
    authors = list(dict.fromkeys(section.author_id for section in jam.sections))
    return [authors.index(section.author_id) % len(COLOURS) for section in jam.sections]


def without_words(jam: Jam) -> Jam:
    """A jam with nothing that people have written: where AutoMod is against it."""

    def of(take: Take) -> Take:
        return replace(take, words="")

    origin = None if jam.origin is None else replace(jam.origin, theme=strings.jam_begin.THREAD())
    return replace(
        jam,
        terms=replace(jam.terms, theme=strings.jam_begin.THREAD()),
        origin=origin,
        sections=tuple(replace(section, words="") for section in jam.sections),
        round=replace(jam.round, takes=tuple(map(of, jam.round.takes))),
    )


def jam_embed(
    jam: Jam, links: Mapping[str, str], budget: str | None = None, *, with_words: bool = True
) -> discord.Embed:
    """What a jam's card says; `links` lead to its takes, by their ids; `budget` is what is left."""
    hidden = None
    if not with_words:
        jam, hidden = without_words(jam), strings.jam.words_hidden()
    text = ""
    for detail in _DETAILS:
        text = _description(jam, links, budget, hidden, detail)
        if len(text) <= _DESCRIPTION_MAX_CHARS:
            break
    return discord.Embed(
        title=strings.jam.title(jam),
        description=text[:_DESCRIPTION_MAX_CHARS],
        colour=_PHASE_COLOURS[jam.phase],
    )


def _description(
    jam: Jam, links: Mapping[str, str], budget: str | None, hidden: str | None, detail: _Detail
) -> str:
    lines = [
        hidden,
        strings.jam.facts(jam, has_budget=budget is not None),
        budget,
        strings.jam.origin(jam),
        *_piece(jam, detail),
        _next_section(jam),
        "",
    ]
    if jam.last is not None:
        lines.append(strings.jam_rounds.outcome(jam, jam.last))
    lines.append(strings.jam_rounds.round_line(jam))
    for take in jam.round.made:
        url = links.get(take.id) if detail.has_links else None
        lines.append(strings.jam_rounds.take(jam, take, url, detail.words_chars))
    if making := len(jam.making):
        lines.append(strings.jam_rounds.making(making))
    lines += [
        strings.jam_rounds.takes_allowed(jam),
        strings.jam_rounds.who(jam, detail.people),
        strings.jam_rounds.undo_wanted(jam),
    ]
    return "\n".join(line for line in lines if line is not None)


def jam_view(jam: Jam, *, with_voice: bool = False) -> discord.ui.View:
    """A jam's buttons: for everybody, below them for the host, then what is there to be played."""
    voice = _voice_actions(jam) if with_voice else ()
    if jam.phase is Phase.CLOSED:
        return view_of(*(card_button(action, jam.id) for action in (*JAM_CLOSED_ACTIONS, *voice)))
    rows = (JAM_ROOM_ACTIONS, JAM_HOST_ACTIONS, voice)
    return view_of(
        *(
            card_button(action, jam.id, row=row)
            for row, actions in enumerate(rows)
            for action in actions
        )
    )


def _voice_actions(jam: Jam) -> tuple[Action, ...]:
    piece = (VOICE_PIECE,) if jam.sections else ()
    return (*piece, VOICE_TAKES) if jam.round.made else piece


def take_view(jam: Jam, take_id: str) -> discord.ui.View | None:
    """The buttons of a take that is made."""
    if jam.round.take(take_id) is None or jam.phase is Phase.CLOSED:
        return card_view((RIFF,), take_id)
    return card_view((VOTE, RIFF), take_id, {take_id: take_label(jam, take_id)})


def take_label(jam: Jam, take_id: str) -> str:
    """A take's Vote button; what it says of a blind round is no number."""
    return strings.jam.vote_label(0 if jam.terms.blind else jam.round.tally[take_id])


def mix_embed(
    jam: Jam, terms: MixTerms, mixed: Mixed, model_name: str, *, has_sections: bool
) -> discord.Embed:
    """The credits of a mix, and what was made of it."""
    credits_ = [
        strings.jam_mix.credit(at_s, section)
        for at_s, section in zip(jam.starts_s, jam.sections, strict=True)
    ]
    lines = [
        *_last_lines(credits_, _DETAILS[0].sections),
        strings.jam.origin(jam),
        strings.jam_mix.facts(mixed, terms.fade_s),
        strings.jam_mix.instead(terms.format, mixed.format),
        None if has_sections else strings.jam_mix.no_sections(),
    ]
    text = "\n".join(line for line in lines if line is not None)
    embed = discord.Embed(
        title=strings.jam_mix.title(jam.terms.theme),
        description=text[:_DESCRIPTION_MAX_CHARS],
        colour=_CLOSED,
    )
    return embed.set_footer(text=strings.card.made_with(model_name))


def mix_labels(
    jam: Jam, names: Mapping[int, str], software: str, cover_png: bytes | None
) -> MixLabels:
    """What stands in the tags of a mix; `names` has its authors, as far as they are known."""
    chapters = [
        Chapter(at_s, strings.jam_mix.chapter(section, names))
        for at_s, section in zip(jam.starts_s, jam.sections, strict=True)
    ]
    authors = dict.fromkeys(section.author_id for section in jam.sections)
    artists = [names[author] for author in authors if author in names]
    comment = "\n".join(strings.jam_mix.comment(one.start_s, one.title) for one in chapters)
    title = strings.jam_mix.tag_title(jam.terms.theme)
    return MixLabels(title, comment, software, Credits(artists, chapters, cover_png))


def _next_section(jam: Jam) -> str | None:
    if not jam.sections or jam.phase is Phase.CLOSED:
        return None
    return strings.jam.next_on_the_beat(jam.sections[-1].tail_s)


def _piece(jam: Jam, detail: _Detail) -> list[str]:
    if not jam.sections:
        return [strings.jam.NOTHING_YET()]
    numbers = colour_numbers(jam)
    lines = [
        strings.jam.section(
            number, section, length_s, strings.jam.SQUARES[colour], detail.words_chars
        )
        for number, (section, length_s, colour) in enumerate(
            zip(jam.sections, jam.lengths_s, numbers, strict=True), 1
        )
    ]
    return _last_lines(lines, detail.sections)


def _last_lines(lines: list[str], most: int) -> list[str]:
    """Of a long piece the last sections: no more has room."""
    hidden = len(lines) - most
    return lines if hidden <= 0 else [strings.jam.sections_cut(hidden), *lines[hidden:]]
