"""Shows jams on Discord: the thread, the card with the piece, the numbers of votes, the mix.

All of it is sent with the bot's own token. A message that is sent anew after a crash has the nonce
of the first try, by which Discord knows it for some minutes.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import discord

from bot.card import strings
from bot.card.jam_card import (
    jam_embed,
    jam_view,
    mix_embed,
    take_label,
    take_view,
    without_words,
)
from bot.card.markup import jump_url
from bot.community.jam_budget import JamBudget
from bot.delivery.in_its_language import in_its_language
from bot.delivery.jam_files import JamFiles
from bot.delivery.jam_opening import JamDisplayJournal, JamOpening, asked_of_discord
from bot.delivery.member_names import names_of
from bot.delivery.transport import SURE_LIMIT_BYTES
from bot.discord_errors import REQUEST_FAILED, Meaning, meaning_of, needs_new_message
from bot.domain.clock import Clock
from bot.domain.errors import JournalFault
from bot.domain.generation import Generation, State
from bot.domain.mixes import MixTerms
from bot.jam import steps
from bot.jam.jam import Jam, Shown

log = logging.getLogger(__name__)

_OUT_OF_SIGHT = 2
"""So many messages below a card fill a screen, where they are takes: a new piece comes below."""
_FAR_AWAY = 4
"""So many takes below it, and within a round too people look for its buttons further down."""
_NONCE_MAX_CHARS = 25
_UNKNOWN_HEAD = ""
_JAMS_REMEMBERED = 500


@dataclass(slots=True)
class _Labels:
    """What this process knows the messages of a jam's takes to show."""

    round_number: int = 0
    labels: dict[str, str] = field(default_factory=dict[str, str])
    """Of the Vote buttons of this round's takes, by their ids."""


