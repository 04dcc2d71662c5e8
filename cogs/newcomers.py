"""/help, and one line for who writes to the bot instead of using a command."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import discord
from discord import app_commands
from discord.ext import commands

from bot.card import strings
from bot.card.action import Recent
from bot.card.actions import EXTEND, MELODY
from bot.card.interactions import language_of_server, reading, written_by
from bot.client import MusicGenBot
from bot.community.charges import Kind
from bot.discord_errors import REQUEST_FAILED
from bot.domain.errors import RequestRefused
from bot.domain.inputs import Inputs
from bot.domain.language import SOURCE, Language
from bot.locales import speaking
from cogs.bring_waiting import bring_waiting
from cogs.limits_left import OWN, limits_left, limits_of_all

log = logging.getLogger(__name__)

_MODEL_OF_META = "meta/musicgen"
_NOT_AGAIN_FOR = timedelta(minutes=1)
"""Who goes on talking is not answered each time."""
_WITHIN_S = 20.0
"""It is acknowledged by then, and the person waits."""
_WRITTEN_BY_PEOPLE = (discord.MessageType.default, discord.MessageType.reply)


class Newcomers(commands.Cog):
    """Tells those who are new here where to begin."""

    def __init__(self, bot: MusicGenBot) -> None:
        self._bot = bot
        self._answered = Recent[datetime]()
        """When whom, the last ones."""

    @app_commands.command(name="help", description=strings.commands.HELP.message)
    async def show_help(self, interaction: discord.Interaction) -> None:
        """What there is to know, for their eyes only."""
        async with self._bot.answers.thinking(interaction, ephemeral=True):
            async with reading(_WITHIN_S):
                costs = await self._costs(interaction)
            await interaction.edit_original_response(embed=self._embed(costs))
        await bring_waiting(self._bot, interaction)

    def _embed(self, costs: list[str]) -> discord.Embed:
        mention, words = self._bot.command_mentions, strings.newcomers
        models = self._bot.service.models
        table = models.main.table
        ways = [words.song(mention("musicgen"))]
        if EXTEND.offered(table):
            ways.append(words.extending())
        if MELODY.offered(table):
            ways.append(words.melody(mention("musicgen")))
        ways.append(words.jam(mention("jam start")))
        if self._bot.voice is not None:
            ways.append(words.in_voice())
        own = [] if models.main.name == _MODEL_OF_META else [models.main.name]
        kept = words.kept(mention("tracks list"), mention("tracks forget"))
        return (
            discord.Embed(title=words.TITLE, description="\n".join(f"- {way}" for way in ways))
            .add_field(name=words.COSTS, value="\n".join(costs), inline=False)
            .add_field(name=words.KEPT, value=kept, inline=False)
            .add_field(
                name=words.TERMS, value=words.terms([*own, *models.fine_tunes]), inline=False
            )
        )

    async def _costs(self, interaction: discord.Interaction) -> list[str]:
        main = self._bot.service.models.main
        seconds = main.table.duration_s(Inputs(""))
        kind = Kind(main.version, "", seconds)
        price = await self._bot.prices.expected_micro_usd(kind)
        limits = await limits_left(self._bot, interaction, OWN)
        limits += limits_of_all(self._bot, interaction)
        waiting = self._bot.limits.max_waiting_per_user
        if waiting is not None:
            limits.append(strings.limits.waiting_limit(waiting))
        return [strings.newcomers.cost(price, seconds), *(limits or [strings.newcomers.NO_LIMIT()])]

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """One line for a message in the bot's DM, or one that mentions it; it pings nobody."""
        if not self._is_to_us(message) or not self._is_due(message):
            return
        mention = self._bot.command_mentions
        with speaking(self._language_of(message)):
            text = strings.newcomers.greeting(mention("musicgen"), mention("help"))
        # Whoever else has this token and was told of the message, too, sends the same one.
        nonce = str(message.id)
        try:
            if message.guild is None:
                await message.channel.send(text, nonce=nonce)
            else:
                await message.reply(text, mention_author=False, nonce=nonce)
        except REQUEST_FAILED as error:
            log.info("message %d cannot be answered: %r", message.id, error)

    def _language_of(self, message: discord.Message) -> Language:
        if message.guild is None:
            return self._bot.languages.get(message.author.id, SOURCE)
        settings = self._bot.server_rules.settings_of(message.guild.id)
        return language_of_server(settings, message.guild.preferred_locale)

    def _is_to_us(self, message: discord.Message) -> bool:
        if message.author.bot or message.type not in _WRITTEN_BY_PEOPLE:
            return False
        if message.guild is None:
            return True
        me = self._bot.user
        # A reply to a card mentions the bot as well, without a word of it.
        return me is not None and me in message.mentions and me.id in message.raw_mentions

    def _is_due(self, message: discord.Message) -> bool:
        """Whether this person may use the bot here, and was not answered just now."""
        asked, now = written_by(message), self._bot.clock.now()
        try:
            self._bot.server_rules.check(asked)
            self._bot.allowed.check(asked.user_id, asked.guild_id)
        except RequestRefused:
            return False
        last = self._answered.get(asked.user_id)
        if last is not None and now - last < _NOT_AGAIN_FOR:
            return False
        self._answered[asked.user_id] = now
        return True


async def setup(bot: MusicGenBot) -> None:
    """discord.py's way to load a cog."""
    await bot.add_cog(Newcomers(bot))
