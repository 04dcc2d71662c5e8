"""The studio's delivery port, on Discord."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from pathlib import Path

import discord

from bot.audio.names import track_filename
from bot.card import texts
from bot.card.render import CardRenderer
from bot.card.sentences import sentence
from bot.clock import Clock
from bot.delivery.editor import CardEditor
from bot.delivery.route import NOT_DONE, Parcel, Route, Track
from bot.errors import OutputTooLarge, RequestRefused, Undeliverable
from bot.generation import Generation, Reply, State
from bot.progress import Progress
from bot.tasks import TaskOwner

log = logging.getLogger(__name__)

_SPACING_S = 3.0
_SPACING_LATER_S = 10.0
_LATER_S = 60.0
_LONG_WAIT = timedelta(minutes=1)
"""Who waited longer has turned to something else, and is mentioned once at the end."""


class DiscordDelivery:
    """One editor for each running card; the last word of each goes by whichever way is open."""

    def __init__(self, client: discord.Client, renderer: CardRenderer, clock: Clock) -> None:
        self._route = Route(client, clock)
        self._renderer = renderer
        self._clock = clock
        self._editors: dict[str, CardEditor] = {}
        self._owner = TaskOwner()

    def show(self, generation: Generation, progress: Progress) -> None:
        """Show how far it is: soon, coalesced with what else is to be shown, at best effort."""
        editor = self._editors.get(generation.id)
        if editor is None:
            editor = self._editors[generation.id] = CardEditor(self._route.edit, self._clock)
        editor.spacing_s = _SPACING_LATER_S if progress.elapsed_s > _LATER_S else _SPACING_S
        if editor.want(Parcel(generation, self._renderer.running(generation, progress))):
            self._owner.start(editor.keep_up(), name=f"card {generation.id}")

    async def deliver(self, generation: Generation, track: Path) -> Reply:
        """Show the finished card with its track; the reply it is shown in.

        Raises:
            FileNotFoundError: there is no such file.
            OutputTooLarge, Undeliverable: Discord does not take it.
            NoWayNow, DiscordFault: it has to be tried again.
        """
        await self._stop_editor(generation)
        size_bytes = (await asyncio.to_thread(track.stat)).st_size
        limit_bytes = generation.reply.filesize_limit_bytes
        if size_bytes > limit_bytes:
            raise OutputTooLarge(limit_bytes)
        name = track_filename(generation.inputs.prompt, generation.seed, track.suffix.lstrip("."))
        card = self._renderer.ended(generation)
        placed = await self._route.put(Parcel(generation, card, Track(track, name)))
        if not placed.mentioned:
            await self._call(generation, texts.ready(generation.requester_id))
        return placed.reply

    async def end(self, generation: Generation) -> None:
        """Show that it failed or was canceled; a refusal is told to its person alone.

        Raises:
            NoWayNow, DiscordFault: it has to be tried again.
        """
        await self._stop_editor(generation)
        parcel = Parcel(generation, self._renderer.ended(generation))
        if generation.state is State.CANCELED:
            # Who deleted the message after canceling wants to see no other.
            await self._route.edit(parcel)
            return
        try:
            placed = await self._route.put(parcel)
        except Undeliverable:
            log.warning("generation %s ended, and its person may not be told", generation.id)
            return
        if isinstance(generation.failure, RequestRefused):
            await self._make_private(generation, sentence(generation.failure))
        elif not placed.mentioned:
            await self._call(generation, texts.over(generation.requester_id))

    async def close(self) -> None:
        """Stop every editor."""
        await self._owner.close()

    async def _stop_editor(self, generation: Generation) -> None:
        editor = self._editors.pop(generation.id, None)
        if editor is not None:
            await editor.stop()

    async def _make_private(self, generation: Generation, text: str) -> None:
        """Turn the refusal, visible to all so far, into one that its person alone sees.

        In this order: a followup becomes private only once the deferred reply has been edited,
        and whatever fails on the way, the sentence stays readable.
        """
        try:
            await self._route.say(generation.reply, text)
            await self._route.take_back(generation.reply)
        except NOT_DONE as error:
            log.warning("the refusal of generation %s stays public: %s", generation.id, error)

    async def _call(self, generation: Generation, text: str) -> None:
        ended_at = generation.ended_at or self._clock.now()
        if ended_at - generation.created_at <= _LONG_WAIT:
            return
        try:
            await self._route.say(generation.reply, text, mention=generation.requester_id)
        except NOT_DONE as error:
            log.warning("no mention for generation %s: %s", generation.id, error)
