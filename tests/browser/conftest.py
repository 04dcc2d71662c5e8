"""One Chromium for all tests here, and a fresh profile for each person in each test."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Awaitable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from bot.playground.discord import DiscordStandIn, Rules
from tests.browser.chromium import NAMES, Visitor, a_browser, a_context, arrive, find_chromium
from tests.browser.showcase import showcase_bot
from tests.contract.discord_kit import running
from tests.evidence import show_on_failure
from tests.journey.rig import Rig, a_rig


class Visit(Protocol):
    """Opens the page as a person: on a desk, or on a phone."""

    def __call__(
        self, address: str, who: str = "ada", channel: str = "jam", *, phone: bool = False
    ) -> Awaitable[Visitor]: ...


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncGenerator[Browser]:
    """Chromium; without one these tests are skipped, where nobody relies on them."""
    path = find_chromium()
    if path is None:
        missing = f"no Chromium here: none of {', '.join(NAMES)} is on the PATH"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    async with a_browser(path) as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser) -> AsyncGenerator[Visit]:
    """To open pages with; in the end none of them may have had a problem."""
    visitors: list[Visitor] = []
    async with AsyncExitStack() as stack:

        async def open_page(
            address: str, who: str = "ada", channel: str = "jam", *, phone: bool = False
        ) -> Visitor:
            context = await a_context(browser, phone=phone)
            stack.push_async_callback(context.close)
            visitor = await arrive(context, address, who, channel)
            visitors.append(visitor)
            show_on_failure(f"what {who}'s page asked and logged", visitor.seen)
            return visitor

        yield open_page
    assert [problem for visitor in visitors for problem in visitor.problems] == []


@pytest_asyncio.fixture(loop_scope="session")
async def rig(tmp_path: Path, browser: Browser) -> AsyncGenerator[Rig]:
    """The real bot between the stand-ins."""
    async with a_rig(tmp_path) as rig:
        yield rig


@pytest_asyncio.fixture(loop_scope="session")
async def ada(rig: Rig, visit: Visit) -> Visitor:
    """Ada at her desk, in #jam."""
    return await visit(rig.discord.base_url)


@pytest_asyncio.fixture(loop_scope="session")
async def showcase(browser: Browser) -> AsyncGenerator[DiscordStandIn]:
    """The Discord stand-in with the bot that has one of everything."""
    async with (
        DiscordStandIn(rules=Rules(file_limit_bytes=100_000)) as standin,
        running(standin, showcase_bot()),
    ):
        show_on_failure("what the channels hold", standin.world.transcript)
        yield standin


@pytest_asyncio.fixture(loop_scope="session")
async def guest(showcase: DiscordStandIn, visit: Visit) -> Visitor:
    """Somebody at the page of the showcase, in #jam."""
    return await visit(showcase.base_url)
