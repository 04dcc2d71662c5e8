"""The pages of `/tracks list`: turn one, or show a track of it again; for who has asked for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import discord

from bot.card import strings
from bot.card.action import Action, ActionContext
from bot.card.actions.forget import FORGET_ONE
from bot.card.buttons import CardButton, CardSelect, card_button, card_select, view_of
from bot.card.interactions import check_permissions, check_requester, reading
from bot.card.markup import quoted, track_link
from bot.community.stars import Stars
from bot.domain.generation import Generation
from bot.domain.models import Models
from bot.domain.plain_text import shortened
from bot.engine.ports import Journal

PAGE_SIZE = 10
WORDS_MAX_CHARS = 50
"""A page's buttons carry the words that were searched for."""
PROMPT_MAX_CHARS = 120

_LABEL_MAX_CHARS = 100
_BY_STARS = "s"


@dataclass(frozen=True, slots=True)
class TrackList:
    """A page, counted from 0, of all that a search found."""

    tracks: Sequence[Generation]
    page: int
    total: int
    words: str = ""
    stars: Mapping[str, int] = field(default_factory=dict[str, int])
    by_stars: bool = False

    def embed(self, models: Models) -> discord.Embed:
        """What there is to read."""
        if not self.tracks:
            words = quoted(self.words, WORDS_MAX_CHARS)
            nothing = strings.tracks.none_with(words) if words else strings.tracks.NONE()
            return discord.Embed(title=strings.tracks.TITLE(), description=nothing)
        first = self.page * PAGE_SIZE + 1
        lines = [
            f"{number}. {track_link(track, PROMPT_MAX_CHARS)}"
            f"\n-# {' · '.join(self._facts(track, models))}"
            f" · <t:{int(track.created_at.timestamp())}:R>"
            for number, track in enumerate(self.tracks, start=first)
        ]
        embed = discord.Embed(title=strings.tracks.TITLE(), description="\n".join(lines))
        last = first + len(self.tracks) - 1
        return embed.set_footer(
            text=strings.tracks.shown(first, last, self.total, by_stars=self.by_stars)
        )

    def view(self, models: Models) -> discord.ui.View | None:
        """What there is to choose; None for a page with nothing."""
        items: list[CardButton | CardSelect] = []
        if self.tracks:
            options = [track_option(track, models) for track in self.tracks]
            items.append(card_select(SHOW, strings.tracks.PICK(), options))
            items.append(card_select(FORGET_ONE, strings.tracks.PICK_TO_FORGET(), options))
        if self.page > 0 or self.total > PAGE_SIZE:
            items += [
                self._turn(self.page - 1, strings.tracks.NEWER, possible=self.page > 0),
                self._turn(
                    self.page + 1,
                    strings.tracks.OLDER,
                    possible=(self.page + 1) * PAGE_SIZE < self.total,
                ),
            ]
        return view_of(*items) if items else None

    def _turn(self, page: int, label: str, *, possible: bool) -> CardButton:
        order = _BY_STARS if self.by_stars else ""
        about = f"{order}{page}:{self.words[:WORDS_MAX_CHARS]}"
        return card_button(PAGE, about, label=label, disabled=not possible)

    def _facts(self, track: Generation, models: Models) -> list[str]:
        stars = self.stars.get(track.id, 0)
        return [*([strings.stars.count(stars)] if stars else []), *track_facts(track, models)]


def read_turn(about: str) -> tuple[int, str, bool]:
    """What a page's button is about -> the page it leads to, the words, whether by stars."""
    page, _, words = about.partition(":")
    number = page.removeprefix(_BY_STARS)
    return (int(number) if number.isdecimal() else 0), words, number != page


def track_option(track: Generation, models: Models) -> discord.SelectOption:
    """A track to choose out of several."""
    return discord.SelectOption(
        label=_cut(track.inputs.prompt),
        value=track.id,
        description=" · ".join(track_facts(track, models))[:_LABEL_MAX_CHARS],
    )


def track_facts(track: Generation, models: Models) -> list[str]:
    """What tells a track from others in a list."""
    table = models.shown(track.fine_tune).table
    length_s = track.track_s if track.track_s is not None else table.duration_s(track.inputs)
    facts = [strings.tracks.GONE()] if track.reply.gone else []
    facts.append(strings.card.seconds(length_s))
    if track.fine_tune is not None:
        facts.append(track.fine_tune)
    if (model := table.model(track.inputs)) is not None:
        facts.append(model)
    return [*facts, strings.tracks.seed(track.seed)]


def _cut(prompt: str) -> str:
    return shortened(prompt, _LABEL_MAX_CHARS) or "…"


async def read_page(
    journal: Journal, stars: Stars, user_id: int, number: int, words: str, *, by_stars: bool = False
) -> TrackList:
    """A page of a person's tracks, counted from 0; the first, where that one is no more."""
    async with reading():
        total = await journal.count_tracks(user_id, words)
        # Where tracks were forgotten meanwhile, the list may have become shorter.
        number = number if number * PAGE_SIZE < total else 0
        if by_stars:
            tracks = await stars.tracks_of(user_id, words, PAGE_SIZE, number * PAGE_SIZE)
        else:
            tracks = await _newest(journal, user_id, words, number)
        counts = await stars.count([track.id for track in tracks])
    return TrackList(tracks, number, total, words, counts, by_stars)


async def _newest(journal: Journal, user_id: int, words: str, number: int) -> Sequence[Generation]:
    before: str | None = None
    if number > 0:
        before = (await journal.tracks_of(user_id, words, number * PAGE_SIZE)).more
    return (await journal.tracks_of(user_id, words, PAGE_SIZE, before)).tracks


async def _turn(context: ActionContext, about: str) -> None:
    """Another page, in place of the one before."""
    interaction, models = context.interaction, context.service.models
    number, words, by_stars = read_turn(about)
    journal, person = context.service.journal, interaction.user.id
    page = await read_page(journal, context.stars, person, number, words, by_stars=by_stars)
    await interaction.response.edit_message(embed=page.embed(models), view=page.view(models))


async def _show(context: ActionContext, generation_id: str) -> None:
    """Bring a track up here, as a card for everyone, with its audio where that can be had."""
    async with reading():
        generation = await context.service.get(generation_id)
    check_requester(context.interaction, generation.requester_id)
    check_permissions(context.interaction)
    async with context.thinking():
        await context.repost(generation)


PAGE = Action("page", _turn)
SHOW = Action("show", _show, makes=True)
