"""Whether the servers of `COG_URL` can be used: part of `python -m bot check`."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cog.client import VERSION, CogClient
from bot.cog.server import Health
from bot.domain.clock import SystemClock
from bot.domain.errors.servers import ServersDown
from bot.replicate.catalogue import differences_of
from bot.settings import Settings

OK, NOTE, FAILED = "ok", "note", "FAILED"
_LOADING = {"STARTING"}


async def check_cog(settings: Settings) -> Sequence[tuple[str, str]]:
    """A verdict and a line for each server, and one about what they take."""
    clock, folder = SystemClock(), settings.data_folder / "cog"
    proxies = (settings.proxies,)
    async with CogClient(settings.cog_urls, folder, clock, middlewares=proxies) as client:
        found = [_server(url, health) for url, health in await client.healths()]
        try:
            served = await client.version_schema(settings.musicgen_model, VERSION)
        except ServersDown:
            told = "no server tells what it takes; its image needs its schema file"
            return [*found, (NOTE, f"COG_URL: {told}")]
    differences = differences_of(served.openapi_schema)
    if differences is None:
        return [*found, (FAILED, "COG_URL: its model is no MusicGen, by its schema")]
    if differences:
        return [*found, (NOTE, f"COG_URL: its model differs: {' '.join(differences)}")]
    return [*found, (OK, "COG_URL: its model takes what the specification says")]


def _server(url: str, health: Health) -> tuple[str, str]:
    if health.status is None:
        return FAILED, f"COG_URL: {url} cannot be reached: {health.why}"
    if health.status in _LOADING:
        return NOTE, f"COG_URL: {url} is still loading its model"
    if not health.is_up:
        return FAILED, f"COG_URL: {url} says that it is {health.status}; see its log"
    if not health.answers_questions:
        told = "an older image, which cannot say how far a run is, nor stop one at once"
        return NOTE, f"COG_URL: {url} is {told}"
    return OK, f"COG_URL: {url} is ready" + (", and busy" if health.status == "BUSY" else "")
