"""Shows cards on Discord: while they change, and at their end, with the track."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import discord

from bot.card.audio_attachments import track_attachment
from bot.card.render import CardRenderer, without_words
from bot.community.ports import CommunityJournal
from bot.delivery.followups import make_private, mention, tell_alone
from bot.delivery.in_its_language import in_its_language
from bot.delivery.live_card import CardEditor, LiveCard
from bot.delivery.message import OutgoingMessage, Track
from bot.delivery.message_turn import message_turn
from bot.delivery.pictures import Pictures
from bot.delivery.sender import Sender
from bot.delivery.transport import WordsBlocked
from bot.delivery.upload import TrackUpload
from bot.domain.clock import Clock
from bot.domain.errors import JournalFault, OutputTooLarge, RequestRefused
from bot.domain.generation import Generation, Relation, Reply, State
from bot.domain.progress import Progress
from bot.engine.background import BackgroundTasks
from bot.engine.ports import DiscordFault, Moved, Sound, Unreachable
from bot.jam.service import Jams
from bot.locales import speaking

log = logging.getLogger(__name__)

_SPACING_S, _SPACING_LATER_S = 3.0, 10.0
_LATER_S = 60.0
_LONG_UPLOAD_BYTES = 4 * 1024 * 1024
"""More than the model itself makes; it takes some seconds, and one more edit is worth it."""


class DiscordDelivery:
    """One editor for each message; the end of each card is shown by whichever token can."""

    def __init__(
        self,
        client: discord.Client,
        renderer: CardRenderer,
        journal: CommunityJournal,
        sound: Sound,
        clock: Clock,
        jams: Jams,
    ) -> None:
        self._jams = jams
        self._sender = Sender(client, clock)
        self._pictures = Pictures(self._sender, sound, clock)
        self._renderer = renderer
        self._journal = journal
        self._sound = sound
        self._clock = clock
        self._cards: dict[str, LiveCard] = {}
        self._owner = BackgroundTasks()

    def show(self, generation: Generation, progress: Progress) -> None:
        """Show how far it is: soon, coalesced with what else is to be shown, at best effort."""
        live = self._card(generation)
        live.follow(generation, progress)
        self._pictures.expects(generation, is_coming=progress.about_to_end)
        live.editor.spacing_s = _SPACING_LATER_S if progress.elapsed_s > _LATER_S else _SPACING_S
        with speaking(generation.language):
            if live.is_read or not _has_more_to_tell(generation):
                self._refresh(live, generation)
            elif not live.reading:
                live.reading = True
                self._owner.start(self._read_and_show(live, generation), f"card {generation.id}")

    @in_its_language
    async def find(self, generation: Generation) -> Reply | None:
        """Its reply, whose acknowledgement was cut off, with the message; None where it has none.

        Raises:
            Unreachable: nobody can tell any more.
            DiscordFault: it has to be tried again.
            JournalFault: what else the card is about cannot be read.
        """
        named = generation.id
        if generation.batch_id is not None:
            named = (await self._journal.batch(generation.batch_id))[0].id
        return await self._sender.find(generation, named)

    @in_its_language
    async def deliver(
        self, generation: Generation, track: Path, *, untouched: bool = False
    ) -> Reply | Moved:
        """Show the finished card with its track; the reply it is shown in.

        `Moved` where that is another one now, and the track comes with the next call only. An
        `untouched` track is neither drawn nor converted.

        Raises:
            FileNotFoundError: there is no such file.
            OutputTooLarge: Discord does not take it.
            Unreachable, DiscordFault: it has to be tried again.
        """
        with self._pictures.delivering(generation):
            live = await self._for_the_end(generation)
            async with live.editor.turn, message_turn(self._journal, self._clock, generation):
                await self._read(live, generation)
                mentioned = await self._put_track(live, generation, track, untouched=untouched)
                if isinstance(mentioned, Moved):
                    return mentioned
                if generation.batch_id is not None:
                    self._refresh(live, generation)
        await self._let_go(live, generation)
        if not mentioned and not (live.take and live.take.is_blind):
            await mention(self._sender, live, generation, self._clock.now())
        return live.reply(generation)

    @in_its_language
    async def follow_up(self, generation: Generation, track: Path) -> None:
        """Add to a delivered track what could wait: its picture. At best effort."""
        if generation.batch_id is None:
            await self._pictures.after_track(generation, track)
            return
        takes = await self._takes_of(generation)
        number = next((n for n, take in enumerate(takes, 1) if take.id == generation.id), None)
        if number is not None:
            await self._pictures.draw_take(generation, track, number)
            await self._add_strips(generation)

    async def has_track(self, generation: Generation) -> bool:
        """Whether its file is in its message already: an upload's answer may have been lost."""
        return track_attachment(await self._sender.shown(generation.reply), generation) is not None

    @in_its_language
    async def end(self, generation: Generation) -> Moved | None:
        """Show that it failed or was canceled; a refusal is told to its person alone.

        `Moved` where the reply is another one now, and is to be journalled first.

        Raises:
            Unreachable, DiscordFault: it has to be tried again.
        """
        self._pictures.expects(generation, is_coming=False)
        live = await self._for_the_end(generation)
        async with live.editor.turn, message_turn(self._journal, self._clock, generation):
            await self._read(live, generation)
            live.follow(generation)
            mentioned = await self._put_end(live, generation)
        if isinstance(mentioned, Moved):
            return mentioned
        await self._let_go(live, generation)
        if generation.batch_id is not None:
            await self._add_strips(generation)
        if mentioned is not None:
            if isinstance(generation.failure, RequestRefused) and generation.batch_id is None:
                await make_private(self._sender, generation)
            elif generation.state is not State.CANCELED and not mentioned:
                await mention(self._sender, live, generation, self._clock.now())
        return None

    async def _takes_of(self, generation: Generation) -> Sequence[Generation]:
        try:
            return await self._journal.batch(generation.batch_id or "")
        except JournalFault as error:
            log.warning("its picture tells less: %s", error)
            return []

    async def _add_strips(self, generation: Generation) -> None:
        """Add the picture of a card's takes, where this was the last of them to end."""
        takes = await self._takes_of(generation)
        if takes and all(take.state.final for take in takes):
            await self._pictures.after_takes(takes)

    def drop(self, generation: Generation) -> None:
        """Show nothing more of it, nor of what it shares a card with until that shows itself."""
        self._pictures.expects(generation, is_coming=False)
        if (live := self._cards.pop(generation.batch_id or generation.id, None)) is not None:
            live.editor.abandon()

    async def close(self) -> None:
        """Stop every editor."""
        await self._owner.close()

    def _card(self, generation: Generation) -> LiveCard:
        key = generation.batch_id or generation.id
        if (live := self._cards.get(key)) is None:
            live = self._cards[key] = LiveCard(CardEditor(self._sender, self._clock))
        return live

    async def _for_the_end(self, generation: Generation) -> LiveCard:
        """The card whose generation has ended; no edit of one that shows nothing else follows."""
        live = self._card(generation)
        if generation.batch_id is None:
            del self._cards[generation.id]
            await live.editor.stop()
        return live

    async def _let_go(self, live: LiveCard, generation: Generation) -> None:
        if generation.batch_id is not None and live.all_ended:
            self._cards.pop(generation.batch_id, None)
            await live.editor.stop()

    def _refresh(self, live: LiveCard, generation: Generation) -> None:
        if live.editor.want(live.outgoing(self._renderer, generation), live.next_within_s):
            self._owner.start(live.editor.keep_up(), name=f"card {generation.id}")

    async def _read_and_show(self, live: LiveCard, generation: Generation) -> None:
        await self._read(live, generation)
        self._refresh(live, next(take for take in live.takes if take.id == generation.id))

    async def _read(self, live: LiveCard, generation: Generation) -> None:
        """Learn from the journal what else the card tells; without it, it tells less."""
        try:
            if generation.batch_id is not None:
                takes = await self._journal.batch(generation.batch_id)
                live.learn(takes)
                live.stars = await self._journal.stars_of([take.id for take in takes])
            if generation.relation is Relation.TAKE:
                live.take = await self._jams.view_of(generation.id)
            if generation.parent_id is not None and not live.is_read:
                for parent in await self._journal.ancestry(generation.id, 1):
                    live.parent = parent
        except JournalFault as error:
            log.warning("its card tells less: %s", error)
        live.is_read = True

    async def _put_track(
        self, live: LiveCard, generation: Generation, path: Path, *, untouched: bool
    ) -> bool | Moved:
        """Upload the track in the best form that Discord takes; whether it was mentioned before."""
        limit_bytes = self._sender.limit_bytes(live.reply(generation))
        number = live.number_of(generation)
        upload = TrackUpload(
            self._sound, path, generation, limit_bytes, untouched=untouched, take=number
        )
        try:
            mentioned = await self._upload(live, generation, upload)
        finally:
            await upload.clean_up()
        if isinstance(mentioned, Moved):
            live.moved(mentioned.reply)
        return mentioned

    async def _upload(
        self, live: LiveCard, generation: Generation, upload: TrackUpload
    ) -> bool | Moved:
        """Try one form after the other, with what its person wrote or else without."""
        placeholder, with_words = partial(self._renderer.coming, generation), True
        track = await self._drawn(generation, upload)
        while True:
            whole = live.outgoing(self._renderer, generation, track=track, note=upload.note)
            outgoing = whole if with_words else whole.without_words()
            if track.size_bytes >= _LONG_UPLOAD_BYTES:
                uploading = live.uploading(self._renderer, generation, self._clock.now())
                await self._show_meanwhile(live, uploading)
            try:
                mentioned = await self._sender.put(outgoing, placeholder)
            except WordsBlocked:
                if not with_words:
                    raise
                placeholder, with_words = partial(without_words, placeholder()), False
            except OutputTooLarge as error:
                upload.refused(track, error)
                track = await upload.track()
            except Unreachable:
                if generation.batch_id is None:
                    waiting = self._renderer.waiting(generation)
                    await self._show_meanwhile(live, replace(outgoing, card=waiting, track=None))
                raise
            else:
                if not isinstance(mentioned, Moved):
                    live.placed(generation, outgoing.generation.reply, upload.note)
                    live.editor.showed(outgoing.card)
                return mentioned

    async def _drawn(self, generation: Generation, upload: TrackUpload) -> Track:
        """The track, with its picture where there is time for one."""
        track = await upload.track()
        is_drawn = generation.batch_id is None and upload.is_drawable
        if is_drawn and self._pictures.has_time(generation):
            await upload.draw()
            track = replace(track, picture=upload.picture)
        return track

    async def _show_meanwhile(self, live: LiveCard, outgoing: OutgoingMessage) -> None:
        """Say what keeps the track from its card, where that can be said."""
        with suppress(DiscordFault):
            if not live.editor.shows(outgoing.card) and await self._sender.edit(outgoing):
                live.editor.showed(outgoing.card)

    async def _put_end(self, live: LiveCard, generation: Generation) -> bool | Moved | None:
        """Show an end without a track, as `_put_track`; None where nobody can or need be told."""
        outgoing = live.outgoing(self._renderer, generation)
        reply = outgoing.generation.reply
        if outgoing.shares_message and live.editor.shows(outgoing.card):
            return False
        mentioned: bool | Moved = False
        is_shown = False
        is_refused = isinstance(generation.failure, RequestRefused) and not outgoing.shares_message
        if generation.state is State.CANCELED or is_refused:
            is_shown = await self._sender.edit_last(outgoing)
            # Who deleted the message after canceling wants to see no other.
            if not is_shown and (not is_refused or await tell_alone(self._sender, generation)):
                return None
        if not is_shown:
            try:
                try:
                    mentioned = await self._sender.put(outgoing)
                except WordsBlocked:
                    outgoing = outgoing.without_words()
                    mentioned = await self._sender.put(outgoing)
            except Unreachable as error:
                if not error.channel_gone:
                    raise
                log.warning("ended, and its channel is gone")
                return None
            if isinstance(mentioned, Moved):
                live.moved(mentioned.reply)
                return mentioned
        live.placed(generation, reply, "")
        live.editor.showed(outgoing.card)
        return mentioned


def _has_more_to_tell(generation: Generation) -> bool:
    """Whether its card tells of more than itself."""
    of_others = generation.parent_id, generation.batch_id
    return of_others != (None, None) or generation.relation is Relation.TAKE
