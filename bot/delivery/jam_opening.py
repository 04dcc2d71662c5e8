"""How jams begin on Discord: the reply to their command, and the thread that hangs on it."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Protocol

import discord

from bot.card import strings
from bot.card.actions import CHANGE
from bot.card.audio_attachments import track_attachment, track_files
from bot.card.buttons import card_button, view_of
from bot.card.drafts import Drafts, may_be_changed, read
from bot.community.ports import DraftJournal
from bot.delivery.in_its_language import in_its_language, read_by
from bot.discord_errors import REQUEST_FAILED, Meaning, has_thread, meaning_of
from bot.discord_internals import interaction_webhook, original_response
from bot.domain.clock import Clock
from bot.domain.errors import JamTrackGone, JournalFault, UserError
from bot.domain.generation import AudioSource
from bot.engine.ports import DiscordFault, Unreachable
from bot.jam.jam import Jam, Opening
from bot.jam.ports import JamJournal
from bot.locales import speaking

log = logging.getLogger(__name__)

_ACKNOWLEDGED_WITHIN = timedelta(seconds=4)
"""A command is answered within three seconds, or never."""
_NAME_MAX_CHARS = 100
_ARCHIVED_MINUTES = 10080
"""A week without a message, and Discord puts a thread away; the next one brings it back."""


class JamDisplayJournal(JamJournal, DraftJournal, Protocol):
    """What the display reads."""


class JamOpening:
    """The part of the display that is there before anybody takes part."""

    def __init__(self, client: discord.Client, journal: JamDisplayJournal, clock: Clock) -> None:
        self._client = client
        self._journal = journal
        self._clock = clock

    async def source_of(self, track_id: str) -> AudioSource:
        """The audio of a track, as its message has it.

        Raises:
            JamTrackGone: it is not to be had any more, or is in several files.
        """
        track = await self._journal.get(track_id)
        if track is None or track.reply.gone:
            raise JamTrackGone
        reply = track.reply
        place = self._client.get_partial_messageable(reply.channel_id, guild_id=reply.guild_id)
        with asked_of_discord():
            try:
                message = await place.fetch_message(reply.message_id)
            except discord.HTTPException as error:
                if meaning_of(error) is Meaning.FAULT:
                    raise
                raise JamTrackGone from error
        file = track_attachment(message, track)
        if file is None or len(track_files(message, track)) > 1:
            raise JamTrackGone
        return file.source

    @in_its_language
    async def refuse(self, jam: Jam, error: UserError) -> None:
        """Tell who wanted to begin it why it does not: them alone, where its token still lives."""
        opening = jam.opening
        if opening is None:
            return
        with asked_of_discord():
            message_id = opening.message_id or await self._find(jam, opening)
            if message_id is None:
                raise DiscordFault
            await self._answer(jam, message_id, strings.errors.sentence(error))
            if not opening.token:
                return
            # Once, and not at each try.
            with speaking(read_by(self._client, jam.host_id, jam)):
                text = strings.errors.sentence(error)
                view = await self._change_it(jam.host_id, opening, error)
            webhook = interaction_webhook(self._client, opening.application_id, opening.token)
            with suppress(*REQUEST_FAILED):
                await webhook.send(text, view=view, ephemeral=True, wait=True)
                await webhook.delete_message(message_id)

    async def _change_it(self, host_id: int, opening: Opening, error: UserError) -> discord.ui.View:
        """A button that opens what was typed again; none where that is not at hand."""
        draft = None if opening.draft is None else read(opening.draft)
        if draft is None or not may_be_changed(error):
            return view_of()
        try:
            draft_id = await Drafts(self._journal, self._clock).keep(host_id, draft.showing(error))
        except JournalFault as fault:
            log.warning("what was refused cannot be kept: %s", fault)
            return view_of()
        return view_of(card_button(CHANGE, draft_id))

    @in_its_language
    async def open(self, jam: Jam) -> int | None:
        """Its thread, made now or before; None where that has to wait a moment."""
        opening = jam.opening
        if opening is None:
            raise Unreachable(channel_gone=True)
        if self._client.get_guild(jam.guild_id) is None:
            # Another process has its server; or this one will, in a moment.
            return None
        with asked_of_discord():
            message_id = opening.message_id or await self._find(jam, opening)
            if message_id is None:
                return None
            await self._announce(jam, message_id)
            return await self._thread_of(jam, message_id)

    @in_its_language
    async def tell(self, jam: Jam) -> None:
        """Say where it was begun how it stands with it, at best effort; raises nothing."""
        message_id = jam.thread_id or (0 if jam.opening is None else jam.opening.message_id)
        if message_id:
            await self._announce(jam, message_id)

    async def _announce(self, jam: Jam, message_id: int) -> None:
        for theme in (jam.terms.theme, None):
            text = strings.jam_begin.where_begun(jam, theme, message_id)
            try:
                await self._answer(jam, message_id, text)
            except REQUEST_FAILED as error:
                if theme is not None and meaning_of(error) is Meaning.WORDS_BLOCKED:
                    continue
                # The thread is what counts.
                log.info("the message that it began with stays as it is: %s", error)
            return

    async def _answer(self, jam: Jam, message_id: int, text: str) -> None:
        """Have the reply say this, by its token as long as that is kept, or by the bot's own."""
        if (opening := jam.opening) is not None and opening.token:
            webhook = interaction_webhook(self._client, opening.application_id, opening.token)
            try:
                await webhook.edit_message(message_id, content=text)
            except discord.HTTPException as error:
                if meaning_of(error) in {Meaning.FAULT, Meaning.WORDS_BLOCKED}:
                    raise
            else:
                return
        await self._channel(jam).get_partial_message(message_id).edit(content=text)

    async def _find(self, jam: Jam, opening: Opening) -> int | None:
        """The reply whose acknowledgement nobody has seen; None while it may still come."""
        if self._clock.now() - jam.created_at < _ACKNOWLEDGED_WITHIN:
            return None
        if not opening.token:
            raise Unreachable(channel_gone=True)
        webhook = interaction_webhook(self._client, opening.application_id, opening.token)
        try:
            return int((await original_response(webhook))["id"])
        except discord.HTTPException as error:
            if meaning_of(error) is Meaning.FAULT:
                raise
            # Nobody was told that it begins.
            raise Unreachable(channel_gone=True) from error

    async def _thread_of(self, jam: Jam, message_id: int) -> int:
        """A thread has the id of the message that it hangs on, so making it twice makes one."""
        message = self._channel(jam).get_partial_message(message_id)
        names = (
            strings.jam_begin.thread_name(jam.terms.theme, _NAME_MAX_CHARS),
            strings.jam_begin.THREAD(),
        )
        for name in names:
            try:
                thread = await message.create_thread(
                    name=name, auto_archive_duration=_ARCHIVED_MINUTES
                )
            except discord.HTTPException as error:
                if has_thread(error):
                    return message_id
                if (
                    name != strings.jam_begin.THREAD()
                    and meaning_of(error) is Meaning.WORDS_BLOCKED
                ):
                    continue
                raise
            return thread.id
        raise Unreachable

    def _channel(self, jam: Jam) -> discord.PartialMessageable:
        """The channel where a jam was begun."""
        return self._client.get_partial_messageable(jam.channel_id, guild_id=jam.guild_id)


@contextmanager
def asked_of_discord() -> Generator[None, None, None]:
    """Surrounds requests: what Discord answers becomes `DiscordFault` or `Unreachable`."""
    try:
        yield
    except REQUEST_FAILED as error:
        match meaning_of(error):
            case Meaning.FAULT:
                raise DiscordFault from error
            case Meaning.CHANNEL_GONE:
                raise Unreachable(channel_gone=True) from error
            case _:
                raise Unreachable(may_reopen=True) from error
