"""What is known of an interaction before it is answered: what may be done here, and where."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from types import TracebackType

import discord

from bot.card.card_client import card_client
from bot.community.settings import Asked, ServerSettings
from bot.discord_internals import role_ids
from bot.domain.errors import ManagersOnly, NotYours, PermissionsMissing, TookTooLong
from bot.domain.generation import Reply
from bot.domain.language import SOURCE, Language
from bot.domain.presses import ButtonPress
from bot.locales import current, spoken

_NEEDED = ("attach_files", "embed_links")
_READ_WITHIN_S = 1.2
"""Of the 3 s that Discord waits for an answer; some read, and then write."""

_PANEL_LIFE = timedelta(minutes=15)


class _Reading:
    """A time limit that ends in a sentence; of a generator, that would take twice as long."""

    def __init__(self, within_s: float) -> None:
        self._limit = asyncio.timeout(within_s)

    async def __aenter__(self) -> None:
        await self._limit.__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            await self._limit.__aexit__(kind, error, traceback)
        except TimeoutError:
            raise TookTooLong from None


def reading(within_s: float = _READ_WITHIN_S) -> AbstractAsyncContextManager[None]:
    """Surrounds all that has to be read before there is an answer.

    Raises:
        TookTooLong: Discord would not wait for it.
    """
    return _Reading(within_s)


def check_permissions(interaction: discord.Interaction) -> None:
    """Hold what the bot may do here against what its reply needs, before anything is paid.

    Raises:
        PermissionsMissing: it may not.
    """
    may = interaction.app_permissions
    missing = tuple(flag for flag in _NEEDED if not getattr(may, flag))
    if missing:
        raise PermissionsMissing(missing)


def manages_messages(interaction: discord.Interaction) -> bool:
    """Whether its person may do here what else only a generation's requester may."""
    return interaction.permissions.manage_messages


def check_manager(interaction: discord.Interaction) -> int:
    """The server whose rules somebody may change.

    By whom the command may be used, the server's own settings at Discord say; they do not cover
    the panel that it opens. So that holds for a while for whoever has opened it, and always for
    those who manage the server.

    Raises:
        ManagersOnly: not this person, or not any more.
    """
    message = interaction.message
    is_fresh = message is not None and interaction.created_at - message.created_at < _PANEL_LIFE
    if interaction.guild_id is None or not (interaction.permissions.manage_guild or is_fresh):
        raise ManagersOnly
    return interaction.guild_id


def asked_by(interaction: discord.Interaction) -> Asked:
    """Who asks, and where; of what is for the caller to add."""
    return Asked(
        user_id=interaction.user.id,
        guild_id=interaction.guild_id,
        places=frozenset(_places(interaction.channel, interaction.channel_id)),
        # Everyone has the role that is called so, whose id is the server's.
        roles=role_ids(interaction.user) | {interaction.guild_id or 0},
    )


def written_by(message: discord.Message) -> Asked:
    """Who has written to the bot, and where."""
    guild_id = None if message.guild is None else message.guild.id
    return Asked(
        user_id=message.author.id,
        guild_id=guild_id,
        places=frozenset(_places(message.channel, message.channel.id)),
        roles=role_ids(message.author) | {guild_id or 0},
    )


def _places(channel: object, channel_id: int | None) -> Iterator[int]:
    if channel_id is not None:
        yield channel_id
    if isinstance(channel, discord.Thread):
        yield channel.parent_id
        channel = channel.parent
    category_id: int | None = getattr(channel, "category_id", None)
    if category_id is not None:
        yield category_id


def pressed(interaction: discord.Interaction) -> ButtonPress | None:
    """Which press it is; None for what is no button."""
    if interaction.type is not discord.InteractionType.component:
        return None
    button = str((interaction.data or {}).get("custom_id", ""))
    return ButtonPress(interaction.user.id, button, interaction.created_at)


def check_requester(interaction: discord.Interaction, requester_id: int | None) -> None:
    """Raises `NotYours` for anybody but the requester."""
    if interaction.user.id != requester_id:
        raise NotYours(requester_id)


def language_here(interaction: discord.Interaction) -> Language:
    """What is written for all who read along: a server's language, or in private the person's."""
    if interaction.guild_id is None:
        return current()
    rules = card_client(interaction.client).server_rules
    return language_of_server(rules.settings_of(interaction.guild_id), interaction.guild_locale)


def language_of_server(settings: ServerSettings, locale: discord.Locale | None) -> Language:
    """The language a server has set, or has at Discord, where that is spoken here."""
    set_here = spoken(settings.language)
    at_discord = None if locale is None else spoken(locale.value)
    return set_here or at_discord or SOURCE


def reply_at(interaction: discord.Interaction, message_id: int, *, private: bool = False) -> Reply:
    """The message with this id, editable for as long as this interaction's token lives."""
    return Reply(
        application_id=interaction.application_id,
        channel_id=interaction.channel_id or 0,
        message_id=message_id,
        token=interaction.token,
        token_expires_at=interaction.expires_at,
        filesize_limit_bytes=interaction.filesize_limit,
        guild_id=interaction.guild_id,
        private=private,
        language=current() if private else language_here(interaction),
    )


def reply_in(interaction: discord.Interaction, message: discord.Message) -> Reply:
    """The same for a message that is at hand."""
    return reply_at(interaction, message.id, private=message.flags.ephemeral)
