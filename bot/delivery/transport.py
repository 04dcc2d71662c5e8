"""What reaches a reply: its interaction's token for as long as it lives, and the bot's own."""

from __future__ import annotations

import logging
from collections import OrderedDict

import discord
from aiolimiter import AsyncLimiter

from bot.delivery.outcome import NOT_DONE, TOKEN_DEAD_CODES, Outcome, outcome_of
from bot.domain.clock import Clock
from bot.domain.generation import Generation, Reply
from bot.engine.ports import NoWayNow

log = logging.getLogger(__name__)

_APPLICATION_WEBHOOK = 3
_VERDICTS_MAX = 10_000
_TRIES_MAX, _TRIES_WITHIN_S = 500, 600.0
"""Discord bans for a while who is refused 10,000 times in 10 minutes (topics/rate-limits, 2026-08);
these tries may cost a twentieth of that."""

SURE_LIMIT_BYTES = 10 * 1024 * 1024
"""What Discord has taken from everyone everywhere for years (discord.py 2.7.1, guild.py)."""


class Transport:
    """The two ways to a reply, and what is known of them."""

    def __init__(self, client: discord.Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._verdicts = OrderedDict[str, bool]()
        """What Discord has said of tokens whose time was up, or was not: whether each lives."""
        self._tries = AsyncLimiter(_TRIES_MAX, _TRIES_WITHIN_S)

    def webhook(self, reply: Reply) -> discord.Webhook:
        """The way of the interaction's token."""
        # An interaction's webhook, rebuilt from the journal; the public constructors make only
        # the channel kind, which may not send ephemerally.
        return discord.Webhook.from_state(
            data={"id": reply.application_id, "type": _APPLICATION_WEBHOOK, "token": reply.token},
            state=self._client._connection,  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - see above
        )

    def channel(self, reply: Reply) -> discord.PartialMessageable:
        """The way of the bot's own token."""
        return self._client.get_partial_messageable(reply.channel_id, guild_id=reply.guild_id)

    def token_lives(self, reply: Reply) -> bool:
        """Whether the first one is open, as far as is known; Discord's own word goes first."""
        lives = self._verdicts.get(reply.token)
        return reply.token_lives(self._clock.now()) if lives is None else lives

    async def may_try(self, reply: Reply) -> bool:
        """Whether a token that seems to be dead is worth a try: once, where no other way leads.

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
        """What one of `NOT_DONE` means that was met on the first way.

        Raises:
            OutputTooLarge: it was too much for Discord.
        """
        self.refused(error, generation.reply)
        return outcome_of(error, generation)

    def refused(self, error: Exception, reply: Reply) -> None:
        """A token has met this; some of it means that it is dead."""
        if isinstance(error, discord.HTTPException) and error.code in TOKEN_DEAD_CODES:
            self._judge(reply.token, lives=False)

    def by_bot(self, error: Exception, generation: Generation) -> Outcome:
        """The same, met on the second way.

        Raises:
            OutputTooLarge: it was too much for Discord.
        """
        outcome = outcome_of(error, generation)
        # That a channel is gone is believed only of one that it could see.
        if outcome is Outcome.NOWHERE and self._guild(generation.reply) is None:
            return Outcome.CLOSED
        return outcome

    async def dm(self, generation: Generation) -> int | Outcome:
        """The channel of the direct messages with its person, or why there is none."""
        try:
            channel = await self._client.create_dm(discord.Object(generation.requester_id))
        except NOT_DONE as error:
            return outcome_of(error, generation)
        return channel.id

    def closed(self, reply: Reply, *, place_gone: bool = False) -> NoWayNow:
        """What it means that neither way leads there now."""
        token_lives = self.token_lives(reply)
        return NoWayNow(
            may_open=token_lives or self._guild(reply) is not None,
            token_lives=token_lives,
            place_gone=place_gone,
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
