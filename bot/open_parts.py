"""Opens what a bot is put together from, as the settings say, and closes it in the end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.audio.files import AudioFiles
from bot.audio.piece_files import PieceFiles
from bot.audio.track_store import TrackStore
from bot.audio.voice_files import VoiceFiles
from bot.delivery.voice import VoiceParts
from bot.delivery.voice_speaker import is_installed
from bot.domain.clock import Clock
from bot.domain.errors import ConfigError
from bot.domain.models import Models
from bot.engine.background import BackgroundTasks
from bot.engine.observer import Unobserved
from bot.engine.service import EngineConfig
from bot.host.folders import prepare_folders
from bot.host.private_files import keep_to_ourselves
from bot.host.service_time import Service, ServiceClock, hearing
from bot.journal import JournalError, JournalNotReady, SqlJournal
from bot.parts import Parts, Shards
from bot.replicate.catalogue import Catalogue
from bot.replicate.client import ReplicateClient
from bot.replicate.transport import request_budget
from bot.replicate.webhooks import WebhookKey
from bot.settings import Settings

if TYPE_CHECKING:
    # Only who sets COG_URL or PORT waits for what these import.
    from bot.cog.client import CogClient
    from bot.operations.metrics import Metrics

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Folders:
    """What is kept in the data folder beside the journal."""

    tracks: Path
    intake: Path
    work: Path
    cog: Path | None
    """Where nothing but one's own servers makes the music."""

    @classmethod
    def of(cls, settings: Settings) -> _Folders:
        """Those that these settings need."""
        inside = settings.data_folder
        cog = inside / "cog" if settings.cog_urls else None
        return cls(inside / "tracks", inside / "intake", inside / "work", cog)

    async def prepare(self, data_folder: Path) -> None:
        """Make them, for the bot's user alone. Raises `ConfigError`."""
        keep_to_ourselves()
        folders = [self.tracks, self.intake, self.work, *([self.cog] if self.cog else ())]
        await asyncio.to_thread(prepare_folders, data_folder, folders)


@asynccontextmanager
async def open_parts(
    settings: Settings, clock: Clock | None = None, metrics: Metrics | None = None
) -> AsyncGenerator[Parts, None]:
    """Open the journal, the service's client and the audio workers, and learn what inputs to offer.

    Raises:
        ConfigError: the database or the data folder cannot be used.
        JournalNotReady: the database will be there in a while.
    """
    clock, folders = clock or ServiceClock(), _Folders.of(settings)
    await folders.prepare(settings.data_folder)
    client, version = _service(settings, clock, metrics)
    audio_files = AudioFiles(
        folders.intake,
        allow_private=settings.allow_private_addresses,
        proxies=settings.proxies,
    )
    async with (
        client,
        audio_files as sound,
        PieceFiles() as pieces,
        VoiceFiles() as voice,
        AsyncExitStack() as stack,
    ):
        catalogue = Catalogue(client, settings.musicgen_model, version, settings.fine_tunes)
        live = asyncio.create_task(catalogue.fetch())
        stack.callback(live.cancel)
        journal = await stack.enter_async_context(await _open_journal(settings, clock))
        await live
        webhook_key = await _keep_webhook_key(settings, client, clock, stack)
        models, journal_id = await catalogue.models(journal), await journal.identity()
        yield Parts(
            config=_config(settings, folders, models, journal_id, webhook_key, metrics),
            journal=journal,
            predictions=client,
            sound=sound,
            track_store=TrackStore(
                folders.tracks,
                folders.intake,
                folders.work,
                keep_s=settings.keep_tracks_s,
                counted=folders.cog,
            ),
            piece_sound=pieces,
            clock=clock,
            shards=Shards(settings.shard_ids, settings.shard_count),
            schema_comes=None if catalogue.is_known else partial(catalogue.more_come, clock),
            limits=settings.terms.limits,
            allowed=settings.allowed,
            pauses=(sound.input_pause,),
            middlewares=(metrics.discord,) if metrics else (),
            voice=VoiceParts(voice) if is_installed() else None,
            webhook_key=webhook_key,
            take_limits=settings.take_limits,
        )


def journal_name(settings: Settings) -> str:
    """What the journal is called in words to whoever runs the bot, without a password."""
    return "DATABASE_URL" if settings.database_url else str(settings.journal_url)


async def _open_journal(settings: Settings, clock: Clock) -> SqlJournal:
    try:
        return await SqlJournal.open(
            settings.journal_url,
            owner=settings.owner,
            now=clock.now,
            terms=settings.terms,
            migrate=settings.auto_migrate,
        )
    except JournalNotReady:
        raise
    except JournalError as error:
        raise ConfigError((f"{journal_name(settings)}: {error}",)) from error


async def _keep_webhook_key(
    settings: Settings,
    client: ReplicateClient | CogClient,
    clock: Clock,
    stack: AsyncExitStack,
) -> WebhookKey | None:
    """The key of what Replicate pushes, kept known until the stack ends; None where it cannot."""
    if settings.public_url is None or not isinstance(client, ReplicateClient):
        return None
    webhook_key = WebhookKey(client, clock, settings.public_url)
    tasks = BackgroundTasks()
    stack.push_async_callback(tasks.close)
    tasks.start(webhook_key.keep_known(), name="webhook key")
    return webhook_key


def _config(
    settings: Settings,
    folders: _Folders,
    models: Models,
    journal_id: str,
    webhook_key: WebhookKey | None,
    metrics: Metrics | None,
) -> EngineConfig:
    return EngineConfig(
        models=models,
        requests_per_minute=settings.replicate_max_requests_per_minute,
        tracks_folder=folders.tracks,
        journal_id=journal_id,
        tracks_max_bytes=settings.tracks_max_bytes,
        tracks_max_bytes_per_user=settings.tracks_max_bytes_per_user,
        max_running=settings.running_at_most,
        max_running_per_user=settings.max_running_per_user,
        push_address=webhook_key and webhook_key.address,
        keep_rows=settings.keep_rows,
        observer=metrics or Unobserved(),
    )


def _service(
    settings: Settings, clock: Clock, metrics: Metrics | None
) -> tuple[ReplicateClient | CogClient, str]:
    """What makes the music, and in which version: the owner's servers, else Replicate."""
    if settings.cog_urls:
        from bot.cog.client import VERSION, CogClient

        if settings.replicate_api_token.get_secret_value():
            log.info("REPLICATE_API_TOKEN is not used, as COG_URL is set")
        servers = CogClient(
            settings.cog_urls,
            settings.data_folder / "cog",
            clock,
            inputs_max_bytes=settings.tracks_max_bytes // 4,
            port=settings.port,
            webhook_url=settings.cog_webhook_url,
            middlewares=(settings.proxies,),
        )
        return servers, VERSION
    replicate = ReplicateClient(
        settings.replicate_base_url,
        settings.replicate_api_token.get_secret_value(),
        clock=clock,
        budget=request_budget(settings.replicate_max_requests_per_minute),
        heard=hearing(clock, Service.REPLICATE),
        middlewares=(*((metrics.replicate,) if metrics else ()), settings.proxies),
    )
    return replicate, settings.musicgen_version