class DiscordJamDisplay(JamOpening):
    """Where people see jams; a `bot.jam.ports.JamDisplay`."""

    def __init__(
        self,
        client: discord.Client,
        journal: JamDisplayJournal,
        files: JamFiles,
        budget: JamBudget,
        clock: Clock,
        *,
        with_voice: bool = False,
    ) -> None:
        super().__init__(client, journal, clock)
        self._files = files
        self._budget = budget
        self._with_voice = with_voice
        self._known: dict[str, _Labels] = {}

    @in_its_language
    async def show(self, jam: Jam) -> Shown:
        """Show its card: edited, or sent anew where it is gone or has scrolled away."""
        takes = await self._takes_of(jam)
        links = {take.id: jump_url(take.reply) for take in takes}
        budget = await self._left(jam)
        view = jam_view(jam, with_voice=self._with_voice)
        with asked_of_discord():
            try:
                shown = await self._show(jam, takes, jam_embed(jam, links, budget), view)
            except discord.HTTPException as error:
                if meaning_of(error) is not Meaning.WORDS_BLOCKED:
                    raise
                log.info("shown without its words: %s", error)
                embed = jam_embed(jam, links, budget, with_words=False)
                shown = await self._show(jam, takes, embed, view)
            await self._label(jam, takes)
        return shown

    async def _show(
        self, jam: Jam, takes: Sequence[Generation], embed: discord.Embed, view: discord.ui.View
    ) -> Shown:
        thread, old = self._thread(jam), jam.shown
        same = old is not None and old.head == jam.head
        if old is not None:
            # In a long round too its buttons are where people are.
            below = [take for take in takes if take.reply.message_id > old.message_id]
            same = same and len(below) < _FAR_AWAY
        if old is not None and old.message_id:
            message = thread.get_partial_message(old.message_id)
            try:
                if same:
                    await message.edit(embed=embed, view=view)
                    return Shown(old.message_id, jam.revision, jam.head)
                if not await self._has_scrolled_away(thread, old.message_id):
                    async with self._piece(jam) as files:
                        await message.edit(embed=embed, view=view, attachments=files)
                    return Shown(old.message_id, jam.revision, jam.head)
            except discord.HTTPException as error:
                if not needs_new_message(error):
                    raise
        async with self._piece(jam) as files:
            # The same for each try to follow the same message, of which one may have arrived.
            after = 0 if old is None else old.message_id
            nonce = f"{jam.id}{after % 10**12}"[:_NONCE_MAX_CHARS]
            sent = await thread.send(embed=embed, view=view, files=files, nonce=nonce)
        if old is not None and old.message_id:
            await self._point_to(thread, old.message_id, sent)
        if not _says(sent, embed):
            # It was sent before, and is to show what it is by now.
            return Shown(sent.id, jam.revision - 1, _UNKNOWN_HEAD)
        return Shown(sent.id, jam.revision, jam.head)

    async def _has_scrolled_away(self, thread: discord.PartialMessageable, message_id: int) -> bool:
        after = discord.Object(message_id)
        below = [message async for message in thread.history(limit=_OUT_OF_SIGHT, after=after)]
        return len(below) >= _OUT_OF_SIGHT

    async def _point_to(
        self, thread: discord.PartialMessageable, old_id: int, new: discord.Message
    ) -> None:
        try:
            await thread.get_partial_message(old_id).edit(
                content=strings.jam.moved(new.jump_url),
                embed=None,
                view=None,
                attachments=[],
            )
        except REQUEST_FAILED as error:
            log.info("an old card of a jam stays: %s", error)

    @asynccontextmanager
    async def _piece(self, jam: Jam) -> AsyncGenerator[list[discord.File], None]:
        """The piece as audio and picture, as uploads for one use; none where it has none."""
        async with (
            self._files.of_card(jam, self._limit_bytes(jam)) as found,
            found.opened() as files,
        ):
            yield files

    @in_its_language
    async def post_mix(self, jam: Jam, terms: MixTerms) -> None:
        """Post the mix of its piece."""
        authors = {section.author_id for section in jam.sections} - {steps.NOBODY}
        names = await names_of(self._client, jam.guild_id, authors)
        nonce = f"{jam.id}-mix{jam.mixes_posted + 1}"[:_NONCE_MAX_CHARS]
        with asked_of_discord():
            async with self._files.of_mix(jam, terms, names, self._limit_bytes(jam)) as found:
                if found.mixed is None:
                    words = strings.jam_mix
                    text = words.LOST() if found.is_lost else words.FAILED()
                    text = words.TOO_LARGE() if found.is_too_large else text
                    await self._thread(jam).send(text, nonce=nonce)
                    return
                for said in (jam, without_words(jam)):
                    embed = mix_embed(
                        said,
                        terms,
                        found.mixed,
                        self._files.model_name,
                        has_sections=found.has_sections,
                    )
                    try:
                        async with found.opened() as files:
                            await self._thread(jam).send(embed=embed, files=files, nonce=nonce)
                    except discord.HTTPException as error:
                        if said is not jam or meaning_of(error) is not Meaning.WORDS_BLOCKED:
                            raise
                    else:
                        return

    # ------------------------------------------------------------------ takes

    async def _left(self, jam: Jam) -> str | None:
        """What is left of its budget; None where it has none, or that is not known."""
        try:
            left = await self._budget.left(jam.id, jam.guild_id, self._clock.now())
        except JournalFault as error:
            log.warning("what is left of its budget is not known: %s", error)
            return None
        return strings.limits.jam_budget(left)

    async def _takes_of(self, jam: Jam) -> list[Generation]:
        """The takes that can be heard in this round, as far as is known."""
        return await self._generations([take.id for take in jam.round.made])

    async def _generations(self, ids: Sequence[str]) -> list[Generation]:
        try:
            found = [await self._journal.get(take_id) for take_id in ids]
        except JournalFault as error:
            log.warning("the messages of takes are not known: %s", error)
            return []
        return [take for take in found if take is not None and take.reply.known]

    async def _label(self, jam: Jam, takes: list[Generation]) -> None:
        """Put the numbers of votes on the takes' buttons; those of the round before are over."""
        known = self._known.pop(jam.id, None) or _Labels()
        self._known[jam.id] = known
        while len(self._known) > _JAMS_REMEMBERED:
            del self._known[next(iter(self._known))]
        if known.round_number != jam.round.number:
            for take in await self._generations(await self._takes_before(jam)):
                if take.state is State.DELIVERED:
                    await self._edit_take(jam, take)
            known.round_number, known.labels = jam.round.number, {}
        for take in takes:
            label = take_label(jam, take.id)
            # Its own card comes with a button that says just this.
            is_new = known.labels.get(take.id, strings.jam.vote_label(0)) != label
            if is_new and take.state is State.DELIVERED:
                await self._edit_take(jam, take)
                known.labels[take.id] = label

    async def _takes_before(self, jam: Jam) -> list[str]:
        """The takes of the round before; none where they are not known: the card is shown."""
        try:
            return [row.id for row in await self._journal.takes_in(jam.id, jam.round.number - 1)]
        except JournalFault as error:
            log.warning("the takes of a round that is over keep their buttons: %s", error)
            return []

    async def _edit_take(self, jam: Jam, take: Generation) -> None:
        message = self._thread(jam).get_partial_message(take.reply.message_id)
        try:
            await message.edit(view=take_view(jam, take.id))
        except REQUEST_FAILED as error:
            log.info("a take's buttons stay as they are: %s", error)

    # ------------------------------------------------------------------ where

    def _thread(self, jam: Jam) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(jam.thread_id or 0, guild_id=jam.guild_id)

    def _limit_bytes(self, jam: Jam) -> int:
        guild = self._client.get_guild(jam.guild_id)
        return SURE_LIMIT_BYTES if guild is None else guild.filesize_limit


def _says(message: discord.Message, embed: discord.Embed) -> bool:
    shown = [one.description for one in message.embeds]
    return shown == [embed.description]
