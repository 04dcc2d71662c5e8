"""Requests about a reply: by its interaction's token for as long as it lives, or by the bot's own.

What Discord answers to them is told as an `Outcome`.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from enum import Enum, auto

import discord
from aiolimiter import AsyncLimiter

from bot.discord_errors import REQUEST_FAILED, Meaning, meaning_of
from bot.discord_internals import interaction_webhook
from bot.domain.clock import Clock
from bot.domain.errors import OutputTooLarge
from bot.domain.generation import Generation, Reply
from bot.engine.ports import Unreachable

log = logging.getLogger(__name__)

_VERDICTS_MAX = 10_000
_TRIES_MAX, _TRIES_WITHIN_S = 500, 600.0
"""Discord bans for a while who is refused 10,000 times in 10 minutes (topics/rate-limits, 2026-08);
these tries may cost a twentieth of that."""

SURE_LIMIT_BYTES = 10 * 1024 * 1024
"""What Discord has taken from everyone everywhere for years (discord.py 2.7.1, guild.py)."""


class Outcome(Enum):
    """What came of a request."""

    DONE = auto()
    REFUSED = auto()
    """This token may not do it, for now at least; the other one may."""
    WORDS_BLOCKED = auto()
    """The same, for what the message says: with other words it may."""
    CHANNEL_GONE = auto()
    MESSAGE_GONE = auto()
    FAULT = auto()
    """It did not work this time."""


class WordsBlocked(Unreachable):
    """AutoMod does not allow what the message says."""


_OUTCOMES = {
    Meaning.MESSAGE_GONE: Outcome.MESSAGE_GONE,
    Meaning.CHANNEL_GONE: Outcome.CHANNEL_GONE,
    Meaning.WORDS_BLOCKED: Outcome.WORDS_BLOCKED,
    Meaning.FAULT: Outcome.FAULT,
}
"""Whatever else an error means, it is a refusal."""


class Transport:
    """Reaches replies by either token, and remembers which of them are dead."""

    def __init__(self, client: discord.Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._verdicts = OrderedDict[str, bool]()
        """What Discord has said of tokens whose time was up, or was not: whether each lives."""
        self._tries = AsyncLimiter(_TRIES_MAX, _TRIES_WITHIN_S)

    def webhook(self, reply: Reply) -> discord.Webhook:
        """What the interaction's token edits and sends with."""
        return interaction_webhook(self._client, reply.application_id, reply.token)

    def channel(self, reply: Reply) -> discord.PartialMessageable:
        """What the bot's own token edits and sends in."""
        return self._client.get_partial_messageable(reply.channel_id, guild_id=reply.guild_id)

    def token_lives(self, reply: Reply) -> bool:
        """Whether the interaction's token does, as far as is known; Discord's word goes first."""
        lives = self._verdicts.get(reply.token)
        return reply.token_lives(self._clock.now()) if lives is None else lives

    async def may_try(self, reply: Reply) -> bool:
        """Whether a token that seems to be dead is worth a try: once, where nothing else helps.

        Our clock may be wrong. A try is a request that Discord counts where it is: see
        `_TRIES_MAX`.
        """
        if not reply.token or reply.token in self._verdicts or self.token_lives(reply):
            return False
        if not self._tries.has_capacity():
            return False
        await self._tries.acquire()
        return True

    def outlived(self, reply: Reply) -> None:
        """Its token has worked, though its time is up by our clock."""
        log.info("a token lives for longer than our clock says")
        self._judge(reply.token, lives=True)

    def _judge(self, token: str, *, lives: bool) -> None:
        self._verdicts[token] = lives
        self._verdicts.move_to_end(token)
        while len(self._verdicts) > _VERDICTS_MAX:
            self._verdicts.popitem(last=False)

    def by_token(self, error: Exception, generation: Generation) -> Outcome:
        """What one of `REQUEST_FAILED` means that the interaction's token has met.

        Raises:
            OutputTooLarge: it was too much for Discord.
        """
        self.note_refusal(error, generation.reply)
        return _outcome_of(error, generation)

    def note_refusal(self, error: Exception, reply: Reply) -> None:
        """Take note of what a token has met: it may mean that the token is dead."""
        if meaning_of(error) in {Meaning.TOKEN_DEAD, Meaning.TOKEN_UNKNOWN}:
            self._judge(reply.token, lives=False)

    def by_bot(self, error: Exception, generation: Generation) -> Outcome:
        """The same, met by the bot's own token.

        Raises:
            OutputTooLarge: it was too much for Discord.
        """
        outcome = _outcome_of(error, generation)
        # That a channel is gone is believed only of one that it could see.
        if outcome is Outcome.CHANNEL_GONE and self._guild(generation.reply) is None:
            return Outcome.REFUSED
        return outcome

    async def dm(self, generation: Generation) -> int | Outcome:
        """The channel of the direct messages with its person, or why there is none."""
        try:
            channel = await self._client.create_dm(discord.Object(generation.requester_id))
        except REQUEST_FAILED as error:
            return _outcome_of(error, generation)
        return channel.id

    def unreachable(
        self, reply: Reply, error: type[Unreachable] = Unreachable, *, channel_gone: bool = False
    ) -> Unreachable:
        """The error that tells that neither token reaches it now."""
        token_lives = self.token_lives(reply)
        return error(
            may_reopen=token_lives or self._guild(reply) is not None,
            token_lives=token_lives,
            channel_gone=channel_gone,
        )

    def own_limit_bytes(self, reply: Reply) -> int:
        """The limit of the bot's own messages, without what the person's subscription adds."""
        guild = self._guild(reply)
        limit_bytes = SURE_LIMIT_BYTES if guild is None else guild.filesize_limit
        return min(limit_bytes, reply.filesize_limit_bytes)

    def may_post(self, reply: Reply, *, with_file: bool) -> bool:
        """Whether a new message may have an embed, and a file, as far as is known here."""
        guild = self._guild(reply)
        if guild is None or self._client.user is None:
            return True
        channel = guild.get_channel_or_thread(reply.channel_id)
        me = guild.get_member(self._client.user.id)
        if channel is None or me is None:
            return True
        try:
            may = channel.permissions_for(me)
        except discord.ClientException:
            # A thread whose channel is not known here.
            return True
        return may.embed_links and (may.attach_files or not with_file)

    def _guild(self, reply: Reply) -> discord.Guild | None:
        return None if reply.guild_id is None else self._client.get_guild(reply.guild_id)


def _outcome_of(error: Exception, generation: Generation) -> Outcome:
    """What one of `REQUEST_FAILED` means.

    Raises:
        OutputTooLarge: it was too much for Discord.
    """
    log.info("a request failed: %s", error)
    meaning = meaning_of(error)
    if meaning is Meaning.TOO_LARGE:
        raise OutputTooLarge(generation.reply.filesize_limit_bytes) from error
    return _OUTCOMES.get(meaning, Outcome.REFUSED)
