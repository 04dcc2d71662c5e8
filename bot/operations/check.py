"""`python -m bot check`: everything that a start needs is tried, and told in a line each."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module

from yarl import URL

from bot.card import strings
from bot.community.written_amounts import amounts_text
from bot.delivery.voice_speaker import is_installed
from bot.discord_internals import point_at
from bot.domain.errors import ConfigError, JournalFault, ReplicateError, TokenRefused
from bot.host.folders import make_writable
from bot.journal import JournalForm, form_of
from bot.operations import fault_reports
from bot.operations.check_cog import check_cog
from bot.operations.check_discord import check_discord
from bot.operations.check_webhooks import check_webhooks
from bot.operations.clock_check import check_clock
from bot.operations.disk_warning import disk_warning
from bot.replicate.catalogue import differences_of
from bot.replicate.client import ReplicateClient
from bot.settings import Settings

EXIT_FAILED = 1
_WITHIN_S = 10.0
"""For each probe; they are tried together."""
_LEAST_FREE_BYTES = 100_000_000
_CLOCK_OFF_S = 5.0
_LIBRARIES = ("numpy", "soundfile", "av", "soxr", "mutagen", "PIL")


class Verdict(StrEnum):
    """What became of a probe."""

    OK = "ok"
    NOTE = "note"
    """It works, and there is something to know."""
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Finding:
    """A line of the check."""

    verdict: Verdict
    words: str

    def __str__(self) -> str:
        return f"{self.verdict:<6}  {self.words}"


Probe = Callable[[Settings], Awaitable[Sequence[Finding]]]


async def check(settings: Settings) -> int:
    """Try everything, print what was found, and return the exit code: 1 where something failed."""
    point_at(settings.discord_base_url)
    probes = (_COG if settings.cog_urls else _REPLICATE, *_PROBES)
    found = await asyncio.gather(*(_tried(name, probe, settings) for name, probe in probes))
    findings = [finding for some in found for finding in some]
    for finding in findings:
        sys.stdout.write(f"{finding}\n")
    failed = sum(finding.verdict is Verdict.FAILED for finding in findings)
    end = "The bot can start." if not failed else f"{failed} of {len(findings)} failed."
    sys.stdout.write(f"{end}\n")
    return EXIT_FAILED if failed else 0


async def _tried(name: str, probe: Probe, settings: Settings) -> Sequence[Finding]:
    try:
        async with asyncio.timeout(_WITHIN_S):
            return await probe(settings)
    except TimeoutError:
        told = f"{name}: no answer within {_WITHIN_S:g} s; is it reachable from this machine?"
        return [Finding(Verdict.FAILED, told)]


async def _cog(settings: Settings) -> Sequence[Finding]:
    return [Finding(Verdict(verdict), told) for verdict, told in await check_cog(settings)]


async def _replicate(settings: Settings) -> Sequence[Finding]:
    token = settings.replicate_api_token.get_secret_value()
    main = "MUSICGEN_VERSION", settings.musicgen_model, settings.musicgen_version
    tunes = [(f"fine-tune {one.name}", one.model, one.version) for one in settings.fine_tunes]
    found = list[Finding]()
    async with ReplicateClient(
        settings.replicate_base_url, token, middlewares=(settings.proxies,)
    ) as client:
        try:
            account = await client.account()
        except ReplicateError as error:
            where = "REPLICATE_API_TOKEN" if isinstance(error, TokenRefused) else "Replicate"
            return [Finding(Verdict.FAILED, f"{where}: {strings.errors.sentence(error)}")]
        found.append(Finding(Verdict.OK, f"Replicate: account {account.username}"))
        for name, model, version in (main, *tunes):
            try:
                schema = (await client.version_schema(model, version)).openapi_schema
            except ReplicateError as error:
                told = f"{name}: {strings.errors.sentence(error)}"
                found.append(Finding(Verdict.FAILED, told))
            else:
                found.append(_model(name, model, differences_of(schema)))
    return found


def _model(name: str, model: str, differences: Sequence[str] | None) -> Finding:
    if differences is None:
        told = f"{name}: {model} is no MusicGen, by its schema; name another version"
        return Finding(Verdict.FAILED, told)
    if not differences:
        return Finding(Verdict.OK, f"{name}: {model} takes what the specification says")
    return Finding(Verdict.NOTE, f"{name}: {model} differs: {' '.join(differences)}")


async def _discord(settings: Settings) -> Sequence[Finding]:
    report = await check_discord(settings)
    found = [Finding(Verdict.FAILED, words) for words in report.problems]
    found += [Finding(Verdict.OK, words) for words in report.well]
    found += [Finding(Verdict.NOTE, words) for words in report.notes]
    return found


async def _database(settings: Settings) -> Sequence[Finding]:
    name = "DATABASE_URL" if settings.database_url else "database"
    try:
        form = await form_of(settings.journal_url)
    except JournalFault as error:
        return [Finding(Verdict.FAILED, f"{name}: {error}")]
    match form:
        case JournalForm.NEWEST:
            return [Finding(Verdict.OK, f"{name}: answers, and has the newest form")]
        case JournalForm.EMPTY:
            return [Finding(Verdict.OK, f"{name}: gets its tables at the first start")]
        case JournalForm.OTHER if settings.auto_migrate:
            return [Finding(Verdict.NOTE, f"{name}: another release's; the next start migrates it")]
        case JournalForm.OTHER:
            told = f"{name}: another release's; run python -m bot migrate"
            return [Finding(Verdict.FAILED, told)]


async def _data_folder(settings: Settings) -> Sequence[Finding]:
    folder = settings.data_folder
    try:
        await asyncio.to_thread(make_writable, folder)
        free_bytes = (await asyncio.to_thread(shutil.disk_usage, folder)).free
    except ConfigError as error:
        return [Finding(Verdict.FAILED, one) for one in error.problems]
    free = f"{free_bytes / 1e6:,.0f} MB free"
    if free_bytes < _LEAST_FREE_BYTES:
        return [Finding(Verdict.FAILED, f"DATA_FOLDER: {free}; make room, 100 MB at least")]
    found = [Finding(Verdict.OK, f"DATA_FOLDER: can be written, {free}")]
    if free_bytes < settings.tracks_max_bytes:
        told = f"TRACKS_MAX_MB: more than is free; what does not fit waits ({free})"
        found.append(Finding(Verdict.NOTE, told))
    if (told := await asyncio.to_thread(disk_warning, settings)) is not None:
        found.append(Finding(Verdict.NOTE, told))
    return found


async def _clock(settings: Settings) -> Sequence[Finding]:
    off_s = await check_clock(settings)
    if off_s is None:
        return []
    if abs(off_s) <= _CLOCK_OFF_S:
        return [Finding(Verdict.OK, "clock: as the services have it")]
    told = (
        f"clock: {abs(off_s):.0f} s {'behind' if off_s > 0 else 'ahead'}; the bot makes up for "
        "that, its log does not: set it (NTP)"
    )
    return [Finding(Verdict.NOTE, told)]


async def _webhooks(settings: Settings) -> Sequence[Finding]:
    if settings.public_url is None:
        return []
    problem = await check_webhooks(settings)
    if problem is None:
        return [Finding(Verdict.OK, "PUBLIC_URL: leads to this bot")]
    told = (
        f"PUBLIC_URL: {problem}; until Replicate's webhooks come, predictions are asked about "
        "as without them"
    )
    return [Finding(Verdict.NOTE, told)]


async def _libraries(_: Settings) -> Sequence[Finding]:
    for name in _LIBRARIES:
        try:
            await asyncio.to_thread(import_module, name)
        except (ImportError, OSError) as error:
            told = f"{name} cannot be loaded ({error}); run pip install -r requirements.txt"
            return [Finding(Verdict.FAILED, told)]
    return [Finding(Verdict.OK, "audio and picture libraries: loaded")]


async def probe_voice(_: Settings | None = None) -> Sequence[Finding]:
    """Whether tracks can be played in voice channels."""
    if is_installed():
        return [Finding(Verdict.OK, strings.voice.INSTALLED)]
    return [Finding(Verdict.NOTE, strings.voice.NOT_INSTALLED)]


async def probe_sentry(settings: Settings) -> Sequence[Finding]:
    """Whether faults can be sent to Sentry, where they are to be."""
    if settings.sentry_dsn is None:
        return []
    if not fault_reports.is_installed():
        return [Finding(Verdict.NOTE, strings.operating.SENTRY_NOT_INSTALLED)]
    where = URL(settings.sentry_dsn).host
    problem = await asyncio.to_thread(
        fault_reports.try_out, settings.sentry_dsn, settings.owner, settings.proxies
    )
    if problem is None:
        return [Finding(Verdict.OK, f"SENTRY_DSN: {where} has taken an event to try it out")]
    return [Finding(Verdict.NOTE, f"SENTRY_DSN: {where} {problem}; faults are in the log alone")]


async def _limits(settings: Settings) -> Sequence[Finding]:
    limits = settings.terms.limits
    told = [
        f"{name} {amounts_text(amounts)}"
        for name, amounts in (
            ("LIMIT_PER_USER", limits.per_user),
            ("LIMIT_PER_SERVER", limits.per_server),
            ("LIMIT_TOTAL", limits.total),
            ("LIMIT_PER_JAM", limits.per_jam),
        )
        if amounts
    ]
    allowed = settings.allowed
    if allowed.servers is not None or allowed.users is not None:
        told.append("only whom ALLOW_SERVERS and ALLOW_USERS name")
    if told:
        return [Finding(Verdict.OK, f"limits: {'; '.join(told)}")]
    if settings.cog_urls:
        return [Finding(Verdict.NOTE, "limits: none is set (LIMIT_TOTAL, LIMIT_PER_USER)")]
    words = "limits: none is set, so people can spend all of the account's credit (LIMIT_TOTAL)"
    return [Finding(Verdict.NOTE, words)]


_REPLICATE: tuple[str, Probe] = "Replicate", _replicate
_COG: tuple[str, Probe] = "COG_URL", _cog
_PROBES: tuple[tuple[str, Probe], ...] = (
    ("Discord", _discord),
    ("database", _database),
    ("DATA_FOLDER", _data_folder),
    ("clock", _clock),
    ("PUBLIC_URL", _webhooks),
    ("libraries", _libraries),
    ("voice", probe_voice),
    ("SENTRY_DSN", probe_sentry),
    ("limits", _limits),
)
