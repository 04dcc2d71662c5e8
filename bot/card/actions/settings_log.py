"""The pages of a server's log of changes, newest first; for those who manage it."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.card import strings
from bot.card.action import Action, ActionContext
from bot.card.buttons import card_button, view_of
from bot.card.interactions import check_manager, reading
from bot.community.ports import RuleStore
from bot.domain.house import Change

_PAGE = 8
_NEWEST = "newest"


def log_embed(changes: Sequence[Change]) -> discord.Embed:
    """What was changed, an entry a line."""
    lines = "\n".join(map(strings.settings.change, changes))
    return discord.Embed(
        title=strings.settings.LOG_TITLE, description=lines or strings.settings.LOG_EMPTY
    )


async def log_page(
    store: RuleStore, guild_id: int, before: int | None = None
) -> tuple[discord.Embed, discord.ui.View]:
    """One page: what is below `before`, and the ways to the others.

    Raises:
        TookTooLong: it could not be read before Discord's time was up.
    """
    async with reading():
        found = await store.changes_of(guild_id, _PAGE + 1, before)
    shown = found[:_PAGE]
    older = str(shown[-1].number if shown else 0)
    view = view_of(
        card_button(LOG, _NEWEST, label=strings.settings.NEWEST, disabled=before is None),
        card_button(LOG, older, label=strings.settings.OLDER, disabled=len(found) <= len(shown)),
    )
    return log_embed(shown), view


async def _turn(context: ActionContext, about: str) -> None:
    guild_id = check_manager(context.interaction)
    before = int(about) if about.isdecimal() else None
    embed, view = await log_page(context.house_rules.store, guild_id, before)
    await context.interaction.response.edit_message(embed=embed, view=view)


async def _open(context: ActionContext, _: str) -> None:
    guild_id = check_manager(context.interaction)
    embed, view = await log_page(context.house_rules.store, guild_id)
    await context.interaction.response.send_message(embed=embed, view=view, ephemeral=True)


LOG = Action("log", _turn)
OPEN_LOG = Action("openlog", _open, strings.settings.LOG, "📜")
