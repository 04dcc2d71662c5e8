"""Runs the actions of cards: presses of buttons, choices, forms that are sent, messages' menus.

What each of them does stands in `bot.card.actions`. discord.py forgets forms at a restart and
answers nothing to one it does not know; here every one that is sent has an answer.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import Any, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.card.action import Action, Memory, MenuEntry, Recent
from bot.card.actions import ACTIONS
from bot.card.actions.source import options_among
from bot.card.audio_attachments import audio_attachments
from bot.card.drafts import DRAFT, Draft
from bot.card.forms import SubmittedForm, read_form
from bot.card.interactions import reading
from bot.card.report import report
from bot.client import MusicGenBot
from bot.domain.errors import GenerationUnknown, NoAudioHere
from cogs.action_context import Context
from cogs.bring_waiting import bring_waiting

log = logging.getLogger(__name__)

_TAKEN_REMEMBERED = 1000


class Actions(commands.Cog):
    """What people do with cards, and with the audio of any message."""

    def __init__(self, bot: MusicGenBot) -> None:
        self._bot = bot
        self._memory = Memory(Recent(), Recent(), Recent(), Recent())
        self._taken = deque[int](maxlen=_TAKEN_REMEMBERED)
        bot.run_action = self.run

    async def cog_load(self) -> None:
        """Add the entries of messages' menus."""
        for action in ACTIONS.values():
            if action.menu is not None:
                self._bot.tree.add_command(self._menu(action.menu))

    async def run(self, interaction: discord.Interaction, name: str, about: str) -> None:
        """A button was pressed, or an entry chosen; whatever goes wrong ends in a sentence."""
        try:
            action = ACTIONS.get(name)
            if action is None:
                raise GenerationUnknown  # noqa: TRY301 - the handler below is the door for all
            context = self._context(interaction)
            if action.makes:
                context.check_rules()
            await action.press(context, about)
        except Exception as error:  # noqa: BLE001 - one of the doors: everything is reported
            await report(interaction, error)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """A form was sent; whatever goes wrong ends in a sentence."""
        if interaction.type is not discord.InteractionType.modal_submit:
            return
        try:
            form = read_form(cast("dict[str, Any]", interaction.data or {}))
            action = None if form is None else ACTIONS.get(form.action)
            if form is None or action is None:
                raise GenerationUnknown  # noqa: TRY301 - the handler below is the door for all
            context = self._context(interaction)
            await self._keep(context, action, form)
            await self._answer(context, action, form)
        except Exception as error:  # noqa: BLE001 - one of the doors: everything is reported
            await report(interaction, error)

    async def _keep(self, context: Context, action: Action, form: SubmittedForm) -> None:
        """Have what stands in a form at hand, in case it is refused."""
        if form.draft_id is not None:
            async with reading():
                user_id = context.interaction.user.id
                context.draft = await context.drafts.get(form.draft_id, user_id)
        draft = context.draft
        if draft is None and (action.form is not None or not form.from_card):
            files = audio_attachments(context.interaction.message)
            if not form.from_card and form.about.isdecimal():
                files = self._memory.audio_in_messages.get(int(form.about), [])
            draft = Draft(form.action, form.about, form.from_card, {}, tuple(files))
        if draft is not None:
            context.interaction.extras[DRAFT] = draft.sent_in(form)

    async def _answer(self, context: Context, action: Action, form: SubmittedForm) -> None:
        if action.submit is not None:
            await action.submit(context, form)
            return
        if action.request is None:
            raise GenerationUnknown
        context.check_rules()
        async with reading():
            request = await action.request(context, form)
        await context.start(request)

    def _menu(self, entry: MenuEntry) -> app_commands.ContextMenu:
        async def open_form(interaction: discord.Interaction, message: discord.Message) -> None:
            files = audio_attachments(message)
            if not files:
                raise NoAudioHere
            self._context(interaction).check_rules(audio_of=files[0].owner_id)
            self._memory.audio_in_messages[message.id] = files
            await entry.form(str(message.id), options_among(files)).send(interaction)
            await bring_waiting(self._bot, interaction)

        return app_commands.ContextMenu(name=entry.label.message, callback=open_form)

    def _context(self, interaction: discord.Interaction) -> Context:
        return Context(self._bot, interaction, self._memory, self._taken)


async def setup(bot: MusicGenBot) -> None:
    """discord.py's way to load a cog."""
    await bot.add_cog(Actions(bot))
