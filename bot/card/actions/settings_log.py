"""The pages of a server's log of changes, newest first; for those who manage it."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.card import strings
from bot.card.action import Action, ActionContext
from bot.card.buttons import card_button, view_of
from bot.card.interactions import check_manager, reading
from bot.community.ports import RuleStore
from bot.domain.errors import OwnerOnly
from bot.domain.server_rules import EVERYWHERE, Change
from bot.locales import Text

_PAGE = 8
_NEWEST = "newest"


def log_embed(changes: Sequence[Change], title: Text = strings.settings.LOG_TITLE) -> discord.Embed:
    """What was changed, an entry a line."""
    lines = "\n".join(map(strings.settings_log.change, changes))
    return discord.Embed(title=title(), description=lines or strings.settings.LOG_EMPTY())


async def log_page(
    store: RuleStore, guild_id: int, before: int | None = None
) -> tuple[discord.Embed, discord.ui.View]:
    """One page: what is below `before`, and the ways to the others.

    The log of `EVERYWHERE` is for the bot's owner alone.

    Raises:
        TookTooLong: it could not be read before Discord's time was up.
    """
    async with reading():
        found = await store.changes_of(guild_id, _PAGE + 1, before)
    shown = found[:_PAGE]
    older = str(shown[-1].number if shown else 0)
    action, title = LOG, strings.settings.LOG_TITLE
    if guild_id == EVERYWHERE:
        action, title = LOG_EVERYWHERE, strings.settings.LOG_EVERYWHERE_TITLE
    view = view_of(
        card_button(action, _NEWEST, label=strings.settings.NEWEST(), disabled=before is None),
        card_button(
            action, older, label=strings.settings.OLDER(), disabled=len(found) <= len(shown)
        ),
    )
    return log_embed(shown, title), view


async def _turn(context: ActionContext, about: str) -> None:
    await _show(context, check_manager(context.interaction), about)


async def _turn_everywhere(context: ActionContext, about: str) -> None:
    if not await context.is_owner():
        raise OwnerOnly
    await _show(context, EVERYWHERE, about)


async def _show(context: ActionContext, guild_id: int, about: str) -> None:
    before = int(about) if about.isdecimal() else None
    embed, view = await log_page(context.server_rules.store, guild_id, before)
    await context.interaction.response.edit_message(embed=embed, view=view)


async def _open(context: ActionContext, _: str) -> None:
    guild_id = check_manager(context.interaction)
    embed, view = await log_page(context.server_rules.store, guild_id)
    await context.interaction.response.send_message(embed=embed, view=view, ephemeral=True)


LOG = Action("log", _turn)
LOG_EVERYWHERE = Action("logeverywhere", _turn_everywhere)
OPEN_LOG = Action("openlog", _open, strings.settings.LOG, "📜")
