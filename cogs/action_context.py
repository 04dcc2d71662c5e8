"""What an action may do about its interaction: the context of one press, choice or form."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import discord

from bot.card.action import Memory
from bot.card.actions import ACTIONS
from bot.card.actions.source import options_among
from bot.card.audio_attachments import AudioAttachment
from bot.card.drafts import Draft
from bot.card.interactions import asked_by, reading
from bot.card.report import give_way
from bot.client import MusicGenBot
from bot.domain.errors import BotError, DeliveredTwice, DraftGone, GenerationUnknown
from bot.domain.generation import Generation
from bot.domain.request import AnyRequest
from bot.domain.server_rules import Change
from bot.host.log_context import about
from bot.jam.jam import Jam, Terms
from bot.jam.request import JamRequest
from bot.voice.session import Item, Session, Source
from cogs.acknowledging import acknowledge
from cogs.announce import announce
from cogs.jam_asked import begin_asked, begin_with, branch_asked
from cogs.jam_listen import play_piece
from cogs.loops import make_loop
from cogs.pack import pack
from cogs.repost import repost
from cogs.start import start
from cogs.voice_play import change_voice, play_in_voice

log = logging.getLogger(__name__)

_KNOWN_WITHIN_S = 0.5


class Context:
    """A `bot.card.action.ActionContext`, which says what each method raises."""

    def __init__(
        self,
        bot: MusicGenBot,
        interaction: discord.Interaction,
        memory: Memory,
        taken: deque[int],
    ) -> None:
        self._bot = bot
        self.interaction = interaction
        self.service = bot.service
        self.stars = bot.stars
        self.presets = bot.presets
        self.jams, self.jam_budget = bot.jams, bot.jam_budget
        self.clock = bot.clock
        self.memory = memory
        self.server_rules = bot.server_rules
        self.draft: Draft | None = None
        self.drafts = bot.drafts
        self._taken = taken
        """The interactions that are taken on: Discord may deliver one twice."""

    def check_rules(self, *, card_of: int | None = None, audio_of: int | None = None) -> None:
        """Hold it against the server's rules."""
        asked = replace(asked_by(self.interaction), card_of=card_of, audio_of=audio_of)
        self.server_rules.check(asked)

    def check_block(self) -> None:
        """Hold its person against blocks alone."""
        self.server_rules.check_block(asked_by(self.interaction))

    async def acknowledge_once(self, generation_id: str) -> None:
        """Defer, before anything is done that does harm when it is done twice."""
        self._take_on()
        try:
            async with reading(_KNOWN_WITHIN_S):
                await self.service.get(generation_id)
        except GenerationUnknown:
            await give_way(self.interaction)
        except BotError as error:
            with about(generation_id, self.interaction.guild_id):
                log.info("whether it is known here is not known: %r", error)
        await acknowledge(self.interaction)

    def _take_on(self) -> None:
        if self.interaction.id in self._taken:
            raise DeliveredTwice
        self._taken.append(self.interaction.id)

    async def start(self, request: AnyRequest, takes: int = 1) -> None:
        """Make it for whoever pressed, in a new reply."""
        await start(self._bot, self.interaction, request, takes)

    async def reopen(self, draft_id: str) -> None:
        """Open a form as its person left it."""
        async with reading():
            self.draft = draft = await self.drafts.get(draft_id, self.interaction.user.id)
            action = ACTIONS.get(draft.action)
            if action is None:
                raise DraftGone
            if action.makes:
                self.check_rules()
            if draft.from_card and action.form is not None:
                form = await action.form(self, draft.about)
            elif action.menu is not None:
                form = action.menu.form(draft.about, options_among(draft.files))
            else:
                raise DraftGone
        form.reopened(draft_id, draft.values)
        await form.send(self.interaction)

    async def is_owner(self) -> bool:
        """Whether the bot is this person's, or their team's."""
        return await self._bot.is_owner(self.interaction.user)

    async def announce(self, changes: Sequence[Change]) -> None:
        """Post what was changed to the server's log channel."""
        await announce(self._bot, self.interaction, changes)

    async def make_loop(self, take: Generation, card: discord.Message | None) -> None:
        """Show the best loop of a track."""
        await make_loop(self._bot, self.interaction, take, card)

    async def pack(self, tracks: Sequence[Generation], card: discord.Message | None) -> None:
        """Give tracks in one file."""
        await pack(self._bot, self.interaction, tracks, card)

    async def start_jam(self, request: JamRequest) -> None:
        """Begin a jam here, as `/jam start` does."""
        await begin_asked(self._bot, self.interaction, request)

    async def branch_jam(self, jam_id: str, theme: str | None, sections: int | None) -> None:
        """Begin a jam here with the piece of another one."""
        await branch_asked(self._bot, self.interaction, jam_id, theme, sections)

    async def begin_jam(self, terms: Terms, file: AudioAttachment, made: Generation | None) -> None:
        """Begin a jam here with this audio."""
        await begin_with(self._bot, self.interaction, terms, file, made)

    async def play_piece(self, jam: Jam) -> None:
        """Let whoever pressed hear a jam's piece."""
        await play_piece(self._bot, self.interaction, jam)

    async def play_in_voice(self, items: Sequence[Item], source: Source) -> None:
        """Play it in the voice channel that whoever pressed is in."""
        self._take_on()
        await play_in_voice(self._bot, self.interaction, items, source)

    async def change_voice(self, rule: Callable[[Session], Session]) -> None:
        """Have what plays here changed, for one who listens."""
        self._take_on()
        await change_voice(self._bot, self.interaction, rule)

    def thinking(self, *, ephemeral: bool = False) -> AbstractAsyncContextManager[None]:
        """Acknowledge, and surround what ends in an answer."""
        return self._bot.answers.thinking(self.interaction, ephemeral=ephemeral)

    async def repost(self, generation: Generation, note: str = "") -> None:
        """Show a track once more."""
        await repost(self._bot, self.interaction, generation, note)
