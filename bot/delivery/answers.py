"""Answers that take a while: told to the journal first, so that none stays open for ever.

What makes tracks has its own row, and goes on after a kill. What only shows or packs something is
not begun anew: its person is told to ask once more.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Protocol

import discord

from bot.card import strings
from bot.card.interactions import language_here
from bot.discord_errors import REQUEST_FAILED, Meaning, meaning_of
from bot.discord_internals import interaction_webhook, message_flags, original_response
from bot.domain.clock import Clock
from bot.domain.errors import JournalFault
from bot.domain.generation import new_generation_id
from bot.domain.journal_values import PendingAnswer
from bot.engine.background import BackgroundTasks
from bot.engine.journal_watch import keep_looking
from bot.locales import current, speaking

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 10.0
_WITHIN_S = 0.5
"""Discord waits for the acknowledgement, which comes after the row."""
_TELL_WITHIN_S = 20.0


class AnswerJournal(Protocol):
    """What is journalled of answers. Methods raise `JournalFault`."""

    async def expect_answer(self, answer: PendingAnswer) -> None:
        """Note that somebody waits for one from this process."""
        ...

    async def answered(self, *answer_ids: str) -> None:
        """Nobody waits for these any more."""
        ...

    async def lost_answers(self) -> list[PendingAnswer]:
        """Those of processes that are gone."""
        ...


class Answers:
    """Opens answers that take a while, and ends those that others have left open."""

    def __init__(self, client: discord.Client, journal: AnswerJournal, clock: Clock) -> None:
        self._client = client
        self._journal = journal
        self._clock = clock
        self._owner = BackgroundTasks()

    def start(self) -> None:
        """Look again and again for what is left open, as soon as Discord can be told."""
        if len(self._owner):
            return
        meanwhile = "answers that were cut off stay open for now"
        look = keep_looking(
            self._clock, self._end_lost, meanwhile, lambda: _LOOK_EVERY_S, at_once=True
        )
        self._owner.start(look, name="answers")

    async def close(self) -> None:
        """Stop looking for what was left open."""
        await self._owner.close()

    async def expect(
        self, interaction: discord.Interaction, *, ephemeral: bool = False
    ) -> PendingAnswer:
        """Note that it is about to be acknowledged; looked at anew only where this process dies."""
        answer = PendingAnswer(
            new_generation_id(),
            interaction.application_id,
            interaction.token,
            interaction.expires_at,
            current() if ephemeral else language_here(interaction),
        )
        try:
            async with asyncio.timeout(_WITHIN_S):
                await self._journal.expect_answer(answer)
        except (JournalFault, TimeoutError) as error:
            # Without its row it is as good, unless this process dies meanwhile.
            log.warning("an answer is not journalled: %r", error)
        return answer

    @asynccontextmanager
    async def thinking(
        self, interaction: discord.Interaction, *, ephemeral: bool = False
    ) -> AsyncGenerator[None, None]:
        """Acknowledge, and surround what ends in an answer: it, or why there is none.

        Raises:
            discord.HTTPException: Discord has not taken it.
        """
        answer = await self.expect(interaction, ephemeral=ephemeral)
        try:
            await interaction.response.defer(thinking=True, ephemeral=ephemeral)
            yield
        except Exception:
            # Whoever catches it tells its person.
            await self._was_answered(answer)
            raise
        # Who is broken off leaves it to the next start.
        await self._was_answered(answer)

    async def _was_answered(self, answer: PendingAnswer) -> None:
        try:
            await self._journal.answered(answer.id)
        except JournalFault as error:
            # Looked at once more later on, it turns out to be answered.
            log.warning("an answer stays journalled: %s", error)

    async def _end_lost(self) -> None:
        now = self._clock.now()
        for answer in await self._journal.lost_answers():
            if await self._is_ended(answer, now):
                await self._journal.answered(answer.id)

    async def _is_ended(self, answer: PendingAnswer, now: datetime) -> bool:
        """Say that it was cut off, unless it is answered; False where that is to be tried again."""
        if answer.token_expires_at <= now:
            return True
        webhook = interaction_webhook(self._client, answer.application_id, answer.token)
        try:
            async with asyncio.timeout(_TELL_WITHIN_S):
                shown = await original_response(webhook)
                if message_flags(shown.get("flags", 0)).loading:
                    with speaking(answer.language):
                        text = strings.card.CUT_OFF()
                    await webhook.edit_message(int(shown["id"]), content=text)
        except REQUEST_FAILED as error:
            log.info("an answer that was cut off cannot be ended: %r", error)
            return meaning_of(error) is not Meaning.FAULT
        return True
