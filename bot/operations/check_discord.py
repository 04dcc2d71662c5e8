"""Discord's part of the check: the token, the application, the gateway."""

from __future__ import annotations

from dataclasses import dataclass, field

import aiohttp
import discord

from bot.connection import TOKEN_REFUSED
from bot.delivery.voice_speaker import is_installed
from bot.discord_errors import is_network_fault, is_token_refused, words
from bot.discord_internals import open_session, session_of
from bot.invite import invite_link, invite_permissions
from bot.settings import Settings

_HELLO_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class DiscordReport:
    """What was found."""

    problems: list[str] = field(default_factory=list[str])
    well: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])


async def check_discord(settings: Settings) -> DiscordReport:
    """Log in, read the application, and open the gateway as far as its first word."""
    report = DiscordReport()
    token = settings.discord_token.get_secret_value()
    async with discord.Client(intents=discord.Intents(guilds=True)) as client:
        open_session(client, token, settings.proxies)
        try:
            await client.login(token)
            _application(report, await client.application_info())
            await _gateway(report, client)
        except Exception as error:
            if is_token_refused(error):
                report.problems.append(TOKEN_REFUSED)
            elif isinstance(error, discord.HTTPException) or is_network_fault(error):
                report.problems.append(f"Discord: cannot be reached: {words(error)}")
            else:
                raise
    return report


def _application(report: DiscordReport, found: discord.AppInfo) -> None:
    report.well.append(f"Discord: application {found.name} ({found.id})")
    if found.bot_public:
        report.notes.append(
            "Public Bot is on: anybody can add this bot to their servers and spend your credit. "
            "Developer portal, page Bot; or set ALLOW_SERVERS"
        )
    asked = found.install_params
    lacking = [] if asked is None else _lacking(asked.permissions)
    if lacking:
        report.notes.append(
            f"the portal's install link does not ask for {', '.join(lacking)}; use the one below"
        )
    report.well.append(f"invite it with {invite_link(found.id, with_voice=is_installed())}")


def _lacking(given: discord.Permissions) -> list[str]:
    return [
        name.replace("_", " ")
        for name, is_needed in invite_permissions(with_voice=is_installed())
        if is_needed and not getattr(given, name)
    ]


async def _gateway(report: DiscordReport, client: discord.Client) -> None:
    try:
        shards, address, _ = await client.http.get_bot_gateway()
    except (KeyError, TypeError):
        report.problems.append("gateway: Discord's answer does not say where it is")
        return
    try:
        async with session_of(client).ws_connect(address) as socket:
            await socket.receive(timeout=_HELLO_WITHIN_S)
    except (aiohttp.ClientError, TimeoutError) as error:
        report.problems.append(f"gateway: cannot be reached: {words(error)}")
    else:
        told = "1 shard" if shards == 1 else f"{shards} shards"
        report.well.append(f"gateway: answers; Discord wants {told}")
