"""Voice on the page: who is in a channel, who speaks, and what is heard there."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from bot.playground.discord import DiscordStandIn
from bot.playground.discord.page_voice import NOT_INSTALLED
from tests.browser.chromium import plays, sounds, too_wide
from tests.browser.conftest import Visit
from tests.contract.voice_kit import Clip, VoiceBot, a_voice_bot, eventually, opus
from tests.evidence import show_on_failure

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def standin(browser: Browser) -> AsyncGenerator[DiscordStandIn]:
    async with DiscordStandIn(voice=True) as running:
        show_on_failure("what the channels hold", running.world.transcript)
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def bot(standin: DiscordStandIn) -> AsyncGenerator[VoiceBot]:
    async with a_voice_bot(standin) as running:
        yield running


async def test_what_a_bot_plays_is_heard_by_whoever_is_there(
    standin: DiscordStandIn, bot: VoiceBot, visit: Visit
) -> None:
    ada = await visit(standin.base_url)
    await expect(ada.part("voice-bar")).to_be_hidden()
    await ada.page.get_by_role("button", name="Join voice in lounge").click()
    await expect(ada.part("voice-place")).to_have_text("In lounge, alone")
    client = await bot.join(standin.world.lounge)
    await expect(ada.part("voice-place")).to_have_text("In lounge with MusicGen")
    member = ada.page.locator("[data-testid=voice-member][data-user-name=MusicGen]")
    await expect(member).to_have_attribute("data-speaking", "false")

    client.play(Clip(opus(0.5) * 60))
    await expect(member).to_have_attribute("data-speaking", "true")
    await expect(member).to_contain_text("MusicGen, speaking")
    audio = ada.part("voice-audio")
    await plays(audio, beyond_s=0.5)
    await sounds(audio)
    await ada.page.get_by_role("button", name="Mute voice").click()
    assert await audio.evaluate("audio => audio.muted")
    await ada.page.get_by_label("Volume of voice").fill("0.2")
    assert await audio.evaluate("audio => audio.volume") == pytest.approx(0.2)

    await ada.part("voice-leave").click()
    await expect(ada.part("voice-bar")).to_be_hidden()
    assert await audio.evaluate("audio => audio.paused || !audio.currentSrc")
    assert [state.user for state in standin.calls.inside(standin.world.lounge)] == [
        standin.world.bot
    ]


async def test_a_moderator_moves_a_bot_and_throws_it_out_on_a_phone(
    standin: DiscordStandIn, bot: VoiceBot, visit: Visit
) -> None:
    world = standin.world
    client = await bot.join(world.lounge)
    mod = await visit(standin.base_url, "mod", phone=True)
    await mod.part("drawer-open").click()
    member = mod.page.locator("[data-testid=voice-member][data-user-name=MusicGen]")
    await member.click()
    await mod.page.get_by_role("menuitem", name="Move to stage").click()
    await expect(member).to_have_attribute("data-suppressed", "true")
    await eventually(lambda: client.channel.id == world.stage.id and client.is_connected())
    await member.click()
    await mod.page.get_by_role("menuitem", name="Let speak").click()
    await expect(member).to_have_attribute("data-suppressed", "false")
    await member.click()
    await mod.page.get_by_role("menuitem", name="Server mute").click()
    await expect(member).to_contain_text("MusicGen, muted")
    await mod.page.get_by_role("button", name="Join voice in stage").click()
    await expect(mod.part("voice-bar")).to_be_visible()
    assert await too_wide(mod.page) == []
    await member.click()
    await mod.page.get_by_role("menuitem", name="Disconnect").click()
    await expect(member).to_have_count(0)
    await eventually(lambda: not bot.voice_clients)


async def test_without_what_voice_needs_the_page_says_so(browser: Browser, visit: Visit) -> None:
    async with DiscordStandIn() as standin:
        ada = await visit(standin.base_url)
        await expect(ada.part("voice-note")).to_have_text(NOT_INSTALLED)
        await ada.page.get_by_role("button", name="Join voice in lounge").click()
        await expect(ada.part("voice-place")).to_have_text("In lounge, alone")
